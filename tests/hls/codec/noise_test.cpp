#include "hls/codec/noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "host/base/random.hpp"

namespace causeway::hls {
namespace {

using Samples = std::vector<std::int16_t>;
using Octets = std::vector<std::uint8_t>;

ComfortNoise described(int level, const std::vector<double>& reflection = {}) {
    ComfortNoise out;
    out.level = level;
    for (const double k : reflection) {
        out.reflection[out.order++] = static_cast<std::int16_t>(std::lround(k * 32768));
    }
    return out;
}
Samples made(const ComfortNoise& description, std::size_t n = 32000, std::uint32_t random = 1) {
    Noise g;
    g.random = random;
    g.describe(description);
    Samples out(n);
    for (auto& x : out) x = g.next();
    return out;
}
double dbov(const Samples& x) {
    double power = 0;
    for (const double s : x) power += s * s;
    return 10 * std::log10(power / static_cast<double>(x.size()) / 32768 / 32768 + 1e-20);
}

constexpr int bands = 16;  // of equal width, up to half the sampling rate
// Means of the power in each band, of the whole, in dB.
std::vector<double> relative(std::vector<double> bins) {
    std::vector<double> out(bands);
    double all = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
        out[i * bands / bins.size()] += bins[i];
        all += bins[i];
    }
    for (auto& b : out) b = 10 * std::log10(b * bands / all);
    return out;
}
std::vector<double> spectrum(const Samples& x) {
    constexpr std::size_t size = 128;
    std::vector<std::complex<double>> turns(2 * size);
    for (std::size_t i = 0; i < turns.size(); ++i)
        turns[i] = std::polar(1.0, -std::numbers::pi * static_cast<double>(i) / size);
    std::vector<double> bins(size / 2);
    for (std::size_t at = 0; at + size <= x.size(); at += size / 2) {
        double windowed[size];
        for (std::size_t n = 0; n < size; ++n) windowed[n] = x[at + n] * 0.5 * (1 - turns[2 * n].real());
        for (std::size_t k = 0; k < bins.size(); ++k) {
            std::complex<double> sum;
            for (std::size_t n = 0; n < size; ++n) sum += windowed[n] * turns[(2 * k + 1) * n % (2 * size)];
            bins[k] += std::norm(sum);
        }
    }
    return relative(bins);
}
// What the coefficients say: 1/|A|^2, A stepped up from them.
std::vector<double> spectrum(const ComfortNoise& description) {
    std::vector<double> a{1};
    for (int m = 0; m < description.order; ++m) {
        const double k = description.reflection[m] / 32768.0;
        auto b = a;
        b.push_back(0);
        for (std::size_t i = 1; i < b.size(); ++i) b[i] += k * (i < b.size() - 1 ? a[a.size() - i] : 1.0);
        a = b;
    }
    std::vector<double> bins(64);
    for (std::size_t k = 0; k < bins.size(); ++k) {
        const double turn = std::numbers::pi * (static_cast<double>(k) + 0.5) / 64;
        std::complex<double> sum;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += a[i] * std::polar(1.0, -turn * static_cast<double>(i));
        bins[k] = 1 / std::norm(sum);
    }
    return relative(bins);
}
void expect_same(const std::vector<double>& found, const std::vector<double>& wanted, double tolerance) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_NEAR(found[i], wanted[i], tolerance) << "band " << i;
    }
}

// Noise of a room with a fan, of a line, and of a hiss.
const std::vector<std::vector<double>> shapes = {
    {-0.9, 0.3}, {-0.5, 0.6, -0.2, 0.3}, {0.7}, {-0.8, 0.5, 0.1, -0.3, 0.2, 0.1, -0.2, 0.15, 0.1, -0.1}};

TEST(ComfortNoisePayload, LevelIsTheFirstOctet_RFC3389_3_1) {
    ComfortNoise out;
    const Octets payload{78};
    ASSERT_TRUE(comfort_noise_decode(payload.data(), 1, out));
    EXPECT_EQ(out.level, 78);
    EXPECT_EQ(out.order, 0);
    std::uint8_t back[13];
    EXPECT_EQ(comfort_noise_encode(out, back), 1);
    EXPECT_EQ(back[0], 78);
}

TEST(ComfortNoisePayload, IndicesAreOfEqualSteps_RFC3389_3_2) {
    ComfortNoise out;
    const Octets payload{30, 0, 127, 128, 254, 100};
    ASSERT_TRUE(comfort_noise_decode(payload.data(), 6, out));
    EXPECT_EQ(out.order, 5);
    const std::vector<int> found(out.reflection, out.reflection + 6);
    EXPECT_EQ(found, (std::vector<int>{-32766, 0, 258, 32766, -6966, 0}));
}

