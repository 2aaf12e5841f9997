#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "drivers/net/udp_io.hpp"

namespace causeway::net {
namespace {

constexpr std::size_t batch = 64;  // datagrams of one system call

// Room for what IP_RECVORIGDSTADDR and IPV6_RECVORIGDSTADDR tell of a datagram.
struct alignas(cmsghdr) Destination : std::array<std::uint8_t, CMSG_SPACE(sizeof(sockaddr_in6))> {};

// 0 where it was not told.
std::uint16_t destination_port(msghdr& message) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR;
        const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR;
        if (!v4 && !v6) continue;
        Address to{};
        std::memcpy(&to, CMSG_DATA(c), v6 ? sizeof to.v6 : sizeof to.v4);
        return read(to).port;
    }
    return 0;
}

class Epoll final : public UdpIo {
  public:
    explicit Epoll(Descriptor epoll) : epoll_(std::move(epoll)) {}

    int descriptor() const override { return epoll_.get(); }

    Result<void> watch(UdpSocket& socket) override {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &socket;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.fd.get(), &event) != 0) {
            return system_failure("epoll for " + socket.local.to_string(), errno);
        }
        return {};
    }
    void unwatch(UdpSocket& socket) override {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.fd.get(), nullptr);
    }
    void pause(bool) override {}  // nothing is taken but by receive()
    void stop(UdpSocket& socket) override { unwatch(socket); }
    bool is_drained(const UdpSocket&) const override { return true; }

    void receive(std::size_t limit, std::vector<UdpDatagram>& out, UdpSockets::Counters& counters) override {
        slots_used_ = 0;
        space_.resize(limit * datagram_size);
        std::array<epoll_event, batch> events;
        bool more = true;
        while (more && slots_used_ < limit) {
            const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
            more = false;
            for (int i = 0; i < ready && slots_used_ < limit; ++i) {
                auto& socket = *static_cast<UdpSocket*>(events[static_cast<std::size_t>(i)].data.ptr);
                more |= read_socket(socket, limit - slots_used_, out, counters) > 0;
            }
        }
    }

    void send(std::span<UdpQueued> queue, Bytes& octets, UdpSockets::Counters& counters) override {
        // One system call for each run of datagrams on one socket, order kept.
        std::stable_sort(queue.begin(), queue.end(),
                         [](const auto& a, const auto& b) { return a.from->fd.get() < b.from->fd.get(); });
        for (std::size_t i = 0; i < queue.size();) {
            std::size_t end = i + 1;
            while (end < queue.size() && end - i < batch && queue[end].from == queue[i].from) ++end;
            send_run(queue.subspan(i, end - i), octets, counters);
            i = end;
        }
    }

  private:
    std::size_t read_socket(UdpSocket& socket, std::size_t limit, std::vector<UdpDatagram>& out,
                            UdpSockets::Counters& counters) {
        std::array<mmsghdr, batch> messages{};
        std::array<iovec, batch> parts;
        std::array<Address, batch> from;
        std::array<Destination, batch> destinations;
        const std::size_t wanted = std::min(limit, batch);
        for (std::size_t i = 0; i < wanted; ++i) {
            parts[i] = {space_.data() + (slots_used_ + i) * datagram_size, datagram_size};
            messages[i].msg_hdr.msg_name = &from[i];
            messages[i].msg_hdr.msg_namelen = sizeof from[i];
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            if (!socket.any_port) continue;
            messages[i].msg_hdr.msg_control = destinations[i].data();
            messages[i].msg_hdr.msg_controllen = destinations[i].size();
        }
        const int n = ::recvmmsg(socket.fd.get(), messages.data(), static_cast<unsigned>(wanted),
                                 MSG_DONTWAIT, nullptr);
        if (n < static_cast<int>(wanted)) ++socket.emptied;
        // An error is nothing to wait for: what is left on the socket makes it readable for the next
        // receive().
        if (n <= 0) return 0;
        slots_used_ += static_cast<std::size_t>(n);
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
            if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
                ++counters.truncated;
                continue;
            }
            Endpoint local = socket.local;
            if (socket.any_port) local.port = destination_port(messages[i].msg_hdr);
            ++counters.received;
            out.push_back(
                {local, read(from[i]), {static_cast<std::uint8_t*>(parts[i].iov_base), messages[i].msg_len}});
        }
        return static_cast<std::size_t>(n);
    }

    static void send_run(std::span<UdpQueued> run, Bytes& octets, UdpSockets::Counters& counters) {
        std::array<mmsghdr, batch> messages{};
        std::array<iovec, batch> parts;
        for (std::size_t i = 0; i < run.size(); ++i) {
            parts[i] = {octets.data() + run[i].begin, run[i].size};
            messages[i].msg_hdr.msg_name = &run[i].to;
            messages[i].msg_hdr.msg_namelen = run[i].to_length;
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        send_all(run.front().from->fd.get(), {messages.data(), run.size()}, counters);
    }

    Descriptor epoll_;
    // One receive() fills slots of datagram_size from the front; the datagrams handed out point into them. A
    // datagram that is dropped uses up its slot too.
    Bytes space_;
    std::size_t slots_used_ = 0;
};

}  // namespace

Result<std::unique_ptr<UdpIo>> make_epoll() {
    Descriptor fd(::epoll_create1(EPOLL_CLOEXEC));
    if (fd.get() < 0) return system_failure("epoll", errno);
    return std::make_unique<Epoll>(std::move(fd));
}

}  // namespace causeway::net
