#include "tools/benchmarks/rtp_load/streams.hpp"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "host/net/clock.hpp"

namespace causeway::bench {
namespace {

constexpr std::size_t header = 12;
constexpr std::size_t payload = 160;  // octets of 20 ms, and units of the RTP clock, in all codings used here
constexpr std::size_t largest = 512;

std::int64_t wall_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

sockaddr_in to_system(const Endpoint& e) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(e.port);
    std::memcpy(&address.sin_addr, e.ip.data(), sizeof address.sin_addr);
    return address;
}

Result<int> bound(const Endpoint& local) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto address = to_system(local);
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const std::string why = std::strerror(errno);
        if (fd >= 0) ::close(fd);
        return causeway::fail(local.to_string() + ": " + why);
    }
    return fd;
}

// Noise at speech level, the same in every packet: as dear to the codecs as speech.
const std::array<std::uint8_t, payload> sound = [] {
    std::array<std::uint8_t, payload> s{};
    std::uint32_t x = 1;
    for (auto& octet : s) {
        x = x * 1664525 + 1013904223;
        octet = static_cast<std::uint8_t>((x >> 24) | 0x20);
    }
    return s;
}();

}  // namespace

Streams::~Streams() {
    for (const int fd : sockets_)
        if (fd >= 0) ::close(fd);
}

