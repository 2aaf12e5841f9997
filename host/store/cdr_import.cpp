#include "host/store/cdr_import.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <system_error>

#include "host/store/frame.hpp"
#include "host/store/segments.hpp"

namespace causeway::store {

namespace {

using nlohmann::json;

// Parameters 1 and 2 are instance and attempt, the others the columns of these lists in their order.
constexpr std::array start_columns = {"call_id",      "target_call_id", "caller",    "callee",
                                      "source_trunk", "target_trunk",   "start_time"};
constexpr const char* insert_start = R"(
INSERT INTO cdr (instance, attempt, state, call_id, target_call_id, caller, callee, source_trunk, target_trunk,
                 start_time)
VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (instance, attempt) DO UPDATE SET
    call_id = excluded.call_id, target_call_id = excluded.target_call_id, caller = excluded.caller,
    callee = excluded.callee, source_trunk = excluded.source_trunk, target_trunk = excluded.target_trunk,
    start_time = excluded.start_time, duration_ms = end_time - excluded.start_time)";

constexpr std::array end_columns = {"ring_time", "answer_time", "end_time", "status", "reason", "ended_by"};
constexpr const char* insert_end = R"(
INSERT INTO cdr (instance, attempt, state, ring_time, answer_time, end_time, billable_ms, status, reason, ended_by)
VALUES (?1, ?2, 'done', ?3, ?4, ?5, coalesce(?5 - ?4, 0), ?6, ?7, ?8)
ON CONFLICT (instance, attempt) DO UPDATE SET
    state = 'done', ring_time = excluded.ring_time, answer_time = excluded.answer_time,
    end_time = excluded.end_time, duration_ms = excluded.end_time - start_time,
    billable_ms = excluded.billable_ms, status = excluded.status, reason = excluded.reason,
    ended_by = excluded.ended_by)";

constexpr std::array media_columns = {"leg",
                                      "type",
                                      "codec",
                                      "suite",
                                      "engine",
                                      "local",
                                      "remote",
                                      "packets_received",
                                      "octets_received",
                                      "packets_lost",
                                      "jitter_us",
                                      "max_jitter_us",
                                      "packets_sent",
                                      "octets_sent",
                                      "dropped_source",
                                      "dropped_unauthentic",
                                      "dropped_replayed",
                                      "dropped_malformed",
                                      "dropped_payload_type",
                                      "rtcp_received",
                                      "rtcp_sent",
                                      "round_trip_us",
                                      "remote_lost",
                                      "remote_jitter_us",
                                      "dropped_direction",
                                      "dropped_rtcp",
                                      "rtcp_implausible",
                                      "ssrc_collisions",
                                      "late",
                                      "concealed_us",
                                      "playout_delay_us"};

// "INSERT OR REPLACE INTO cdr_media (instance, attempt, ..., line) VALUES (?, ?, ..., ?)"
std::string insert_media() {
    std::string columns = "instance, attempt, ", values = "?, ?, ";
    for (const char* column : media_columns) {
        columns.append(column).append(", ");
        values += "?, ";
    }
    return fmt::format("INSERT OR REPLACE INTO cdr_media ({}line) VALUES ({}?)", columns, values);
}

// A column's value from the record; NULL where it is missing or of no type we store.
void bind(Statement& statement, int parameter, const json& record, const char* column) {
    const auto found = record.find(column);
    if (found != record.end() && found->is_number_integer())
        statement.bind(parameter, found->get<std::int64_t>());
    else if (found != record.end() && found->is_string())
        statement.bind(parameter, std::string_view(found->get_ref<const std::string&>()));
    else
        statement.bind_null(parameter);
}

