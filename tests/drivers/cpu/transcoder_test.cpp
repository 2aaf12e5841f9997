#include "drivers/cpu/transcoder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace causeway::cpu {
namespace {

using media::Speech;

constexpr Speech all_speech[] = {
    Speech::pcmu,         Speech::pcma,         Speech::g722,    Speech::l16_16k,      Speech::g726_16,
    Speech::g726_24,      Speech::g726_32,      Speech::g726_40, Speech::aal2_g726_16, Speech::aal2_g726_24,
    Speech::aal2_g726_32, Speech::aal2_g726_40, Speech::l16};

// A second of a tone as L16, in packets of so many ms.
std::vector<Bytes> tone(std::size_t ms) {
    std::vector<Bytes> packets;
    std::size_t n = 0;
    while (n < 8000) {
        Bytes packet;
        for (std::size_t i = 0; i < 8 * ms; ++i, ++n) {
            const double angle = 2 * std::numbers::pi * 700 * static_cast<double>(n) / 8000;
            const auto sample = static_cast<std::int16_t>(std::lround(8000 * std::sin(angle)));
            packet.push_back(static_cast<std::uint8_t>(static_cast<std::uint16_t>(sample) >> 8));
            packet.push_back(static_cast<std::uint8_t>(sample));
        }
        packets.push_back(packet);
    }
    return packets;
}

std::vector<Bytes> converted(Speech from, Speech to, const std::vector<Bytes>& packets) {
    Transcoder transcoder(from, to);
    std::vector<Bytes> out;
    for (const auto& p : packets) EXPECT_TRUE(transcoder.run(p, out.emplace_back()));
    return out;
}

// How far L16 is from a tone of that frequency, of whatever phase and level: signal over the rest, in dB.
double purity(const std::vector<Bytes>& packets) {
    std::vector<double> x;
    for (const auto& p : packets) {
        for (std::size_t i = 0; i + 1 < p.size(); i += 2)
            x.push_back(static_cast<std::int16_t>(load_be16(&p[i])));
    }
    constexpr std::size_t settled = 1000;  // samples
    double re = 0, im = 0, all = 0;
    const double n = static_cast<double>(x.size() - settled);
    for (std::size_t i = settled; i < x.size(); ++i) {
        const double angle = 2 * std::numbers::pi * 700 * static_cast<double>(i) / 8000;
        re += x[i] * std::cos(angle);
        im += x[i] * std::sin(angle);
        all += x[i] * x[i];
    }
    const double signal = 2 * (re * re + im * im) / n;
    return 10 * std::log10(signal / std::max(all - signal, 1.0));
}

// What goes into one coding and out of it again.
double least_purity(Speech speech) {
    switch (speech) {
        case Speech::l16:
        case Speech::l16_16k:
            return 60;
        case Speech::pcmu:
        case Speech::pcma:
        case Speech::g726_40:
        case Speech::aal2_g726_40:
            return 30;
        case Speech::g722:
        case Speech::g726_32:
        case Speech::aal2_g726_32:
            return 25;
        case Speech::g726_24:
        case Speech::aal2_g726_24:
            return 18;
        default:
            return 9;
    }
}

TEST(Transcoder, ToneSurvivesEveryPairOfCodings) {
    const auto source = tone(20);
    for (const Speech first : all_speech) {
        const auto there = converted(Speech::l16, first, source);
        for (const Speech second : all_speech) {
            const auto back = converted(second, Speech::l16, converted(first, second, there));
            EXPECT_GT(purity(back), std::min(least_purity(first), least_purity(second)) - 4)
                << media::to_codec(first).name << " " << media::to_codec(second).name;
        }
    }
}

TEST(Transcoder, PacketsKeepTheirLengthInTime) {
    for (const std::size_t ms : {10, 20, 30, 40, 60}) {
        for (const Speech speech : all_speech) {
            const std::string name = media::to_codec(speech).name;
            const std::size_t octets = speech == Speech::l16       ? 16 * ms
                                       : speech == Speech::l16_16k ? 32 * ms
                                       : name.ends_with("-16")     ? 2 * ms
                                       : name.ends_with("-24")     ? 3 * ms
                                       : name.ends_with("-32")     ? 4 * ms
                                       : name.ends_with("-40")     ? 5 * ms
                                                                   : 8 * ms;
            for (const auto& p : converted(Speech::l16, speech, tone(ms)))
                EXPECT_EQ(p.size(), octets) << name;
        }
    }
}

TEST(Transcoder, PacksG726FromEitherEnd_RFC3551_4_5_4) {
    // The codes 0, 1, 2, ... of 3 bits: 2.1.0 in the first octet from the low end, or 0.1.2 from the high
    // end.
    const Bytes low{0x88, 0xC6, 0xFA}, high{0x05, 0x39, 0x77};
    Bytes from_low, from_high;
    EXPECT_TRUE(Transcoder(Speech::g726_24, Speech::l16).run(low, from_low));
    EXPECT_TRUE(Transcoder(Speech::aal2_g726_24, Speech::l16).run(high, from_high));
    EXPECT_EQ(from_low, from_high);
    EXPECT_EQ(from_low.size(), 16U);
}

// A tone of 6 kHz, which is none in 8 kHz, through G.722 and as it is.
TEST(Transcoder, WideBandStaysWideBetweenWideCodings) {
    Bytes packet;
    for (int i = 0; i < 1920; ++i) {
        const double angle = 2 * std::numbers::pi * 6000 * i / 16000;
        const auto sample = static_cast<std::int16_t>(std::lround(8000 * std::sin(angle)));
        packet.push_back(static_cast<std::uint8_t>(static_cast<std::uint16_t>(sample) >> 8));
        packet.push_back(static_cast<std::uint8_t>(sample));
    }
    const auto power = [](const Bytes& l16) {
        double sum = 0;
        for (std::size_t i = 0; i < l16.size(); i += 2)
            sum += std::pow(static_cast<std::int16_t>(load_be16(&l16[i])), 2);
        return 10 * std::log10(sum / static_cast<double>(l16.size() / 2) + 1);
    };
    const auto through = [&](Speech middle) {
        return converted(middle, Speech::l16_16k, converted(Speech::l16_16k, middle, {packet})).front();
    };
    EXPECT_EQ(through(Speech::l16_16k), packet);
    EXPECT_NEAR(power(through(Speech::g722)), power(packet), 1);
    EXPECT_LT(power(through(Speech::l16)), power(packet) - 25);
}

TEST(Transcoder, WhatIsNoPayloadIsRefused) {
    Bytes out;
    EXPECT_FALSE(Transcoder(Speech::pcmu, Speech::pcma).run({}, out));
    EXPECT_FALSE(Transcoder(Speech::l16, Speech::pcma).run(Bytes{1, 2, 3}, out));
    EXPECT_FALSE(Transcoder(Speech::pcmu, Speech::l16).run(Bytes(8 * Transcoder::max_ms + 1), out));
    EXPECT_FALSE(Transcoder(Speech::g726_16, Speech::pcmu).run(Bytes(2 * Transcoder::max_ms + 1), out));
    EXPECT_TRUE(out.empty());
    EXPECT_TRUE(Transcoder(Speech::g726_16, Speech::g722).run(Bytes(2 * Transcoder::max_ms), out));
    EXPECT_EQ(out.size(), 8 * Transcoder::max_ms);
    out.clear();
    EXPECT_FALSE(Transcoder(Speech::l16_16k, Speech::pcmu).run(Bytes(3), out));
    EXPECT_FALSE(Transcoder(Speech::l16_16k, Speech::pcmu).run(Bytes(32 * Transcoder::max_ms + 2), out));
    EXPECT_TRUE(Transcoder(Speech::l16_16k, Speech::pcmu).run(Bytes(32 * Transcoder::max_ms), out));
    EXPECT_EQ(out.size(), 8 * Transcoder::max_ms);
}

}  // namespace
}  // namespace causeway::cpu