TEST(ComfortNoisePayload, EveryIndexSurvives) {
    for (int index = 0; index < 255; ++index) {
        const Octets payload{1, static_cast<std::uint8_t>(index), 127};
        ComfortNoise out;
        ASSERT_TRUE(comfort_noise_decode(payload.data(), 3, out));
        std::uint8_t back[13];
        ASSERT_EQ(comfort_noise_encode(out, back), 3);
        EXPECT_EQ(back[1], index);
    }
    ComfortNoise extreme;
    extreme.order = 2;
    extreme.reflection[0] = -32768;
    extreme.reflection[1] = 32767;
    std::uint8_t back[13];
    comfort_noise_encode(extreme, back);
    EXPECT_EQ(back[1], 0);
    EXPECT_EQ(back[2], 254);
}

TEST(ComfortNoisePayload, WhatIsTooLongIsCutAndWhatIsEmptyRefused) {
    ComfortNoise out = described(3, {0.5});
    EXPECT_FALSE(comfort_noise_decode(nullptr, 0, out));
    EXPECT_EQ(out.order, 0);
    Noise g;
    EXPECT_FALSE(g.describe(nullptr, 0));
    EXPECT_EQ(g.goal, 0u);
    Octets payload(240, 60);
    ASSERT_TRUE(comfort_noise_decode(payload.data(), 240, out));
    EXPECT_EQ(out.order, 12);
    payload[4] = 255;  // reserved
    ASSERT_TRUE(comfort_noise_decode(payload.data(), 240, out));
    EXPECT_EQ(out.order, 3);
    EXPECT_EQ(out.reflection[3], 0);
    payload[0] = 0x80 | 40;  // the bit that is always 0
    ASSERT_TRUE(comfort_noise_decode(payload.data(), 1, out));
    EXPECT_EQ(out.level, 40);
}

TEST(Noise, IsAsLoudAsDescribed) {
    for (int level = 3; level <= 90; ++level) {
        EXPECT_NEAR(dbov(made(described(level))), -level, 1) << level;
        for (const auto& shape : shapes)
            EXPECT_NEAR(dbov(made(described(level, shape), 16000)), -level, 2) << level;
    }
}

TEST(Noise, LouderThanFitsIsCutOff) {
    for (int level = 0; level < 3; ++level) {
        EXPECT_NEAR(dbov(made(described(level))), -level, 2.5) << level;
        EXPECT_NEAR(dbov(made(described(level, {-0.5, 0.6, -0.2, 0.3}))), -level, 3) << level;
    }
}

TEST(Noise, TheLowestLevelIsSilent) {
    for (const std::int16_t x : made(described(127))) ASSERT_EQ(x, 0);
    Noise nothing;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(nothing.next(), 0);
}

TEST(Noise, IsWhiteWithoutCoefficients) {
    expect_same(spectrum(made(described(40))), std::vector<double>(bands, 0.0), 1);
}

TEST(Noise, HasTheSpectrumOfTheCoefficients) {
    for (const auto& shape : shapes) {
        SCOPED_TRACE(testing::Message() << "of " << shape.size());
        const auto description = described(40, shape);
        expect_same(spectrum(made(description)), spectrum(description), 1.5);
    }
}

TEST(Noise, ANegativeFirstCoefficientIsOfLowFrequencies) {
    const auto low = spectrum(made(described(40, {-0.8})));
    EXPECT_GT(low.front(), low.back() + 10);
}

TEST(Noise, StreamsDiffer) {
    const auto one = made(described(30), 8000, 1), other = made(described(30), 8000, 77);
    double product = 0, square = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        product += one[i] * other[i];
        square += one[i] * one[i];
    }
    EXPECT_LT(std::abs(product), 0.05 * square);
}

TEST(Noise, GoesFromLevelToLevelBitByBit) {
    Noise g;
    g.describe(described(60));
    const auto next = [&](std::size_t n) {
        Samples out(n);
        for (auto& x : out) x = g.next();
        return dbov(out);
    };
    EXPECT_NEAR(next(800), -60, 1);
    g.describe(described(40, {-0.9}));
    const double soon = next(80), later = next(240);
    EXPECT_LT(soon, -47);
    EXPECT_LT(soon, later);
    next(4000);
    EXPECT_NEAR(next(4000), -40, 1);
    g.describe(described(60));
    EXPECT_GT(next(80), -43);
    next(8000);
    EXPECT_NEAR(next(800), -60, 1);
}

TEST(NoiseAnalysis, FindsTheLevel) {
    for (int level = 5; level <= 84; ++level) {
        const auto x = made(described(level));
        EXPECT_EQ(comfort_noise_analyse(x.data(), static_cast<int>(x.size()), 0).level,
                  std::lround(-dbov(x)));
    }
    const Samples silence(160), full(160, -32768), square(160, 32767);
    EXPECT_EQ(comfort_noise_analyse(silence.data(), 160, 10).level, 127);
    EXPECT_EQ(comfort_noise_analyse(silence.data(), 160, 10).order, 0);
    EXPECT_EQ(comfort_noise_analyse(full.data(), 160, 10).level, 0);
    EXPECT_EQ(comfort_noise_analyse(square.data(), 160, 10).level, 0);
}

