#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/host/store/folder.hpp"

namespace causeway::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Table = CdrDatabase::Table;

class CdrImport : public testing::Test {
  protected:
    std::vector<std::string> cells(const std::string& name) {
        return column(csv(database_, Table::cdr), name);
    }
    Import import(Segments finished = Segments::keep) { return import_of(database_, directory_, finished); }

    const Folder folder_;
    const std::filesystem::path directory_ = folder_.path() / "journal";
    CdrDatabase database_ = open_database(folder_.path() / "cdr.db");
};

TEST_F(CdrImport, EveryMemberOfARecordReachesItsColumn) {
    auto journal = open_journal(directory_);
    ASSERT_TRUE(journal->start(start_of(7)));
    ASSERT_TRUE(journal->end(end_of(7)));
    import();
    EXPECT_EQ(
        csv(database_, Table::cdr),
        "instance,attempt,state,call_id,target_call_id,caller,callee,source_trunk,target_trunk,start_time,"
        "ring_time,answer_time,end_time,duration_ms,billable_ms,status,reason,ended_by\r\n" +
            journal->instance() +
            ",7,done,in-7@192.0.2.1,out@192.0.2.2,+15551000,+4930100,carrier,pbx,2026-01-31T23:59:59.123Z,"
            "2026-01-31T23:59:59.223Z,2026-02-01T00:00:00.623Z,2026-02-01T00:01:00.623Z,61500,60000,200,"
            "Normal call clearing,callee\r\n");
    const std::string media = csv(database_, Table::cdr_media);
    EXPECT_THAT(column(media, "leg"), ElementsAre("caller", "callee"));
    EXPECT_THAT(column(media, "line"), ElementsAre("0", "1"));
    EXPECT_THAT(column(media, "packets_lost"), ElementsAre("-1", "-1"));
    EXPECT_THAT(column(media, "round_trip_us"), ElementsAre("12345", ""));
    EXPECT_THAT(column(media, "dropped_direction"), ElementsAre("5", "5"));
    EXPECT_THAT(column(media, "dropped_rtcp"), ElementsAre("6", "6"));
    EXPECT_THAT(column(media, "rtcp_implausible"), ElementsAre("7", "7"));
    EXPECT_THAT(column(media, "ssrc_collisions"), ElementsAre("8", "8"));
    EXPECT_THAT(column(media, "concealed_us"), ElementsAre("40000", "40000"));
    // Every column but the second row's missing round trip has a value: names agree with the records.
    EXPECT_THAT(media.substr(0, media.rfind("callee")), testing::Not(HasSubstr(",,")));
}

TEST_F(CdrImport, ImportingAgainChangesNothing) {
    auto journal = open_journal(directory_, 4096);
    for (std::uint64_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(journal->start(start_of(i)));
        if (i % 2) {
            ASSERT_TRUE(journal->end(end_of(i)));
        }
    }
    EXPECT_EQ(import().starts, 20u);
    const std::string once = both_tables(database_);
    EXPECT_EQ(import().starts, 0u) << "segments are read on from where they were left";
    EXPECT_EQ(both_tables(database_), once);
    // Even where it is not known how far they were read.
    Sqlite sqlite;
    ASSERT_TRUE(sqlite.open((folder_.path() / "cdr.db").string()));
    ASSERT_TRUE(sqlite.execute("DELETE FROM journal"));
    EXPECT_EQ(import().starts, 20u);
    EXPECT_EQ(both_tables(database_), once);
}

TEST_F(CdrImport, AnAttemptIsOpenThenLostWithItsGatewayAndDoneIfItsEndAppears) {
    auto journal = open_journal(directory_);
    const std::string instance = journal->instance();
    ASSERT_TRUE(journal->start(start_of(1)));
    import();
    EXPECT_THAT(cells("state"), ElementsAre("open"));
    journal.reset();
    EXPECT_EQ(import().lost, 1u);
    EXPECT_THAT(cells("state"), ElementsAre("lost"));
    EXPECT_THAT(cells("end_time"), ElementsAre(""));
    EXPECT_EQ(import().lost, 0u);
    std::ofstream(directory_ / ("0000000099-" + instance + ".journal")) << frame(encode(end_of(1)));
    import();
    EXPECT_THAT(cells("state"), ElementsAre("done"));
    EXPECT_THAT(cells("duration_ms"), ElementsAre("61500"));
}

