// Reception of one RTP source: sequence numbers, loss and interarrival jitter (RFC 3550 A.1, A.3, A.8).
//
// Two departures from the letter of A.8, both so that the figure means what it says: packets that carry the
// timestamp of the packet before (the fragments of a video frame, the repeats of a telephone event, RFC 4733
// 2.5.1.2) are no measurement, and a step of more than 10 s is a new timeline, not jitter.
#pragma once

#include <cstdint>

#include "host/base/time.hpp"
#include "host/rtp/packet.hpp"

namespace causeway::rtp {

// Sequence numbers (RFC 3550 A.1): a step forward of less than max_dropout is loss, a step back of less than
// max_misorder is late; anything else is a source that starts anew.
constexpr std::uint16_t max_dropout = 3000;
constexpr std::uint16_t max_misorder = 100;

struct ReceptionReport {
    std::uint32_t extended_highest_sequence = 0;
    std::int64_t lost = 0;           // of this SSRC since it started; negative with duplicates
    std::uint8_t fraction_lost = 0;  // since the last report, in 1/256
    std::uint32_t jitter = 0;        // in timestamp units
};

class Reception {
  public:
    // `clock_rate` in Hz, above 0.
    explicit Reception(std::uint32_t clock_rate = 8000) : clock_rate_(clock_rate) {}
    // In Hz, above 0: of what comes from now on (RFC 7160).
    void set_clock_rate(std::uint32_t clock_rate);
    // A packet of this source. A new SSRC or a jump of the sequence starts anew and keeps the totals.
    void received(Time now, const Header& header, std::size_t payload_octets);
    // Starts a new interval for fraction_lost.
    ReceptionReport report();

    std::uint64_t packets() const { return packets_; }
    std::uint64_t octets() const { return octets_; }
    std::int64_t lost() const { return earlier_lost_ + source_lost(); }  // over the whole life, all SSRCs
    Duration jitter() const { return to_duration(jitter_); }             // current estimate
    Duration max_jitter() const { return to_duration(max_jitter_); }
    std::uint32_t ssrc() const { return ssrc_; }
    std::uint32_t clock_rate() const { return clock_rate_; }

    // But for the transit time, which is a matter of the clock: the first packet afterwards measures nothing.
    template <class A>
    void archive(A& a) {
        a(clock_rate_, ssrc_, packets_, octets_, source_received_, earlier_lost_, base_sequence_,
          max_sequence_, cycles_, bad_sequence_, expected_prior_, received_prior_, jitter_, max_jitter_,
          started_);
        if constexpr (A::decodes) {
            has_transit_ = false;
            if (clock_rate_ == 0) a.fail("a clock rate of 0");
        }
    }

  private:
    void start(const Header& header);
    bool update_sequence(const Header& header);
    void update_jitter(Time now, std::uint32_t timestamp);
    std::uint64_t expected() const;
    std::int64_t source_lost() const;
    Duration to_duration(double units) const;

    std::uint32_t clock_rate_;
    std::uint32_t ssrc_ = 0;
    std::uint64_t packets_ = 0, octets_ = 0;
    std::uint64_t source_received_ = 0;  // of the current SSRC
    std::int64_t earlier_lost_ = 0;      // of earlier SSRCs
    std::uint16_t base_sequence_ = 0, max_sequence_ = 0;
    std::uint32_t cycles_ = 0;  // wraps of the sequence number, times 2^16
    std::uint32_t bad_sequence_ = 0;
    std::uint64_t expected_prior_ = 0, received_prior_ = 0;
    double jitter_ = 0, max_jitter_ = 0;  // timestamp units
    std::uint32_t transit_ = 0, timestamp_ = 0;
    bool started_ = false, has_transit_ = false;
};

}  // namespace causeway::rtp
