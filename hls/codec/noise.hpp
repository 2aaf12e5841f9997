// Comfort noise (RFC 3389): the payload that describes noise by its level and reflection coefficients, noise
// made of it, and a description made of noise. At any sampling rate; a description is of the rate that it
// was made at. Plain integer C++ without library calls; state is a plain structure, begun as its members
// stand.
//
// Noise is random numbers through the all-pole filter 1/A(z) as a normalised lattice (Gray and Markel, 1975):
// each stage turns what goes forward and what comes back by an angle whose sine is the reflection
// coefficient, so that both have the power of the input whatever the coefficients are. 16 bits with 18 dB to
// spare are enough inside, and the level is one gain behind it.
//
// The RFC does not say what sign the coefficients have. As in FFmpeg and WebRTC the first is -r(1)/r(0):
// noise that is stronger at low frequencies has it negative.
#pragma once

#include <cstdint>
#include <utility>

namespace causeway::hls {

namespace noise {

constexpr int max_order = 12;
constexpr int max_level = 127;                  // -dBov
constexpr std::uint32_t full_scale = 1U << 31;  // rms of 0 dBov, a square wave (RFC 3389 3.1), times 2^16
constexpr std::uint32_t one_db = 58409;         // down, times 2^16
constexpr std::uint32_t half_db = 61870;
constexpr int widest = 32113;  // coefficient that an analysis finds: 0.98
constexpr int smoothing = 9;   // of the gain: to 1/e in 512 samples

constexpr int saturate(int x) {
    return x > 32767 ? 32767 : x < -32768 ? -32768 : x;
}

// Rounds down.
constexpr std::uint32_t square_root(std::uint64_t x) {
    std::uint64_t root = 0;
    for (int bit = 31; bit >= 0; --bit) {
        const std::uint64_t trial = root | std::uint64_t{1} << bit;
        if (trial * trial <= x) root = trial;
    }
    return static_cast<std::uint32_t>(root);
}

constexpr std::uint32_t scaled(std::uint32_t x, std::uint32_t by_16) {
    return static_cast<std::uint32_t>((std::uint64_t{x} * by_16) >> 16);
}

// Of a level the rms in samples, times 2^16, and the other way.
constexpr std::uint32_t to_rms(int level) {
    std::uint32_t rms = full_scale;
    for (int i = 0; i < max_level; ++i) {
        if (i < level) rms = scaled(rms, one_db);
    }
    return rms;
}
// Of a reflection coefficient, the cosine of the angle that it is the sine of; both times 2^15.
constexpr int to_cosine(int k) {
    return static_cast<int>(square_root(static_cast<std::uint64_t>((1 << 30) - k * k)));
}
// What an octet of a payload says of one (RFC 3389 3.2).
constexpr int to_reflection(int octet) {
    return 258 * (octet - 127);
}

// Plain arrays, which a kernel keeps in a ROM: rms by level, cosines by octet.
template <class Indices>
struct Tables;
template <std::size_t... I>
struct Tables<std::index_sequence<I...>> {
    static constexpr std::uint32_t rms[] = {to_rms(static_cast<int>(I) & max_level)...};
    static constexpr int cosine[] = {to_cosine(to_reflection(I < 255 ? static_cast<int>(I) : 127))...};
};
using Table = Tables<std::make_index_sequence<256>>;

constexpr int to_level(std::uint32_t rms) {
    std::uint32_t bound = scaled(full_scale, half_db);
    int level = 0;
    for (int i = 0; i < max_level; ++i) {
        if (rms < bound) level = i + 1;
        bound = scaled(bound, one_db);
    }
    return level;
}

}  // namespace noise

struct ComfortNoise {
    int level = noise::max_level;                    // -dBov, 0 to 127
    int order = 0;                                   // 0 to 12
    std::int16_t reflection[noise::max_order] = {};  // times 2^15
};

// False: empty, which describes nothing. Coefficients behind the twelfth are taken as 0, as a decoder may
// (RFC 3389 3), and so are all from one of the reserved index 255 on.
constexpr bool comfort_noise_decode(const std::uint8_t* payload, int length, ComfortNoise& out) {
    out = ComfortNoise{};
    if (length < 1) return false;
    out.level = payload[0] & 0x7F;
    bool more = true;
    for (int i = 0; i < noise::max_order; ++i) {
        more = more && i + 1 < length && payload[i + 1] != 255;
        if (more) {
            out.reflection[i] = static_cast<std::int16_t>(noise::to_reflection(payload[i + 1]));
            out.order = i + 1;
        }
    }
    return true;
}

// How many octets of `payload` it takes.
constexpr int comfort_noise_encode(const ComfortNoise& in, std::uint8_t (&payload)[1 + noise::max_order]) {
    payload[0] = static_cast<std::uint8_t>(in.level);
    for (int i = 0; i < noise::max_order; ++i) {
        const int k = in.reflection[i];
        const int index = 127 + (k < 0 ? k - 129 : k + 129) / 258;
        payload[i + 1] = static_cast<std::uint8_t>(index < 0 ? 0 : index);
    }
    return 1 + in.order;
}

// What noise is in 1 to 65535 samples, by 0 to 12 coefficients. These are those of Levinson's recursion, from
// the autocorrelation by Schur's: integers do for it, as nothing in it exceeds r(0).
constexpr ComfortNoise comfort_noise_analyse(const std::int16_t* samples, int count, int order) {
    using namespace noise;
    ComfortNoise out;
    std::int64_t r[max_order + 1] = {};
    for (int n = 0; n < count; ++n) {
        for (int lag = 0; lag <= max_order; ++lag) {
            if (lag <= n) r[lag] += samples[n] * samples[n - lag];
        }
    }
    const std::uint64_t power = (static_cast<std::uint64_t>(r[0]) << 8) / static_cast<std::uint64_t>(count);
    out.level = to_level(square_root(power << 24));
    if (r[0] == 0) return out;

    // To 30 bits and a sign, with a floor of -36 dB below the spectrum: what is quieter is of no use.
    int down = 0;
    for (int i = 0; i < 32; ++i) {
        if (r[0] >> down >= std::int64_t{1} << 29) ++down;
    }
    std::int64_t forward[max_order] = {}, backward[max_order] = {};
    for (int i = 0; i < max_order; ++i) forward[i] = backward[i] = r[i + 1] >> down;
    std::int64_t rest = (r[0] >> down) + (r[0] >> down >> 12);
    for (int m = 0; m < max_order; ++m) {
        if (m >= order || rest < 1024) break;
        const std::int64_t ratio = -forward[0] * 32768 / rest;
        const std::int64_t k = ratio > widest ? widest : ratio < -widest ? -widest : ratio;
        out.reflection[m] = static_cast<std::int16_t>(k);
        out.order = m + 1;
        rest += (forward[0] * k) >> 15;
        for (int i = 0; i + 1 < max_order - m; ++i) {
            const std::int64_t f = forward[i + 1], b = backward[i];
            forward[i] = f + ((k * b) >> 15);
            backward[i] = b + ((k * f) >> 15);
        }
    }
    return out;
}

struct Noise {
    std::uint32_t random = 1;  // any but 0: another for each stream
    std::uint32_t rms = 0;     // of what comes out, times 2^16; 0 until there is a description
    std::uint32_t goal = 0;    // that it nears
    int sine[noise::max_order] = {}, cosine[noise::max_order] = {};  // of the stages, times 2^15
    int back[noise::max_order] = {};                                 // what comes back, a sample ago

