// G.722, 7 kHz audio at 64, 56 and 48 kbit/s (ITU-T G.722, 2012): two bands of sub-band ADPCM. Names of
// blocks and tables are the Recommendation's (clause 6.2). Plain integer C++ without library calls; state is
// a plain structure, begun as its members stand.
//
// One octet codes two samples of 16 kHz. It holds the higher band in the upper two bits and the lower band in
// the six below; at 56 and 48 kbit/s the last one or two of these are not the decoder's.
#pragma once

#include <cstdint>

namespace causeway::hls {

namespace g722 {

constexpr int saturate(int x) {
    return x > 32767 ? 32767 : x < -32768 ? -32768 : x;
}

// Decision levels and codes of the lower band's quantizer.
constexpr int q6[30] = {0,   35,  72,  110, 150,  190,  233,  276,  323,  370,  422,  473,  530,  587,  650,
                        714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919};
constexpr int iln[31] = {0,  63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
                         18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4};
constexpr int ilp[31] = {0,  61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
                         46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32};
// Its inverse with 4, 5 and 6 bits, and what each code of 4 bits does to the scale.
constexpr int qm4[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                         20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
constexpr int qm5[32] = {-280,  -280,  -23352, -17560, -14120, -11664, -9752, -8184, -6864, -5712, -4696,
                         -3784, -2960, -2208,  -1520,  -880,   23352,  17560, 14120, 11664, 9752,  8184,
                         6864,  5712,  4696,   3784,   2960,   2208,   1520,  880,   280,   -280};
constexpr int qm6[64] = {-136,   -136,   -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280,
                         -11192, -10232, -9360, -8576, -7856,  -7192,  -6576,  -6000,  -5456,  -4944,  -4464,
                         -4008,  -3576,  -3168, -2776, -2400,  -2032,  -1688,  -1360,  -1040,  -728,   24808,
                         21904,  19008,  16704, 14984, 13512,  12280,  11192,  10232,  9360,   8576,   7856,
                         7192,   6576,   6000,  5456,  4944,   4464,   4008,   3576,   3168,   2776,   2400,
                         2032,   1688,   1360,  1040,  728,    432,    136,    -432,   -136};
constexpr int rl42[16] = {0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0};
constexpr int wl[8] = {-60, -30, 58, 172, 334, 538, 1198, 3042};
// The higher band's: two bits.
constexpr int qm2[4] = {-7408, -1616, 7408, 1616};
constexpr int rh2[4] = {2, 1, 2, 1};
constexpr int wh[3] = {0, -214, 798};
constexpr int ilb[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543,
                         2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228,
                         3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
// Half of the quadrature mirror filter; the other half is its mirror image.
constexpr int qmf[12] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

// The predictor of one band, and its quantizer's scale.
struct Band {
    int s = 0, sz = 0;         // the signal's estimate, and its part by zeros
    int r[3] = {}, p[3] = {};  // reconstructed and partially reconstructed signal, newest first
    int a[3] = {}, b[7] = {};  // coefficients of poles and zeros; [0] is not used
    int d[7] = {};             // quantized differences, newest first
    int nb = 0, det = 0;       // scale factor: logarithm and value
};

constexpr bool same_sign(int x, int y) {
    return (x < 0) == (y < 0);
}

// UPPOL2, UPPOL1: poles after a difference that made p[0].
constexpr void update_poles(Band& x) {
    const int wd1 = saturate(x.a[1] << 2);
    const int wd2 = same_sign(x.p[0], x.p[1]) ? (wd1 == -32768 ? 32767 : -wd1) : wd1;
    int a2 = (wd2 >> 7) + (same_sign(x.p[0], x.p[2]) ? 128 : -128) + ((x.a[2] * 32512) >> 15);
    a2 = a2 > 12288 ? 12288 : a2 < -12288 ? -12288 : a2;
    int a1 = saturate((same_sign(x.p[0], x.p[1]) ? 192 : -192) + ((x.a[1] * 32640) >> 15));
    const int limit = saturate(15360 - a2);
    a1 = a1 > limit ? limit : a1 < -limit ? -limit : a1;
    x.a[1] = a1;
    x.a[2] = a2;
}

// UPZERO
constexpr void update_zeros(Band& x) {
    const int step = x.d[0] == 0 ? 0 : 128;
    for (int i = 1; i < 7; ++i) {
        x.b[i] = saturate((same_sign(x.d[i], x.d[0]) ? step : -step) + ((x.b[i] * 32640) >> 15));
    }
}

// RECONS to PREDIC: takes the quantized difference and estimates the next signal.
constexpr void adapt(Band& x, int difference) {
    x.d[0] = difference;
    x.r[0] = saturate(x.s + difference);
    x.p[0] = saturate(x.sz + difference);
    update_poles(x);
    update_zeros(x);
    for (int i = 6; i > 0; --i) x.d[i] = x.d[i - 1];  // DELAYA
    for (int i = 2; i > 0; --i) {
        x.r[i] = x.r[i - 1];
        x.p[i] = x.p[i - 1];
    }
    const int sp =
        saturate(((x.a[1] * saturate(2 * x.r[1])) >> 15) + ((x.a[2] * saturate(2 * x.r[2])) >> 15));
    int sz = 0;
    for (int i = 6; i > 0; --i) sz += (x.b[i] * saturate(2 * x.d[i])) >> 15;
    x.sz = saturate(sz);
    x.s = saturate(sp + x.sz);
}

// LOGSCL and SCALEL, LOGSCH and SCALEH: `step` is added to the leaking logarithm.
constexpr void rescale(Band& x, int step, int highest, int shift) {
    int nb = ((x.nb * 127) >> 7) + step;
    nb = nb < 0 ? 0 : nb > highest ? highest : nb;
    const int down = shift - (nb >> 11);
    const int value = ilb[(nb >> 6) & 31];
    x.nb = nb;
    x.det = (down < 0 ? value << -down : value >> down) << 2;
}

constexpr void adapt_low(Band& low, int four_bits) {
    const int difference = (low.det * qm4[four_bits]) >> 15;
    rescale(low, wl[rl42[four_bits]], 18432, 8);
    adapt(low, difference);
}
constexpr void adapt_high(Band& high, int two_bits) {
    const int difference = (high.det * qm2[two_bits]) >> 15;
    rescale(high, wh[rh2[two_bits]], 22528, 10);
    adapt(high, difference);
}

constexpr Band low_band() {
    Band x;
    x.det = 32;
    return x;
}
constexpr Band high_band() {
    Band x;
    x.det = 8;
    return x;
}

// Magnitude as the quantizers compare it: one's complement of what is negative.
constexpr int magnitude(int x) {
    return x < 0 ? -(x + 1) : x;
}

constexpr int limit_15(int x) {
    return x > 16383 ? 16383 : x < -16384 ? -16384 : x;
}

// SUBTRA and QUANTL: the code of 6 bits.
constexpr int quantize_low(const Band& low, int xl) {
    const int el = saturate(xl - low.s);
    const int wd = magnitude(el);
    int i = 1;
    for (int n = 1; n < 30; ++n) {
        if (wd >= (q6[n] * low.det) >> 12) i = n + 1;
    }
    return el < 0 ? iln[i] : ilp[i];
}

}  // namespace g722

struct G722Encoder {
    g722::Band low = g722::low_band(), high = g722::high_band();
    int x[24] = {};  // the filter's samples, oldest first
};

constexpr std::uint8_t g722_encode(G722Encoder& e, std::int16_t first, std::int16_t second) {
    using namespace g722;
    for (int i = 0; i < 22; ++i) e.x[i] = e.x[i + 2];
    e.x[22] = first;
    e.x[23] = second;
    int odd = 0, even = 0;
    for (int i = 0; i < 12; ++i) {
        odd += e.x[2 * i] * qmf[i];
        even += e.x[2 * i + 1] * qmf[11 - i];
    }
    const int xl = limit_15((even + odd) >> 14), xh = limit_15((even - odd) >> 14);

    const int il = quantize_low(e.low, xl);
    const int eh = saturate(xh - e.high.s);
    const bool far = magnitude(eh) >= (564 * e.high.det) >> 12;
    const int ih = eh < 0 ? (far ? 0 : 1) : (far ? 2 : 3);

    adapt_low(e.low, il >> 2);
    adapt_high(e.high, ih);
    return static_cast<std::uint8_t>(ih << 6 | il);
}

enum class G722Mode { kbit_64 = 1, kbit_56 = 2, kbit_48 = 3 };

struct G722Decoder {
    g722::Band low = g722::low_band(), high = g722::high_band();
    int x[24] = {};
};

constexpr void g722_decode(G722Decoder& d, std::uint8_t code, std::int16_t& first, std::int16_t& second,
                           G722Mode mode = G722Mode::kbit_64) {
    using namespace g722;
    const int il = code & 0x3F, ih = code >> 6;
    const int level = mode == G722Mode::kbit_64   ? qm6[il]
                      : mode == G722Mode::kbit_56 ? qm5[il >> 1]
                                                  : qm4[il >> 2];
    const int rl = limit_15(d.low.s + ((d.low.det * level) >> 15));
    const int rh = limit_15(d.high.s + ((d.high.det * qm2[ih]) >> 15));
    adapt_low(d.low, il >> 2);
    adapt_high(d.high, ih);

    for (int i = 0; i < 22; ++i) d.x[i] = d.x[i + 2];
    d.x[22] = rl + rh;
    d.x[23] = rl - rh;
    int out1 = 0, out2 = 0;
    for (int i = 0; i < 12; ++i) {
        out2 += d.x[2 * i] * qmf[i];
        out1 += d.x[2 * i + 1] * qmf[11 - i];
    }
    first = static_cast<std::int16_t>(saturate(out1 >> 11));
    second = static_cast<std::int16_t>(saturate(out2 >> 11));
}

}  // namespace causeway::hls
