#include "host/rtp/renumber.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "host/base/random.hpp"

namespace causeway::rtp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t rate = 8000;

class RenumberTest : public testing::Test {
  protected:
    // A packet on time (20 ms for each sequence number beyond `zero`).
    std::optional<Renumber::Place> put(std::uint16_t sequence, std::uint32_t ssrc = 1,
                                       std::uint64_t source = 1) {
        now_ += milliseconds(20);
        return out_.place(now_, source, rate,
                          {0, false, sequence, std::uint32_t{sequence} * 160 + ssrc, ssrc});
    }
    int number(std::uint16_t sequence, std::uint32_t ssrc = 1, std::uint64_t source = 1) {
        const auto p = put(sequence, ssrc, source);
        return p ? p->sequence : -1;
    }
    Time now_{};
    Renumber out_{40, 1000};
};

TEST_F(RenumberTest, GapsAndLatePacketsKeepTheirPlace) {
    EXPECT_EQ(number(7), 40);
    EXPECT_EQ(number(8), 41);
    EXPECT_EQ(number(11), 44);
    EXPECT_EQ(number(10), 43);
    EXPECT_EQ(number(9), 42);
    EXPECT_EQ(number(12), 45);
}

TEST_F(RenumberTest, NoNumberIsGivenTwice_RFC3711_9_1) {
    EXPECT_EQ(number(7), 40);
    EXPECT_EQ(number(9), 42);
    EXPECT_EQ(number(9), -1) << "duplicate of the newest";
    EXPECT_EQ(number(7), -1) << "duplicate of an older one";
    EXPECT_EQ(number(8), 41);
    EXPECT_EQ(number(8), -1);
}

TEST_F(RenumberTest, ANewSourceGoesOnBehindTheHighest) {
    EXPECT_EQ(number(7), 40);
    EXPECT_EQ(number(9), 42);
    EXPECT_EQ(number(5000, 2), 43) << "another SSRC";
    EXPECT_EQ(number(4999, 2), -1) << "would take a number of the source before";
    EXPECT_EQ(number(5001, 2), 44);
    EXPECT_EQ(number(5001, 2, 9), 45) << "another leg, same numbers";
    EXPECT_EQ(number(30000, 2, 9), 46) << "a jump forward that is no loss";
    EXPECT_EQ(number(29000, 2, 9), 47) << "a jump back that is not late";
    EXPECT_EQ(number(29000 + 2999, 2, 9), 47 + 2999) << "loss of a minute stays visible";
}

TEST_F(RenumberTest, SequenceNumbersWrap) {
    EXPECT_EQ(number(65534), 40);
    EXPECT_EQ(number(0), 42);
    EXPECT_EQ(number(65535), 41);
    Renumber late(0, 0);
    int last = -1;
    for (std::uint32_t i = 0; i < 70000; ++i) {
        const auto p = late.place(Time{}, 1, rate, {0, false, static_cast<std::uint16_t>(i), 0, 1});
        ASSERT_TRUE(p);
        ASSERT_EQ(p->sequence, static_cast<std::uint16_t>(last + 1));
        last = p->sequence;
    }
}

TEST_F(RenumberTest, TimestampsFollowTheSourceWithinIt) {
    const auto at = [&](std::uint16_t sequence, std::uint32_t timestamp) {
        now_ += milliseconds(20);
        return out_.place(now_, 1, rate, {0, false, sequence, timestamp, 1})->timestamp;
    };
    EXPECT_EQ(at(1, 0xffffffff), 1000u) << "begins where it was told";
    EXPECT_EQ(at(2, 159), 1160u);
    EXPECT_EQ(at(4, 479), 1480u);
    EXPECT_EQ(at(3, 319), 1320u) << "late";
    EXPECT_EQ(at(5, 639), 1640u);
    EXPECT_EQ(at(6, 639), 1640u) << "telephone event (RFC 4733): its start, again and again";
    now_ += std::chrono::seconds(60);
    EXPECT_EQ(at(7, 639 + 480000), 1640u + 480000) << "silence suppressed for a minute";
}

TEST_F(RenumberTest, TimestampsGoOnByTheTimePassedWhereTheSourceChanges) {
    const auto first = put(1);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->timestamp, 1000u);
    now_ += milliseconds(980);
    EXPECT_EQ(put(7000, 2)->timestamp, 1000u + 8000);
    EXPECT_EQ(put(7001, 2)->timestamp, 1000u + 8160);
    now_ -= milliseconds(20);  // at the same moment: a packet on all the same
    EXPECT_EQ(put(1, 3)->timestamp, 1000u + 8320);
    now_ += milliseconds(20);
    const auto leap = out_.place(now_, 1, rate, {0, false, 2, 0x90000000, 3});
    ASSERT_TRUE(leap);
    EXPECT_EQ(leap->sequence, 44);
    EXPECT_EQ(leap->timestamp, 1000u + 8480) << "a clock that leaps alone is made to go on";
}

// A key held for 3 s while voice goes on; then somebody's packet of 9 s ahead.
TEST_F(RenumberTest, TimestampsGoBackForTelephoneEventsOnly) {
    std::uint16_t sequence = 0;
    const auto send = [&](std::uint8_t type, std::uint32_t timestamp) {
        now_ += milliseconds(20);
        return out_.place(now_, 1, rate, {type, false, ++sequence, timestamp, 3})->timestamp;
    };
    const auto begin = send(0, 160);
    for (std::uint32_t t = 320; t < 3 * rate; t += 160) {
        EXPECT_EQ(send(0, t), begin + t - 160);
        EXPECT_EQ(send(101, 160), begin);
    }
    const auto ahead = send(0, 12 * rate);
    EXPECT_EQ(send(0, 3 * rate), ahead + 160);
    EXPECT_EQ(send(0, 3 * rate + 160), ahead + 320);
}

// Whatever comes in: no number twice, none far behind the highest, timestamps that follow the numbers.
TEST_F(RenumberTest, RandomTrafficNeverRepeatsANumber) {
    SeededRandom random(7);
    std::map<std::uint64_t, int> given;
    std::uint64_t highest = 40;
    std::uint16_t sequence = 0;
    std::uint32_t ssrc = 1;
    for (int i = 0; i < 200000; ++i) {
        if (random.below(50) == 0) ssrc = random.below(3);
        if (random.below(200) == 0) sequence = static_cast<std::uint16_t>(random.u32());
        sequence = static_cast<std::uint16_t>(sequence + random.below(6) - 1);
        const auto p = put(sequence, ssrc, random.below(100) == 0 ? 2 : 1);
        if (!p) continue;
        const auto step = static_cast<std::int16_t>(p->sequence - static_cast<std::uint16_t>(highest));
        ASSERT_GT(step, -64);
        const std::uint64_t index = highest + static_cast<std::uint64_t>(std::int64_t{step});
        ASSERT_EQ(++given[index], 1) << "after " << i << " packets";
        highest = std::max(highest, index);
    }
    EXPECT_GT(given.size(), 100000u);
}

}  // namespace
}  // namespace causeway::rtp
