#include "host/gateway/cdr_writer.hpp"

#include <fstream>

#include "host/base/log.hpp"

namespace causeway::gateway {
namespace {

constexpr auto sync_interval = std::chrono::milliseconds(50);  // what a power cut may cost
constexpr auto look_interval = std::chrono::seconds(1);  // at the disk's free space, when nothing is written

// "cdr.csv" -> "cdr-media.csv"
std::filesystem::path media_csv(const std::filesystem::path& file) {
    auto name = file.stem();
    name += "-media";
    name += file.extension();
    return file.parent_path() / name;
}

// Says that something has begun to fail, or works again; not the same twice.
void report(bool& failed, std::string_view what, const Result<void>& result) {
    if (!result && !failed) log::error({}, "{}: {}", what, result.error().what);
    if (result && failed) log::info({}, "{}: works again", what);
    failed = !result;
}

}  // namespace

Result<std::unique_ptr<CdrWriter>> CdrWriter::open(const CdrConfig& config, std::uint8_t shards,
                                                   Random& random) {
    std::vector<Book> books;
    for (std::size_t shard = 0; shard < shards; ++shard) {
        store::JournalOptions options;
        options.directory = store::journal_directory(config.directory, shard);
        options.reserve_octets = config.reserve_octets;
        auto journal = store::Journal::open(options, random);
        if (!journal) return fail("cdr.directory: " + journal.error().what);
        books.push_back({std::move(*journal), {}});
    }
    return with(config, std::move(books));
}

Result<std::unique_ptr<CdrWriter>> CdrWriter::take_over(const CdrConfig& config,
                                                        std::vector<Inherited> journals) {
    std::vector<Book> books;
    for (auto& j : journals) {
        store::JournalOptions options;
        options.directory = store::journal_directory(config.directory, books.size());
        options.reserve_octets = config.reserve_octets;
        auto journal = store::Journal::take_over(options, std::move(j.instance), std::move(j.lock));
        if (!journal) return fail("cdr.directory: " + journal.error().what);
        books.push_back({std::move(*journal), {}});
    }
    return with(config, std::move(books));
}

Result<std::unique_ptr<CdrWriter>> CdrWriter::with(const CdrConfig& config, std::vector<Book> books) {
    std::optional<store::CdrDatabase> database;
    if (!config.database.empty()) {
        auto opened = store::CdrDatabase::open(config.database);
        if (!opened) return fail("cdr.database: " + opened.error().what);
        database = std::move(*opened);
    }
    return std::unique_ptr<CdrWriter>(new CdrWriter(config, std::move(books), std::move(database)));
}

CdrWriter::CdrWriter(const CdrConfig& config, std::vector<Book> books,
                     std::optional<store::CdrDatabase> database)
    : config_(config), books_(std::move(books)), database_(std::move(database)) {
    sync();  // a full disk is known before the first call
    thread_ = std::thread([this] { work(); });
}

CdrWriter::~CdrWriter() {
    stop_thread(true);
}

void CdrWriter::stop_thread(bool last_import) {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard held(mutex_);
        stopping_ = true;
        last_import_ = last_import;
    }
    wake_.notify_one();
    thread_.join();
}

void CdrWriter::pause() {
    stop_thread(false);
}

void CdrWriter::resume() {
    if (thread_.joinable()) return;  // it was not paused
    stopping_ = false;
    thread_ = std::thread([this] { work(); });
}

std::vector<std::pair<std::string, int>> CdrWriter::journals() const {
    std::vector<std::pair<std::string, int>> out;
    for (const Book& book : books_) out.emplace_back(book.journal->instance(), book.journal->lock());
    return out;
}

void CdrWriter::leave_journals() {
    for (const Book& book : books_) book.journal->drop_spare();
}

bool CdrWriter::start(std::uint8_t shard, Time now, const call::CdrStart& record) {
    Book& book = books_[shard];
    const WallOffset offset = wall_offset(now);
    if (!book.journal->start(to_store(record, offset))) return false;
    book.offsets[record.attempt] = offset;
    written_ = true;
    return true;
}

void CdrWriter::end(std::uint8_t shard, Time now, const call::CdrEnd& record) {
    Book& book = books_[shard];
    const auto known = book.offsets.extract(record.attempt);
    const WallOffset offset = known ? known.mapped() : wall_offset(now);
    if (!book.journal->end(to_store(record, offset))) {
        log::error({}, "the end of attempt {} could not be recorded", record.attempt);
    }
    written_ = true;
}

void CdrWriter::work() {
    using Clock = std::chrono::steady_clock;
    bool imported = false;  // records of an earlier run may wait
    auto next_import = Clock::now(), next_look = next_import + look_interval;
    std::unique_lock held(mutex_);
    for (bool last = false; !last;) {
        last = wake_.wait_for(held, sync_interval, [&] { return stopping_; });
        held.unlock();
        const bool written = written_.exchange(false);
        if (written) imported = false;
        if (written || last || Clock::now() >= next_look) {
            sync();
            next_look = Clock::now() + look_interval;
        }
        if (last && !last_import_) return;
        if (!imported && (last || Clock::now() >= next_import)) {
            const auto begun = Clock::now();
            import_and_export();
            imported = true;
            // However large the database has grown, most of the time is not spent on writing it out.
            next_import = Clock::now() +
                          std::max<Clock::duration>(config_.import_interval, 10 * (Clock::now() - begun));
        }
        held.lock();
    }
}

void CdrWriter::sync() {
    Result<void> done;
    for (const Book& book : books_) {
        if (auto synced = book.journal->sync(); !synced) done = std::move(synced);
    }
    report(sync_failed_, "call records, new calls get 503", done);
}

void CdrWriter::import_and_export() {
    if (!database_) return;
    const auto run = [&]() -> Result<void> {
        const auto done = database_->import_journal(config_.directory, store::Segments::remove);
        if (!done) return tl::make_unexpected(done.error());
        if (done->damaged > 0) log::warning({}, "call records: {} damaged places", done->damaged);
        if (done->lost > 0) log::warning({}, "call records: {} calls of a dead gateway", done->lost);
        if (config_.csv.empty()) return {};
        auto calls = export_csv(store::CdrDatabase::Table::cdr, config_.csv);
        return calls ? export_csv(store::CdrDatabase::Table::cdr_media, media_csv(config_.csv)) : calls;
    };
    report(import_failed_, "call records, import", run());
}

// Readers see the old file or the new one, never half of one.
Result<void> CdrWriter::export_csv(store::CdrDatabase::Table table, const std::filesystem::path& file) const {
    auto fresh = file;
    fresh += ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    if (!out) return fail(fmt::format("{}: cannot be written", fresh.string()));
    if (auto written = database_->export_csv(table, out); !written) return written;
    out.close();
    if (!out) return fail(fmt::format("{}: cannot be written", fresh.string()));
    std::error_code error;
    std::filesystem::rename(fresh, file, error);
    if (error) return fail(fmt::format("{}: {}", file.string(), error.message()));
    return {};
}

}  // namespace causeway::gateway
