// The promise of the journal: what start and end returned true for outlives the process, whenever it is
// killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/host/store/folder.hpp"

namespace causeway::store {
namespace {

// What the child tells: an attempt number, negative when it has ended. As a gateway would: the record first,
// then the INVITE.
[[noreturn]] void run_gateway(const std::filesystem::path& directory, int report) {
    const auto tell = [&](std::int64_t attempt) {
        if (::write(report, &attempt, sizeof attempt) != sizeof attempt) ::_exit(1);
    };
    const auto journal = open_journal(directory, 4096);
    std::thread helper([&] {
        for (;;) static_cast<void>(journal->sync());
    });
    for (std::int64_t attempt = 1;; ++attempt) {
        if (journal->start(start_of(static_cast<std::uint64_t>(attempt)))) tell(attempt);
        if (attempt % 3 == 0 && journal->end(end_of(static_cast<std::uint64_t>(attempt - 1))))
            tell(1 - attempt);
    }
}

struct Told {
    std::set<std::string> started, ended;
};

// Runs a gateway and kills it after `reports` of its reports; all that it told until it died comes back.
Told kill_after(const std::filesystem::path& directory, std::uint32_t reports) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        run_gateway(directory, ends[1]);
    }
    ::close(ends[1]);
    Told told;
    std::uint32_t seen = 0;
    for (std::int64_t attempt = 0; ::read(ends[0], &attempt, sizeof attempt) == sizeof attempt;) {
        (attempt < 0 ? told.ended : told.started).insert(std::to_string(attempt < 0 ? -attempt : attempt));
        if (++seen == reports) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the gateway stopped by itself after " << seen << " reports";
    return told;
}

TEST(Kill, EveryReportedRecordIsInTheJournalAndImportsOnce) {
    const Folder folder;
    SeededRandom random(1);
    std::size_t lost = 0;
    for (int round = 0; round < 100; ++round) {
        const auto directory = folder.path() / std::to_string(round);
        const Told told = kill_after(directory, 1 + random.below(120));
        auto database = open_database(folder.path() / ("cdr" + std::to_string(round)));
        const Import import = import_of(database, directory, Segments::keep);
        lost += import.lost;
        const std::string once = both_tables(database);
        const auto attempts = column(once, "attempt"),
                   states = column(csv(database, CdrDatabase::Table::cdr), "state");
        const std::set<std::string> found(attempts.begin(), attempts.end());
        EXPECT_TRUE(std::includes(found.begin(), found.end(), told.started.begin(), told.started.end()));
        std::set<std::string> done;
        for (std::size_t i = 0; i < states.size(); ++i) {
            EXPECT_NE(states[i], "open");
            if (states[i] == "done") done.insert(attempts[i]);
        }
        EXPECT_TRUE(std::includes(done.begin(), done.end(), told.ended.begin(), told.ended.end()));
        EXPECT_EQ(import.damaged, 0u);

        import_of(database, directory, Segments::remove);
        EXPECT_EQ(both_tables(database), once);
        EXPECT_TRUE(segments_in(directory).empty());
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
    EXPECT_GT(lost, 100u) << "kills that left attempts open";
}

TEST(Kill, TheNextRunGoesOnInTheSameFolder) {
    const Folder folder;
    auto database = open_database(folder.path() / "cdr.db");
    std::size_t started = 0;
    for (int run = 0; run < 10; ++run) {
        started += kill_after(folder.path() / "journal", 30).started.size();
        import_of(database, folder.path() / "journal", Segments::remove);
    }
    EXPECT_GE(column(csv(database, CdrDatabase::Table::cdr), "attempt").size(), started);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "journal")) {
        const std::string name = entry.path().filename().string();
        EXPECT_TRUE(name == "lock" || name.starts_with("spare-")) << name;
    }
}

}  // namespace
}  // namespace causeway::store
