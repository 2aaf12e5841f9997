#include "hls/codec/g722.hpp"

#include <gtest/gtest.h>

#include "tests/hls/codec/sequences.hpp"

namespace causeway::hls {
namespace {

// ITU-T G.191: speech, its codes, and these decoded in each mode.
TEST(G722, ItuSequences) {
    const auto input = itu_words("g722/inpsp.bin"), codes = itu_words("g722/codspw.cod");
    if (input.empty()) GTEST_SKIP() << "needs the published vectors: CAUSEWAY_MATERIAL/itu/g722";
    ASSERT_EQ(input.size(), 2 * codes.size());
    G722Encoder encoder;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        ASSERT_EQ(g722_encode(encoder, static_cast<std::int16_t>(input[2 * i]),
                              static_cast<std::int16_t>(input[2 * i + 1])),
                  codes[i])
            << "code " << i;
    }
    for (const int mode : {1, 2, 3}) {
        const auto output = itu_words("g722/outsp" + std::to_string(mode) + ".bin");
        ASSERT_EQ(output.size(), input.size());
        G722Decoder decoder;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            std::int16_t first = 0, second = 0;
            g722_decode(decoder, static_cast<std::uint8_t>(codes[i]), first, second,
                        static_cast<G722Mode>(mode));
            ASSERT_EQ(static_cast<std::uint16_t>(first), output[2 * i]) << "mode " << mode << " pair " << i;
            ASSERT_EQ(static_cast<std::uint16_t>(second), output[2 * i + 1])
                << "mode " << mode << " pair " << i;
        }
    }
}

}  // namespace
}  // namespace causeway::hls
