#include "host/rtp/rtcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

RtcpCompound sample() {
    RtcpCompound c;
    c.sender_ssrc = 0x11223344;
    c.sender = SenderInfo{0x0123456789abcdef, 160000, 1000, 160000};
    c.reports = {{0x55667788, 64, -3, 0x0001ffff, 21, 0xaabbccdd, 65536}};
    c.cname = "c4f3";
    c.bye = {0x11223344};
    return c;
}

TEST(Rtcp, CompoundOnTheWire_RFC3550_6_4_1_6_5_6_6) {
    EXPECT_THAT(sample().to_bytes(),
                ElementsAre(0x81, 200, 0, 12, 0x11, 0x22, 0x33, 0x44,                        // SR
                            0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,                  // NTP
                            0, 2, 0x71, 0, 0, 0, 3, 0xe8, 0, 2, 0x71, 0,                     // counts
                            0x55, 0x66, 0x77, 0x88, 64, 0xff, 0xff, 0xfd, 0, 1, 0xff, 0xff,  // block
                            0, 0, 0, 21, 0xaa, 0xbb, 0xcc, 0xdd, 0, 1, 0, 0,                 //
                            0x81, 202, 0, 3, 0x11, 0x22, 0x33, 0x44, 1, 4, 'c', '4', 'f', '3', 0, 0, 0x81,
                            203, 0, 1, 0x11, 0x22, 0x33, 0x44));
}

TEST(Rtcp, CompoundReadsAsWritten) {
    const auto c = RtcpCompound::parse(sample().to_bytes());
    ASSERT_TRUE(c);
    EXPECT_EQ(c->sender_ssrc, 0x11223344u);
    ASSERT_TRUE(c->sender);
    EXPECT_EQ(c->sender->ntp, 0x0123456789abcdefu);
    EXPECT_EQ(c->sender->packets, 1000u);
    ASSERT_EQ(c->reports.size(), 1u);
    EXPECT_EQ(c->reports[0].cumulative_lost, -3);
    EXPECT_EQ(c->reports[0].fraction_lost, 64);
    EXPECT_EQ(c->reports[0].last_sr, 0xaabbccddu);
    EXPECT_EQ(c->cname, "c4f3");
    EXPECT_THAT(c->bye, ElementsAre(0x11223344u));
}

TEST(Rtcp, LossBeyond24BitsIsClamped_RFC3550_A_3) {
    RtcpCompound c;
    c.reports.resize(2);
    c.reports[0].cumulative_lost = 0x7fffffff;
    c.reports[1].cumulative_lost = -0x7fffffff;
    const auto read = RtcpCompound::parse(c.to_bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->reports[0].cumulative_lost, 0x7fffff);
    EXPECT_EQ(read->reports[1].cumulative_lost, -0x800000);
}

TEST(Rtcp, EveryCnameLengthEndsOnAWord_RFC3550_6_5) {
    for (std::size_t length = 1; length <= 255; ++length) {
        RtcpCompound c;
        c.sender_ssrc = 7;
        c.cname = std::string(length, 'x');
        const Bytes b = c.to_bytes();
        EXPECT_EQ(b.size() % 4, 0u);
        const auto read = RtcpCompound::parse(b);
        ASSERT_TRUE(read) << length;
        EXPECT_EQ(read->cname, c.cname);
    }
}

TEST(Rtcp, UnknownTypesAreSkippedAndLaterReportsJoin_RFC3550_6_1) {
    Bytes b = {0x80, 201, 0, 1, 0, 0, 0, 9};                       // empty RR
    b.insert(b.end(), {0x80, 207, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4});  // XR
    b.insert(b.end(), {0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5});  // RR, a block on 5
    b.resize(b.size() + 20);
    b.insert(b.end(), {0xa0, 204, 0, 3, 0, 0, 0, 9, 'n', 'a', 'm', 'e', 0, 0, 0, 4});  // APP, padded
    const auto c = RtcpCompound::parse(b);
    ASSERT_TRUE(c);
    EXPECT_EQ(c->sender_ssrc, 9u);
    ASSERT_EQ(c->reports.size(), 1u);
    EXPECT_EQ(c->reports[0].ssrc, 5u);
    EXPECT_THAT(c->bye, IsEmpty());
}

