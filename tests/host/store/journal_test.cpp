#include "host/store/journal.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/host/store/folder.hpp"

namespace causeway::store {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> attempts(const std::filesystem::path& directory,
                                  Segments finished = Segments::keep) {
    const Folder scratch;
    auto database = open_database(scratch.path() / "cdr.db");
    import_of(database, directory, finished);
    return column(csv(database, CdrDatabase::Table::cdr), "attempt");
}

TEST(Journal, FullSegmentsAreFollowedByNewOnesWithoutLoss) {
    const Folder folder;
    {
        const auto journal = open_journal(folder.path(), 4096);
        for (std::uint64_t i = 1; i <= 100; ++i) {
            ASSERT_TRUE(journal->start(start_of(i)));
            ASSERT_TRUE(journal->end(end_of(i)));
            if (i % 3 == 0) {
                const auto synced = journal->sync();
                ASSERT_TRUE(synced) << synced.error().what;
            }
        }
    }
    EXPECT_GT(segments_in(folder.path()).size(), 20u);
    for (const auto& path : segments_in(folder.path())) EXPECT_EQ(std::filesystem::file_size(path), 4096u);
    EXPECT_THAT(attempts(folder.path()), SizeIs(100));
}

TEST(Journal, RunsDoNotShareAttemptNumbers) {
    const Folder folder;
    std::set<std::string> instances;
    for (int run = 0; run < 3; ++run) {
        const auto journal = open_journal(folder.path());
        instances.insert(journal->instance());
        ASSERT_TRUE(journal->start(start_of(1)));
    }
    EXPECT_THAT(instances, SizeIs(3));
    EXPECT_THAT(attempts(folder.path()), SizeIs(3));
}

TEST(Journal, OneWriterAtATime) {
    const Folder folder;
    SystemRandom random;
    auto journal = open_journal(folder.path());
    const auto second = Journal::open({folder.path(), 4096, 0}, random);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().what, HasSubstr("another process writes here"));
    EXPECT_EQ(running_instance(folder.path()), journal->instance());
    journal.reset();
    EXPECT_EQ(running_instance(folder.path()), "");
    EXPECT_TRUE(open_journal(folder.path()));
}

TEST(Journal, AFolderThatCannotBeMadeIsAnError) {
    const Folder folder;
    SystemRandom random;
    std::ofstream(folder.path() / "file") << "x";
    EXPECT_FALSE(Journal::open({folder.path() / "file" / "cdr", 4096, 0}, random));
}

TEST(Journal, ARecordThatFitsNoSegmentIsRefusedAndTheNextOneTaken) {
    const Folder folder;
    const auto journal = open_journal(folder.path(), 4096);
    CdrStart large = start_of(1);
    large.caller.assign(5000, 'x');
    EXPECT_FALSE(journal->start(large));
    EXPECT_TRUE(journal->start(start_of(2)));
    EXPECT_THAT(attempts(folder.path()), testing::ElementsAre("2"));
}

TEST(Journal, BelowTheReserveStartsAreRefusedAndEndsAreNot) {
    const Folder folder;
    SystemRandom random;
    const auto opened = Journal::open({folder.path(), 4096, UINT64_MAX}, random);
    ASSERT_TRUE(opened) << opened.error().what;
    Journal& journal = **opened;
    EXPECT_FALSE(journal.start(start_of(1)));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(journal.end(end_of(2)));  // more than a segment
    const auto synced = journal.sync();
    ASSERT_FALSE(synced);
    EXPECT_THAT(synced.error().what, HasSubstr("reserve"));
    EXPECT_THAT(attempts(folder.path()), testing::ElementsAre("2"));
}

// A disk that is full: a new segment cannot be had, those that are there can be written, all but their last
// part.
class FullDisk {
  public:
    explicit FullDisk(rlim_t limit) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{limit, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, SIG_DFL);
    }

  private:
    rlimit before_{};
};

TEST(Journal, OnAFullDiskTheFreshSegmentIsLeftForEnds) {
    const Folder folder;
    const auto journal = open_journal(folder.path(), 64 << 10);  // its spare is there
    std::uint64_t started = 0, ended = 0;
    {
        const FullDisk full(60 << 10);
        while (journal->start(start_of(started + 1))) {
            ++started;
            const bool synced = journal->sync().has_value();
            if (!synced) break;
            ASSERT_LT(started, 10000u);
        }
        EXPECT_FALSE(journal->start(start_of(started + 1))) << "no spare";
        while (journal->end(end_of(ended + 1))) {
            ++ended;
            ASSERT_LT(ended, 10000u);
        }
        EXPECT_FALSE(journal->sync());
    }
    EXPECT_GT(started, 100u);
    EXPECT_GT(ended, 20u) << "a segment's worth";
    const auto synced = journal->sync();  // space again
    EXPECT_TRUE(synced) << synced.error().what;
    EXPECT_TRUE(journal->start(start_of(100000)));
    EXPECT_THAT(attempts(folder.path()), SizeIs(started + 1));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("spare-3")))
            << "failed spares stay";
}

TEST(Journal, SyncOnAHelperThreadDisturbsNothing) {
    const Folder folder;
    const auto journal = open_journal(folder.path(), 8192);
    std::atomic<bool> stop{false};
    std::thread helper([&] {
        while (!stop) EXPECT_TRUE(journal->sync());
    });
    for (std::uint64_t i = 1; i <= 500; ++i) EXPECT_TRUE(journal->start(start_of(i)));
    stop = true;
    helper.join();
    EXPECT_THAT(attempts(folder.path()), SizeIs(500));
}

}  // namespace
}  // namespace causeway::store
