#include "hls/codec/g711.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/hls/codec/sequences.hpp"

namespace causeway::hls {
namespace {

// Table 2a and 2b of G.711: values at the decoder output, scaled to 16 bits.
TEST(G711, DecodesTheTablesOfTheRecommendation) {
    EXPECT_EQ(mulaw_decode(0x80), 8031 * 4);
    EXPECT_EQ(mulaw_decode(0x00), -8031 * 4);
    EXPECT_EQ(mulaw_decode(0xFF), 0);
    EXPECT_EQ(mulaw_decode(0x8F), 4191 * 4);
    EXPECT_EQ(alaw_decode(0x80 ^ 0x7F ^ 0x55), 4032 * 8);
    EXPECT_EQ(alaw_decode(0xD5), 8);
    EXPECT_EQ(alaw_decode(0x55), -8);
}

TEST(G711, EveryCodeComesBackFromItsOwnValue) {
    for (int code = 0; code < 256; ++code) {
        const auto c = static_cast<std::uint8_t>(code);
        EXPECT_EQ(alaw_encode(alaw_decode(c)), c) << code;
        // Mu-law has two zeros; the sample 0 is positive.
        EXPECT_EQ(mulaw_encode(mulaw_decode(c)), c == 0x7F ? 0xFF : c) << code;
    }
}

TEST(G711, CodesRiseWithTheSampleAndBothSignsQuantiseAlike) {
    for (int s = -32768; s < 32767; ++s) {
        const auto a = static_cast<std::int16_t>(s);
        const auto b = static_cast<std::int16_t>(s + 1);
        ASSERT_LE(mulaw_decode(mulaw_encode(a)), mulaw_decode(mulaw_encode(b))) << s;
        ASSERT_LE(alaw_decode(alaw_encode(a)), alaw_decode(alaw_encode(b))) << s;
        ASSERT_EQ(mulaw_encode(a) ^ 0x80, mulaw_encode(static_cast<std::int16_t>(~a))) << s;
        ASSERT_EQ(alaw_encode(a) ^ 0x80, alaw_encode(static_cast<std::int16_t>(~a))) << s;
    }
}

// ITU-T G.191: a sweep, coded by each law and decoded again.
TEST(G711, ItuSequences) {
    const auto source = itu_words("g711/sweep.src");
    if (source.empty()) GTEST_SKIP() << "needs the published vectors: CAUSEWAY_MATERIAL/itu/g711";
    using Encode = std::function<std::uint8_t(std::int16_t)>;
    using Decode = std::function<std::int16_t(std::uint8_t)>;
    for (const auto& [coded, decoded, encode, decode] :
         {std::tuple<std::string, std::string, Encode, Decode>{"sweep-r.u", "sweep-r.reu", mulaw_encode,
                                                               mulaw_decode},
          {"sweep-r.a", "sweep-r.rea", alaw_encode, alaw_decode}}) {
        const auto codes = itu_words("g711/" + coded);
        const auto values = itu_words("g711/" + decoded);
        ASSERT_EQ(codes.size(), source.size());
        ASSERT_EQ(values.size(), source.size());
        for (std::size_t i = 0; i < source.size(); ++i) {
            ASSERT_EQ(encode(static_cast<std::int16_t>(source[i])), codes[i]) << coded << " at " << i;
            ASSERT_EQ(static_cast<std::uint16_t>(decode(static_cast<std::uint8_t>(codes[i]))), values[i])
                << decoded << " at " << i;
        }
    }
}

}  // namespace
}  // namespace causeway::hls
