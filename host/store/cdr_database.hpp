// Call detail records in SQLite, filled from journals and exported as CSV.
//
// Importing is idempotent: a record is identified by instance (one run of a gateway) and attempt, and
// whatever is read twice writes the same row twice. A segment is removed only after its records are on the
// disk here.
//
// Table cdr, one row per attempt. Times are milliseconds since 1970 UTC; NULL is "not" or "not yet".
//   instance, attempt           key
//   state                       "open": running; "done"; "lost": started, and the gateway ended without an
//   end call_id, target_call_id     of the incoming and the outgoing leg caller, callee, source_trunk,
//   target_trunk start_time, ring_time, answer_time, end_time duration_ms                 start to end
//   billable_ms                 answer to end; 0 where it was not answered
//   status, reason, ended_by    as in store::CdrEnd
// Table cdr_media, one row per m-line and leg of an ended attempt:
//   instance, attempt, line     key; line counts within the attempt
//   and the members of store::CdrMedia under their names (times in microseconds)
#pragma once

#include <filesystem>
#include <ostream>

#include "host/base/result.hpp"
#include "host/store/cdr.hpp"
#include "host/store/sqlite.hpp"

namespace causeway::store {

struct Import {
    std::size_t starts = 0, ends = 0;  // records read this time
    std::size_t damaged = 0;           // stretches of a segment, or records, that could not be read
    std::size_t lost = 0;              // attempts whose gateway is gone without an end
    std::size_t removed = 0;           // segments
};

enum class Segments { keep, remove };  // what becomes of finished segments after their import

class CdrDatabase {
  public:
    // Made where absent. The error is SQLite's, or that another version of Causeway made it.
    static Result<CdrDatabase> open(const std::filesystem::path& file);

    // All that is new in the journals of a directory (one a shard), whether or not a gateway is writing them.
    // Nothing of a journal changes on error.
    Result<Import> import_journal(const std::filesystem::path& directory, Segments finished);

    enum class Table { cdr, cdr_media };
    // The columns of the table with a header line (RFC 4180), times as "2026-01-31T23:59:59.123Z", in the
    // order of the start times.
    Result<void> export_csv(Table table, std::ostream& out) const;

  private:
    explicit CdrDatabase(Sqlite sqlite) : sqlite_(std::move(sqlite)) {}
    Sqlite sqlite_;
};

}  // namespace causeway::store
