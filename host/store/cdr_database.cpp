#include "host/store/cdr_database.hpp"

#include <fmt/format.h>

#include "host/store/cdr_import.hpp"
#include "host/store/segments.hpp"

namespace causeway::store {

namespace {

constexpr std::int64_t schema_version = 3;
constexpr const char* version_1 = R"(
CREATE TABLE cdr (
    instance TEXT NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL,
    call_id TEXT, target_call_id TEXT, caller TEXT, callee TEXT, source_trunk TEXT, target_trunk TEXT,
    start_time INTEGER, ring_time INTEGER, answer_time INTEGER, end_time INTEGER,
    duration_ms INTEGER, billable_ms INTEGER, status INTEGER, reason TEXT, ended_by TEXT,
    PRIMARY KEY (instance, attempt));
CREATE INDEX cdr_start_time ON cdr (start_time);
CREATE INDEX cdr_call_id ON cdr (call_id);
CREATE TABLE cdr_media (
    instance TEXT NOT NULL, attempt INTEGER NOT NULL, line INTEGER NOT NULL,
    leg TEXT, type TEXT, codec TEXT, suite TEXT, engine TEXT, local TEXT, remote TEXT,
    packets_received INTEGER, octets_received INTEGER, packets_lost INTEGER,
    jitter_us INTEGER, max_jitter_us INTEGER, packets_sent INTEGER, octets_sent INTEGER,
    dropped_source INTEGER, dropped_unauthentic INTEGER, dropped_replayed INTEGER, dropped_malformed INTEGER,
    dropped_payload_type INTEGER, rtcp_received INTEGER, rtcp_sent INTEGER,
    round_trip_us INTEGER, remote_lost INTEGER, remote_jitter_us INTEGER,
    PRIMARY KEY (instance, attempt, line));
-- How far each segment that still exists was read.
CREATE TABLE journal (
    instance TEXT NOT NULL, segment INTEGER NOT NULL, read INTEGER NOT NULL, PRIMARY KEY (instance, segment));
PRAGMA user_version = 1;
)";
constexpr const char* version_2 = R"(
ALTER TABLE cdr_media ADD COLUMN dropped_direction INTEGER;
ALTER TABLE cdr_media ADD COLUMN dropped_rtcp INTEGER;
ALTER TABLE cdr_media ADD COLUMN rtcp_implausible INTEGER;
ALTER TABLE cdr_media ADD COLUMN ssrc_collisions INTEGER;
PRAGMA user_version = 2;
)";
constexpr const char* version_3 = R"(
ALTER TABLE cdr_media ADD COLUMN late INTEGER;
ALTER TABLE cdr_media ADD COLUMN concealed_us INTEGER;
ALTER TABLE cdr_media ADD COLUMN playout_delay_us INTEGER;
PRAGMA user_version = 3;
)";

std::optional<std::int64_t> user_version(const Sqlite& sqlite) {
    Statement s(sqlite, "PRAGMA user_version");
    if (!s.row()) return std::nullopt;
    return s.integer(0);
}

// One connection makes the tables, or brings those of an earlier version up to this; others wait for it.
bool make_schema(Sqlite& sqlite) {
    if (!sqlite.execute("BEGIN IMMEDIATE")) return false;
    const bool made = (user_version(sqlite) != 0 || sqlite.execute(version_1)) &&
                      (user_version(sqlite) != 1 || sqlite.execute(version_2)) &&
                      (user_version(sqlite) != 2 || sqlite.execute(version_3));
    return sqlite.execute(made ? "COMMIT" : "ROLLBACK") && made;
}

bool is_time(std::string_view column) {
    return column.ends_with("_time");
}

// RFC 4180 section 2: quoted where it holds a quote, a comma or a line end.
void write_field(std::ostream& out, std::string_view text) {
    if (text.find_first_of("\",\r\n") == std::string_view::npos) {
        out << text;
        return;
    }
    out << '"';
    for (const char c : text) {
        if (c == '"') out << '"';
        out << c;
    }
    out << '"';
}

// "2026-01-31T23:59:59.123Z"
std::string iso8601(std::int64_t ms) {
    using namespace std::chrono;
    const WallTime t{milliseconds(ms)};
    const auto day = floor<days>(t);
    const year_month_day date(day);
    const hh_mm_ss time(t - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace

Result<CdrDatabase> CdrDatabase::open(const std::filesystem::path& file) {
    Sqlite sqlite;
    // With the write-ahead log readers and the importer do not wait for each other; FULL makes a commit
    // durable, which the removal of segments relies on.
    if (!sqlite.open(file.string()) ||
        !sqlite.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;") ||
        (user_version(sqlite) < schema_version && !make_schema(sqlite)))
        return fail(file.string() + ": " + sqlite.error());
    const auto version = user_version(sqlite);
    if (version != schema_version)
        return fail(fmt::format("{}: tables of version {}, {} is expected", file.string(),
                                version.value_or(0), schema_version));
    return CdrDatabase(std::move(sqlite));
}

Result<Import> CdrDatabase::import_journal(const std::filesystem::path& directory, Segments finished) {
    Import all;
    for (const auto& journal : journal_directories(directory)) {
        const auto done = store::import_journal(sqlite_, journal, finished);
        if (!done) return done;
        all.starts += done->starts;
        all.ends += done->ends;
        all.damaged += done->damaged;
        all.lost += done->lost;
        all.removed += done->removed;
    }
    return all;
}

Result<void> CdrDatabase::export_csv(Table table, std::ostream& out) const {
    Statement s(sqlite_, table == Table::cdr
                             ? "SELECT * FROM cdr ORDER BY start_time, instance, attempt"
                             : "SELECT m.* FROM cdr_media AS m LEFT JOIN cdr USING (instance, attempt) "
                               "ORDER BY cdr.start_time, instance, attempt, line");
    const auto line = [&](const auto& field) {
        for (int i = 0; i < s.columns(); ++i) {
            if (i > 0) out << ',';
            field(i);
        }
        out << "\r\n";
    };
    line([&](int i) { write_field(out, s.column_name(i)); });
    while (s.row())
        line([&](int i) {
            if (s.is_null(i)) return;
            if (is_time(s.column_name(i)))
                out << iso8601(s.integer(i));
            else
                write_field(out, s.text(i));
        });
    if (s.failed()) return fail("CSV: " + sqlite_.error());
    if (!out) return fail("CSV: the output takes no more");
    return {};
}

}  // namespace causeway::store
