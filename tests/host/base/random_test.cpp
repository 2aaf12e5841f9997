#include "host/base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace causeway {
namespace {

TEST(SeededRandom, TheSameSeedGivesTheSameStream) {
    SeededRandom a(7), b(7), c(8);
    const auto token = a.token(16);
    EXPECT_EQ(token, b.token(16));
    EXPECT_NE(token, c.token(16));
    EXPECT_EQ(token.size(), 32U);
}

TEST(Random, BelowStaysBelowAndReachesAll) {
    SeededRandom random(1);
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(SystemRandom, TokensDiffer) {
    SystemRandom random;
    std::set<std::string> tokens;
    for (int i = 0; i < 100; ++i) tokens.insert(random.token(8));
    EXPECT_EQ(tokens.size(), 100U);
}

}  // namespace
}  // namespace causeway
