// G.711 Appendix I beside what it promises, and beside spandsp's concealment.
#include "hls/codec/conceal.hpp"

#include <gtest/gtest.h>
#include <spandsp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <random>
#include <vector>

// spandsp moves its history by a memcpy within it.
extern "C" const char* __asan_default_suppressions() {
    return "interceptor_via_fun:plc_fillin\n";
}

namespace causeway::hls {
namespace {

using Signal = std::vector<std::int16_t>;

// Voiced speech, much simplified: harmonics of a pitch that glides, under an envelope of syllables.
Signal voice(int rate, double pitch_hz, double seconds, double glide = 0.0) {
    Signal out;
    double phase = 0;
    const int n = static_cast<int>(seconds * rate);
    for (int i = 0; i < n; ++i) {
        const double t = static_cast<double>(i) / rate;
        phase +=
            2 * std::numbers::pi * pitch_hz * (1 + glide * std::sin(2 * std::numbers::pi * 0.7 * t)) / rate;
        double x = 0;
        for (int h = 1; h <= 12; ++h) x += std::sin(h * phase + h * h) / h;
        out.push_back(
            static_cast<std::int16_t>(4000 * x * (0.6 + 0.4 * std::sin(2 * std::numbers::pi * 3 * t))));
    }
    return out;
}

template <int Rate>
Signal run(const Signal& in, const std::vector<bool>& lost) {
    using C = Concealment<Rate>;
    C c;
    Signal out;
    for (std::size_t b = 0; (b + 1) * C::block <= in.size(); ++b) {
        std::int16_t block[C::block];
        std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(b * C::block), C::block, block);
        if (b < lost.size() && lost[b]) {
            std::fill_n(block, C::block, std::int16_t{12345});  // not to be used
            c.lost(block);
        } else {
            c.received(block);
        }
        out.insert(out.end(), block, block + C::block);
    }
    return out;
}

template <class T>
class Conceal : public testing::Test {};
using Rates = testing::Types<std::integral_constant<int, 8000>, std::integral_constant<int, 16000>>;
TYPED_TEST_SUITE(Conceal, Rates);

TYPED_TEST(Conceal, WhatIsNotLostGoesOutUnalteredAndLater) {
    using C = Concealment<TypeParam::value>;
    const auto in = voice(TypeParam::value, 110, 1);
    const auto out = run<TypeParam::value>(in, {});
    ASSERT_EQ(C::delay * 1000, TypeParam::value * 375 / 100);
    for (std::size_t i = C::delay; i < out.size(); ++i) ASSERT_EQ(out[i], in[i - C::delay]) << i;
}

TYPED_TEST(Conceal, APeriodicSoundGoesOnAsItWas) {
    using C = Concealment<TypeParam::value>;
    for (const int hz : {70, 100, 125, 160, 195}) {
        Signal in;
        const int period = TypeParam::value / hz;
        for (int i = 0; i < 200 * C::block; ++i) {
            const double x = 2 * std::numbers::pi * (i % period) / period;
            in.push_back(static_cast<std::int16_t>(5000 * std::sin(x) + 3000 * std::sin(2 * x + 1) +
                                                   2000 * std::sin(3 * x)));
        }
        const auto out = run<TypeParam::value>(in, std::vector<bool>{[] {
                                                   std::vector<bool> l(100);
                                                   l[50] = true;
                                                   return l;
                                               }()});
        for (std::size_t i = C::delay; i < out.size(); ++i) {
            ASSERT_NEAR(out[i], in[i - C::delay], 2) << hz << " Hz, sample " << i << ": 10 ms lost";
        }
    }
}

TYPED_TEST(Conceal, ASquareWaveOfFullScaleGoesOnAsItWas) {
    using C = Concealment<TypeParam::value>;
    for (const int hz : {70, 100, 125, 160, 195}) {
        Signal in;
        const int period = TypeParam::value / hz;
        for (int i = 0; i < 20 * C::block; ++i)
            in.push_back(i % period < period / 2 ? std::int16_t{32767} : std::int16_t{-32768});
        std::vector<bool> lost(20);
        lost[12] = true;
        const auto out = run<TypeParam::value>(in, lost);
        for (std::size_t i = C::delay; i < out.size(); ++i) ASSERT_NEAR(out[i], in[i - C::delay], 2) << hz;
    }
}

TYPED_TEST(Conceal, FallsByAFifthEveryTenMillisecondsAndIsSilentAfterSixty) {
    using C = Concealment<TypeParam::value>;
    Signal in;
    const int period = TypeParam::value / 100;
    for (int i = 0; i < 120 * C::block; ++i) {
        in.push_back(
            static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * (i % period) / period)));
    }
    std::vector<bool> lost(120);
    for (int b = 50; b < 60; ++b) lost[static_cast<std::size_t>(b)] = true;
    const auto out = run<TypeParam::value>(in, lost);
    const auto peak = [&](int b) {  // a block is a period here
        int p = 0;
        for (int i = 0; i < C::block; ++i)
            p = std::max(p, std::abs(int{out[static_cast<std::size_t>(b * C::block + C::delay + i)]}));
        return p / 8000.0;
    };
    EXPECT_NEAR(peak(50), 1.0, 0.01);
    for (int b = 51; b < 56; ++b) {
        EXPECT_LE(peak(b), 1.0 - 0.2 * (b - 51) + 0.01) << b;
        EXPECT_GE(peak(b), 1.0 - 0.2 * (b - 50) - 0.01) << b;
    }
    for (int b = 56; b < 60; ++b) EXPECT_EQ(peak(b), 0.0) << b;
    EXPECT_NEAR(peak(61), 1.0, 0.01) << "back";
}

