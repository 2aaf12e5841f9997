// What people read: aligned whatever the text, and safe for a terminal.
#include "tools/causewayctl/print.hpp"

#include <gtest/gtest.h>

using namespace causeway::ctl;
using nlohmann::json;

TEST(Print, ColumnsAlignByCharactersNotOctets) {
    EXPECT_EQ(table({{"A", "B", "C"}, {"Zoë", "1", ""}, {"x", "22", "y"}}),
              "A    B   C\n"
              "Zoë  1   -\n"
              "x    22  y\n");
}

TEST(Print, TextOfPeersCannotSteerTheTerminal) {
    EXPECT_EQ(table({{"a\x1b[2Jb\n"}}), "a?[2Jb?\n");
}

TEST(Print, DurationsHaveTwoUnitsAtMost) {
    EXPECT_EQ(duration_text(7.9), "7 s");
    EXPECT_EQ(duration_text(185), "3 min 5 s");
    EXPECT_EQ(duration_text(7200), "2 h 0 min");
    EXPECT_EQ(duration_text(5 * 86400 + 3 * 3600), "5 d 3 h");
}

TEST(Print, StatusNamesShardsWhereThereAreSeveral) {
    const json shard = {
        {"calls", 1}, {"attempts", 22}, {"datagrams_in", 333}, {"handed_over", 44}, {"overrun", 0}};
    EXPECT_EQ(status_text({{"shards", {shard}}}).find("shard"), std::string::npos);
    EXPECT_NE(status_text({{"shards", {shard, shard}}})
                  .find("shard 1   1 calls, 22 attempts, 333 datagrams in, 44 handed over, 0 overrun\n"),
              std::string::npos);
}

TEST(Print, StatusNamesMediaThreadsWhereThereAreAny) {
    EXPECT_EQ(status_text({{"media_threads", nlohmann::json::array()}}).find("media 0"), std::string::npos);
    const nlohmann::json thread = {{"ports", 2},        {"packets_in", 30},
                                   {"packets_out", 29}, {"packets_in_last_second", 4},
                                   {"moved_in", 6},     {"moved_out", 8}};
    EXPECT_NE(
        status_text({{"media_threads", {thread, thread}}})
            .find(
                "media 1   2 ports, 30 packets in, 29 out, 4 in the last second, 6 ports moved in, 8 out\n"),
        std::string::npos);
}

TEST(Print, CallsWithoutASecondLegShowDashes) {
    const json call = {{"id", 3},
                       {"state", "trying"},
                       {"caller", "100"},
                       {"callee", "200"},
                       {"duration_s", 61.2},
                       {"incoming", {{"trunk", "a"}, {"call_id", "c@d"}}},
                       {"outgoing", nullptr},
                       {"media", {{{"codec", "PCMU/8000"}, {"suite", "AEAD_AES_128_GCM"}}}}};
    EXPECT_EQ(calls_text(json::array({call})),
              "ID  STATE   CALLER  CALLEE  FROM  TO  SINCE      MEDIA                       CALL-ID\n"
              "3   trying  100     200     a     -   1 min 1 s  PCMU/8000 AEAD_AES_128_GCM  c@d\n");
    EXPECT_EQ(calls_text(json::array()), "no calls\n");
}

TEST(Print, ProfileTrialsAreLinesThatCannotSteerTheTerminal) {
    EXPECT_EQ(profile_trial_text(
                  {{"before", "A\r\nB: \x1b[2J\r\n\r\n"}, {"after", "A\r\n"}, {"rules", json::array()}}),
              "---- before\nA\nB: ?[2J\n\n---- after\nA\n---- rules\nnone applies\n");
    EXPECT_EQ(profile_trial_text({{"before", "A\r\n"}, {"after", ""}, {"rules", {"refused with 488: x"}}}),
              "---- before\nA\n---- after\n---- rules\nrefused with 488: x\n");
}