    int described = 0;  // coefficients since the level

    // From now on it is as described: the first time at once, later the level bit by bit. First comes the
    // level, then coefficient after coefficient; those that do not come are 0.
    constexpr void describe_level(int level) {
        goal = noise::Table::rms[level & noise::max_level];
        if (rms == 0) rms = goal;
        for (int m = 0; m < noise::max_order; ++m) {
            sine[m] = 0;
            cosine[m] = 1 << 15;
        }
        described = 0;
    }
    constexpr void describe_reflection(int k, int cosine_of_it) {
        for (int m = 0; m < noise::max_order; ++m) {
            if (m != described) continue;
            sine[m] = k;
            cosine[m] = cosine_of_it;
        }
        if (described < noise::max_order) ++described;
    }
    // By a payload's octet. From the reserved 255 on all are 0.
    constexpr void describe_octet(int octet) {
        if (octet == 255) described = noise::max_order;
        describe_reflection(noise::to_reflection(octet), noise::Table::cosine[octet]);
    }
    constexpr void describe(const ComfortNoise& in) {
        describe_level(in.level);
        for (int m = 0; m < in.order; ++m) {
            describe_reflection(in.reflection[m], noise::to_cosine(in.reflection[m]));
        }
    }
    // By a payload. False, and nothing changed, where it is none.
    constexpr bool describe(const std::uint8_t* payload, int length) {
        ComfortNoise in;
        if (!comfort_noise_decode(payload, length, in)) return false;
        describe(in);
        return true;
    }

    // The next sample. Of levels louder than -3 dBov what is cut off takes up to 3 dB.
    constexpr std::int16_t next() {
        using namespace noise;
        random ^= random << 13;  // an LFSR of 32 bits (Marsaglia's xorshift)
        random ^= random >> 17;
        random ^= random << 5;
        const int uniform = static_cast<int>(random >> 16) - 32768;
        int forward = (uniform * 7094) >> 15;  // 2^12 rms
        for (int m = max_order - 1; m >= 0; --m) {
            const int f = forward, b = back[m];
            forward = saturate((cosine[m] * f - sine[m] * b + (1 << 14)) >> 15);
            if (m + 1 < max_order) {
                back[m + 1] = saturate((sine[m] * f + cosine[m] * b + (1 << 14)) >> 15);
            }
        }
        back[0] = forward;

        const std::int64_t far = std::int64_t{goal} - rms;
        rms = static_cast<std::uint32_t>(rms + (far >> smoothing));
        const std::int64_t out = (std::int64_t{forward} * rms + (1 << 27)) >> 28;
        return static_cast<std::int16_t>(out > 32767 ? 32767 : out < -32768 ? -32768 : out);
    }
};

}  // namespace causeway::hls
