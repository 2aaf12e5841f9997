// All ports of an address on one socket: sk_lookup.hpp has what comes to open ones come on it, and says so by
// port; a raw socket of each family sends for all, with headers made here.
#include <linux/capability.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "drivers/net/sk_lookup.hpp"
#include "drivers/net/udp_header.hpp"
#include "drivers/net/udp_io.hpp"

namespace causeway::net {
namespace {

constexpr std::size_t batch = 256;  // datagrams of one system call
// Octets that wait for us, as the system counts them (about 2,300 a datagram): one socket has what were
// thousands. 14,000 packets are a restart of 0.1 s at 140,000 packets/s.
constexpr int receive_space = 32 << 20;
constexpr int send_space = 8 << 20;

// The error names those that this thread does not have.
Result<void> has_capabilities() {
    constexpr std::array<std::pair<unsigned, std::string_view>, 3> needed{{
        {CAP_BPF, "CAP_BPF"},
        {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
        {CAP_NET_RAW, "CAP_NET_RAW"},
    }};
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return system_failure("capabilities", errno);
    std::string missing;
    for (const auto& [bit, name] : needed) {
        if ((sets[bit / 32].effective >> bit % 32 & 1) != 0) continue;
        if (!missing.empty()) missing += ", ";
        missing += name;
    }
    if (missing.empty()) return {};
    return fail("one socket for the range of ports: not permitted without " + missing);
}

// Which of our addresses the system would send from, for sockets bound to all of them.
class SourceAddresses {
  public:
    // Nothing where there is no route.
    std::optional<IpAddress> towards(const Endpoint& to) {
        const auto now = std::chrono::steady_clock::now();
        Known& known = known_[to.ip];
        if (known.until > now) return known.source;
        if (known_.size() > most) {
            known_.clear();
            return ask(to);
        }
        known = {ask(to), now + lifetime};
        return known.source;
    }

  private:
    static constexpr auto lifetime = std::chrono::seconds(5);  // routes change
    static constexpr std::size_t most = 20000;

    static std::optional<IpAddress> ask(const Endpoint& to) {
        const Descriptor fd(::socket(to.ip.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        Address address;
        socklen_t length = fill(address, to);
        if (::connect(fd.get(), &address.any, length) != 0) return std::nullopt;
        if (::getsockname(fd.get(), &address.any, &length) != 0) return std::nullopt;
        return read(address).ip;
    }

    struct Known {
        std::optional<IpAddress> source;
        std::chrono::steady_clock::time_point until;
    };
    std::unordered_map<IpAddress, Known> known_;
};

// Datagrams of one system call, with their headers; the system gathers headers and payloads.
class Outgoing {
  public:
    // The payload is used by send(). `batch` at most.
    void add(const Endpoint& from, const Endpoint& to, std::uint8_t dscp, ByteView payload) {
        headers_[size_] = udp_header(from, to, dscp, payload);
        parts_[size_] = {iovec{headers_[size_].octets.data(), headers_[size_].size},
                         iovec{const_cast<std::uint8_t*>(payload.data()), payload.size()}};
        // For IPv6 the port would be a protocol number.
        const socklen_t length = fill(to_[size_], {to.ip, 0});
        msghdr& message = messages_[size_].msg_hdr;
        message.msg_name = &to_[size_];
        message.msg_namelen = length;
        message.msg_iov = parts_[size_].data();
        message.msg_iovlen = parts_[size_].size();
        ++size_;
    }
    void send(int fd, UdpSockets::Counters& counters) {
        send_all(fd, {messages_.data(), std::exchange(size_, 0)}, counters);
    }

  private:
    std::array<mmsghdr, batch> messages_{};
    std::array<std::array<iovec, 2>, batch> parts_;
    std::array<UdpHeader, batch> headers_;
    std::array<Address, batch> to_;
    std::size_t size_ = 0;
};

IpAddress loopback(bool v6) {
    return v6 ? IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
              : IpAddress::v4({127, 0, 0, 1});
}

class Range final : public UdpIo {
  public:
    Range(std::unique_ptr<UdpIo> epoll, std::uint8_t dscp) : epoll_(std::move(epoll)), dscp_(dscp) {}

    // Another process has opened the ports: what waits here is sent to it, from whom it came.
    ~Range() override {
        if (!paused_) return;
        for (UdpSocket* socket : kept_) epoll_->unwatch(*socket);  // it has these
        for (const auto& carrier : carriers_) carrier->steering.detach();
        std::vector<UdpDatagram> waiting;
        UdpSockets::Counters unused;
        do {
            waiting.clear();
            receive(batch, waiting, unused);
            for (const auto& d : waiting) {
                Endpoint to = d.local;
                if (to.ip.is_unspecified()) to.ip = loopback(to.ip.is_v6());
                out_.add(d.from, to, dscp_, d.bytes);
                out_.send((to.ip.is_v6() ? raw6_ : raw4_)->get(), unused);
            }
        } while (!waiting.empty());
    }

    int descriptor() const override { return epoll_->descriptor(); }

    // Its socket has shown that the port is free, and is let go. One of another process, or other UdpSockets,
    // in which something waits is kept and read beside ours, so that all comes in its order.
    Result<void> watch(UdpSocket& socket) override {
        auto found = carrier_of(socket.local.ip);
        if (!found) return tl::make_unexpected(found.error());
        Carrier& carrier = **found;
        bool waits = is_readable(socket);
        if (!waits) {
            carrier.steering.ports.set(socket.local.port, true);
            waits = is_readable(socket);  // it has come in between
        }
        if (!waits) {
            socket.fd.reset();
        } else if (auto watched = epoll_->watch(socket); !watched) {
            carrier.steering.ports.set(socket.local.port, false);
            return watched;
        } else {
            kept_.insert(&socket);
        }
        carrier.open[socket.local.port] = true;
        return {};
    }
    void unwatch(UdpSocket& socket) override {
        Carrier* carrier = find(socket.local.ip);
        if (carrier == nullptr) return;
        carrier->steering.ports.set(socket.local.port, false);
        carrier->open[socket.local.port] = false;
        if (kept_.erase(&socket) != 0) epoll_->unwatch(socket);
    }
    // It gets a socket of its own again, where it has none. Where that is refused, another program has bound
    // the port and will have it.
    void stop(UdpSocket& socket) override {
        Carrier* carrier = find(socket.local.ip);
        if (carrier == nullptr || socket.watch != 0) return;
        if (kept_.erase(&socket) != 0) {
            epoll_->unwatch(socket);
        } else if (auto fd = bound(socket.local)) {
            socket.fd.reset(fd->release());
        }
        carrier->steering.ports.set(socket.local.port, false);
        socket.watch = carrier->socket.emptied + 1;
    }
    bool is_drained(const UdpSocket& socket) const override {
        const Carrier* carrier = find(socket.local.ip);
        if (carrier == nullptr) return true;
        return socket.watch != 0 &&
               (carrier->socket.emptied >= socket.watch || !is_readable(carrier->socket));
    }
    void pause(bool on) override { paused_ = on; }  // nothing is taken but by receive()

    void receive(std::size_t limit, std::vector<UdpDatagram>& out, UdpSockets::Counters& counters) override {
        const auto begin = out.size();
        epoll_->receive(limit, out, counters);
        const auto closed = [this](const UdpDatagram& d) {
            const Carrier* carrier = find(d.local.ip);
            return carrier == nullptr || !carrier->open[d.local.port];
        };
        const auto keep = std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), closed);
        const auto dropped = static_cast<std::uint64_t>(out.end() - keep);
        counters.received -= dropped;
        counters.closed += dropped;
        out.erase(keep, out.end());
    }

    void send(std::span<UdpQueued> queue, Bytes& octets, UdpSockets::Counters& counters) override {
        // One system call for each run of a family, order kept.
        std::stable_sort(queue.begin(), queue.end(), [](const auto& a, const auto& b) {
            return a.from->local.ip.is_v6() < b.from->local.ip.is_v6();
        });
        for (std::size_t i = 0; i < queue.size();) {
            const bool v6 = queue[i].from->local.ip.is_v6();
            std::size_t end = i + 1;
            while (end < queue.size() && end - i < batch && queue[end].from->local.ip.is_v6() == v6) ++end;
            send_run((v6 ? raw6_ : raw4_)->get(), queue.subspan(i, end - i), octets, counters);
            i = end;
        }
    }

  private:
    struct Carrier {
        UdpSocket socket;
        SkLookup steering;
        std::vector<bool> open;  // by port: steered here, or with a socket of its own
    };
    static bool is_readable(const UdpSocket& socket) {
        pollfd now{socket.fd.get(), POLLIN, 0};
        return ::poll(&now, 1, 0) == 1;
    }

    Carrier* find(const IpAddress& ip) const {
        for (const auto& carrier : carriers_) {
            if (carrier->socket.local.ip == ip) return carrier.get();
        }
        return nullptr;
    }

    Result<Carrier*> carrier_of(const IpAddress& ip) {
        if (Carrier* carrier = find(ip)) return carrier;
        const int level = ip.is_v6() ? IPPROTO_IPV6 : IPPROTO_IP;
        const int option = ip.is_v6() ? IPV6_RECVORIGDSTADDR : IP_RECVORIGDSTADDR;
        auto& raw = ip.is_v6() ? raw6_ : raw4_;
        if (!raw) {
            Descriptor fd(::socket(ip.is_v6() ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                   IPPROTO_RAW));
            if (fd.get() < 0) return system_failure("raw socket", errno);
            std::ignore = ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &send_space, sizeof send_space);
            raw.emplace(std::move(fd));
        }
        auto fd = bound({ip, 0});  // a number of the system's own choice: it only has to be bound
        if (!fd) return tl::make_unexpected(fd.error());
        const int on = 1;
        if (::setsockopt(fd->get(), level, option, &on, sizeof on) != 0) {
            return system_failure("ports of datagrams", errno);
        }
        std::ignore =
            ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_space, sizeof receive_space);
        auto steering = SkLookup::attach(fd->get(), ip);
        if (!steering) return tl::make_unexpected(steering.error());
        auto made =
            std::make_unique<Carrier>(Carrier{UdpSocket{{ip, 0}, std::move(*fd), 0, true, 0},
                                              std::move(*steering), std::vector<bool>(PortTable::size)});
        if (auto watched = epoll_->watch(made->socket); !watched) {
            return tl::make_unexpected(watched.error());
        }
        return carriers_.emplace_back(std::move(made)).get();
    }

