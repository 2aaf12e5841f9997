#include "host/rtp/stats.hpp"

#include <algorithm>
#include <cstdlib>

namespace causeway::rtp {

namespace {

constexpr std::uint32_t sequence_modulus = 1U << 16;
constexpr std::uint32_t no_bad_sequence = sequence_modulus + 1;  // equals no sequence number
constexpr std::uint32_t longest_step_s = 10;

}  // namespace

void Reception::start(const Header& header) {
    earlier_lost_ += source_lost();
    started_ = true;
    ssrc_ = header.ssrc;
    base_sequence_ = max_sequence_ = header.sequence;
    cycles_ = 0;
    bad_sequence_ = no_bad_sequence;
    source_received_ = 0;
    expected_prior_ = received_prior_ = 0;
    jitter_ = 0;
    has_transit_ = false;
}

// RFC 3550 A.1, update_seq(): false for a packet that belongs to no run of sequence numbers (yet).
bool Reception::update_sequence(const Header& header) {
    if (!started_ || header.ssrc != ssrc_) {
        start(header);
        return true;
    }
    const auto step = static_cast<std::uint16_t>(header.sequence - max_sequence_);
    if (step < max_dropout) {
        if (header.sequence < max_sequence_) cycles_ += sequence_modulus;
        max_sequence_ = header.sequence;
    } else if (step <= sequence_modulus - max_misorder) {
        // Two packets in a row after a jump: the other side restarted without telling us.
        if (header.sequence != bad_sequence_) {
            bad_sequence_ = static_cast<std::uint16_t>(header.sequence + 1);
            return false;
        }
        start(header);
    }
    return true;
}

void Reception::received(Time now, const Header& header, std::size_t payload_octets) {
    ++packets_;
    octets_ += payload_octets;
    if (!update_sequence(header)) return;
    ++source_received_;
    update_jitter(now, header.timestamp);
}

// The jitter stays what it is in time; transits of two clocks have nothing to do with each other.
void Reception::set_clock_rate(std::uint32_t clock_rate) {
    if (clock_rate == clock_rate_) return;
    const double scale = static_cast<double>(clock_rate) / clock_rate_;
    jitter_ *= scale;
    max_jitter_ *= scale;
    clock_rate_ = clock_rate;
    has_transit_ = false;
}

// RFC 3550 A.8 in floating point.
void Reception::update_jitter(Time now, std::uint32_t timestamp) {
    const std::uint32_t arrival = timestamp_units(now.time_since_epoch(), clock_rate_);
    const std::uint32_t transit = arrival - timestamp;
    const bool measures = has_transit_ && timestamp != timestamp_;
    if (has_transit_ && !measures) return;
    const auto difference = std::abs(std::int64_t{static_cast<std::int32_t>(transit - transit_)});
    transit_ = transit;
    timestamp_ = timestamp;
    has_transit_ = true;
    if (!measures || difference > std::int64_t{clock_rate_} * longest_step_s) return;
    jitter_ += (static_cast<double>(difference) - jitter_) / 16;
    max_jitter_ = std::max(max_jitter_, jitter_);
}

std::uint64_t Reception::expected() const {
    return std::uint64_t{cycles_} + max_sequence_ - base_sequence_ + 1;
}

std::int64_t Reception::source_lost() const {
    if (!started_) return 0;
    return static_cast<std::int64_t>(expected()) - static_cast<std::int64_t>(source_received_);
}

ReceptionReport Reception::report() {
    ReceptionReport r;
    if (!started_) return r;
    r.extended_highest_sequence = cycles_ + max_sequence_;
    r.lost = source_lost();
    r.jitter = static_cast<std::uint32_t>(jitter_);
    // RFC 3550 A.3
    const auto interval_expected = static_cast<std::int64_t>(expected() - expected_prior_);
    const auto interval_lost =
        interval_expected - static_cast<std::int64_t>(source_received_ - received_prior_);
    expected_prior_ = expected();
    received_prior_ = source_received_;
    if (interval_expected > 0 && interval_lost > 0) {
        r.fraction_lost =
            static_cast<std::uint8_t>(std::min<std::int64_t>(255, interval_lost * 256 / interval_expected));
    }
    return r;
}

Duration Reception::to_duration(double units) const {
    return Duration(static_cast<Duration::rep>(units * 1e9 / clock_rate_));
}

}  // namespace causeway::rtp
