#include "drivers/net/udp.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <tuple>
#include <unordered_map>

#include "drivers/net/udp_io.hpp"

namespace causeway::net {

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

tl::unexpected<Error> system_failure(std::string_view what, int error) {
    return fail(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

void Descriptor::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Result<Descriptor> bound(const Endpoint& local) {
    const int family = local.ip.is_v6() ? AF_INET6 : AF_INET;
    Descriptor fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return system_failure("socket for " + local.to_string(), errno);
    if (const int on = 1; local.ip.is_v6()) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    Address address;
    const socklen_t length = fill(address, local);
    if (::bind(fd.get(), &address.any, length) != 0)
        return system_failure("bind " + local.to_string(), errno);
    return fd;
}

void send_all(int fd, std::span<mmsghdr> messages, UdpSockets::Counters& counters) {
    while (!messages.empty()) {
        const int n = ::sendmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT);
        if (n <= 0) ++counters.send_failed;  // the first of them
        if (n > 0) counters.sent += static_cast<std::uint64_t>(n);
        messages = messages.subspan(n > 0 ? static_cast<std::size_t>(n) : 1);
    }
}

namespace {

// What the system does not want marked goes out unmarked.
void mark(int fd, const Endpoint& local, std::uint8_t dscp) {
    const int field = dscp << 2;
    if (local.ip.is_v6()) {
        std::ignore = ::setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &field, sizeof field);
    } else {
        std::ignore = ::setsockopt(fd, IPPROTO_IP, IP_TOS, &field, sizeof field);
    }
}

Result<Endpoint> local_of(int fd) {
    Address address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, &address.any, &length) != 0 ||
        (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)) {
        return fail("an inherited descriptor is no UDP socket");
    }
    return read(address);
}

Result<std::unique_ptr<UdpIo>> make(const UdpOptions& options) {
    switch (options.backend) {
        case UdpBackend::epoll:
            break;
        case UdpBackend::io_uring:
            return make_uring();
        case UdpBackend::range:
            return make_range(options.dscp);
    }
    return make_epoll();
}

}  // namespace

// A datagram of ours to ourselves.
Result<void> try_udp_backend(UdpBackend backend) {
    constexpr int patience_ms = 1000;
    auto io = make({backend});
    if (!io) return tl::make_unexpected(io.error());
    const IpAddress loopback = IpAddress::v4({127, 0, 0, 1});
    auto fd = bound({loopback, 0});
    if (!fd) return tl::make_unexpected(fd.error());
    auto local = local_of(fd->get());
    if (!local) return tl::make_unexpected(local.error());
    UdpSocket socket{*local, std::move(*fd), 0, false, 0};
    if (auto watched = (*io)->watch(socket); !watched) return watched;
    Bytes octets{1};
    UdpQueued one{&socket, {}, 0, 0, octets.size()};
    one.to_length = fill(one.to, *local);
    UdpSockets::Counters counters;
    std::vector<UdpDatagram> received;
    (*io)->send({&one, 1}, octets, counters);
    pollfd wait{(*io)->descriptor(), POLLIN, 0};
    ::poll(&wait, 1, patience_ms);
    (*io)->receive(1, received, counters);
    (*io)->unwatch(socket);
    if (received.empty()) return fail("a datagram to ourselves does not come");
    return {};
}

struct UdpSockets::Impl {
    explicit Impl(UdpOptions o) : options(o) {
        auto made = make(options);
        if (made) {
            io = std::move(*made);
        } else {
            error = made.error();
        }
    }

    const UdpOptions options;
    Error error;
    std::unordered_map<Endpoint, std::unique_ptr<UdpSocket>> sockets;
    std::unique_ptr<UdpIo> io;  // null: see `error`. Ends before the sockets that it watches
    std::unordered_map<Endpoint, Descriptor> inherited;
    std::vector<UdpDatagram> received;
    std::vector<UdpQueued> queue;
    Bytes outgoing;
    Counters counters;
};

UdpSockets::UdpSockets(UdpOptions options) : impl_(std::make_unique<Impl>(options)) {}
UdpSockets::~UdpSockets() = default;

