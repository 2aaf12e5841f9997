// RTP timestamps of one clock as those of another, for a stream whose coding is changed on the way. They wrap
// as timestamps do, and where the clocks change (RFC 7160) go on from where they were.
#pragma once

#include <cstdint>

namespace causeway::rtp {

class Timescale {
  public:
    // In Hz, above 0. The first timestamp, and all while the clocks are the same, come out as they are or
    // with one offset.
    std::uint32_t convert(std::uint32_t timestamp, std::uint32_t from, std::uint32_t to) {
        if (from_ == 0) base_in_ = last_ = base_out_ = timestamp;
        if (from != from_ || to != to_) {
            base_out_ = from_ == 0 ? base_out_ : scaled(last_);
            base_in_ = last_;
            from_ = from;
            to_ = to;
        }
        last_ += static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(last_));
        return static_cast<std::uint32_t>(scaled(last_));
    }
    std::uint32_t from() const { return from_; }  // 0: none was converted
    std::uint32_t to() const { return to_; }

  private:
    std::int64_t scaled(std::int64_t in) const {
        const std::int64_t units = (in - base_in_) * to_;
        return base_out_ + (units < 0 ? -((-units + from_ - 1) / from_) : units / from_);
    }

    std::uint32_t from_ = 0, to_ = 0;
    std::int64_t last_ = 0;  // extended beyond 32 bits
    std::int64_t base_in_ = 0, base_out_ = 0;
};

}  // namespace causeway::rtp
