#include "host/base/slots.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway {
namespace {

TEST(Slots, AHandleKeptTooLongNamesNothing) {
    Slots<std::string> slots;
    const auto a = slots.emplace("a");
    EXPECT_TRUE(slots.erase(a));
    const auto b = slots.emplace("b");
    EXPECT_EQ(b.slot, a.slot) << "the slot is used again";
    EXPECT_EQ(slots.find(a), nullptr);
    EXPECT_FALSE(slots.erase(a));
    EXPECT_EQ(*slots.find(b), "b");
    EXPECT_EQ(slots.find({}), nullptr);
    EXPECT_EQ(slots.find({.slot = 99, .generation = 1}), nullptr);
}

TEST(Slots, ObjectsStayWhereTheyAreAndAreVisited) {
    Slots<int> slots;
    const auto first = slots.emplace(0);
    const int* where = slots.find(first);
    for (int i = 1; i < 1000; ++i) slots.emplace(i);
    EXPECT_EQ(slots.find(first), where);
    int sum = 0;
    slots.for_each([&](auto id, int v) {
        sum += v;
        slots.erase(id);
    });
    EXPECT_EQ(sum, 999 * 1000 / 2);
    EXPECT_EQ(slots.size(), 0U);
}

}  // namespace
}  // namespace causeway