TEST_F(CdrImport, AnEndBeforeItsStartIsCompletedByIt) {
    std::filesystem::create_directories(directory_);
    const auto name = [&](int n) {
        return directory_ / ("000000000" + std::to_string(n) + "-0123456789abcdef.journal");
    };
    std::ofstream(name(1)) << frame(encode(end_of(3)));
    import();
    EXPECT_THAT(cells("state"), ElementsAre("done"));
    EXPECT_THAT(cells("duration_ms"), ElementsAre(""));
    std::ofstream(name(2)) << frame(encode(start_of(3)));
    import();
    EXPECT_THAT(cells("state"), ElementsAre("done"));
    EXPECT_THAT(cells("duration_ms"), ElementsAre("61500"));
}

TEST_F(CdrImport, ACallThatWasNotAnsweredHasNothingToBill) {
    auto journal = open_journal(directory_);
    CdrEnd end{4, {}, {}, at(250), 503, "Service Unavailable", "gateway", {}};
    ASSERT_TRUE(journal->start(start_of(4)));
    ASSERT_TRUE(journal->end(end));
    import();
    EXPECT_THAT(cells("billable_ms"), ElementsAre("0"));
    EXPECT_THAT(cells("duration_ms"), ElementsAre("250"));
    EXPECT_THAT(cells("answer_time"), ElementsAre(""));
}

TEST_F(CdrImport, FinishedSegmentsAreRemovedAndTheOneInUseStays) {
    auto journal = open_journal(directory_, 4096);
    for (std::uint64_t i = 1; i <= 60; ++i) ASSERT_TRUE(journal->start(start_of(i)));
    const auto before = segments_in(directory_);
    ASSERT_GT(before.size(), 2u);
    EXPECT_EQ(import(Segments::remove).removed, before.size() - 1);
    EXPECT_THAT(segments_in(directory_), ElementsAre(before.back()));
    for (std::uint64_t i = 1; i <= 60; ++i) ASSERT_TRUE(journal->end(end_of(i)));
    journal.reset();
    EXPECT_EQ(import(Segments::remove).lost, 0u);
    EXPECT_THAT(segments_in(directory_), SizeIs(0));
    EXPECT_THAT(cells("state"), SizeIs(60));
    EXPECT_THAT(cells("state"), testing::Each("done"));
}

TEST_F(CdrImport, DamageCostsOnlyTheDamagedRecord) {
    auto journal = open_journal(directory_);
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(journal->start(start_of(i)));
    journal.reset();
    const auto path = segments_in(directory_).front();
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto length = static_cast<std::streamoff>(frame(encode(start_of(1))).size());
    file.seekp(2 * length + 40) << '#';     // inside the third
    file.seekp(5 * length) << "CDR1 torn";  // behind the last
    file.close();
    EXPECT_EQ(import(Segments::remove).damaged, 2u);
    EXPECT_THAT(cells("attempt"), ElementsAre("1", "2", "4", "5"));
}

TEST_F(CdrImport, ForeignRecordsAreCountedAndLeftOut) {
    std::filesystem::create_directories(directory_);
    std::ofstream file(directory_ / "0000000001-0123456789abcdef.journal");
    for (const auto payload : {"", "{", "[]", "7", "{}", R"({"record":"start"})",
                               R"({"record":"later","attempt":1})", R"({"record":"start","attempt":"1"})"})
        file << frame(payload);
    // Later versions may add members and leave some out.
    file << frame(
        R"({"record":"end","attempt":9,"end_time":1,"new":{},"status":[1],"media":[7,{"leg":"x"}]})");
    file.close();
    EXPECT_EQ(import().damaged, 8u);
    EXPECT_THAT(cells("attempt"), ElementsAre("9"));
    EXPECT_THAT(column(csv(database_, Table::cdr_media), "leg"), ElementsAre("", "x"));
}

