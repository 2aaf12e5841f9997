#include "host/rtp/srtp_window.hpp"

#include <gtest/gtest.h>

#include <set>

#include "host/base/random.hpp"

namespace causeway::rtp {
namespace {

TEST(SrtpWindow, EstimatesTheIndexNearestToTheHighest_RFC3711_A) {
    SrtpWindow w;
    EXPECT_EQ(w.index_of(65535), 65535u) << "the rollover counter starts at 0";
    w.use(65535);
    EXPECT_EQ(w.index_of(0), 65536u);
    EXPECT_EQ(w.index_of(65534), 65534u);
    EXPECT_EQ(w.index_of(32766), 65536u + 32766);
    EXPECT_EQ(w.index_of(32767), 32767u);
    w.use(65536 + 5);
    EXPECT_EQ(w.index_of(65530), 65530u) << "late, of before the wrap";
    EXPECT_EQ(SrtpWindow(3).index_of(65000), 65000u) << "there is nothing before the first round";
}

TEST(SrtpWindow, TellsUsedFromFresh) {
    SrtpWindow w;
    for (const std::uint64_t i : {1000u, 1001u, 1003u}) w.use(i);
    EXPECT_FALSE(w.is_fresh(1000));
    EXPECT_FALSE(w.is_fresh(1003));
    EXPECT_TRUE(w.is_fresh(1002));
    EXPECT_TRUE(w.is_fresh(1004));
    EXPECT_TRUE(w.is_fresh(1003 - 127));
    EXPECT_FALSE(w.is_fresh(1003 - 128)) << "too old to tell";
    w.use(1003 + 500);
    EXPECT_FALSE(w.is_fresh(1003));
    EXPECT_TRUE(w.is_fresh(1502));
}

TEST(SrtpWindow, WhatIsBelowAResumedOneIsUsed) {
    const SrtpWindow w(70000);
    EXPECT_FALSE(w.is_fresh(70000));
    EXPECT_FALSE(w.is_fresh(69999));
    EXPECT_FALSE(w.is_fresh(1));
    EXPECT_TRUE(w.is_fresh(70001));
}

// Against a set that forgets nothing.
TEST(SrtpWindow, AgreesWithASetOverRandomWalks) {
    SeededRandom random(5);
    for (int run = 0; run < 20; ++run) {
        SrtpWindow w;
        std::set<std::uint64_t> used;
        std::uint64_t at = random.below(70000);
        for (int i = 0; i < 5000; ++i) {
            at += random.below(random.below(20) == 0 ? 300 : 4);
            const std::uint64_t index = at - std::min<std::uint64_t>(at, random.below(160));
            if (!used.empty()) {
                const bool in_reach = index + SrtpWindow::size > *used.rbegin();
                ASSERT_EQ(w.is_fresh(index), in_reach && used.count(index) == 0) << index;
            }
            if (!w.is_fresh(index)) continue;
            w.use(index);
            used.insert(index);
            ASSERT_EQ(w.highest(), *used.rbegin());
        }
    }
}

}  // namespace
}  // namespace causeway::rtp
