// RTCP compound packets (RFC 3550 section 6): read and written. Packet types that are not understood are
// skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"

namespace causeway::rtp {

struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;
    std::int32_t cumulative_lost = 0;  // 24 bits, signed
    std::uint32_t extended_highest_sequence = 0;
    std::uint32_t jitter = 0;   // timestamp units
    std::uint32_t last_sr = 0;  // middle 32 bits of the NTP time of the last SR, 0 where there was none
    std::uint32_t delay_since_last_sr = 0;  // in 1/65536 s
};

struct SenderInfo {
    std::uint64_t ntp = 0;  // NTP format, 32.32
    std::uint32_t rtp_timestamp = 0;
    std::uint32_t packets = 0, octets = 0;
};

// What Causeway sends and reads: an SR (with sender info) or RR, an SDES CNAME, perhaps a BYE.
struct RtcpCompound {
    std::uint32_t sender_ssrc = 0;
    std::optional<SenderInfo> sender;
    std::vector<ReportBlock> reports;
    std::string cname;
    std::vector<std::uint32_t> bye;

    // Nothing where the datagram is not valid compound RTCP (A.2): first packet SR or RR, lengths add up.
    // Reduced-size packets (RFC 5506) are not accepted.
    static std::optional<RtcpCompound> parse(ByteView datagram);
    Bytes to_bytes() const;
};

}  // namespace causeway::rtp
