// What UdpSockets asks of the system, in two implementations: udp_epoll.cpp and udp_uring.cpp. Internal to
// this folder.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "drivers/net/udp.hpp"

namespace causeway::net {

constexpr std::size_t datagram_size = 2048;  // octets; longer ones are no voice and are dropped

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};
socklen_t fill(Address& out, const Endpoint& e);
Endpoint read(const Address& a);
tl::unexpected<Error> system_failure(std::string_view what, int error);

// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor();
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

// An open socket. It does not move while it is watched.
struct UdpSocket {
    Endpoint local;
    Descriptor fd;
    std::uint64_t watch = 0;  // the implementation's
};

// A datagram to be sent.
struct UdpQueued {
    int fd;
    Address to;
    socklen_t to_length;
    std::size_t begin, size;  // in the octets of all
};

class UdpIo {
  public:
    virtual ~UdpIo() = default;
    virtual int descriptor() const = 0;
    virtual Result<void> watch(UdpSocket& socket) = 0;
    // Nothing of the socket comes afterwards.
    virtual void unwatch(UdpSocket& socket) = 0;
    virtual void pause(bool on) = 0;
    // No more is taken from the socket; drained once receive() has handed out all that was.
    virtual void stop(UdpSocket& socket) = 0;
    virtual bool is_drained(const UdpSocket& socket) const = 0;
    // Adds what waits, at most `limit` datagrams, which are valid until the next call.
    virtual void receive(std::size_t limit, std::vector<UdpDatagram>& out,
                         UdpSockets::Counters& counters) = 0;
    // In order for each socket.
    virtual void send(std::span<UdpQueued> queue, Bytes& octets, UdpSockets::Counters& counters) = 0;
};

Result<std::unique_ptr<UdpIo>> make_epoll();
Result<std::unique_ptr<UdpIo>> make_uring();

}  // namespace causeway::net
