#include "host/media/latch.hpp"

#include <gtest/gtest.h>

namespace causeway::media {
namespace {

using namespace std::chrono_literals;

const Time t0{};
const Endpoint said{*IpAddress::parse("192.0.2.10"), 4000};
const Endpoint behind_nat{*IpAddress::parse("203.0.113.5"), 61000};
const Endpoint same_nat{*IpAddress::parse("203.0.113.5"), 61002};
const Endpoint stranger{*IpAddress::parse("198.51.100.66"), 5555};

TEST(Latch, NobodyIsHeardBeforeADescription) {
    Latch latch(Learning::any, behind_nat.ip);
    EXPECT_FALSE(latch.admits(t0, said));
    EXPECT_FALSE(latch.target());
}

TEST(Latch, TheNegotiatedSourceIsHeardAtAnyTime) {
    Latch latch(Learning::off, said.ip);
    latch.negotiate(t0, said, false);
    EXPECT_EQ(latch.target(), said);
    EXPECT_TRUE(latch.admits(t0 + 1h, said));
    EXPECT_FALSE(latch.admits(t0, stranger));
    EXPECT_FALSE(latch.admits(t0, Endpoint{said.ip, 4002}));
}

TEST(Latch, BehindNatTheFirstOfTheSignallingAddressStays) {
    Latch latch(Learning::signaling_address, behind_nat.ip);
    latch.negotiate(t0, said, false);
    EXPECT_FALSE(latch.admits(t0 + 1s, stranger)) << "not where signalling comes from";
    ASSERT_TRUE(latch.admits(t0 + 1s, behind_nat));
    latch.accepted(t0 + 1s, behind_nat);
    EXPECT_EQ(latch.target(), behind_nat);
    for (const auto& thief : {same_nat, stranger}) EXPECT_FALSE(latch.admits(t0 + 2s, thief));
    EXPECT_FALSE(latch.admits(t0 + Latch::learning_window, said));
    EXPECT_TRUE(latch.admits(t0 + 1h, behind_nat));
}

TEST(Latch, LearningEndsAfterThreeSeconds) {
    Latch latch(Learning::any, behind_nat.ip);
    latch.negotiate(t0, said, false);
    EXPECT_TRUE(latch.admits(t0 + 2999ms, stranger));
    EXPECT_FALSE(latch.admits(t0 + 3s, stranger));
    latch.accepted(t0 + 3s, stranger);  // was admitted, came too late
    EXPECT_EQ(latch.target(), said);
    EXPECT_TRUE(latch.admits(t0 + 3s, said));
}

TEST(Latch, OnlyANewAddressInADescriptionMovesAPlainSource) {
    Latch latch(Learning::any, behind_nat.ip);
    latch.negotiate(t0, said, false);
    latch.accepted(t0, behind_nat);
    latch.negotiate(t0 + 10s, said, false);
    EXPECT_EQ(latch.target(), behind_nat) << "the same address again changes nothing";
    EXPECT_FALSE(latch.admits(t0 + 10s, same_nat)) << "nor does it open the window again";
    const Endpoint moved{said.ip, 6000};
    latch.negotiate(t0 + 20s, moved, false);
    EXPECT_EQ(latch.target(), moved);
    EXPECT_TRUE(latch.admits(t0 + 20s, same_nat));
}

TEST(Latch, HoldOfOldStopsSendingAndKeepsTheSource) {
    Latch latch(Learning::signaling_address, behind_nat.ip);
    latch.negotiate(t0, said, false);
    latch.accepted(t0, behind_nat);
    latch.negotiate(t0 + 5s, {IpAddress{}, 4000}, false);
    EXPECT_FALSE(latch.target());
    latch.negotiate(t0 + 60s, said, false);
    EXPECT_EQ(latch.target(), behind_nat);
    EXPECT_FALSE(latch.admits(t0 + 60s, same_nat));
}

TEST(Latch, OnSrtpWhoeverAuthenticatesIsThePeer) {
    Latch latch(Learning::off, said.ip);
    latch.negotiate(t0, said, true);
    EXPECT_TRUE(latch.admits(t0 + 1h, stranger)) << "the key decides";
    EXPECT_EQ(latch.target(), said) << "a packet that did not authenticate moves nothing";
    latch.accepted(t0 + 1h, behind_nat);
    EXPECT_EQ(latch.target(), behind_nat);
    latch.accepted(t0 + 2h, same_nat);
    EXPECT_EQ(latch.target(), same_nat);
}

}  // namespace
}  // namespace causeway::media
