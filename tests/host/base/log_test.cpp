#include "host/base/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace causeway {
namespace {

TEST(Log, LinesBelowTheThresholdAreNotFormatted) {
    std::vector<std::string> lines;
    log::set_sink(
        [&](log::Level, std::string_view call_id, std::string_view text) {
            lines.push_back(std::string(call_id) + "|" + std::string(text));
        },
        log::Level::info);
    log::debug("id", "no {}", 1);
    log::info("id", "yes {}", 2);
    log::set_sink({}, log::Level::info);
    log::error("id", "nobody listens");
    EXPECT_EQ(lines, (std::vector<std::string>{"id|yes 2"}));
}

}  // namespace
}  // namespace causeway