    void send_run(int fd, std::span<const UdpQueued> run, const Bytes& octets,
                  UdpSockets::Counters& counters) {
        for (const UdpQueued& one : run) {
            Endpoint from = one.from->local;
            const Endpoint to = read(one.to);
            if (from.ip.is_unspecified()) {
                const auto source = sources_.towards(to);
                if (!source) {
                    ++counters.send_failed;
                    continue;
                }
                from.ip = *source;
            }
            out_.add(from, to, dscp_, {octets.data() + one.begin, one.size});
        }
        out_.send(fd, counters);
    }

    std::unique_ptr<UdpIo> epoll_;
    const std::uint8_t dscp_;
    std::optional<Descriptor> raw4_, raw6_;
    std::vector<std::unique_ptr<Carrier>> carriers_;  // one an address
    std::unordered_set<UdpSocket*> kept_;             // those that epoll_ watches beside them
    SourceAddresses sources_;
    Outgoing out_;
    bool paused_ = false;
};

}  // namespace

Result<std::unique_ptr<UdpIo>> make_range(std::uint8_t dscp) {
    if (auto allowed = has_capabilities(); !allowed) return tl::make_unexpected(allowed.error());
    auto epoll = make_epoll();
    if (!epoll) return epoll;
    return std::make_unique<Range>(std::move(*epoll), dscp);
}

}  // namespace causeway::net
