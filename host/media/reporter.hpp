// RTCP of one port (RFC 3550 section 6): what we report of the stream we receive and of the one we send, and
// what the other side says of ours. Each leg of a call has its own: reports do not cross.
//
// NTP times are made of the core's monotonic time and a zero that is drawn once, which 4 permits: only
// differences of them mean anything, and nobody learns how long this machine has been up.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "host/base/random.hpp"
#include "host/base/time.hpp"
#include "host/media/engine.hpp"
#include "host/rtp/rtcp.hpp"
#include "host/rtp/stats.hpp"

namespace causeway::media {

// The last sender report of the other side (RFC 3550 6.4.1: LSR and DLSR of ours).
struct TheirSr {
    std::uint32_t ssrc = 0;
    std::uint32_t ntp_middle = 0;
    Time arrived{};
    template <class A>
    void archive(A& a) {
        a(ssrc, ntp_middle, arrived);
    }
};

class Reporter {
  public:
    Reporter() = default;
    // The CNAME is random and names no host (RFC 7022). `ntp_zero` is the NTP time of Time zero, the same for
    // all ports: receivers synchronise m-lines by it.
    Reporter(Random& random, std::uint64_t ntp_zero) : cname_(random.token(12)), ntp_zero_(ntp_zero) {}

    // An SR if anything was sent since the last report or the one before, else an RR (6.4); with a block on
    // their stream if any of it came since the last report. `leaving` adds a BYE.
    rtp::RtcpCompound report(Time now, const EgressCounters& sent, rtp::Reception& received, bool leaving);
    // What a report of theirs is held against.
    struct Known {
        std::uint32_t our_ssrc = 0;
        std::optional<std::uint32_t> their_ssrc;  // of their RTP; nothing before it comes
        std::uint64_t numbers_sent = 0;           // sequence numbers we used, gaps included
        std::uint32_t clock_rate = 8000;
    };
    // What the other side reports. Blocks about other sources than ours are no business of ours, nor is an SR
    // of another source than the one we hear. False where figures of it cannot be: more lost than was sent, a
    // round trip or jitter beyond `longest`, an SR echoed that was none of our last ones. They change
    // nothing.
    bool received(Time now, const rtp::RtcpCompound& compound, const Known& known);
    static constexpr Duration longest = std::chrono::seconds(10);

    std::optional<Duration> round_trip() const { return round_trip_; }
    std::int64_t remote_lost() const { return remote_lost_; }
    Duration remote_jitter() const { return remote_jitter_; }

    // Whatever the reader's clock says: NTP time goes on.
    template <class A>
    void archive(A& a) {
        std::uint64_t ntp_now = ntp(a.now());
        a(ntp_now);
        ntp_zero_ = ntp_now - rtp::to_ntp(a.now().time_since_epoch());
        a(cname_, sent_at_last_, sent_at_one_before_, received_at_last_, last_sr_, round_trip_, remote_lost_,
          remote_jitter_, our_srs_);
    }

  private:
    std::uint64_t ntp(Time t) const { return ntp_zero_ + rtp::to_ntp(t.time_since_epoch()); }

    std::string cname_;
    std::uint64_t ntp_zero_ = 0;
    std::uint64_t sent_at_last_ = 0, sent_at_one_before_ = 0;  // packets, when reports were made
    std::uint64_t received_at_last_ = 0;
    std::optional<TheirSr> last_sr_;
    std::array<std::uint32_t, 4> our_srs_{};  // the middle of the NTP time of our last SRs, newest first
    std::optional<Duration> round_trip_;
    std::int64_t remote_lost_ = 0;
    Duration remote_jitter_{};
};

}  // namespace causeway::media
