// IP and UDP headers of datagrams that are sent whole. Internal to this folder.
#pragma once

#include <array>
#include <cstdint>

#include "host/base/bytes.hpp"
#include "host/base/ip.hpp"

namespace causeway::net {

struct UdpHeader {
    std::array<std::uint8_t, 48> octets;
    std::size_t size;  // 28 for IPv4, 48 for IPv6
};

// RFC 768 over RFC 791 or RFC 8200, with the UDP checksum. The header checksum and identification of IPv4 are
// left to the system, which puts them into what raw sockets send (raw(7)). Both of one family; at most 65,507
// octets of payload.
UdpHeader udp_header(const Endpoint& from, const Endpoint& to, std::uint8_t dscp, ByteView payload);

}  // namespace causeway::net
