// The codecs beside spandsp's, bit by bit: noise of every level, tones and silence.
#include <gtest/gtest.h>
#include <spandsp.h>

#include <cmath>
#include <memory>
#include <vector>

#include "hls/codec/g722.hpp"
#include "hls/codec/g726.hpp"
#include "host/base/random.hpp"

namespace causeway::hls {
namespace {

std::vector<std::int16_t> signal(std::size_t n, int highest) {
    SeededRandom random(7);
    std::vector<std::int16_t> out;
    while (out.size() < n) {
        const int kind = static_cast<int>(random.below(4));
        const int level = kind == 0 ? 0 : static_cast<int>(random.below(static_cast<std::uint32_t>(highest)));
        const double turn = 0.01 + 0.0001 * random.below(30000);
        for (int i = 0; i < 400; ++i) {
            int x = 0;
            if (kind == 1)
                x = static_cast<int>(random.below(static_cast<std::uint32_t>(2 * level + 1))) - level;
            if (kind >= 2) x = static_cast<int>(level * std::sin(turn * i));
            out.push_back(static_cast<std::int16_t>(x));
        }
    }
    out.resize(n);
    return out;
}

// Below full scale, where spandsp's decoder wraps.
TEST(G722, IsSpandsps) {
    const auto in = signal(64000, 24000);
    const std::unique_ptr<g722_encode_state_t, decltype(&g722_encode_free)> coder(
        g722_encode_init(nullptr, 64000, 0), g722_encode_free);
    std::vector<std::uint8_t> codes(in.size() / 2);
    ASSERT_EQ(::g722_encode(coder.get(), codes.data(), in.data(), static_cast<int>(in.size())),
              static_cast<int>(codes.size()));
    const std::unique_ptr<g722_decode_state_t, decltype(&g722_decode_free)> decoder(
        g722_decode_init(nullptr, 64000, 0), g722_decode_free);
    std::vector<std::int16_t> samples(in.size());
    ASSERT_EQ(::g722_decode(decoder.get(), samples.data(), codes.data(), static_cast<int>(codes.size())),
              static_cast<int>(samples.size()));

    G722Encoder ours;
    G722Decoder back;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        ASSERT_EQ(hls::g722_encode(ours, in[2 * i], in[2 * i + 1]), codes[i]) << i;
        std::int16_t first = 0, second = 0;
        hls::g722_decode(back, codes[i], first, second);
        ASSERT_EQ(first, samples[2 * i]) << i;
        ASSERT_EQ(second, samples[2 * i + 1]) << i;
    }
}

// Below overload, where spandsp keeps fewer bits than the Recommendation: there the ITU's sequences judge.
TEST(G726, IsSpandsps) {
    const auto in = signal(64000, 8000);
    for (const auto& [rate, bits] : {std::pair{G726Rate::kbit_16, 16000},
                                     {G726Rate::kbit_24, 24000},
                                     {G726Rate::kbit_32, 32000},
                                     {G726Rate::kbit_40, 40000}}) {
        const std::unique_ptr<g726_state_t, decltype(&g726_free)> coder(
            g726_init(nullptr, bits, G726_ENCODING_LINEAR, G726_PACKING_NONE), g726_free);
        const std::unique_ptr<g726_state_t, decltype(&g726_free)> decoder(
            g726_init(nullptr, bits, G726_ENCODING_LINEAR, G726_PACKING_NONE), g726_free);
        std::vector<std::uint8_t> codes(in.size());
        ASSERT_EQ(::g726_encode(coder.get(), codes.data(), in.data(), static_cast<int>(in.size())),
                  static_cast<int>(codes.size()));
        std::vector<std::int16_t> samples(in.size());
        ASSERT_EQ(::g726_decode(decoder.get(), samples.data(), codes.data(), static_cast<int>(codes.size())),
                  static_cast<int>(samples.size()));
        G726 ours, back;
        for (std::size_t i = 0; i < in.size(); ++i) {
            ASSERT_EQ(hls::g726_encode(ours, rate, in[i]), codes[i]) << bits << " " << i;
            ASSERT_EQ(hls::g726_decode(back, rate, codes[i]), samples[i]) << bits << " " << i;
        }
    }
}

}  // namespace
}  // namespace causeway::hls
