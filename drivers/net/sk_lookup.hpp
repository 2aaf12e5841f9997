// Datagrams to many ports of an address on one socket: an sk_lookup program (Linux 5.9), which the kernel
// asks for the socket of each datagram that comes. It chooses ours for ports that are open in a table that we
// write, and leaves all others to the sockets bound to them. Internal to this folder.
//
// A connected socket comes before the program, one that is only bound comes after it. Several programs may be
// attached in one network namespace: for a port that two have open, the one attached last wins.
#pragma once

#include <cstdint>

#include "drivers/net/udp_io.hpp"

namespace causeway::net {

// Which of all 65,536 ports are open: memory that the program reads.
class PortTable {
  public:
    static constexpr std::size_t size = 65536;  // octets, one a port

    explicit PortTable(void* at) : at_(static_cast<std::uint8_t*>(at)) {}
    PortTable(PortTable&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    PortTable& operator=(PortTable&&) = delete;
    ~PortTable();
    void set(std::uint16_t port, bool open) { __atomic_store_n(at_ + port, open ? 1 : 0, __ATOMIC_RELAXED); }

  private:
    std::uint8_t* at_;
};

// Attached to the network namespace of the calling thread, until destroyed.
class SkLookup {
  public:
    // `socket`: a bound UDP socket of the address's family. The unspecified address stands for all of its
    // family. Takes CAP_BPF and CAP_NET_ADMIN. The error says which step the system refused.
    static Result<SkLookup> attach(int socket, const IpAddress& local);
    void detach() { link_.reset(); }
    PortTable ports;  // none is open to begin with

  private:
    SkLookup(PortTable table, Descriptor link) : ports(std::move(table)), link_(std::move(link)) {}
    Descriptor link_;
};

}  // namespace causeway::net
