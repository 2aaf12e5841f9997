// UDP sockets in batches: the media ports' way to the network. One descriptor to wait on for all sockets; one
// receive() takes what has come on any of them, sends go out together. Implements no policy: media::Ports
// decides.
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

// How the system is asked:
// - epoll with recvmmsg and sendmmsg, socket by socket;
// - io_uring, where the system receives by itself (multishot, Linux 6.0) and one call sends for all sockets;
// - range: one socket for all ports of an address, to which a BPF program steers what comes to open ones
//   (sk_lookup, Linux 5.9), and a raw socket that sends for all. Needs CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW
//   of the host. Ports are not bound: open() refuses one that another program has bound, but does not see one
//   that another UdpSockets has by "range", and who binds an open port later gets nothing. What is longer
//   than the interface's MTU is not fragmented: it counts as not sent.
enum class UdpBackend : std::uint8_t { epoll, io_uring, range };

// Whether it works here, by having a datagram sent and received. The error says what does not: the
// capabilities that are missing, too.
Result<void> try_udp_backend(UdpBackend backend);

struct UdpOptions {
    UdpBackend backend = UdpBackend::epoll;
    std::uint8_t dscp = 0;  // of what is sent: 0 to 63 (RFC 2474)
};

class UdpSockets {
  public:
    explicit UdpSockets(UdpOptions options = {});
    ~UdpSockets();
    UdpSockets(const UdpSockets&) = delete;
    UdpSockets& operator=(const UdpSockets&) = delete;

    // Binds a socket to `local`; the error carries the system's words.
    Result<void> open(const Endpoint& local);
    void close(const Endpoint& local);
    // A socket of a process before this one, bound: open() of its endpoint takes it instead of a new one. The
    // error says why it is none.
    Result<void> inherit(int fd);
    // Gives an open socket away without closing it: what comes from here on waits for whoever inherits it.
    // First stop(): no more is taken from it. What has been taken is still to be received, and release() is
    // for when that is done. -1 where it is not open.
    void stop(const Endpoint& local);
    bool is_drained(const Endpoint& local) const;
    int release(const Endpoint& local);
    // Closes those that nobody has opened.
    void drop_inherited();
    // For inherit() in another process: of the open sockets. Ports by "range" mostly have none; that process
    // just opens them, and gets what waits here when this ends.
    std::vector<int> descriptors() const;
    int descriptor_of(const Endpoint& local) const;  // -1 where it is not open, or has no socket of its own
    std::size_t size() const;
    // Readable when datagrams wait: for an outer event loop.
    int descriptor() const;
    // What waits now, at most `limit` datagrams; never blocks.
    std::span<const UdpDatagram> receive(std::size_t limit = 256);
    // No socket takes any more until resume(): what comes waits in the system, for whoever reads it. What has
    // been taken is still to be received.
    void pause();
    void resume();
    // Queues one datagram; flush() hands all queued ones to the kernel. What it does not take is dropped and
    // counted.
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes);
    void flush();

    struct Counters {
        std::uint64_t received = 0, sent = 0, send_failed = 0, truncated = 0;
        std::uint64_t closed = 0;  // came while their port was open, and were taken when it no longer was
    };
    const Counters& counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::net
