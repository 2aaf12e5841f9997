// Worlds of fixed seeds: what every build runs. causeway_world runs thousands of others.
#include <gtest/gtest.h>

#include "tests/world/model/world.hpp"

namespace causeway::world {
namespace {

constexpr std::uint64_t seeds = 120;

TEST(World, KeepsItsInvariantsWhateverTheWeather) {
    PhoneCounters sum;
    std::uint64_t attempts = 0, answered = 0, failed = 0, malformed = 0, fair = 0, restarts = 0, carried = 0,
                  unrecorded = 0, unbound = 0, breaks = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto report = World(seed).run();
        std::string events;
        for (const auto& event : report.last_events) events += line_of(event) + "\n";
        ASSERT_TRUE(report.problems.empty())
            << report.problems.front() << "\nagain: causeway_world --seed " << seed << " --verbose\n"
            << events;
        attempts += report.attempts;
        answered += report.answered;
        failed += report.failed;
        malformed += report.malformed;
        restarts += report.restarts;
        carried += report.carried;
        unrecorded += report.unrecorded;
        unbound += report.unbound;
        breaks += report.breaks;
        fair += report.weather.fair() ? 1 : 0;
        sum.gave_up += report.phones.gave_up;
        sum.refused += report.phones.refused;
        sum.holds += report.phones.holds;
        sum.resumes += report.phones.resumes;
        sum.changes += report.phones.changes;
        sum.late_changes += report.phones.late_changes;
        sum.changes_cancelled += report.phones.changes_cancelled;
        sum.reinvites_refused += report.phones.reinvites_refused;
        sum.late_offers += report.phones.late_offers;
        sum.noise += report.phones.noise;
        sum.slow += report.phones.slow;
        sum.acks_kept += report.phones.acks_kept;
        sum.second_answers += report.phones.second_answers;
        sum.wrong_tags += report.phones.wrong_tags;
        sum.storms += report.phones.storms;
        sum.crashes += report.phones.crashes;
        sum.packets_heard += report.phones.packets_heard;
        sum.rtcp_heard += report.phones.rtcp_heard;
    }
    // All that may happen did happen.
    EXPECT_GT(attempts, seeds * 4);
    EXPECT_GT(answered, seeds);
    EXPECT_GT(failed, seeds);
    EXPECT_GT(malformed, 10u);
    EXPECT_GT(restarts, 10u);
    EXPECT_GT(carried, 10u);
    EXPECT_GT(fair, 3u);
    EXPECT_GT(unrecorded, 5u);
    EXPECT_GT(unbound, 5u);
    EXPECT_GT(breaks, 3u);
    EXPECT_GT(sum.slow, 5u);
    EXPECT_GT(sum.acks_kept, 5u);
    EXPECT_GT(sum.second_answers, 5u);
    EXPECT_GT(sum.wrong_tags, 5u);
    EXPECT_GT(sum.storms, 5u);
    EXPECT_GT(sum.crashes, 3u);
    EXPECT_GT(sum.gave_up, 10u);
    EXPECT_GT(sum.refused, 10u);
    EXPECT_GT(sum.holds, 10u);
    EXPECT_GT(sum.resumes, 5u);
    EXPECT_GT(sum.changes, 10u);
    EXPECT_GT(sum.late_changes, 5u);
    EXPECT_GT(sum.changes_cancelled, 5u);
    EXPECT_GT(sum.reinvites_refused, 5u);
    EXPECT_GT(sum.late_offers, 10u);
    EXPECT_GT(sum.noise, 10u);
    EXPECT_GT(sum.packets_heard, 1000u);
    EXPECT_GT(sum.rtcp_heard, 10u);
}

TEST(World, IsTheSameForTheSameSeed) {
    for (const std::uint64_t seed : {3, 4, 5, 6}) {
        const auto first = World(seed).run(), second = World(seed).run();
        EXPECT_EQ(first.trace_hash, second.trace_hash) << seed;
        EXPECT_EQ(first.events, second.events) << seed;
    }
    EXPECT_NE(World(3).run().trace_hash, World(4).run().trace_hash);
}

}  // namespace
}  // namespace causeway::world
