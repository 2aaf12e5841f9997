#include "host/store/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/store/frame.hpp"

namespace causeway::store {

namespace {

constexpr std::string_view spare_prefix = "spare-";

// A write may be short: a signal, or a disk that is full after all.
bool write_all(int fd, std::string_view bytes, std::size_t offset) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::size_t>(n);
    }
    return true;
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    const File file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file || ::fsync(file.fd()) != 0) return tl::make_unexpected(system_error(directory.string()));
    return {};
}

// Spares of a writer that is gone.
void remove_spares(const std::filesystem::path& directory) {
    std::error_code error;
    std::vector<std::filesystem::path> old;
    for (std::filesystem::directory_iterator i(directory, error), end; !error && i != end; i.increment(error))
        if (i->path().filename().string().starts_with(spare_prefix)) old.push_back(i->path());
    for (const auto& path : old) std::filesystem::remove(path, error);
}

}  // namespace

Journal::Journal(JournalOptions options, std::string instance, File lock)
    : options_(std::move(options)), instance_(std::move(instance)), lock_(std::move(lock)) {}

Journal::~Journal() {
    if (spare_) ::unlink(spare_->path.c_str());
}

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options, Random& random) {
    std::error_code error;
    std::filesystem::create_directories(options.directory, error);
    if (error) return fail(options.directory.string() + ": " + error.message());
    std::string instance = random.token(8);
    auto lock = lock_directory(options.directory, instance);
    if (!lock) return tl::make_unexpected(lock.error());
    return begin(std::move(options), std::move(instance), std::move(*lock));
}

Result<std::unique_ptr<Journal>> Journal::take_over(JournalOptions options, std::string instance, File lock) {
    const auto running = running_instance(options.directory);
    if (!running || *running != instance) return fail(options.directory.string() + ": its lock is another's");
    return begin(std::move(options), std::move(instance), std::move(lock));
}

void Journal::drop_spare() {
    const std::lock_guard held(mutex_);
    if (spare_) ::unlink(spare_->path.c_str());
    spare_.reset();
}

Result<std::unique_ptr<Journal>> Journal::begin(JournalOptions options, std::string instance, File lock) {
    remove_spares(options.directory);
    const auto segments = list_segments(options.directory);
    if (!segments) return tl::make_unexpected(segments.error());

    std::unique_ptr<Journal> journal(new Journal(std::move(options), std::move(instance), std::move(lock)));
    if (!segments->empty()) journal->number_ = segments->back().number;
    auto first = journal->make_spare();
    if (!first) return tl::make_unexpected(first.error());
    journal->spare_ = std::move(*first);
    if (!journal->next_segment())
        return tl::make_unexpected(system_error(journal->options_.directory.string()));
    // Below the reserve the gateway runs and refuses calls; the owner's next sync says why.
    static_cast<void>(journal->sync());
    return journal;
}

bool Journal::start(const CdrStart& record) {
    return !refusing_.load(std::memory_order_relaxed) && append(encode(record));
}

bool Journal::end(const CdrEnd& record) {
    return append(encode(record));
}

bool Journal::append(std::string_view payload) {
    if (payload.size() > max_payload) return false;
    const std::string record = frame(payload);
    if (record.size() > options_.segment_octets) return false;
    const std::lock_guard held(mutex_);
    const auto write = [&] { return write_all(current_->fd(), record, offset_); };
    const bool fits = record.size() <= options_.segment_octets - offset_;
    // Full, or a place that cannot be written to. What a failed write leaves behind is read as damage.
    if (!(fits && write()) && !(next_segment() && write())) return false;
    offset_ += record.size();
    if (unsynced_.empty() || unsynced_.back() != current_) unsynced_.push_back(current_);
    return true;
}

// Puts the spare into use; makes one here where records came faster than syncs.
bool Journal::next_segment() {
    if (!spare_) {
        auto made = make_spare();
        if (!made) return false;
        spare_ = std::move(*made);
    }
    const auto path = segment_path(options_.directory, number_ + 1, instance_);
    if (::rename(spare_->path.c_str(), path.c_str()) != 0) return false;
    ++number_;
    current_ = std::make_shared<File>(std::move(spare_->file));
    offset_ = 0;
    spare_.reset();
    renamed_ = true;
    return true;
}

Result<Journal::Spare> Journal::make_spare() {
    const auto path = options_.directory / fmt::format("{}{}", spare_prefix, ++spares_made_);
    File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!file) return tl::make_unexpected(system_error(path.string()));
    do {
        errno = ::posix_fallocate(file.fd(), 0, static_cast<off_t>(options_.segment_octets));
    } while (errno == EINTR);
    // The length and the extents must outlast a power cut before fdatasync may leave them alone.
    if (errno != 0 || ::fsync(file.fd()) != 0) {
        Error error = system_error(path.string());
        ::unlink(path.c_str());
        return tl::make_unexpected(std::move(error));
    }
    return Spare{std::move(file), path};
}

Result<void> Journal::check_reserve() const {
    std::error_code error;
    const auto space = std::filesystem::space(options_.directory, error);
    if (error) return fail(options_.directory.string() + ": " + error.message());
    if (space.available < options_.reserve_octets)
        return fail(fmt::format("{}: {} octets free, less than the reserve of {}",
                                options_.directory.string(), space.available, options_.reserve_octets));
    return {};
}

Result<void> Journal::sync_written() {
    std::vector<std::shared_ptr<File>> files;
    bool renamed = false, spare_missing = false;
    {
        const std::lock_guard held(mutex_);
        files.swap(unsynced_);
        renamed = std::exchange(renamed_, false);
        spare_missing = !spare_;
    }
    for (const auto& file : files)
        if (::fdatasync(file->fd()) != 0) return tl::make_unexpected(system_error("journal segment"));
    if (renamed)
        if (auto synced = sync_directory(options_.directory); !synced) return synced;
    if (auto enough = check_reserve(); !enough) return enough;
    if (!spare_missing) return {};
    auto made = make_spare();
    if (!made) return tl::make_unexpected(made.error());
    const std::lock_guard held(mutex_);
    if (spare_)
        ::unlink(made->path.c_str());  // the call path was faster
    else
        spare_ = std::move(*made);
    return {};
}

Result<void> Journal::sync() {
    const std::lock_guard held(syncing_);
    auto synced = sync_written();
    refusing_.store(!synced, std::memory_order_relaxed);
    return synced;
}

}  // namespace causeway::store