TYPED_TEST(Conceal, NeverClicks) {
    using C = Concealment<TypeParam::value>;
    std::mt19937 random(7);
    for (const double pitch : {80.0, 117.0, 180.0}) {
        const auto in = voice(TypeParam::value, pitch, 4, 0.1);
        std::vector<bool> lost(400);
        for (std::size_t b = 10; b < lost.size(); ++b) lost[b] = random() % 10 == 0;
        const auto out = run<TypeParam::value>(in, lost);
        int step_in = 0, step_out = 0;
        for (std::size_t i = C::delay + 1; i < out.size(); ++i) {
            step_in = std::max(step_in, std::abs(in[i - C::delay] - in[i - C::delay - 1]));
            step_out = std::max(step_out, std::abs(out[i] - out[i - 1]));
        }
        EXPECT_LT(step_out, step_in * 3 / 2) << pitch;
    }
}

TYPED_TEST(Conceal, TakesAnyLevelAndNoise) {
    using C = Concealment<TypeParam::value>;
    std::mt19937 random(3);
    for (const int level : {0, 1, 5, 300, 32767}) {
        Signal in;
        for (int i = 0; i < 300 * C::block; ++i) {
            in.push_back(static_cast<std::int16_t>(
                static_cast<int>(random() % static_cast<unsigned>(2 * level + 1)) - level));
        }
        if (level == 32767) std::fill_n(in.begin() + 50 * C::block, 30 * C::block, std::int16_t{-32768});
        std::vector<bool> lost(300);
        for (std::size_t b = 0; b < lost.size(); ++b) lost[b] = random() % 3 == 0;
        const auto out = run<TypeParam::value>(in, lost);
        for (const auto s : out) ASSERT_LE(std::abs(int{s}), std::max(level, level == 32767 ? 32768 : 0));
    }
}

// How far what is heard is from what was said, in dB over the lost blocks and those behind them.
double distortion(const Signal& in, const Signal& out, std::size_t delay, const std::vector<bool>& lost) {
    double signal = 0, noise = 0;
    for (std::size_t i = delay; i < out.size(); ++i) {
        const std::size_t b = (i - delay) / 80;
        if (!(lost[b] || (b > 0 && lost[b - 1]))) continue;
        signal += std::pow(in[i - delay], 2);
        noise += std::pow(out[i] - in[i - delay], 2);
    }
    return 10 * std::log10(signal / noise);
}

TEST(ConcealBeside, SpandspIsNoNearerToTheTruthAndSilenceFarFromIt) {
    double ours_sum = 0, theirs_sum = 0, silence_sum = 0;
    int runs = 0;
    for (const unsigned percent : {1U, 5U, 10U, 20U}) {
        for (unsigned seed = 1; seed <= 5; ++seed) {
            std::mt19937 random(seed);
            const auto in = voice(8000, 85 + 20 * seed, 20, 0.08);
            std::vector<bool> lost(in.size() / 80);
            for (std::size_t b = 10; b + 1 < lost.size(); b += 2) {  // packets of 20 ms
                lost[b] = lost[b + 1] = random() % 100 < percent;
            }
            const auto ours = run<8000>(in, lost);
            Signal theirs = in, silence = in;
            plc_state_t* plc = plc_init(nullptr);
            for (std::size_t b = 0; b < lost.size(); ++b) {
                if (lost[b]) {
                    plc_fillin(plc, &theirs[b * 80], 80);
                    std::fill_n(silence.begin() + static_cast<std::ptrdiff_t>(b * 80), 80, std::int16_t{0});
                } else {
                    plc_rx(plc, &theirs[b * 80], 80);
                }
            }
            plc_free(plc);
            const double o = distortion(in, ours, Concealment<8000>::delay, lost);
            const double t = distortion(in, theirs, 0, lost), s = distortion(in, silence, 0, lost);
            ours_sum += o;
            theirs_sum += t;
            silence_sum += s;
            ++runs;
            EXPECT_GT(o, s + 3) << percent << " % lost, seed " << seed;
        }
    }
    std::printf("concealment, signal over error: ours %.1f dB, spandsp's %.1f, silence %.1f\n",
                ours_sum / runs, theirs_sum / runs, silence_sum / runs);
    EXPECT_GE(ours_sum, theirs_sum - 0.5 * runs);
}

}  // namespace
}  // namespace causeway::hls
