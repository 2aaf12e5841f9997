// G.711, both laws (ITU-T G.711, 1988): 8 bits a sample against 16-bit linear. Plain integer C++ without
// library calls, so that one source serves the CPU engine, the C simulation and the kernel.
//
// Samples are left-justified 16-bit: mu-law uses the upper 14 bits, A-law the upper 13. The Recommendation
// gives decision values, not arithmetic; what is open is the sample that lies on a decision value or between
// two codes. We truncate the magnitude, taken as the one's complement of a negative sample, as the ITU-T
// software tool library (G.191) does: then both signs quantise alike (-1 is coded as 0 is, with the other
// sign), and its published sequences compare bit for bit.
#pragma once

#include <cstdint>

namespace causeway::hls {

namespace g711 {

// Position of the highest bit set in x, for x in 1..8191.
constexpr int top_bit(unsigned x) {
    int n = 0;
    for (int i = 12; i >= 1; --i) {
        if (n == 0 && ((x >> i) & 1U) != 0) n = i;
    }
    return n;
}

}  // namespace g711

constexpr std::uint8_t mulaw_encode(std::int16_t sample) {
    const bool negative = sample < 0;
    unsigned magnitude =
        static_cast<unsigned>((negative ? ~sample : sample) >> 2) + 33;  // bias of the first segment
    if (magnitude > 0x1FFF) magnitude = 0x1FFF;
    const int segment = g711::top_bit(magnitude) - 5;  // 0..7
    const unsigned step = (magnitude >> (segment + 1)) & 0x0F;
    const unsigned code = static_cast<unsigned>(segment) << 4 | step;
    return static_cast<std::uint8_t>(~code & 0x7FU) | (negative ? 0x00 : 0x80);
}

constexpr std::int16_t mulaw_decode(std::uint8_t code) {
    const unsigned inverted = static_cast<unsigned>(~code) & 0xFFU;
    const int segment = static_cast<int>(inverted >> 4) & 7;
    const int step = static_cast<int>(inverted & 0x0F);
    const int magnitude = (((step << 1) + 33) << segment) - 33;  // 14 bits, the middle of the interval
    return static_cast<std::int16_t>((inverted & 0x80) != 0 ? -(magnitude << 2) : magnitude << 2);
}

constexpr std::uint8_t alaw_encode(std::int16_t sample) {
    const bool negative = sample < 0;
    const unsigned magnitude = static_cast<unsigned>((negative ? ~sample : sample) >> 4);  // 11 bits
    unsigned code = magnitude;
    if (magnitude > 15) {
        const int segment = g711::top_bit(magnitude) - 3;  // 1..7
        code = static_cast<unsigned>(segment) << 4 | ((magnitude >> (segment - 1)) & 0x0F);
    }
    return static_cast<std::uint8_t>((code | (negative ? 0x00U : 0x80U)) ^ 0x55U);
}

constexpr std::int16_t alaw_decode(std::uint8_t code) {
    const unsigned even = code ^ 0x55U;
    const int segment = static_cast<int>(even >> 4) & 7;
    int magnitude = static_cast<int>(even & 0x0F) << 4;
    magnitude += segment == 0 ? 8 : 0x108;
    if (segment > 1) magnitude <<= segment - 1;
    return static_cast<std::int16_t>((even & 0x80) != 0 ? magnitude : -magnitude);
}

}  // namespace causeway::hls
