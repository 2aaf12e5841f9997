#include "tools/benchmarks/sip_load/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace causeway::bench {
namespace {

sockaddr_in to_system(const Endpoint& e) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(e.port);
    std::memcpy(&address.sin_addr, e.ip.data(), sizeof address.sin_addr);
    return address;
}

}  // namespace

Socket::~Socket() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> Socket::open(const Endpoint& local, const Endpoint& server) {
    const auto failed = [&] { return causeway::fail(local.to_string() + ": " + std::strerror(errno)); };
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return failed();
    const int octets = 16 << 20;
    // Beyond the system's limit where we are allowed to; else as much as it grants.
    if (::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
        std::ignore = ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    const auto here = to_system(local);
    const auto there = to_system(server);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) return failed();
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) return failed();
    return {};
}

void Socket::send(std::string_view message) {
    if (waiting_ == batch) flush();
    out_[waiting_++] = message;
}

void Socket::flush() {
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < waiting_; ++i) {
        parts[i] = {out_[i].data(), out_[i].size()};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < waiting_;) {
        const int sent = ::sendmmsg(fd_, messages.data() + done, static_cast<unsigned>(waiting_ - done), 0);
        if (sent > 0) {
            done += static_cast<std::size_t>(sent);
        } else if (errno == EAGAIN) {
            pollfd room{fd_, POLLOUT, 0};
            ::poll(&room, 1, 1);
        } else {
            ++done;  // an ICMP error of an earlier message: this one is lost, as anywhere on the way
        }
    }
    waiting_ = 0;
}

bool Socket::receive(const std::function<void(std::string_view)>& datagram) {
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < batch; ++i) {
        parts[i] = {in_[i].data(), in_[i].size()};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(fd_, messages.data(), batch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i) {
        const auto n = static_cast<std::size_t>(i);
        datagram({in_[n].data(), messages[n].msg_len});
    }
    return count > 0;
}

}  // namespace causeway::bench