Result<void> UdpSockets::open(const Endpoint& local) {
    if (!impl_->io) return tl::make_unexpected(impl_->error);
    if (impl_->sockets.contains(local)) return fail("bind " + local.to_string() + ": open already");
    auto there = impl_->inherited.extract(local);
    auto fd = there ? Result<Descriptor>(std::move(there.mapped())) : bound(local);
    if (!fd) return tl::make_unexpected(fd.error());
    mark(fd->get(), local, impl_->options.dscp);
    auto socket = std::make_unique<UdpSocket>(UdpSocket{local, std::move(*fd), 0, false, 0});
    if (auto watched = impl_->io->watch(*socket); !watched) return watched;
    impl_->sockets.emplace(local, std::move(socket));
    return {};
}

void UdpSockets::close(const Endpoint& local) {
    const auto found = impl_->sockets.find(local);
    if (found == impl_->sockets.end()) return;
    flush();  // what is queued on it goes first: the RTCP BYE
    impl_->io->unwatch(*found->second);
    impl_->sockets.erase(found);
}

Result<void> UdpSockets::inherit(int fd) {
    Descriptor socket(fd);
    auto local = local_of(fd);
    if (!local) return tl::make_unexpected(local.error());
    impl_->inherited.emplace(*local, std::move(socket));
    return {};
}

void UdpSockets::stop(const Endpoint& local) {
    const auto found = impl_->sockets.find(local);
    if (found != impl_->sockets.end()) impl_->io->stop(*found->second);
}

bool UdpSockets::is_drained(const Endpoint& local) const {
    const auto found = impl_->sockets.find(local);
    return found == impl_->sockets.end() || impl_->io->is_drained(*found->second);
}

int UdpSockets::release(const Endpoint& local) {
    const auto found = impl_->sockets.find(local);
    if (found == impl_->sockets.end()) return -1;
    flush();
    impl_->io->unwatch(*found->second);
    const int fd = found->second->fd.release();
    impl_->sockets.erase(found);
    return fd;
}

void UdpSockets::drop_inherited() {
    impl_->inherited.clear();
}

std::vector<int> UdpSockets::descriptors() const {
    std::vector<int> out;
    for (const auto& [local, socket] : impl_->sockets) {
        if (socket->fd.get() >= 0) out.push_back(socket->fd.get());
    }
    return out;
}

int UdpSockets::descriptor_of(const Endpoint& local) const {
    const auto found = impl_->sockets.find(local);
    return found == impl_->sockets.end() ? -1 : found->second->fd.get();
}

std::size_t UdpSockets::size() const {
    return impl_->sockets.size();
}

int UdpSockets::descriptor() const {
    return impl_->io ? impl_->io->descriptor() : -1;
}

const UdpSockets::Counters& UdpSockets::counters() const {
    return impl_->counters;
}

void UdpSockets::pause() {
    if (impl_->io) impl_->io->pause(true);
}

void UdpSockets::resume() {
    if (impl_->io) impl_->io->pause(false);
}

std::span<const UdpDatagram> UdpSockets::receive(std::size_t limit) {
    impl_->received.clear();
    if (impl_->io) impl_->io->receive(limit, impl_->received, impl_->counters);
    return impl_->received;
}

void UdpSockets::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    const auto found = impl_->sockets.find(local);
    if (found == impl_->sockets.end() || local.ip.is_v6() != to.ip.is_v6()) {
        ++impl_->counters.send_failed;
        return;
    }
    UdpQueued q{};
    q.from = found->second.get();
    q.to_length = fill(q.to, to);
    q.begin = impl_->outgoing.size();
    q.size = bytes.size();
    impl_->outgoing.insert(impl_->outgoing.end(), bytes.begin(), bytes.end());
    impl_->queue.push_back(q);
}

void UdpSockets::flush() {
    if (impl_->queue.empty()) return;
    impl_->io->send(impl_->queue, impl_->outgoing, impl_->counters);
    impl_->queue.clear();
    impl_->outgoing.clear();
}

}  // namespace causeway::net
