// What UdpSockets asks of the system, in three implementations: udp_epoll.cpp, udp_uring.cpp and
// udp_range.cpp. Internal to this folder.
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
    ~Descriptor() { reset(); }
    int get() const { return fd_; }  // negative: none
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1);

  private:
    int fd_;
};

// An open port. It does not move while it is watched.
struct UdpSocket {
    Endpoint local;
    Descriptor fd;            // bound to it; the implementation may close it while watched
    std::uint64_t watch = 0;  // the implementation's
    // Datagrams to other ports of the address come on it too; each says to which (IP_RECVORIGDSTADDR).
    bool any_port = false;
    std::uint64_t emptied = 0;  // how often all that had come was taken
};

// A datagram to be sent.
struct UdpQueued {
    const UdpSocket* from;
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
    // Destroyed in a pause, it leaves to another process whatever waits.
    virtual void pause(bool on) = 0;
    // No more is taken from the socket; drained once receive() has handed out all that was. What comes waits
    // in its descriptor.
    virtual void stop(UdpSocket& socket) = 0;
    virtual bool is_drained(const UdpSocket& socket) const = 0;
    // Adds what waits, at most `limit` datagrams, which are valid until the next call.
    virtual void receive(std::size_t limit, std::vector<UdpDatagram>& out,
                         UdpSockets::Counters& counters) = 0;
    // In order for each port.
    virtual void send(std::span<UdpQueued> queue, Bytes& octets, UdpSockets::Counters& counters) = 0;
};

Result<std::unique_ptr<UdpIo>> make_epoll();
Result<std::unique_ptr<UdpIo>> make_uring();
Result<std::unique_ptr<UdpIo>> make_range(std::uint8_t dscp);

// A socket bound to `local`, which does not block.
Result<Descriptor> bound(const Endpoint& local);
// Never waits: those that are refused, or find the queue full, are lost and counted.
void send_all(int fd, std::span<mmsghdr> messages, UdpSockets::Counters& counters);

}  // namespace causeway::net
