#include "host/rtp/renumber.hpp"

#include <algorithm>

#include "host/rtp/stats.hpp"

namespace causeway::rtp {

namespace {

constexpr std::int64_t longest_step_s = 10;
constexpr std::int64_t longest_step_back_s = 1;  // frames of video are decoded before they are shown
constexpr std::uint64_t window = 64;
constexpr std::uint32_t usual_packets_per_second = 50;

}  // namespace

// One below the first number, with a wrap in hand so that extended numbers never go below zero.
Renumber::Renumber(std::uint16_t first_sequence, std::uint32_t first_timestamp)
    : highest_((std::uint64_t{1} << 16) + first_sequence - 1), last_timestamp_(first_timestamp) {}

std::optional<Renumber::Place> Renumber::place(Time arrival, std::uint64_t source, std::uint32_t clock_rate,
                                               const Header& header) {
    auto step = static_cast<std::int16_t>(header.sequence - last_in_);
    const bool follows = begun_ && source == source_.value_or(source) && header.ssrc == ssrc_ &&
                         step < max_dropout && step > -max_misorder;
    if (!follows) {
        start(arrival, source, clock_rate, header);
        step = 0;
    }
    source_ = source;
    // Where the newest packet of this source stands: nothing else is given a number while it is followed.
    const std::uint64_t index = highest_ + static_cast<std::uint64_t>(std::int64_t{step});
    if (index < base_ || !take(index)) return std::nullopt;

    if (step > 0) {
        // A timestamp that leaps (a source that restarted its clock alone) is made to go on; the repeats of
        // a telephone event, even between packets of voice (RFC 4733 2.5.1.2), and the pauses of silence
        // suppression are no leaps.
        const std::uint32_t played = header.timestamp - last_in_timestamp_;
        const auto leap =
            static_cast<std::int32_t>(played - timestamp_units(arrival - last_arrival_, clock_rate));
        const auto back = -std::int64_t{static_cast<std::int32_t>(played)};
        if (std::abs(std::int64_t{leap}) > longest_step_s * clock_rate ||
            (back > longest_step_back_s * clock_rate && header.payload_type == last_in_type_)) {
            timestamp_offset_ = next_timestamp(arrival, clock_rate) - header.timestamp;
        }
        last_in_ = header.sequence;
    }
    const std::uint32_t timestamp = header.timestamp + timestamp_offset_;
    if (step >= 0) {
        last_in_timestamp_ = header.timestamp;
        last_in_type_ = header.payload_type;
        last_timestamp_ = timestamp;
        last_arrival_ = arrival;
    }
    return Place{static_cast<std::uint16_t>(index), timestamp};
}

Renumber::Place Renumber::append(Time now, std::uint64_t source, std::uint32_t clock_rate,
                                 std::uint32_t timestamp) {
    if (!begun_ || source_ != source) {
        start(now, source, clock_rate, {0, false, 0, timestamp, 0});
        take(highest_);
    } else {
        take(highest_ + 1);
    }
    const std::uint32_t out = timestamp + timestamp_offset_;
    if (static_cast<std::int32_t>(out - last_timestamp_) >= 0) {
        last_timestamp_ = out;
        last_arrival_ = now;
    }
    return {static_cast<std::uint16_t>(highest_), out};
}

void Renumber::start(Time arrival, std::uint64_t source, std::uint32_t clock_rate, const Header& header) {
    const std::uint32_t timestamp = begun_ ? next_timestamp(arrival, clock_rate) : last_timestamp_;
    timestamp_offset_ = timestamp - header.timestamp;
    begun_ = true;
    source_ = source;
    ssrc_ = header.ssrc;
    last_in_ = header.sequence;
    base_ = ++highest_;
    taken_ <<= 1;
}

// For a packet that continues the stream with no timestamp of its own to go by: as far on as time is, and by
// a usual packet at least.
std::uint32_t Renumber::next_timestamp(Time arrival, std::uint32_t clock_rate) const {
    const std::uint32_t usual = clock_rate / usual_packets_per_second;
    return last_timestamp_ + std::max(usual, timestamp_units(arrival - last_arrival_, clock_rate));
}

// Like the replay window of RFC 3711 3.3.2: false where `index` was given before or is older than the window.
bool Renumber::take(std::uint64_t index) {
    if (index > highest_) {
        const std::uint64_t step = index - highest_;
        taken_ = step < window ? taken_ << step : 0;
        highest_ = index;
    }
    const std::uint64_t age = highest_ - index;
    if (age >= window || (taken_ >> age & 1) != 0) return false;
    taken_ |= std::uint64_t{1} << age;
    return true;
}

}  // namespace causeway::rtp
