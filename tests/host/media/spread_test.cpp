// Calls over threads, on a clock of the test's own.
#include "host/media/spread.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "host/base/random.hpp"

namespace causeway::media {
namespace {

using namespace std::chrono_literals;

TEST(Spread, ANewCallGoesWhereThereIsLeastToDo) {
    EXPECT_EQ(least_loaded(std::vector<ThreadLoad>{{500, 10, 0}, {400, 20, 0}, {600, 2, 0}}), 1U);
    EXPECT_EQ(least_loaded(std::vector<ThreadLoad>{{400, 8, 0}, {400, 6, 0}}), 1U) << "then least ports";
    EXPECT_EQ(least_loaded(std::vector<ThreadLoad>{{0, 0, 0}, {0, 0, 0}}), 0U);
    EXPECT_EQ(least_loaded(std::vector<ThreadLoad>{{400, 10, 4}, {500, 10, 0}}), 1U)
        << "those that have just come will soon be heard";
}

TEST(Spread, ALittleDifferenceMovesNothing) {
    EXPECT_FALSE(slope(std::vector<ThreadLoad>{{1000, 20, 0}, {0, 0, 0}}, false));
    EXPECT_TRUE(slope(std::vector<ThreadLoad>{{1001, 20, 0}, {0, 0, 0}}, false));
    EXPECT_FALSE(slope(std::vector<ThreadLoad>{{40000, 20, 0}, {30000, 0, 0}}, false));
    EXPECT_FALSE(slope(std::vector<ThreadLoad>{{50000, 20, 0}}, false)) << "one thread";
    const auto found = slope(std::vector<ThreadLoad>{{35000, 0, 0}, {40001, 20, 0}, {30000, 0, 0}}, false);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->from, 1U);
    EXPECT_EQ(found->to, 2U);
    EXPECT_EQ(found->gap, 10001U);
}

TEST(Spread, WhatHasBegunGoesOnUntilLittleIsLeft) {
    const std::vector<ThreadLoad> half{{40000, 0, 0}, {34000, 0, 0}}, less{{40000, 0, 0}, {35000, 0, 0}};
    EXPECT_FALSE(slope(half, false));
    EXPECT_TRUE(slope(half, true));
    EXPECT_FALSE(slope(less, true));
}

TEST(Spread, TheBiggestCallsGoButNeverTooMuch) {
    const Time now{100s};
    const std::vector<MovableCall> calls{{100, {}}, {3000, {}},      {800, {}},
                                         {0, {}},   {900, now - 9s}, {500, {}}};
    EXPECT_EQ(choose_moves(now, 4000, calls), (std::vector<std::size_t>{2, 5, 0}))
        << "3000 would turn it round, 900 has just come, and of 4000 all but 1200 is evened out";
    EXPECT_TRUE(choose_moves(now, 199, calls).empty());
    EXPECT_EQ(choose_moves(now, 1'000'000, std::vector<MovableCall>(100, {100, {}})).size(), most_moves);
}

// Calls come, go and differ, second by second.
TEST(Spread, EvensOutWhatComesAndThenRests) {
    SeededRandom random(11);
    struct Call {
        std::uint64_t packets;
        std::size_t thread;
        Time since;
    };
    std::vector<Call> calls;
    Time now{1000s};
    bool moving = false;
    std::size_t moved = 0;
    const auto loads = [&] {
        std::vector<ThreadLoad> out(4);
        for (const Call& c : calls) {
            out[c.thread].packets += c.packets;
            out[c.thread].ports += 2;
        }
        return out;
    };
    const auto second = [&] {
        now += 1s;
        const auto way = slope(loads(), moving);
        moving = way.has_value();
        if (!way) return std::size_t{0};
        std::vector<std::size_t> here;
        std::vector<MovableCall> movable;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            if (calls[i].thread != way->from) continue;
            here.push_back(i);
            movable.push_back({calls[i].packets, calls[i].since});
        }
        const auto chosen = choose_moves(now, way->gap, movable);
        for (const auto n : chosen) {
            calls[here[n]].thread = way->to;
            calls[here[n]].since = now;
        }
        moved += chosen.size();
        return chosen.size();
    };
    for (int round = 0; round < 20; ++round) {
        // All of one thread's calls end, many come, some of them heavy.
        const std::size_t emptied = random.below(4);
        std::erase_if(calls, [&](const Call& c) { return c.thread == emptied; });
        for (int i = 0; i < 100; ++i) {
            const std::uint64_t packets = random.below(10) == 0 ? 1000 : 100;
            calls.push_back({packets, least_loaded(loads()), now});
            if (i % 10 == 9) std::erase_if(calls, [&](const Call&) { return random.below(20) == 0; });
        }
        // Then one thread's calls turn out heavier than they looked.
        const std::size_t busy = random.below(4);
        for (Call& c : calls) {
            if (c.thread == busy && c.packets < 1000) c.packets *= 3;
        }
        std::size_t quiet = 0;
        for (int s = 0; s < 200 && quiet < 12; ++s) quiet = second() == 0 ? quiet + 1 : 0;
        EXPECT_GE(quiet, 12U) << "calls go to and fro";
        EXPECT_FALSE(slope(loads(), false)) << "round " << round;
    }
    EXPECT_GT(moved, 100U);
}

}  // namespace
}  // namespace causeway::media