// The file behind `position`; empty where another importer has removed it since it was listed.
Result<Bytes> read_from(const std::filesystem::path& path, std::size_t position) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return Bytes{};
    struct stat status {};
    if (!file || ::fstat(file.fd(), &status) != 0) return tl::make_unexpected(system_error(path.string()));
    const auto size = static_cast<std::size_t>(status.st_size);
    Bytes bytes(size > position ? size - position : 0);
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n =
            ::pread(file.fd(), bytes.data() + got, bytes.size() - got, static_cast<off_t>(position + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tl::make_unexpected(system_error(path.string()));
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    bytes.resize(got);
    return bytes;
}

class Importer {
  public:
    explicit Importer(Sqlite& sqlite)
        : sqlite_(sqlite),
          start_(sqlite, insert_start),
          end_(sqlite, insert_end),
          media_(sqlite, insert_media()),
          read_(sqlite, "SELECT read FROM journal WHERE instance = ? AND segment = ?"),
          set_read_(sqlite, "INSERT OR REPLACE INTO journal (read, instance, segment) VALUES (?, ?, ?)"),
          forget_(sqlite, "DELETE FROM journal WHERE instance = ? AND segment = ?"),
          lose_(sqlite, "UPDATE cdr SET state = 'lost' WHERE instance = ? AND state = 'open'") {}

    // `remove`: the segment is finished and goes after the commit.
    Result<void> segment(const Segment& segment, bool remove);
    // Nobody will end the open attempts of this instance any more.
    Result<void> lose(const std::string& instance);

    Import done;

  private:
    bool record(const std::string& instance, std::string_view payload);
    bool read_position(const Segment& segment, std::size_t& position);
    bool insert(Statement& statement, std::span<const char* const> columns, const std::string& instance,
                std::int64_t attempt, const json& record, std::optional<std::int64_t> line = {});
    tl::unexpected<Error> failed() const { return fail("CDR database: " + sqlite_.error()); }

    Sqlite& sqlite_;
    Statement start_, end_, media_, read_, set_read_, forget_, lose_;
};

bool Importer::insert(Statement& statement, std::span<const char* const> columns, const std::string& instance,
                      std::int64_t attempt, const json& record, std::optional<std::int64_t> line) {
    statement.bind(1, instance);
    statement.bind(2, attempt);
    int parameter = 3;
    for (const char* column : columns) bind(statement, parameter++, record, column);
    if (line) statement.bind(parameter, *line);
    return statement.run();
}

// False where the database refuses. What is no record of ours is counted.
bool Importer::record(const std::string& instance, std::string_view payload) {
    const json r = json::parse(payload, nullptr, false);
    const auto attempt = r.is_object() ? r.find("attempt") : r.end();
    const auto kind = r.is_object() ? r.find("record") : r.end();
    const bool start = kind != r.end() && *kind == "start";
    const bool end = kind != r.end() && *kind == "end";
    if (attempt == r.end() || !attempt->is_number_integer() || (!start && !end)) {
        ++done.damaged;
        return true;
    }
    const auto number = attempt->get<std::int64_t>();
    if (start) {
        ++done.starts;
        return insert(start_, start_columns, instance, number, r);
    }
    ++done.ends;
    if (!insert(end_, end_columns, instance, number, r)) return false;
    const auto media = r.find("media");
    if (media == r.end() || !media->is_array()) return true;
    std::int64_t line = 0;
    return std::all_of(media->begin(), media->end(), [&](const json& m) {
        return insert(media_, media_columns, instance, number, m, line++);
    });
}

bool Importer::read_position(const Segment& segment, std::size_t& position) {
    read_.bind(1, segment.instance);
    read_.bind(2, static_cast<std::int64_t>(segment.number));
    position = read_.row() ? static_cast<std::size_t>(read_.integer(0)) : 0;
    read_.reset();
    return !read_.failed();
}

Result<void> Importer::segment(const Segment& segment, bool remove) {
    std::size_t position = 0;
    if (!read_position(segment, position)) return failed();
    auto bytes = read_from(segment.path, position);
    if (!bytes) return tl::make_unexpected(bytes.error());
    // Where a segment is being written, one page may have been read before a record came to stand in it and
    // the next page after: a hole, with good records behind it. What is before those stands still by now.
    const ReadFrames seen = read_frames(*bytes, [](std::string_view) {});
    if (seen.damaged > 0 && !remove) {
        bytes = read_from(segment.path, position);
        if (!bytes) return tl::make_unexpected(bytes.error());
        bytes->resize(std::min(bytes->size(), seen.end));
    }
    bool stored = true;
    const ReadFrames read = read_frames(
        *bytes, [&](std::string_view payload) { stored = stored && record(segment.instance, payload); });
    if (!stored) return failed();
    done.damaged += read.damaged + (remove && read.torn ? 1 : 0);
    Statement& remember = remove ? forget_ : set_read_;
    int parameter = 1;
    if (!remove) remember.bind(parameter++, static_cast<std::int64_t>(position + read.end));
    remember.bind(parameter++, segment.instance);
    remember.bind(parameter, static_cast<std::int64_t>(segment.number));
    if (!remember.run()) return failed();
    return {};
}

Result<void> Importer::lose(const std::string& instance) {
    lose_.bind(1, instance);
    if (!lose_.run()) return failed();
    done.lost += sqlite_.changes();
    return {};
}

Result<void> import_segments(Importer& importer, const std::vector<Segment>& segments,
                             const std::string& running, const std::set<std::uint64_t>& finished) {
    for (const Segment& s : segments)
        if (auto imported = importer.segment(s, finished.contains(s.number)); !imported) return imported;
    for (const Segment& s : segments)
        if (s.instance != running)
            if (auto lost = importer.lose(s.instance); !lost) return lost;
    return {};
}

}  // namespace

Result<Import> import_journal(Sqlite& sqlite, const std::filesystem::path& directory, Segments finished) {
    const auto segments = list_segments(directory);
    if (!segments) return tl::make_unexpected(segments.error());
    const auto running = running_instance(directory);
    if (!running) return tl::make_unexpected(running.error());
    // Of the running instance only the newest segment may still be written.
    std::set<std::uint64_t> removable;
    std::map<std::string, std::uint64_t> newest;
    for (const Segment& s : *segments) newest[s.instance] = s.number;
    for (const Segment& s : *segments)
        if (finished == Segments::remove && (s.instance != *running || s.number != newest[s.instance]))
            removable.insert(s.number);

    if (!sqlite.execute("BEGIN IMMEDIATE")) return fail("CDR database: " + sqlite.error());
    Importer importer(sqlite);
    if (auto imported = import_segments(importer, *segments, *running, removable); !imported) {
        sqlite.execute("ROLLBACK");
        return tl::make_unexpected(imported.error());
    }
    if (!sqlite.execute("COMMIT")) {
        Error error{"CDR database: " + sqlite.error()};
        sqlite.execute("ROLLBACK");
        return tl::make_unexpected(std::move(error));
    }
    std::error_code ignored;  // what cannot be removed is imported again, to no effect
    for (const Segment& s : *segments)
        if (removable.contains(s.number)) importer.done.removed += std::filesystem::remove(s.path, ignored);
    return importer.done;
}

}  // namespace causeway::store
