// The journal that call detail records are written to before anything else happens to a call. What append
// returned true for is in the page cache, so a killed process loses nothing; sync() takes it to the disk, so
// a power cut loses what came since the last one (the owner calls it every 50 ms).
//
// Records go into preallocated segments; a full one is left for the importer, which removes it
// (cdr_database.hpp). The next segment waits as a spare, made by sync(): the call path neither allocates nor
// waits for the disk. While no spare can be made or the disk is below the reserve, starts are refused. Ends
// are not: the fresh segment and the reserve are theirs.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/random.hpp"
#include "host/base/result.hpp"
#include "host/store/cdr.hpp"
#include "host/store/segments.hpp"

namespace causeway::store {

struct JournalOptions {
    std::filesystem::path directory;              // one per writer (shard); made where absent
    std::size_t segment_octets = 16 << 20;        // preallocated each; a record must fit
    std::uint64_t reserve_octets = 256ull << 20;  // left free on the file system: no new calls below
};

class Journal {
  public:
    // A new run: its records have an instance of their own. The error says what the system refused, or that
    // another process writes to this directory.
    static Result<std::unique_ptr<Journal>> open(JournalOptions options, Random& random);
    // The same run goes on in another process: its instance, and its lock by a descriptor of the same open
    // file. The process before must write no more and have left its spare.
    static Result<std::unique_ptr<Journal>> take_over(JournalOptions options, std::string instance,
                                                      File lock);
    int lock() const { return lock_.fd(); }
    void drop_spare();
    ~Journal();

    const std::string& instance() const { return instance_; }

    // False where the record cannot be kept: the call is refused with 503. Nothing of it will be read then.
    bool start(const CdrStart& record);
    // False only where the disk takes nothing any more.
    bool end(const CdrEnd& record);

    // To the disk with all that was written so far, and makes the next spare. Blocks on the disk, holds up no
    // start or end meanwhile: call it on a helper thread. After an error starts are refused until a sync
    // succeeds.
    Result<void> sync();

  private:
    struct Spare {
        File file;
        std::filesystem::path path;
    };
    Journal(JournalOptions options, std::string instance, File lock);
    static Result<std::unique_ptr<Journal>> begin(JournalOptions options, std::string instance, File lock);
    bool append(std::string_view record);
    bool next_segment();
    Result<Spare> make_spare();
    Result<void> check_reserve() const;
    Result<void> sync_written();

    const JournalOptions options_;
    const std::string instance_;
    const File lock_;
    std::atomic<bool> refusing_{false};
    std::atomic<std::uint64_t> spares_made_{0};
    std::mutex syncing_;  // one sync at a time

    std::mutex mutex_;  // of all below; held for a few instructions and one write to the page cache
    std::uint64_t number_ = 0;
    std::shared_ptr<File> current_;
    std::size_t offset_ = 0;
    std::optional<Spare> spare_;
    std::vector<std::shared_ptr<File>> unsynced_;
    bool renamed_ = false;  // the directory has not been synced since
};

}  // namespace causeway::store
