// A folder of a test's own, and the records the tests write.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "host/base/random.hpp"
#include "host/store/cdr_database.hpp"
#include "host/store/frame.hpp"
#include "host/store/journal.hpp"

namespace causeway::store {

class Folder {
  public:
    Folder() {
        std::string name = testing::TempDir() + "causeway-store-XXXXXX";
        if (!::mkdtemp(name.data())) ADD_FAILURE() << name;
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// 2026-01-31T23:59:59.123Z and milliseconds later.
inline WallTime at(std::int64_t ms) {
    return WallTime{std::chrono::milliseconds(1769903999123 + ms)};
}

inline CdrStart start_of(std::uint64_t attempt) {
    return {attempt,         at(0),       "in-" + std::to_string(attempt) + "@192.0.2.1",
            "out@192.0.2.2", "+15551000", "+4930100",
            "carrier",       "pbx"};
}

inline CdrEnd end_of(std::uint64_t attempt) {
    CdrEnd end{attempt, at(100), at(1500), at(61500), 200, "Normal call clearing", "callee", {}};
    CdrMedia media;
    media.type = "audio";
    media.codec = "PCMU/8000";
    media.suite = "none";
    media.engine = "cpu";
    media.local = "192.0.2.10:20000";
    media.remote = "192.0.2.1:4000";
    media.packets_received = 3000;
    media.octets_received = 480000;
    media.packets_lost = -1;
    media.round_trip_us = 12345;
    media.dropped_direction = 5;
    media.dropped_rtcp = 6;
    media.rtcp_implausible = 7;
    media.ssrc_collisions = 8;
    media.concealed_us = 40000;
    for (const auto leg : {"caller", "callee"}) {
        media.leg = leg;
        end.media.push_back(media);
        media.round_trip_us.reset();
    }
    return end;
}

inline std::unique_ptr<Journal> open_journal(const std::filesystem::path& directory,
                                             std::size_t segment_octets = 64 << 10) {
    SystemRandom random;
    auto journal = Journal::open({directory, segment_octets, 0}, random);
    EXPECT_TRUE(journal) << journal.error().what;
    return journal ? std::move(*journal) : nullptr;
}

inline CdrDatabase open_database(const std::filesystem::path& file) {
    auto database = CdrDatabase::open(file);
    if (!database) throw std::runtime_error(database.error().what);
    return std::move(*database);
}

inline Import import_of(CdrDatabase& database, const std::filesystem::path& directory, Segments finished) {
    const auto import = database.import_journal(directory, finished);
    EXPECT_TRUE(import) << import.error().what;
    return import.value_or(Import{});
}

inline std::string csv(const CdrDatabase& database, CdrDatabase::Table table) {
    std::ostringstream out;
    EXPECT_TRUE(database.export_csv(table, out));
    return out.str();
}

inline std::string both_tables(const CdrDatabase& database) {
    return csv(database, CdrDatabase::Table::cdr) + csv(database, CdrDatabase::Table::cdr_media);
}

// A cell of every row, by column name, of a table whose fields hold no comma.
inline std::vector<std::string> column(const std::string& table, const std::string& name) {
    std::istringstream lines(table);
    std::vector<std::string> out;
    int wanted = -1;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream cells(line.substr(0, line.size() - 1));
        int i = 0;
        for (std::string cell; std::getline(cells, cell, ','); ++i) {
            if (wanted < 0 && cell == name) {
                wanted = i;
                break;
            }
            if (i == wanted) out.push_back(cell);
        }
    }
    return out;
}

inline std::vector<std::filesystem::path> segments_in(const std::filesystem::path& directory) {
    std::set<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().extension() == ".journal") paths.insert(entry.path());
    return {paths.begin(), paths.end()};
}

}  // namespace causeway::store
