// One outgoing RTP stream made of incoming ones. What a gateway sends has one SSRC whose sequence numbers and
// timestamps never go back, whatever comes in: a source may restart, change its SSRC, or give way to another
// leg. Yet what the network did to the incoming packets must stay visible: a gap stays a gap, and a late
// packet keeps its place, or else the receiver's jitter buffer would play a wrong order and its reports would
// show no loss.
//
//   in   A:7  A:8  A:11  A:10 | B:5000  B:5001 | A:12           (| the source changes)
//   out  40   41   44    43   | 45      46     | 47
//
// So an incoming packet is placed relative to the others of its source, and a new source starts right behind
// the highest number given. No number is given twice: on SRTP that would be the same keystream for two
// plaintexts (RFC 3711 3.3.1, 9.1).
#pragma once

#include <cstdint>
#include <optional>

#include "host/base/time.hpp"
#include "host/rtp/packet.hpp"

namespace causeway::rtp {

class Renumber {
  public:
    Renumber(std::uint16_t first_sequence, std::uint32_t first_timestamp);

    struct Place {
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0;
    };
    // Where the packet goes that `source` (any number that tells apart who feeds the stream) sent with these
    // numbers. Nothing where its place is taken (a duplicate) or is too far back.
    std::optional<Place> place(Time arrival, std::uint64_t source, std::uint32_t clock_rate,
                               const Header& header);

    // Where the next packet goes of a stream that is made here, not received, whose timestamps begin
    // anywhere: right behind the highest number given.
    Place append(Time now, std::uint64_t source, std::uint32_t clock_rate, std::uint32_t timestamp);

    // But for the source's number, which is the feeder's business: whoever sends on under the same SSRC is
    // it.
    template <class A>
    void archive(A& a) {
        a(highest_, taken_, last_timestamp_, last_arrival_, begun_, ssrc_, last_in_, last_in_timestamp_,
          last_in_type_, base_, timestamp_offset_);
        if constexpr (A::decodes) source_.reset();
    }

  private:
    void start(Time arrival, std::uint64_t source, std::uint32_t clock_rate, const Header& header);
    std::uint32_t next_timestamp(Time arrival, std::uint32_t clock_rate) const;
    bool take(std::uint64_t index);

    // Outgoing.
    std::uint64_t highest_;    // number given last, extended beyond 16 bits
    std::uint64_t taken_ = 0;  // of the numbers highest_ - 63 .. highest_, by bit from the low end
    std::uint32_t last_timestamp_;
    Time last_arrival_{};
    bool begun_ = false;

    // Incoming: the source that is being followed.
    std::optional<std::uint64_t> source_;
    std::uint32_t ssrc_ = 0;
    std::uint16_t last_in_ = 0;  // its highest sequence number
    std::uint32_t last_in_timestamp_ = 0;
    std::uint8_t last_in_type_ = 0;       // payload type
    std::uint64_t base_ = 0;              // outgoing number of its first packet: none of it goes below
    std::uint32_t timestamp_offset_ = 0;  // outgoing less incoming
};

}  // namespace causeway::rtp
