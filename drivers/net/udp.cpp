#include "drivers/net/udp.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <system_error>
#include <unordered_map>

namespace causeway::net {
namespace {

constexpr std::size_t batch = 64;            // datagrams of one system call
constexpr std::size_t datagram_size = 2048;  // octets; longer ones are no voice and are dropped

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

socklen_t fill(Address& out, const Endpoint& e) {
    out = {};
    if (e.ip.is_v6()) {
        out.v6.sin6_family = AF_INET6;
        out.v6.sin6_port = htons(e.port);
        std::memcpy(&out.v6.sin6_addr, e.ip.data(), 16);
        return sizeof out.v6;
    }
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(e.port);
    std::memcpy(&out.v4.sin_addr, e.ip.data(), 4);
    return sizeof out.v4;
}

Endpoint read(const Address& a) {
    if (a.any.sa_family == AF_INET6) {
        std::array<std::uint8_t, 16> octets;
        std::memcpy(octets.data(), &a.v6.sin6_addr, 16);
        return {IpAddress::v6(octets), ntohs(a.v6.sin6_port)};
    }
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &a.v4.sin_addr, 4);
    return {IpAddress::v4(octets), ntohs(a.v4.sin_port)};
}

tl::unexpected<Error> system_failure(std::string_view what, const Endpoint& local) {
    return fail(fmt::format("{} {}: {}", what, local.to_string(), std::generic_category().message(errno)));
}

// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

Result<Descriptor> bound(const Endpoint& local) {
    const int family = local.ip.is_v6() ? AF_INET6 : AF_INET;
    Descriptor fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return system_failure("socket for", local);
    if (const int on = 1; local.ip.is_v6()) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    Address address;
    const socklen_t length = fill(address, local);
    if (::bind(fd.get(), &address.any, length) != 0) return system_failure("bind", local);
    return fd;
}

}  // namespace

struct UdpSockets::Impl {
    struct Socket {
        Endpoint local;
        Descriptor fd;
    };
    struct Queued {
        int fd;
        Address to;
        socklen_t to_length;
        std::size_t begin, size;  // in `outgoing`
    };

    Descriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
    std::unordered_map<Endpoint, std::unique_ptr<Socket>> sockets;
    std::unordered_map<Endpoint, Descriptor> inherited;
    // One receive() fills slots of datagram_size from the front; the datagrams handed out point into them. A
    // datagram that is dropped uses up its slot too.
    Bytes space;
    std::size_t slots_used = 0;
    std::vector<UdpDatagram> received;
    std::vector<Queued> queue;
    Bytes outgoing;
    Counters counters;

    std::size_t read_socket(const Socket& socket, std::size_t limit);
    void send_run(std::span<Queued> run);
};

UdpSockets::UdpSockets() : impl_(std::make_unique<Impl>()) {}
UdpSockets::~UdpSockets() = default;

Result<void> UdpSockets::open(const Endpoint& local) {
    if (impl_->sockets.contains(local)) return fail("bind " + local.to_string() + ": open already");
    auto there = impl_->inherited.extract(local);
    auto fd = there ? Result<Descriptor>(std::move(there.mapped())) : bound(local);
    if (!fd) return tl::make_unexpected(fd.error());
    auto socket = std::make_unique<Impl::Socket>(Impl::Socket{local, std::move(*fd)});
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = socket.get();
    if (::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, socket->fd.get(), &event) != 0) {
        return system_failure("epoll for", local);
    }
    impl_->sockets.emplace(local, std::move(socket));
    return {};
}

void UdpSockets::close(const Endpoint& local) {
    const auto found = impl_->sockets.find(local);
    if (found == impl_->sockets.end()) return;
    flush();  // what is queued on it goes first: the RTCP BYE
    impl_->sockets.erase(found);
}

Result<void> UdpSockets::inherit(int fd) {
    Descriptor socket(fd);
    Address address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, &address.any, &length) != 0 ||
        (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)) {
        return fail("an inherited descriptor is no UDP socket");
    }
    impl_->inherited.emplace(read(address), std::move(socket));
    return {};
}

void UdpSockets::drop_inherited() {
    impl_->inherited.clear();
}

