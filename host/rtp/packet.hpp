// RTP packets (RFC 3550 section 5): a view to read one, a writer for its header.
#pragma once

#include <cstdint>
#include <optional>

#include "host/base/bytes.hpp"
#include "host/base/time.hpp"

namespace causeway::rtp {

struct Header {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    template <class A>
    void archive(A& a) {
        a(payload_type, marker, sequence, timestamp, ssrc);
    }
};

struct Packet {
    Header header;
    std::uint8_t csrc_count = 0;
    ByteView extension;  // header extension with its 4-octet head; empty where there is none
    ByteView payload;    // without padding

    // Nothing where the datagram is not a valid RTP packet: version, lengths of CSRC list, extension and
    // padding.
    static std::optional<Packet> parse(ByteView datagram);
};

constexpr std::size_t header_size = 12;
// Writes the fixed header (no CSRC, extension, padding) to `out`, which has room for header_size octets.
void write_header(const Header& header, std::uint8_t* out);

// A duration in units of an RTP clock, as timestamps count: modulo 2^32, rounded down; 0 where it is
// negative.
std::uint32_t timestamp_units(Duration d, std::uint32_t clock_rate);

// Told apart on one port by the second octet (RFC 5761 section 4): 192..223 is RTCP.
bool looks_like_rtcp(ByteView datagram);

}  // namespace causeway::rtp
