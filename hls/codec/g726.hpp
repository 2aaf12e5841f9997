// G.726, ADPCM of 8 kHz at 16, 24, 32 and 40 kbit/s (ITU-T G.726, 1990), after uniform PCM (Annex A). Names
// of blocks are the Recommendation's (clause 4.2). Plain integer C++ without library calls; state is a plain
// structure, begun as its members stand.
//
// Samples are 16-bit; the codec has 14 bits of them. The decoder gives its reconstructed signal: the
// synchronous coding adjustment (4.2.8) is for those who code it by G.711 again.
#pragma once

#include <cstdint>

namespace causeway::hls {

namespace g726 {

// The quantizer of one rate: decision levels (log2 of the normalized difference), and by code the level that
// comes back, the scale factor's multiplier W(I) times 16 and the rate of change F(I).
struct Rate {
    int bits;
    int levels;  // in `decision`
    const int *decision, *level, *w, *f;
};
constexpr int decision_16[1] = {261};
constexpr int level_16[4] = {116, 365, 365, 116};
constexpr int w_16[4] = {-704, 14048, 14048, -704};
constexpr int f_16[4] = {0, 0xE00, 0xE00, 0};
constexpr Rate rate_16 = {2, 1, decision_16, level_16, w_16, f_16};
constexpr int decision_24[3] = {8, 218, 331};
constexpr int level_24[8] = {-2048, 135, 273, 373, 373, 273, 135, -2048};
constexpr int w_24[8] = {-128, 960, 4384, 18624, 18624, 4384, 960, -128};
constexpr int f_24[8] = {0, 0x200, 0x400, 0xE00, 0xE00, 0x400, 0x200, 0};
constexpr Rate rate_24 = {3, 3, decision_24, level_24, w_24, f_24};
constexpr int decision_32[7] = {-124, 80, 178, 246, 300, 349, 400};
constexpr int level_32[16] = {-2048, 4, 135, 213, 273, 323, 373, 425, 425, 373, 323, 273, 213, 135, 4, -2048};
constexpr int w_32[16] = {-384,  576,   1312, 2048, 3584, 6336, 11360, 35904,
                          35904, 11360, 6336, 3584, 2048, 1312, 576,   -384};
constexpr int f_32[16] = {0,     0,     0,     0x200, 0x200, 0x200, 0x600, 0xE00,
                          0xE00, 0x600, 0x200, 0x200, 0x200, 0,     0,     0};
constexpr Rate rate_32 = {4, 7, decision_32, level_32, w_32, f_32};
constexpr int decision_40[15] = {-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553};
constexpr int level_40[32] = {-2048, -66, 28,  104, 169, 224, 274, 318, 358, 395,  429,
                              459,   488, 514, 539, 566, 566, 539, 514, 488, 459,  429,
                              395,   358, 318, 274, 224, 169, 104, 28,  -66, -2048};
constexpr int w_40[32] = {448,  448,   768,   1248,  1280,  1312,  1856,  3200,  4512,  5728, 7008,
                          8960, 11456, 14080, 16928, 22272, 22272, 16928, 14080, 11456, 8960, 7008,
                          5728, 4512,  3200,  1856,  1312,  1280,  1248,  768,   448,   448};
constexpr int f_40[32] = {0,     0,     0,     0,     0,     0x200, 0x200, 0x200, 0x200, 0x200, 0x400,
                          0x600, 0x800, 0xA00, 0xC00, 0xC00, 0xC00, 0xC00, 0xA00, 0x800, 0x600, 0x400,
                          0x200, 0x200, 0x200, 0x200, 0x200, 0,     0,     0,     0,     0};
constexpr Rate rate_40 = {5, 15, decision_40, level_40, w_40, f_40};
constexpr Rate rates[4] = {rate_16, rate_24, rate_32, rate_40};

// Bits of x, which is below 2^15: 0 for 0.
constexpr int bit_length(int x) {
    int n = 0;
    for (int i = 0; i < 15; ++i) {
        if ((x >> i) != 0) n = i + 1;
    }
    return n;
}

// FLOATA, FLOATB: sign, 4 bits of exponent and 6 of mantissa in one integer.
constexpr int to_float(int magnitude, bool negative) {
    const int exponent = bit_length(magnitude);
    const int value = magnitude == 0 ? 0x20 : (exponent << 6) + ((magnitude << 6) >> exponent);
    return negative ? value - 0x400 : value;
}

// FMULT: a coefficient of 14 bits times such a number.
constexpr int multiply(int coefficient, int number) {
    const int magnitude = coefficient > 0 ? coefficient : -coefficient & 0x1FFF;
    const int exponent = bit_length(magnitude) - 6;
    const int mantissa = magnitude == 0 ? 32 : exponent >= 0 ? magnitude >> exponent : magnitude << -exponent;
    const int sum = exponent + ((number >> 6) & 15) - 13;
    const int product = (mantissa * (number & 63) + 0x30) >> 4;
    const int value = sum >= 0 ? (product << sum) & 0x7FFF : product >> -sum;
    return (coefficient < 0) != (number < 0) ? -value : value;
}

}  // namespace g726

enum class G726Rate { kbit_16 = 0, kbit_24 = 1, kbit_32 = 2, kbit_40 = 3 };

// Of an encoder or of a decoder: the same.
struct G726 {
    int yl = 34816, yu = 544;                          // scale factor, locked and unlocked
    int dms = 0, dml = 0, ap = 0;                      // speed of its adaptation
    int a[2] = {}, b[6] = {};                          // coefficients of poles and zeros
    int dq[6] = {0x20, 0x20, 0x20, 0x20, 0x20, 0x20};  // quantized differences and
    int sr[2] = {0x20, 0x20};                          // reconstructed signal, as such floats, newest first
    bool pk[2] = {};                                   // signs of the partially reconstructed signal
    bool td = false;                                   // a tone was detected
};

namespace g726 {

// What the next sample is judged by.
struct Estimate {
    int sez, se;  // by zeros alone, and the whole
    int y;        // scale factor
};

constexpr Estimate estimate(const G726& s) {
    int zeros = 0;
    for (int i = 0; i < 6; ++i) zeros += multiply(s.b[i] >> 2, s.dq[i]);
    const int poles = multiply(s.a[1] >> 2, s.sr[1]) + multiply(s.a[0] >> 2, s.sr[0]);
    int y = s.yu;
    if (s.ap < 256) {  // MIX
        y = s.yl >> 6;
        const int difference = s.yu - y, al = s.ap >> 2;
        if (difference > 0) y += (difference * al) >> 6;
        if (difference < 0) y += (difference * al + 0x3F) >> 6;
    }
    return {static_cast<std::int16_t>(zeros) >> 1, static_cast<std::int16_t>(zeros + poles) >> 1, y};
}

// LOG, SUBTB, QUAN
constexpr int quantize(const Rate& rate, int d, int y) {
    d = static_cast<std::int16_t>(d);
    const int magnitude = (d < 0 ? -d : d) & 0x7FFF;
    const int exponent = bit_length(magnitude >> 1);
    const int log = (exponent << 7) + (((magnitude << 7) >> exponent) & 0x7F) - (y >> 2);
    int i = 0;
    for (int n = 0; n < rate.levels; ++n) {
        if (log >= rate.decision[n]) i = n + 1;
    }
    const int all = (1 << rate.bits) - 1;
    if (d < 0) return all - i;
    return i == 0 && rate.bits != 2 ? all : i;  // there is no positive zero, except at 16 kbit/s
}

// ADDA, ANTILOG: sign and magnitude, the sign in what is below 0.
constexpr int reconstruct(bool negative, int level, int y) {
    const int log = level + (y >> 2);
    if (log < 0) return negative ? -0x8000 : 0;
    const int value = ((128 + (log & 127)) << 7) >> (14 - ((log >> 7) & 15));
    return negative ? value - 0x8000 : value;
}

// Everything that a code changes. Returns the reconstructed signal, 14 bits.
constexpr int adapt(G726& s, const Rate& rate, int code, const Estimate& e) {
    const int dq = reconstruct((code >> (rate.bits - 1)) != 0, rate.level[code], e.y);
    const int magnitude = dq & 0x7FFF;
    const int change = dq < 0 ? -magnitude : magnitude;
    const int sr = static_cast<std::int16_t>(e.se + change);
    const int partly = static_cast<std::int16_t>(e.sez + change);  // the partially reconstructed signal
    const bool pk0 = partly < 0;

    // TRANS: a partial band signal, say of a modem, that changes suddenly.
    const int whole = s.yl >> 15, fraction = (s.yl >> 10) & 31;
    const int threshold = whole > 9 ? 31 << 10 : (32 + fraction) << whole;
    const bool transition = s.td && magnitude > (threshold + (threshold >> 1)) >> 1;

    const int yu = e.y + ((rate.w[code] - e.y) >> 5);  // FILTD, LIMB
    s.yu = yu < 544 ? 544 : yu > 5120 ? 5120 : yu;
    s.yl += s.yu + (-s.yl >> 6);  // FILTE

    int a2 = 0;
    if (transition) {
        s.a[0] = s.a[1] = 0;
        for (int i = 0; i < 6; ++i) s.b[i] = 0;
    } else {
        const bool differs = pk0 != s.pk[0];
        a2 = s.a[1] - (s.a[1] >> 7);  // UPA2, LIMC
        if (partly != 0) {
            const int fa1 = differs ? s.a[0] : -s.a[0];
            a2 += fa1 < -8191 ? -0x100 : fa1 > 8191 ? 0xFF : fa1 >> 5;
            a2 += pk0 != s.pk[1] ? -0x80 : 0x80;
        }
        a2 = a2 < -12288 ? -12288 : a2 > 12288 ? 12288 : a2;
        s.a[1] = a2;
        s.a[0] -= s.a[0] >> 8;  // UPA1, LIMD
        if (partly != 0) s.a[0] += differs ? -192 : 192;
        const int limit = 15360 - a2;
        s.a[0] = s.a[0] < -limit ? -limit : s.a[0] > limit ? limit : s.a[0];
        for (int i = 0; i < 6; ++i) {  // UPB
            int b = s.b[i] - (s.b[i] >> (rate.bits == 5 ? 9 : 8));
            if (magnitude != 0) b += (dq < 0) == (s.dq[i] < 0) ? 128 : -128;
            s.b[i] = static_cast<std::int16_t>(b);  // 16 bits that wrap, as the Recommendation has them
        }
    }

    for (int i = 5; i > 0; --i) s.dq[i] = s.dq[i - 1];
    s.dq[0] = to_float(magnitude, dq < 0);
    s.sr[1] = s.sr[0];
    s.sr[0] = to_float(sr < 0 ? -sr & 0x7FFF : sr, sr < 0);
    s.pk[1] = s.pk[0];
    s.pk[0] = pk0;
    s.td = !transition && a2 < -11776;  // TONE

    const int f = rate.f[code];  // FILTA, FILTB, SUBTC, FILTC
    s.dms += (f - s.dms) >> 5;
    s.dml += ((f << 2) - s.dml) >> 7;
    const int trend = (s.dms << 2) - s.dml;
    const bool fast = e.y < 1536 || s.td || (trend < 0 ? -trend : trend) >= s.dml >> 3;
    s.ap = transition ? 256 : s.ap + (((fast ? 0x200 : 0) - s.ap) >> 4);
    return sr;
}

}  // namespace g726

// A code, in the lower bits.
constexpr std::uint8_t g726_encode(G726& s, const g726::Rate& r, std::int16_t sample) {
    const g726::Estimate e = g726::estimate(s);
    const int code = g726::quantize(r, (sample >> 2) - e.se, e.y);
    g726::adapt(s, r, code, e);
    return static_cast<std::uint8_t>(code);
}

constexpr std::int16_t g726_decode(G726& s, const g726::Rate& r, std::uint8_t code) {
    const int sr = g726::adapt(s, r, code & ((1 << r.bits) - 1), g726::estimate(s)) * 4;
    return static_cast<std::int16_t>(sr < -32768 ? -32768 : sr > 32767 ? 32767 : sr);
}

constexpr std::uint8_t g726_encode(G726& s, G726Rate rate, std::int16_t sample) {
    return g726_encode(s, g726::rates[static_cast<int>(rate)], sample);
}
constexpr std::int16_t g726_decode(G726& s, G726Rate rate, std::uint8_t code) {
    return g726_decode(s, g726::rates[static_cast<int>(rate)], code);
}

}  // namespace causeway::hls
