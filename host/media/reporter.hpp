// RTCP of one port (RFC 3550 section 6): what we report of the stream we receive and of the one we send, and
// what the other side says of ours. Each leg of a call has its own: reports do not cross.
#pragma once

#include <optional>
#include <string>

#include "host/base/random.hpp"
#include "host/base/time.hpp"
#include "host/media/engine.hpp"
#include "host/rtp/rtcp.hpp"
#include "host/rtp/stats.hpp"

namespace causeway::media {

class Reporter {
  public:
    // The CNAME is random and names no host (RFC 7022).
    explicit Reporter(Random& random) : cname_(random.token(12)) {}

    // Time until the next report: 5 s, randomised by half of it either way (6.2); half of that for the first.
    static Duration interval(Random& random, bool first);

    // An SR if anything was sent since the last report, else an RR. `leaving` adds a BYE.
    rtp::RtcpCompound report(Time now, const EgressCounters& sent, rtp::Reception& received, bool leaving);
    // What the other side reports. Blocks about other sources than `our_ssrc` are no business of ours.
    void received(Time now, const rtp::RtcpCompound& compound, std::uint32_t our_ssrc,
                  std::uint32_t clock_rate);

    std::optional<Duration> round_trip() const { return round_trip_; }
    std::int64_t remote_lost() const { return remote_lost_; }
    Duration remote_jitter() const { return remote_jitter_; }

  private:
    std::string cname_;
    std::uint64_t packets_reported_ = 0;
    std::uint32_t last_sr_ = 0;  // middle 32 bits of the NTP time of their last SR
    Time last_sr_at_{};
    std::optional<Duration> round_trip_;
    std::int64_t remote_lost_ = 0;
    Duration remote_jitter_{};
};

}  // namespace causeway::media
