#include "host/python/udp_endpoint.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/net/clock.hpp"

namespace causeway::python {
namespace {

// Below Linux's ephemeral ports, which other programs get by themselves.
constexpr std::uint16_t first_port = 10000, last_port = 32767;
constexpr int attempts = 200;

timespec to_timespec(Duration d) {
    d = std::max(d, Duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(d);
    return {whole.count(), (d - whole).count()};
}

}  // namespace

UdpEndpoint::UdpEndpoint(int wake_descriptor) : wake_(wake_descriptor), opened_(now()) {}

Result<std::unique_ptr<UdpEndpoint>> UdpEndpoint::open(endpoint::Options options) {
    const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) return fail("eventfd: no descriptor is left");
    std::unique_ptr<UdpEndpoint> e(new UdpEndpoint(wake));
    e->address_ = options.address;
    const bool any = options.address.port == 0;
    Result<void> bound = fail("no free port");
    for (int i = 0; i < (any ? attempts : 1) && !bound; ++i) {
        if (any) {
            e->address_.port =
                static_cast<std::uint16_t>(first_port + e->random_.below(last_port - first_port));
        }
        bound = e->sockets_.open(e->address_);
    }
    if (!bound) return tl::make_unexpected(bound.error());
    options.address = e->address_;
    e->core_ = std::make_unique<endpoint::Endpoint>(std::move(options), e->random_,
                                                    static_cast<endpoint::Output&>(*e));
    e->thread_ = std::thread([self = e.get()] { self->run(); });
    return e;
}

UdpEndpoint::~UdpEndpoint() {
    close();
    core_.reset();
    ::close(wake_);
}

void UdpEndpoint::close() {
    {
        const std::lock_guard held(mutex_);
        closed_ = true;
    }
    wake();
    changed_.notify_all();
    const std::lock_guard held(joining_);
    if (thread_.joinable()) thread_.join();
}

bool UdpEndpoint::closed() const {
    const std::lock_guard held(mutex_);
    return closed_;
}

Time UdpEndpoint::now() {
    return net::now();
}

void UdpEndpoint::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);  // full: it is awake already
}

void UdpEndpoint::run() {
    std::unique_lock held(mutex_);
    pollfd waits[] = {{sockets_.descriptor(), POLLIN, 0}, {wake_, POLLIN, 0}};
    while (!closed_) {
        const auto next = core_->next_timer();
        const timespec patience = to_timespec(next ? *next - now() : Duration::zero());
        held.unlock();
        ::ppoll(waits, 2, next ? &patience : nullptr, nullptr);
        if ((waits[1].revents & POLLIN) != 0) {
            std::uint64_t count;
            [[maybe_unused]] const auto taken = ::read(wake_, &count, sizeof count);
        }
        held.lock();
        if (closed_) break;
        const Time at = now();
        receive(at);
        core_->advance(at);
        settle();
    }
    sockets_.flush();
}

void UdpEndpoint::receive(Time at) {
    for (const auto& datagram : sockets_.receive()) {
        if (datagram.local == address_) {
            core_->receive_sip(at, as_text(datagram.bytes), datagram.from);
        } else {
            core_->receive_media(at, datagram.local, datagram.bytes);
        }
    }
}

void UdpEndpoint::settle() {
    sockets_.flush();
    const Time at = now();
    for (auto& event : core_->take_events()) {
        if (event.kind == endpoint::Event::Kind::ended) over_.insert(event.call);
        happened_.push_back({at, std::move(event)});
    }
    changed_.notify_all();
}

std::optional<std::pair<std::size_t, UdpEndpoint::Happened>> UdpEndpoint::wait_event(std::size_t begin,
                                                                                     const Wanted& wanted,
                                                                                     Time deadline) {
    std::unique_lock held(mutex_);
    while (true) {
        for (; begin < happened_.size(); ++begin) {
            if (wanted(happened_[begin])) return std::pair(begin, happened_[begin]);
        }
        if (closed_ || now() >= deadline) return std::nullopt;
        changed_.wait_until(held, net::to_steady(deadline));
    }
}

std::optional<bool> UdpEndpoint::wait_media(endpoint::CallId call,
                                            const std::function<bool(const endpoint::MediaStream&)>& done,
                                            Time deadline) {
    std::unique_lock held(mutex_);
    while (true) {
        const auto* media = core_->media(call);
        if (media != nullptr && done(*media)) return true;
        if (media == nullptr || closed_ || over_.contains(call)) return false;
        if (now() >= deadline) return std::nullopt;
        changed_.wait_until(held, net::to_steady(deadline));
    }
}

// ----------------------------------------------------------------------------------- called by the core

bool UdpEndpoint::send_sip(const Endpoint& to, std::string_view message) {
    sockets_.send(address_, to, as_bytes(message));
    return true;
}

std::optional<Endpoint> UdpEndpoint::open_media() {
    for (int i = 0; i < attempts; ++i) {
        const auto pair = random_.below((last_port - first_port) / 2);
        const Endpoint rtp{address_.ip, static_cast<std::uint16_t>(first_port + 2 * pair)};
        const Endpoint rtcp{rtp.ip, static_cast<std::uint16_t>(rtp.port + 1)};
        if (!sockets_.open(rtp)) continue;
        if (sockets_.open(rtcp)) return rtp;
        sockets_.close(rtp);
    }
    return std::nullopt;
}

void UdpEndpoint::close_media(const Endpoint& local) {
    sockets_.close(local);
    sockets_.close({local.ip, static_cast<std::uint16_t>(local.port + 1)});
}

void UdpEndpoint::send_media(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    sockets_.send(local, to, bytes);
}

}  // namespace causeway::python