TEST_F(CdrImport, AMissingJournalIsAnError) {
    EXPECT_FALSE(database_.import_journal(folder_.path() / "absent", Segments::keep));
}

TEST_F(CdrImport, TextIsKeptWhateverItHoldsAndQuotedInCsv_RFC4180_2) {
    auto journal = open_journal(directory_);
    CdrStart start = start_of(1);
    start.caller = "a,\"b\"\r\nc";
    start.callee = "Zo\xc3\xab \xff";  // the last octet is not UTF-8
    start.call_id = "'; DROP TABLE cdr; --";
    start.source_trunk.clear();
    ASSERT_TRUE(journal->start(start));
    import();
    const std::string table = csv(database_, Table::cdr);
    EXPECT_THAT(
        table,
        HasSubstr(
            "1,open,'; DROP TABLE cdr; --,out@192.0.2.2,\"a,\"\"b\"\"\r\nc\",Zo\xc3\xab \xef\xbf\xbd,,pbx,"));
    EXPECT_THAT(table, testing::EndsWith("Z,,,,,,,,\r\n"));
}

TEST_F(CdrImport, TwoDatabaseConnectionsShareTheFile) {
    auto journal = open_journal(directory_);
    ASSERT_TRUE(journal->start(start_of(1)));
    auto other = open_database(folder_.path() / "cdr.db");
    import_of(other, directory_, Segments::keep);
    EXPECT_EQ(import().starts, 0u);
    EXPECT_EQ(both_tables(database_), both_tables(other));
}

TEST_F(CdrImport, BesideTheWriterNothingIsMissedOrTakenForDamage) {
    constexpr std::uint64_t attempts = 6000;
    auto journal = open_journal(directory_, 64 << 20);
    std::atomic<bool> written{false};
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= attempts; ++i) {
            EXPECT_TRUE(journal->start(start_of(i)));
            EXPECT_TRUE(journal->end(end_of(i)));
        }
        written = true;
    });
    Import all;
    for (bool last = false; !last;) {
        last = written;
        const Import some = import();
        all.starts += some.starts;
        all.ends += some.ends;
        all.damaged += some.damaged;
    }
    writer.join();
    EXPECT_EQ(all.damaged, 0u);
    EXPECT_EQ(all.starts, attempts);
    EXPECT_EQ(all.ends, attempts);
}

TEST_F(CdrImport, TablesOfTheVersionBeforeAreBroughtUpToThis) {
    const Folder folder;
    const auto file = folder.path() / "cdr.db";
    const auto fresh = both_tables(open_database(file));
    {
        Sqlite sqlite;
        ASSERT_TRUE(sqlite.open(file.string()));
        for (const char* column : {"dropped_direction", "dropped_rtcp", "rtcp_implausible", "ssrc_collisions",
                                   "late", "concealed_us", "playout_delay_us"})
            ASSERT_TRUE(sqlite.execute((std::string("ALTER TABLE cdr_media DROP COLUMN ") + column).c_str()));
        ASSERT_TRUE(sqlite.execute("PRAGMA user_version = 1"));
    }
    EXPECT_EQ(both_tables(open_database(file)), fresh);
}

TEST(CdrDatabase, FilesOfOthersAreRefused) {
    const Folder folder;
    const auto file = folder.path() / "cdr.db";
    std::ofstream(file) << "this is no database, but it is long enough to look at";
    EXPECT_FALSE(CdrDatabase::open(file));
    std::filesystem::remove(file);
    {
        Sqlite sqlite;
        ASSERT_TRUE(sqlite.open(file.string()));
        ASSERT_TRUE(sqlite.execute("PRAGMA user_version = 99"));
    }
    const auto later = CdrDatabase::open(file);
    ASSERT_FALSE(later);
    EXPECT_THAT(later.error().what, HasSubstr("version 99"));
    EXPECT_FALSE(CdrDatabase::open(folder.path() / "absent" / "cdr.db"));
}

}  // namespace
}  // namespace causeway::store