std::vector<int> UdpSockets::descriptors() const {
    std::vector<int> out;
    for (const auto& [local, socket] : impl_->sockets) out.push_back(socket->fd.get());
    return out;
}

std::size_t UdpSockets::size() const {
    return impl_->sockets.size();
}

int UdpSockets::descriptor() const {
    return impl_->epoll.get();
}

const UdpSockets::Counters& UdpSockets::counters() const {
    return impl_->counters;
}

std::span<const UdpDatagram> UdpSockets::receive(std::size_t limit) {
    impl_->received.clear();
    impl_->slots_used = 0;
    impl_->space.resize(limit * datagram_size);
    std::array<epoll_event, batch> events;
    bool more = true;
    while (more && impl_->slots_used < limit) {
        const int ready = ::epoll_wait(impl_->epoll.get(), events.data(), static_cast<int>(events.size()), 0);
        more = false;
        for (int i = 0; i < ready && impl_->slots_used < limit; ++i) {
            const auto& socket = *static_cast<Impl::Socket*>(events[static_cast<std::size_t>(i)].data.ptr);
            more |= impl_->read_socket(socket, limit - impl_->slots_used) > 0;
        }
    }
    return impl_->received;
}

std::size_t UdpSockets::Impl::read_socket(const Socket& socket, std::size_t limit) {
    std::array<mmsghdr, batch> messages{};
    std::array<iovec, batch> parts;
    std::array<Address, batch> from;
    const std::size_t wanted = std::min(limit, batch);
    for (std::size_t i = 0; i < wanted; ++i) {
        parts[i] = {space.data() + (slots_used + i) * datagram_size, datagram_size};
        messages[i].msg_hdr.msg_name = &from[i];
        messages[i].msg_hdr.msg_namelen = sizeof from[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int n =
        ::recvmmsg(socket.fd.get(), messages.data(), static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
    // An error is nothing to wait for: what is left on the socket makes it readable for the next receive().
    if (n <= 0) return 0;
    slots_used += static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
            ++counters.truncated;
            continue;
        }
        ++counters.received;
        received.push_back({socket.local,
                            read(from[i]),
                            {static_cast<std::uint8_t*>(parts[i].iov_base), messages[i].msg_len}});
    }
    return static_cast<std::size_t>(n);
}

void UdpSockets::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    const auto found = impl_->sockets.find(local);
    if (found == impl_->sockets.end() || local.ip.is_v6() != to.ip.is_v6()) {
        ++impl_->counters.send_failed;
        return;
    }
    Impl::Queued q{};
    q.fd = found->second->fd.get();
    q.to_length = fill(q.to, to);
    q.begin = impl_->outgoing.size();
    q.size = bytes.size();
    impl_->outgoing.insert(impl_->outgoing.end(), bytes.begin(), bytes.end());
    impl_->queue.push_back(q);
}

void UdpSockets::flush() {
    auto& queue = impl_->queue;
    // One system call for each run of datagrams on one socket, order kept.
    std::stable_sort(queue.begin(), queue.end(), [](const auto& a, const auto& b) { return a.fd < b.fd; });
    for (std::size_t i = 0; i < queue.size();) {
        std::size_t end = i + 1;
        while (end < queue.size() && end - i < batch && queue[end].fd == queue[i].fd) ++end;
        impl_->send_run(std::span(queue).subspan(i, end - i));
        i = end;
    }
    queue.clear();
    impl_->outgoing.clear();
}

void UdpSockets::Impl::send_run(std::span<Queued> run) {
    std::array<mmsghdr, batch> messages{};
    std::array<iovec, batch> parts;
    for (std::size_t i = 0; i < run.size(); ++i) {
        parts[i] = {outgoing.data() + run[i].begin, run[i].size};
        messages[i].msg_hdr.msg_name = &run[i].to;
        messages[i].msg_hdr.msg_namelen = run[i].to_length;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    std::size_t done = 0;
    while (done < run.size()) {
        const int n = ::sendmmsg(run[done].fd, messages.data() + done,
                                 static_cast<unsigned>(run.size() - done), MSG_DONTWAIT);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
            counters.sent += static_cast<std::uint64_t>(n);
        } else {  // the first of them was refused, or a queue is full: it is lost, as any datagram may be
            ++done;
            ++counters.send_failed;
        }
    }
}

}  // namespace causeway::net
