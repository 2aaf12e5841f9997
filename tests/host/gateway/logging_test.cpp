// Log lines: their form, and that peers cannot forge them.
#include "host/gateway/logging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/host/gateway/temporary_folder.hpp"

using namespace causeway;
using namespace causeway::gateway;

TEST(Logging, EveryLineCarriesTimeLevelAndCallId) {
    const TemporaryFolder folder;
    const auto path = folder / "log";
    ASSERT_TRUE(install_log({log::Level::info, path}));
    log::debug("a@b", "not this");
    log::warning("a@b", "ringing {}", 7);
    log::info({}, "started");
    remove_log();
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string day = "[0-9]{4}-[0-9]{2}-[0-9]{2}",
                      time = "[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+-][0-9]{2}:[0-9]{2}";
    EXPECT_THAT(text, testing::MatchesRegex(fmt::format(
                          "{0}T{1} warning \\[a@b\\] ringing 7\n{0}T{1} info started\n", day, time)));
}

TEST(Logging, TextOfPeersCannotStartALineOfItsOwn) {
    EXPECT_EQ(log_line("x\r\n2026 error", "y\x1b[31m\tz"), "[x\\x0d\\x0a2026 error] y\\x1b[31m\\x09z");
}

TEST(Logging, SaysWhyAFileCannotBeOpened) {
    const auto installed = install_log({log::Level::info, "/proc/none/causeway.log"});
    ASSERT_FALSE(installed);
    EXPECT_NE(installed.error().what.find("/proc/none/causeway.log"), std::string::npos);
}
