#include "hls/codec/resample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace causeway::hls {
namespace {

using Samples = std::vector<std::int16_t>;
constexpr double amplitude = 16000;

Samples tone(double hz, double rate, std::size_t n) {
    Samples out(n);
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = static_cast<std::int16_t>(
            std::lround(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
    }
    return out;
}
// How strong a frequency is in samples, of the tone's amplitude, in dB.
double level(const Samples& x, double hz, double rate) {
    double re = 0, im = 0, weights = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double at = static_cast<double>(i), n = static_cast<double>(x.size());
        const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * at / n);
        re += window * x[i] * std::cos(2 * std::numbers::pi * hz * at / rate);
        im += window * x[i] * std::sin(2 * std::numbers::pi * hz * at / rate);
        weights += window;
    }
    return 20 * std::log10(2 * std::hypot(re, im) / weights / amplitude + 1e-9);
}
Samples up(const Samples& x) {
    Upsampler u;
    Samples out(2 * x.size());
    for (std::size_t i = 0; i < x.size(); ++i) upsample(u, x[i], out[2 * i], out[2 * i + 1]);
    return out;
}
Samples down(const Samples& x) {
    Downsampler d;
    Samples out;
    for (std::size_t i = 0; i + 1 < x.size(); i += 2) out.push_back(downsample(d, x[i], x[i + 1]));
    return out;
}
Samples settled(const Samples& x) {
    return {x.begin() + 200, x.end()};
}

TEST(Resample, KeepsTheTelephoneBandWithinATenthOfADecibel) {
    for (double hz = 100; hz <= 3400; hz += 100) {
        EXPECT_NEAR(level(settled(up(tone(hz, 8000, 4000))), hz, 16000), 0, 0.1) << hz << " Hz up";
        EXPECT_NEAR(level(settled(down(tone(hz, 16000, 8000))), hz, 8000), 0, 0.1) << hz << " Hz down";
    }
}

TEST(Resample, LetsNoImageOrAliasThrough) {
    for (double hz = 100; hz <= 3400; hz += 100) {
        EXPECT_LT(level(settled(up(tone(hz, 8000, 4000))), 8000 - hz, 16000), -60) << hz << " Hz";
        EXPECT_LT(level(settled(down(tone(8000 - hz, 16000, 8000))), hz, 8000), -60) << 8000 - hz << " Hz";
    }
}

TEST(Resample, ThereAndBackIsTheSameABitLater) {
    constexpr std::size_t delay = 25;
    const auto in = tone(1000, 8000, 800);
    const auto out = down(up(in));
    for (std::size_t i = 200; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i - delay], 20) << i;
}

// The step of a square wave of full scale swings over it.
TEST(Resample, SaturatesAndDoesNotWrap) {
    Samples square(400);
    for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 20 % 2 == 0 ? 32767 : -32768;
    for (const auto& out : {settled(up(square)), settled(down(up(square)))}) {
        std::size_t high = 0;
        for (std::size_t i = 2; i < out.size(); ++i) {
            if (out[i] == 32767) ++high;
            const bool jumped = (out[i - 1] == 32767 && out[i] < 0) || (out[i - 1] == -32768 && out[i] > 0);
            EXPECT_FALSE(jumped) << i;
        }
        EXPECT_GT(high, 5u);
    }
}

}  // namespace
}  // namespace causeway::hls
