#include "host/base/timers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway {
namespace {

using namespace std::chrono_literals;

TEST(Timers, FireInOrderOfDeadlineThenOfSetting) {
    Timers<std::string> timers;
    const Time t0{};
    timers.set(t0 + 2s, "late");
    timers.set(t0 + 1s, "first");
    timers.set(t0 + 1s, "second");
    EXPECT_EQ(timers.next(), t0 + 1s);
    EXPECT_FALSE(timers.pop_due(t0 + 999ms));
    EXPECT_EQ(timers.pop_due(t0 + 3s)->second, "first");
    EXPECT_EQ(timers.pop_due(t0 + 3s)->second, "second");
    EXPECT_EQ(timers.pop_due(t0 + 3s)->second, "late");
    EXPECT_FALSE(timers.pop_due(t0 + 3s));
    EXPECT_FALSE(timers.next());
}

TEST(Timers, CancelTakesOutExactlyOneAndForgivesTheRest) {
    Timers<int> timers;
    const Time t0{};
    auto a = timers.set(t0 + 1s, 1);
    timers.set(t0 + 1s, 2);
    timers.cancel(a);
    EXPECT_FALSE(a);
    timers.cancel(a);  // none
    EXPECT_EQ(timers.size(), 1U);
    EXPECT_EQ(timers.pop_due(t0 + 1s)->second, 2);
}

}  // namespace
}  // namespace causeway