TEST(NoiseAnalysis, FindsTheCoefficients) {
    for (const auto& shape : shapes) {
        const auto x = made(described(35, shape), 64000);
        const auto found = comfort_noise_analyse(x.data(), 64000, static_cast<int>(shape.size()));
        ASSERT_EQ(found.order, static_cast<int>(shape.size()));
        for (std::size_t i = 0; i < shape.size(); ++i) {
            EXPECT_NEAR(found.reflection[i] / 32768.0, shape[i], 0.03) << i;
        }
    }
}

TEST(NoiseAnalysis, OfAFrameMakesTheLikeAfterThePayload) {
    for (const auto& shape : shapes) {
        const auto source = made(described(45, shape), 1600);
        std::uint8_t payload[13];
        const int length = comfort_noise_encode(comfort_noise_analyse(source.data(), 480, 10), payload);
        EXPECT_EQ(length, 11);
        ComfortNoise description;
        ASSERT_TRUE(comfort_noise_decode(payload, length, description));
        const auto again = made(description);
        EXPECT_NEAR(dbov(again), -45, 2);
        const auto found = spectrum(again), wanted = spectrum(described(45, shape));
        double square = 0;
        for (std::size_t i = 0; i < bands; ++i) square += std::pow(found[i] - wanted[i], 2);
        EXPECT_LT(std::sqrt(square / bands), 3) << "dB between spectra of order " << shape.size();
    }
}

// Tones, DC and steps, of which coefficients come close to one: whatever comes out has the level.
TEST(NoiseAnalysis, StandsWhatIsNotNoise) {
    for (const double hz : {0.0, 1.0, 50.0, 1000.0, 2000.0, 3999.0, 4000.0}) {
        for (const double level : {1.0, 3.0, 100.0, 32767.0}) {
            Samples x(240);
            for (std::size_t i = 0; i < x.size(); ++i) {
                const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / 8000;
                x[i] = static_cast<std::int16_t>(std::lround(level * std::cos(angle)));
            }
            const auto found = comfort_noise_analyse(x.data(), 240, 10);
            EXPECT_NEAR(found.level, -dbov(x), 0.51);
            for (int i = 0; i < found.order; ++i) EXPECT_LE(std::abs(found.reflection[i]), 32113);
        }
    }
}

// Coefficients to 0.7: nearer to one, noise is a tone that swells and fades over seconds.
TEST(Noise, ArbitraryPayloadsKeepTheLevel) {
    SeededRandom random(5);
    for (int round = 0; round < 100; ++round) {
        Octets payload(1 + random.below(16));
        for (auto& o : payload) o = static_cast<std::uint8_t>(37 + random.below(181));
        payload[0] = static_cast<std::uint8_t>(10 + random.below(70));
        ComfortNoise description;
        ASSERT_TRUE(comfort_noise_decode(payload.data(), static_cast<int>(payload.size()), description));
        EXPECT_NEAR(dbov(made(description)), -payload[0], 2) << round;
    }
}

// Also of coefficients of nearly one, changed at any time.
TEST(Noise, NeverOverflows) {
    SeededRandom random(6);
    Noise g;
    for (int round = 0; round < 2000; ++round) {
        Octets payload(1 + random.below(16));
        for (auto& o : payload) {
            const auto kind = random.below(4);
            o = static_cast<std::uint8_t>(kind == 0 ? 0 : kind == 1 ? 254 : random.below(256));
        }
        ComfortNoise description;
        ASSERT_TRUE(comfort_noise_decode(payload.data(), static_cast<int>(payload.size()), description));
        g.describe(description);
        Samples out(1 + random.below(200));
        for (auto& x : out) x = g.next();
        for (const int b : g.back) ASSERT_LE(std::abs(b), 32768);
        comfort_noise_analyse(out.data(), static_cast<int>(out.size()), static_cast<int>(random.below(13)));
    }
}

// All of it in a constant expression, which admits no undefined behaviour.
constexpr int level_of_constant() {
    Noise g;
    ComfortNoise in;
    in.level = 30;
    in.order = 2;
    in.reflection[0] = -20000;
    in.reflection[1] = 15000;
    g.describe(in);
    std::int16_t out[160] = {};
    for (auto& x : out) x = g.next();
    return comfort_noise_analyse(out, 160, 10).level;
}
static_assert(level_of_constant() >= 28 && level_of_constant() <= 32);

}  // namespace
}  // namespace causeway::hls
