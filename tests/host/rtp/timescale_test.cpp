#include "host/rtp/timescale.hpp"

#include <gtest/gtest.h>

namespace causeway::rtp {
namespace {

TEST(Timescale, SameClocksLeaveTimestampsAsTheyAre) {
    Timescale t;
    EXPECT_EQ(t.convert(0xFFFFFFF0, 8000, 8000), 0xFFFFFFF0);
    EXPECT_EQ(t.convert(160 - 16, 8000, 8000), 160u - 16);
}

// Half of a timestamp that wraps goes on, too.
TEST(Timescale, GoesOnAcrossWraps) {
    for (const auto& [from, to] : {std::pair{16000u, 8000u}, {8000u, 16000u}, {8000u, 48000u}}) {
        Timescale t;
        std::uint32_t in = 0xFFFFFF00, out = t.convert(in, from, to);
        for (int i = 0; i < 2000; ++i) {
            in += 375 * from;
            const std::uint32_t next = t.convert(in, from, to);
            ASSERT_EQ(next - out, 375 * to) << i;
            out = next;
        }
    }
}

TEST(Timescale, LatePacketsComeOutWhereTheyWouldHave) {
    Timescale t;
    const auto first = t.convert(1000, 16000, 8000);
    EXPECT_EQ(t.convert(1000 + 960, 16000, 8000), first + 480);
    EXPECT_EQ(t.convert(1000 + 640, 16000, 8000), first + 320);
    EXPECT_EQ(t.convert(1000 + 960, 16000, 8000), first + 480);
    EXPECT_EQ(t.convert(1000 - 321, 16000, 8000), first - 161) << "before the first; downwards";
    EXPECT_EQ(t.convert(1000 + 1280, 16000, 8000), first + 640);
}

TEST(Timescale, AnotherClockGoesOnFromTheLast_RFC7160) {
    Timescale t;
    EXPECT_EQ(t.convert(5000, 8000, 8000), 5000u);
    EXPECT_EQ(t.convert(5160, 8000, 8000), 5160u);
    EXPECT_EQ(t.convert(5480, 16000, 8000), 5320u);
    EXPECT_EQ(t.convert(5800, 16000, 8000), 5480u);
    EXPECT_EQ(t.convert(5960, 8000, 8000), 5640u);
    EXPECT_EQ(t.from(), 8000u);
}

}  // namespace
}  // namespace causeway::rtp
