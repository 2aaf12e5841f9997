#include "host/media/port_pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace causeway::media {
namespace {

PortRange range(const char* ip, std::uint16_t first, std::uint16_t last) {
    return {*IpAddress::parse(ip), *IpAddress::parse(ip), first, last};
}

TEST(PortPool, GivesEachEvenPortOnceAndThenNothing) {
    SeededRandom random(1);
    PortPool pool({range("192.0.2.1", 4000, 4009)}, random);
    EXPECT_EQ(pool.total(), 5U);
    std::set<std::uint16_t> seen;
    while (auto pair = pool.take(false)) seen.insert(pair->rtp);
    EXPECT_EQ(seen, (std::set<std::uint16_t>{4000, 4002, 4004, 4006, 4008}));
    EXPECT_EQ(pool.taken(), 5U);
}

TEST(PortPool, APairJustReleasedIsTheLastToBeUsedAgain) {
    SeededRandom random(2);
    PortPool pool({range("192.0.2.1", 4000, 4007)}, random);
    const auto first = *pool.take(false);
    pool.give_back(first);
    for (int i = 0; i < 3; ++i) EXPECT_NE(pool.take(false)->rtp, first.rtp);
    EXPECT_EQ(pool.take(false)->rtp, first.rtp);
}

TEST(PortPool, PrefersTheFamilyOfTheLeg) {
    SeededRandom random(3);
    PortPool pool({range("192.0.2.1", 4000, 4003), range("2001:db8::1", 4000, 4001)}, random);
    EXPECT_TRUE(pool.range(pool.take(true)->range).address.is_v6());
    EXPECT_FALSE(pool.range(pool.take(true)->range).address.is_v6()) << "none left: the other will do";
    EXPECT_FALSE(pool.range(pool.take(false)->range).address.is_v6());
    EXPECT_FALSE(pool.take(false));
}

}  // namespace
}  // namespace causeway::media
