// UDP sockets in batches: the media ports' way to the network. One epoll descriptor for all sockets; one
// poll() takes what has come on any of them (recvmmsg), sends go out together (sendmmsg). Implements no
// policy: media::Ports decides.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/ip.hpp"
#include "host/base/result.hpp"

namespace causeway::net {

struct UdpDatagram {
    Endpoint local;
    Endpoint from;
    ByteView bytes;  // valid until the next receive()
};

class UdpSockets {
  public:
    UdpSockets();
    ~UdpSockets();
    UdpSockets(const UdpSockets&) = delete;
    UdpSockets& operator=(const UdpSockets&) = delete;

    // Binds a socket to `local`; the error carries the system's words.
    Result<void> open(const Endpoint& local);
    void close(const Endpoint& local);
    // A socket of a process before this one, bound: open() of its endpoint takes it instead of a new one. The
    // error says why it is none.
    Result<void> inherit(int fd);
    // Closes those that nobody has opened.
    void drop_inherited();
    std::vector<int> descriptors() const;  // of the open sockets
    std::size_t size() const;
    // Readable when datagrams wait: for an outer event loop.
    int descriptor() const;
    // What waits now, at most `limit` datagrams; never blocks.
    std::span<const UdpDatagram> receive(std::size_t limit = 256);
    // Queues one datagram; flush() hands all queued ones to the kernel. What it does not take is dropped and
    // counted.
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes);
    void flush();

    struct Counters {
        std::uint64_t received = 0, sent = 0, send_failed = 0, truncated = 0;
    };
    const Counters& counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::net
