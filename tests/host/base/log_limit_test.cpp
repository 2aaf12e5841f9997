#include "host/base/log_limit.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace causeway {
namespace {

using namespace std::chrono_literals;

TEST(LogLimit, AMillionLinesInTwoSecondsBecomeTwenty) {
    std::vector<std::string> lines;
    log::set_sink([&](log::Level, std::string_view, std::string_view text) { lines.emplace_back(text); },
                  log::Level::info);
    log::Limit limit, other;
    Time now{};
    for (int i = 0; i < 1'000'000; ++i) {
        log::limited(limit, now, log::Level::info, {}, "line {}", i);
        now += 2us;
    }
    log::limited(other, now, log::Level::info, {}, "of another kind");
    log::limited(limit, now, log::Level::info, {}, "the last");
    log::set_sink({}, log::Level::info);
    ASSERT_EQ(lines.size(), 2 * log::Limit::lines + 2);
    EXPECT_EQ(lines[0], "line 0");
    EXPECT_EQ(lines[9], "line 9");
    EXPECT_EQ(lines[10], "line 500000 (suppressed 499990 lines like it)");
    EXPECT_EQ(lines[11], "line 500001");
    EXPECT_EQ(lines[20], "of another kind");
    EXPECT_EQ(lines[21], "the last (suppressed 499990 lines like it)");
}

TEST(LogLimit, WhatIsBelowTheThresholdIsNotCounted) {
    log::set_sink([](log::Level, std::string_view, std::string_view) {}, log::Level::warning);
    log::Limit limit;
    for (int i = 0; i < 100; ++i) log::limited(limit, Time{}, log::Level::info, {}, "line {}", i);
    log::set_sink({}, log::Level::info);
    EXPECT_EQ(limit.admit(Time{}), 0U);
}

}  // namespace
}  // namespace causeway