TEST(Rtcp, WhatIsNoCompoundIsRefused_RFC3550_A_2_RFC5506) {
    const Bytes rr = {0x80, 201, 0, 1, 0, 0, 0, 9};
    const auto accepts = [](Bytes head, const Bytes& tail = {}) {
        head.insert(head.end(), tail.begin(), tail.end());
        return RtcpCompound::parse(head).has_value();
    };
    EXPECT_TRUE(accepts(rr));
    EXPECT_FALSE(accepts({}));
    EXPECT_FALSE(accepts({0x81, 203, 0, 1, 0, 0, 0, 9})) << "reduced size: BYE alone";
    EXPECT_FALSE(accepts({0x40, 201, 0, 1, 0, 0, 0, 9})) << "version 1";
    EXPECT_FALSE(accepts({0x80, 201, 0, 2, 0, 0, 0, 9})) << "longer than the datagram";
    EXPECT_FALSE(accepts({0x81, 201, 0, 1, 0, 0, 0, 9})) << "a report block that is not there";
    EXPECT_FALSE(accepts({0x80, 200, 0, 1, 0, 0, 0, 9})) << "SR without sender info";
    EXPECT_FALSE(accepts(rr, {0x80})) << "octets behind the last packet";
    EXPECT_FALSE(accepts({0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4}, rr)) << "padding not on the last packet";
    EXPECT_FALSE(accepts(rr, {0x82, 203, 0, 1, 0, 0, 0, 9})) << "BYE of two with one";
    EXPECT_FALSE(accepts(rr, {0x81, 202, 0, 2, 0, 0, 0, 9, 1, 9, 'a', 'b'})) << "item longer than its packet";
    EXPECT_FALSE(accepts(rr, {0x81, 202, 0, 2, 0, 0, 0, 9, 1, 2, 'a', 'b'})) << "items without an end";
}

TEST(Rtcp, IntervalIsSpreadAboutFiveSeconds_RFC3550_6_3_1) {
    SeededRandom random(1);
    Duration least = Duration::max(), most{}, sum{};
    constexpr int draws = 2000;
    for (int i = 0; i < draws; ++i) {
        const auto d = report_interval(false, random);
        least = std::min(least, d);
        most = std::max(most, d);
        sum += d;
    }
    EXPECT_GE(least, milliseconds(2052));
    EXPECT_LT(least, milliseconds(2100));
    EXPECT_LE(most, milliseconds(6157));
    EXPECT_GT(most, milliseconds(6100));
    EXPECT_NEAR(to_ms(sum / draws), 4104, 60);
    for (int i = 0; i < draws; ++i) EXPECT_LE(report_interval(true, random), milliseconds(3079));
}

TEST(Rtcp, RoundTripFromLastSrAndDelay_RFC3550_6_4_1) {
    // The RFC's own example: 6.125 s.
    ReportBlock b;
    b.last_sr = 0xb7052000;
    b.delay_since_last_sr = 0x00054000;
    const std::uint64_t arrival = 0xb44db705'20000000 + (std::uint64_t{0x00054000 + 0x00062000} << 16);
    EXPECT_EQ(round_trip(arrival, b), milliseconds(6125));
    b.delay_since_last_sr += 0x00062000 + 20;
    EXPECT_EQ(round_trip(arrival, b), Duration::zero()) << "rounding of two clocks";
    b.delay_since_last_sr += 10000;
    EXPECT_EQ(round_trip(arrival, b), std::nullopt) << "longer held than it is old";
    b.last_sr = 0;
    EXPECT_EQ(round_trip(arrival, b), std::nullopt) << "no SR yet";
}

TEST(Rtcp, NtpTimeIsFixedPoint_RFC3550_4) {
    EXPECT_EQ(to_ntp(milliseconds(1500)), 0x1'80000000u);
    EXPECT_EQ(ntp_middle(to_ntp(seconds(2) + milliseconds(250))), 0x00024000u);
}

}  // namespace
}  // namespace causeway::rtp
