// Reception of one RTP source: sequence numbers, loss and interarrival jitter (RFC 3550 A.1, A.3, A.8).
#pragma once

#include <cstdint>

#include "host/base/time.hpp"
#include "host/rtp/packet.hpp"

namespace causeway::rtp {

struct ReceptionReport {
    std::uint32_t extended_highest_sequence = 0;
    std::int64_t lost = 0;           // cumulative; negative with duplicates
    std::uint8_t fraction_lost = 0;  // since the last report, in 1/256
    std::uint32_t jitter = 0;        // in timestamp units
};

class Reception {
  public:
    explicit Reception(std::uint32_t clock_rate = 8000) : clock_rate_(clock_rate) {}
    // A packet of this source. A new SSRC or a jump of the sequence starts anew and keeps the totals.
    void received(Time now, const Header& header, std::size_t payload_octets);
    // Starts a new interval for fraction_lost.
    ReceptionReport report();

    std::uint64_t packets() const { return packets_; }
    std::uint64_t octets() const { return octets_; }
    std::int64_t lost() const;  // over the whole life, all SSRCs
    Duration jitter() const;    // current estimate
    Duration max_jitter() const;
    std::uint32_t ssrc() const { return ssrc_; }
    std::uint32_t clock_rate() const { return clock_rate_; }

  private:
    std::uint32_t clock_rate_;
    std::uint32_t ssrc_ = 0;
    std::uint64_t packets_ = 0, octets_ = 0;
    std::uint64_t source_received_ = 0;  // of the current SSRC
    std::int64_t earlier_lost_ = 0;      // of earlier SSRCs
    std::uint32_t base_sequence_ = 0, cycles_ = 0;
    std::uint16_t max_sequence_ = 0;
    std::uint32_t bad_sequence_ = 0;
    std::uint64_t expected_prior_ = 0, received_prior_ = 0;
    double jitter_ = 0, max_jitter_ = 0;  // timestamp units
    std::int64_t transit_ = 0;
    bool started_ = false;
};

}  // namespace causeway::rtp
