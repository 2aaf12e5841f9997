// RTCP compound packets (RFC 3550 section 6): read and written. Packet types that are not understood are
// skipped. Also the clockwork of RTCP: when the next report is due, NTP time, round trip.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/random.hpp"
#include "host/base/time.hpp"

namespace causeway::rtp {

struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;
    std::int32_t cumulative_lost = 0;  // 24 bits, signed; what does not fit is clamped when written (A.3)
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
    std::vector<ReportBlock> reports;  // at most 31 are written
    std::string cname;                 // of sender_ssrc; at most 255 octets are written
    std::vector<std::uint32_t> bye;    // at most 31 are written

    // Nothing where the datagram is not valid compound RTCP (A.2): first packet SR or RR, lengths add up.
    // Reduced-size packets (RFC 5506) are not accepted.
    static std::optional<RtcpCompound> parse(ByteView datagram);
    Bytes to_bytes() const;
};

// Time until the next report for a session of two with little bandwidth (6.2, 6.3.1, A.7): 5 s, half of it
// before the first, drawn from 0.5 to 1.5 times that and divided by e - 3/2.
Duration report_interval(bool first, Random& random);

// `since` as NTP time, 32.32 fixed point. 4 permits any zero: only differences of NTP times mean anything.
std::uint64_t to_ntp(Duration since);
// The middle 32 bits: seconds in 16.16.
constexpr std::uint32_t ntp_middle(std::uint64_t ntp) {
    return static_cast<std::uint32_t>(ntp >> 16);
}
// Round trip from a report on what we sent that arrives at NTP time `arrival` (6.4.1). Nothing where the
// other side has had no SR, or its figures are impossible.
std::optional<Duration> round_trip(std::uint64_t arrival, const ReportBlock& block);

}  // namespace causeway::rtp
