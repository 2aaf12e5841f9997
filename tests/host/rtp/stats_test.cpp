#include "host/rtp/stats.hpp"

#include <gtest/gtest.h>

namespace causeway::rtp {
namespace {

using std::chrono::milliseconds;

// 20 ms of 8 kHz audio a packet, arriving on time but for what a test says.
class Source {
  public:
    explicit Source(Reception& to) : to_(to) {}
    void send(int count) {
        for (int i = 0; i < count; ++i, lose(1)) send_late({});
    }
    void send_late(Duration late) { to_.received(at + late, header, 160); }
    void lose(int count) {
        header.sequence = static_cast<std::uint16_t>(header.sequence + count);
        header.timestamp += static_cast<std::uint32_t>(160 * count);
        at += milliseconds(20) * count;
    }
    Header header{0, false, 65530, 0xffffff00, 42};
    Time at{};

  private:
    Reception& to_;
};

TEST(Reception, SequenceIsExtendedOverAWrap_RFC3550_A_1) {
    Reception r;
    Source s(r);
    s.send(10);
    EXPECT_EQ(r.report().extended_highest_sequence, 65536u + 3);
    EXPECT_EQ(r.packets(), 10u);
    EXPECT_EQ(r.octets(), 1600u);
    EXPECT_EQ(r.lost(), 0);
}

TEST(Reception, FractionIsOfTheInterval_RFC3550_A_3) {
    Reception r;
    Source s(r);
    s.send(75);
    s.lose(25);
    s.send(100);
    auto report = r.report();
    EXPECT_EQ(report.lost, 25);
    EXPECT_EQ(report.fraction_lost, 25 * 256 / 200);
    s.send(100);
    report = r.report();
    EXPECT_EQ(report.lost, 25) << "the sum stays";
    EXPECT_EQ(report.fraction_lost, 0) << "nothing was lost since";
}

TEST(Reception, DuplicatesMakeLossNegativeNotTheFraction_RFC3550_A_3) {
    Reception r;
    Source s(r);
    s.send(10);
    s.lose(-2);
    s.send(2);
    const auto report = r.report();
    EXPECT_EQ(report.lost, -2);
    EXPECT_EQ(report.fraction_lost, 0);
    EXPECT_EQ(report.extended_highest_sequence, 65536u + 3);
}

TEST(Reception, ALatePacketTakesBackItsLoss_RFC3550_A_1) {
    Reception r;
    Source s(r);
    s.send(5);
    s.lose(1);
    s.send(5);
    EXPECT_EQ(r.lost(), 1);
    s.lose(-6);
    s.send(1);
    EXPECT_EQ(r.lost(), 0);
    EXPECT_EQ(r.report().extended_highest_sequence, 65536u + 4);
}

TEST(Reception, AJumpCountsOnlyWhenASecondPacketConfirmsIt_RFC3550_A_1) {
    Reception r;
    Source s(r);
    s.send(10);
    const Header before = s.header;
    s.header.sequence = 20000;
    s.send(1);
    s.header = before;
    s.send(10);
    EXPECT_EQ(r.lost(), 0) << "a stray packet is no loss of thousands";
    s.header.sequence = 40000;
    s.send(10);
    s.lose(1);
    s.send(1);
    EXPECT_EQ(r.report().extended_highest_sequence, 40011u);
    EXPECT_EQ(r.lost(), 1);
}

TEST(Reception, ANewSsrcStartsAnewAndKeepsTheTotals_RFC3550_8) {
    Reception r;
    Source s(r);
    s.send(10);
    s.lose(3);
    s.send(10);
    s.header = {0, false, 100, 5, 43};
    s.send(10);
    s.lose(2);
    s.send(1);
    EXPECT_EQ(r.ssrc(), 43u);
    EXPECT_EQ(r.packets(), 31u);
    EXPECT_EQ(r.lost(), 5);
    EXPECT_EQ(r.report().lost, 2) << "a report speaks of one SSRC";
}

TEST(Reception, JitterIsTheSmoothedDifferenceOfTransit_RFC3550_A_8) {
    Reception r;
    Source s(r);
    s.at += milliseconds(7);
    s.send(50);
    EXPECT_EQ(r.jitter(), Duration::zero()) << "a constant delay is no jitter";
    double expected = 0;  // alternating 0 and 10 ms: each difference is 80 units
    for (int i = 0; i < 200; ++i) {
        s.send_late(milliseconds(i % 2 == 0 ? 10 : 0));
        s.lose(1);
        expected += (80 - expected) / 16;
    }
    EXPECT_NEAR(to_ms(r.jitter() * 100), expected / 8 * 100, 1);
    EXPECT_EQ(r.report().jitter, static_cast<std::uint32_t>(expected));
    s.send(500);
    EXPECT_LT(r.jitter(), milliseconds(1));
    EXPECT_GE(r.max_jitter(), milliseconds(9)) << "the worst is kept";
}

TEST(Reception, JitterWrapsWithTheTimestamp) {
    Reception r;
    Source s(r);
    s.header.timestamp = 0xfffffff0;
    s.at = Time{std::chrono::hours(24 * 400)};
    s.send(10);
    EXPECT_EQ(r.max_jitter(), Duration::zero());
}

TEST(Reception, RepeatsOfATelephoneEventAreNoJitter_RFC4733_2_5_1_2) {
    Reception r;
    Source s(r);
    s.send(10);
    const auto event = s.header.timestamp;
    for (int i = 0; i < 10; ++i) {
        s.header.timestamp = event;
        s.send(1);
    }
    s.header.timestamp = event + 1600;
    s.send(10);
    EXPECT_EQ(r.max_jitter(), Duration::zero());
}

TEST(Reception, AClockThatStartsAnewIsNoJitter) {
    Reception r;
    Source s(r);
    s.send(10);
    s.header.timestamp += 0x40000000;
    s.send(10);
    EXPECT_EQ(r.max_jitter(), Duration::zero());
}

TEST(Reception, JitterIsOfTimeWhateverTheClock_RFC7160) {
    Reception r;
    Source s(r);
    for (int i = 0; i < 50; ++i) {
        s.send_late(milliseconds(i % 2 == 0 ? 10 : 0));
        s.lose(1);
    }
    const auto jitter = r.jitter(), highest = r.max_jitter();
    ASSERT_GT(jitter, milliseconds(5));
    r.set_clock_rate(16000);
    EXPECT_NEAR(to_ms(r.jitter() * 1000), to_ms(jitter * 1000), 1);
    // 20 ms are 320 units now.
    std::uint32_t timestamp = s.header.timestamp;
    for (int i = 0; i < 200; ++i) {
        ++s.header.sequence;
        s.at += milliseconds(20);
        r.received(s.at, {0, false, s.header.sequence, timestamp += 320, s.header.ssrc}, 160);
    }
    EXPECT_LT(r.jitter(), milliseconds(1));
    EXPECT_NEAR(to_ms(r.max_jitter() * 1000), to_ms(highest * 1000), 1);
}

}  // namespace
}  // namespace causeway::rtp