Result<void> Streams::open(const std::string& caller, const std::string& callee) {
    std::size_t n = 0;
    for (const auto& text : {caller, callee}) {
        auto local = Endpoint::parse(text);
        if (!local || local->ip.is_v6()) return causeway::fail("addresses are written ADDRESS:PORT: " + text);
        auto rtp = bound(*local);
        ++local->port;
        auto rtcp = rtp ? bound(*local) : rtp;
        if (!rtp) return tl::make_unexpected(rtp.error());
        sockets_[n] = *rtp;
        if (!rtcp) return tl::make_unexpected(rtcp.error());
        sockets_[n + 2] = *rtcp;
        const int on = 1;
        ::setsockopt(*rtp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        const int octets = 64 << 20;
        // Beyond the system's limit where we are allowed to; else as much as it grants.
        if (::setsockopt(*rtp, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
            std::ignore = ::setsockopt(*rtp, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
        if (::setsockopt(*rtp, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof octets) != 0)
            std::ignore = ::setsockopt(*rtp, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
        ++n;
    }
    for (auto& octets : room_) octets.resize(largest);
    return {};
}

Result<void> Streams::add(std::vector<Stream> streams, std::size_t verify) {
    for (auto& ports : by_port_) ports.assign(65536, -1);
    streams_.clear();
    streams_.reserve(streams.size());
    for (std::size_t n = 0; n < streams.size(); ++n) {
        State& s = streams_.emplace_back();
        s.stream = std::move(streams[n]);
        s.address = to_system(s.stream.server);
        by_port_[static_cast<std::size_t>(s.stream.to)][s.stream.comes_from] = static_cast<std::int32_t>(n);
        if (s.stream.out) {
            auto session = srtp_->create(*s.stream.out, cpu::Srtp::Direction::outbound);
            if (!session) return tl::make_unexpected(session.error());
            s.protect = std::move(*session);
        }
        if (s.stream.back && n / 2 % verify == 0) {
            auto session = srtp_->create(*s.stream.back, cpu::Srtp::Direction::inbound);
            if (!session) return tl::make_unexpected(session.error());
            s.open = std::move(*session);
        }
    }
    return {};
}

// `count` streams from `first` on, round the end. Each socket's go out together.
void Streams::send(std::size_t first, std::size_t count) {
    std::array<cpu::SrtpJob, batch> jobs;
    std::size_t secured = 0;
    for (std::size_t i = 0; i < count; ++i) {
        State& s = streams_[first + i];
        Bytes& p = packets_[i];
        p.resize(header + payload);
        p[0] = 0x80;
        p[1] = static_cast<std::uint8_t>(s.stream.payload_type);
        store_be16(&p[2], static_cast<std::uint16_t>(s.next));
        store_be32(&p[4], s.next * static_cast<std::uint32_t>(payload));
        store_be32(&p[8], static_cast<std::uint32_t>(0x10000 + first + i));
        std::copy(sound.begin(), sound.end(), p.begin() + header);
        if (s.protect) jobs[secured++] = {s.protect.get(), media::Kind::rtp, &p};
    }
    if (secured > 0) srtp_->run({jobs.data(), secured});
    const std::int64_t now = wall_ns();
    for (int side = 0; side < 2; ++side) {
        std::array<mmsghdr, batch> messages{};
        std::array<iovec, batch> parts;
        unsigned waiting = 0;
        for (std::size_t i = 0; i < count; ++i) {
            State& s = streams_[first + i];
            if (s.stream.from != side) continue;
            s.sent_at[s.next++ % memory] = now;
            parts[waiting] = {packets_[i].data(), packets_[i].size()};
            auto& m = messages[waiting++].msg_hdr;
            m.msg_name = &s.address;
            m.msg_namelen = sizeof s.address;
            m.msg_iov = &parts[waiting - 1];
            m.msg_iovlen = 1;
        }
        for (unsigned done = 0; done < waiting;) {
            const int n = ::sendmmsg(sockets_[static_cast<std::size_t>(side)], messages.data() + done,
                                     waiting - done, 0);
            // What the system refuses is lost, as anywhere on the way, and shows as lost.
            done += n > 0 ? static_cast<unsigned>(n) : 1;
        }
    }
}

void Streams::receive(bool learn) {
    std::array<mmsghdr, wide> messages{};
    std::array<iovec, wide> parts;
    std::array<sockaddr_in, wide> from;
    union Control {
        cmsghdr align;
        std::array<char, CMSG_SPACE(sizeof(timespec))> octets;
    };
    std::array<Control, wide> control;
    for (std::size_t side = 0; side < 2; ++side) {
        for (std::size_t i = 0; i < wide; ++i) {
            parts[i] = {room_[i].data(), largest};
            auto& m = messages[i].msg_hdr;
            m = {};
            m.msg_name = &from[i];
            m.msg_namelen = sizeof from[i];
            m.msg_iov = &parts[i];
            m.msg_iovlen = 1;
            m.msg_control = control[i].octets.data();
            m.msg_controllen = control[i].octets.size();
        }
        const int n = ::recvmmsg(sockets_[side], messages.data(), wide, MSG_DONTWAIT, nullptr);
        for (int k = 0; k < n; ++k) {
            const auto i = static_cast<std::size_t>(k);
            const auto index = by_port_[side][ntohs(from[i].sin_port)];
            if (index < 0 || messages[i].msg_len < header) {
                ++window_.unknown;
                continue;
            }
            State& s = streams_[static_cast<std::size_t>(index)];
            if (s.open) {
                Bytes packet(room_[i].begin(), room_[i].begin() + messages[i].msg_len);
                std::array<cpu::SrtpJob, 1> job{{{s.open.get(), media::Kind::rtp, &packet}}};
                srtp_->run(job);
                if (job[0].outcome != cpu::Srtp::Outcome::ok) {
                    ++window_.unknown;
                    continue;
                }
            }
            std::int64_t at = 0;
            for (auto* c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c != nullptr;
                 c = CMSG_NXTHDR(&messages[i].msg_hdr, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
                timespec t{};
                std::memcpy(&t, CMSG_DATA(c), sizeof t);
                at = t.tv_sec * 1'000'000'000LL + t.tv_nsec;
            }
            take(s, load_be32(&room_[i][4]), at, learn);
        }
    }
}

void Streams::take(State& s, std::uint32_t timestamp, std::int64_t at, bool learn) {
    if (learn) {  // there is one of it on the way at a time
        s.shift = timestamp - (s.next - 1) * static_cast<std::uint32_t>(payload);
        s.heard = true;
        return;
    }
    const std::uint32_t number = (timestamp - s.shift) / static_cast<std::uint32_t>(payload);
    const auto is_before = [](std::uint32_t a, std::uint32_t b) {
        return static_cast<std::int32_t>(a - b) < 0;
    };
    if (is_before(number, s.counted) || !is_before(number, s.next)) return;  // of before the window
    ++window_.received;
    if (s.next - number > memory || at == 0) return;
    const std::int64_t delay = at - s.sent_at[number % memory];
    window_.delays.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(delay, 0, UINT32_MAX)));
}

std::uint64_t Streams::drops() const {
    std::uint64_t sum = 0;
    for (std::size_t side = 0; side < 2; ++side) {
        std::array<std::uint32_t, SK_MEMINFO_VARS> figures{};
        socklen_t size = sizeof figures;
        if (::getsockopt(sockets_[side], SOL_SOCKET, SO_MEMINFO, figures.data(), &size) == 0)
            sum += figures[SK_MEMINFO_DROPS];
    }
    return sum;
}

Result<void> Streams::greet() {
    constexpr int rounds = 4;
    // All streams once in 0.3 s at least, so that a packet is back before the next one of its stream goes.
    const double rate = std::min(10000.0, static_cast<double>(streams_.size()) / 0.3);
    const Time begin = net::now();
    window_ = {};
    for (std::size_t sent = 0; sent < rounds * streams_.size();) {
        const std::chrono::duration<double> passed = net::now() - begin;
        if (passed.count() * rate >= static_cast<double>(sent)) send(sent++ % streams_.size(), 1);
        receive(true);
    }
    for (const Time end = net::now() + std::chrono::milliseconds(300); net::now() < end;) receive(true);
    const auto silent =
        std::count_if(streams_.begin(), streams_.end(), [](const State& s) { return !s.heard; });
    if (silent > 0) return causeway::fail(fmt::format("{} of {} streams bring nothing", silent, size()));
    return {};
}

Window Streams::run(double rate, double warm_up, double seconds, const std::function<void()>& on_begin,
                    const std::function<void()>& on_end) {
    const std::size_t active =
        std::clamp(static_cast<std::size_t>(rate / stream_rate), std::size_t{1}, streams_.size());
    window_ = {};
    window_.rate = rate;
    window_.streams = active;
    window_.delays.reserve(static_cast<std::size_t>(rate * seconds * 1.1));
    for (auto& s : streams_) s.counted = s.next + (1u << 30);  // none yet
    const auto first = static_cast<std::uint64_t>(warm_up * rate);
    const auto all = first + static_cast<std::uint64_t>(seconds * rate);
    const std::uint64_t drops_before = drops();
    const Time begin = net::now();
    Time counted_from = begin;
    for (std::uint64_t sent = 0; sent < all;) {
        if (sent == first) {
            if (on_begin) on_begin();
            for (auto& s : streams_) s.counted = s.next;
            counted_from = net::now();
        }
        const std::chrono::duration<double> passed = net::now() - begin;
        const auto due = std::min(static_cast<std::uint64_t>(passed.count() * rate) + 1, all);
        if (due > sent) {
            const auto at = static_cast<std::size_t>(sent % active);
            auto count = std::min({static_cast<std::size_t>(due - sent), batch, active - at});
            if (sent < first) count = std::min(count, static_cast<std::size_t>(first - sent));
            if (sent >= first) {
                const double late = passed.count() - static_cast<double>(sent) / rate;
                window_.lag_ms = std::max(window_.lag_ms, late * 1e3);
            }
            send(at, count);
            sent += count;
        }
        receive(false);
    }
    const std::chrono::duration<double> took = net::now() - counted_from;
    if (on_end) on_end();
    for (const Time end = net::now() + std::chrono::milliseconds(300); net::now() < end;) receive(false);
    window_.sent = all - first;
    window_.rate_sent = static_cast<double>(window_.sent) / took.count();
    window_.own_drops = drops() - drops_before;
    std::sort(window_.delays.begin(), window_.delays.end());
    return std::move(window_);
}

}  // namespace causeway::bench
