// Speech codings between which an engine can convert.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "host/base/time.hpp"
#include "host/sdp/session.hpp"

namespace causeway::media {

// All have one channel, and all but one an RTP clock of 8000 Hz: G.722 by history, though it samples at 16
// kHz (RFC 3551 4.5.2).
enum class Speech : std::uint8_t {
    pcmu,
    pcma,
    g722,     // 64 kbit/s
    g726_16,  // packed from the low end of each octet (RFC 3551 4.5.4)
    g726_24,
    g726_32,
    g726_40,
    aal2_g726_16,  // the same from the high end (ITU-T I.366.2)
    aal2_g726_24,
    aal2_g726_32,
    aal2_g726_40,
    l16,      // linear, 16 bits (RFC 3551 4.5.11), at 8 kHz
    l16_16k,  // at 16 kHz
};

// Between these adapts what waiting in a jitter buffer adds to the least transit.
struct DelayBounds {
    static constexpr Duration most =
        std::chrono::milliseconds(300);  // sixteen packets of 20 ms, with some to spare
    Duration least{};
    Duration greatest = std::chrono::milliseconds(200);
    template <class A>
    void archive(A& a) {
        a(least, greatest);
    }
    bool operator==(const DelayBounds&) const = default;
};

constexpr Speech last_value(Speech) {
    return Speech::l16_16k;
}

// As it stands in SDP, by name, clock and channels.
std::optional<Speech> to_speech(const sdp::Codec& codec);
// "PCMU", "G726-32", "L16/16000", ...: nothing where it is none of them. Without a clock it is 8000 Hz.
std::optional<Speech> parse_speech(std::string_view name);
// Of RTP, in Hz.
constexpr std::uint32_t clock_rate(Speech speech) {
    return speech == Speech::l16_16k ? 16000 : 8000;
}
// With its static payload type (RFC 3551 6) or, where it has none, 96.
sdp::Codec to_codec(Speech speech);

}  // namespace causeway::media
