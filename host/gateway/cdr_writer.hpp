// Keeps call detail records: into the journal at once, to the disk every 50 ms, into the database and CSV
// every few seconds. Only the first is on the call path; the rest has a thread of its own. Every shard has a
// journal to itself: the first in the directory, the others in "shard-N" below it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "host/base/random.hpp"
#include "host/base/result.hpp"
#include "host/gateway/cdr_records.hpp"
#include "host/gateway/config.hpp"
#include "host/store/cdr_database.hpp"
#include "host/store/journal.hpp"

namespace causeway::gateway {

class CdrWriter {
  public:
    // The error says which of journal and database cannot be opened.
    static Result<std::unique_ptr<CdrWriter>> open(const CdrConfig& config, std::uint8_t shards,
                                                   Random& random);
    // Goes on with the journals of a process before this one (see handover.hpp), one a shard.
    struct Inherited {
        std::string instance;
        store::File lock;
    };
    static Result<std::unique_ptr<CdrWriter>> take_over(const CdrConfig& config,
                                                        std::vector<Inherited> journals);
    // All that was written is on the disk, and imported, when this returns; but not while it is paused.
    ~CdrWriter();

    // For handing the journals over: no syncs, imports and exports from here on until resume(); records are
    // kept on.
    void pause();
    void resume();
    // By shard: what take_over() needs, the lock by its descriptor.
    std::vector<std::pair<std::string, int>> journals() const;
    // When the last record is written, before another process takes over.
    void leave_journals();

    // On the shard's thread. False where no more can be kept: the attempt gets 503.
    bool start(std::uint8_t shard, Time now, const call::CdrStart& record);
    void end(std::uint8_t shard, Time now, const call::CdrEnd& record);

  private:
    struct Book {
        std::unique_ptr<store::Journal> journal;
        std::unordered_map<call::AttemptId, WallOffset> offsets;  // of the attempts that run
    };
    CdrWriter(const CdrConfig& config, std::vector<Book> books, std::optional<store::CdrDatabase> database);
    static Result<std::unique_ptr<CdrWriter>> with(const CdrConfig& config, std::vector<Book> books);
    void stop_thread(bool last_import);
    void work();
    void sync();
    void import_and_export();
    Result<void> export_csv(store::CdrDatabase::Table table, const std::filesystem::path& file) const;

    const CdrConfig config_;
    std::vector<Book> books_;            // by shard
    std::atomic<bool> written_ = false;  // since the last sync

    // The rest belongs to the thread.
    std::optional<store::CdrDatabase> database_;
    bool sync_failed_ = false, import_failed_ = false;

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false, last_import_ = true;
    std::thread thread_;
};

}  // namespace causeway::gateway
