#include "host/store/segments.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "host/base/text.hpp"

namespace causeway::store {

namespace {

constexpr std::string_view suffix = ".journal";
constexpr std::size_t instance_digits = 16;

std::optional<Segment> read_name(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    if (!name.ends_with(suffix)) return std::nullopt;
    const auto [number, instance] =
        split_once(std::string_view(name).substr(0, name.size() - suffix.size()), '-');
    const auto n = parse_number<std::uint64_t>(number);
    if (!n || instance.size() != instance_digits) return std::nullopt;
    return Segment{*n, std::string(instance), path};
}

// Of the open file description, so that an importer in the writer's own process sees it, too.
struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

Error system_error(const std::string& what) {
    return {what + ": " + std::error_code(errno, std::generic_category()).message()};
}

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number,
                                   const std::string& instance) {
    return directory / fmt::format("{:010}-{}{}", number, instance, suffix);
}

Result<std::vector<Segment>> list_segments(const std::filesystem::path& directory) {
    std::vector<Segment> out;
    std::error_code error;
    for (std::filesystem::directory_iterator i(directory, error), end; !error && i != end; i.increment(error))
        if (auto segment = read_name(i->path())) out.push_back(std::move(*segment));
    if (error) return fail(directory.string() + ": " + error.message());
    std::sort(out.begin(), out.end(), [](const Segment& a, const Segment& b) { return a.number < b.number; });
    return out;
}

Result<File> lock_directory(const std::filesystem::path& directory, const std::string& instance) {
    const std::string path = (directory / "lock").string();
    File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!file) return tl::make_unexpected(system_error(path));
    auto lock = whole_file();
    if (::fcntl(file.fd(), F_OFD_SETLK, &lock) != 0) return fail(path + ": another process writes here");
    if (::pwrite(file.fd(), instance.data(), instance.size(), 0) != static_cast<ssize_t>(instance.size()))
        return tl::make_unexpected(system_error(path));
    return file;
}

Result<std::string> running_instance(const std::filesystem::path& directory) {
    const std::string path = (directory / "lock").string();
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::string();
    auto lock = whole_file();
    if (!file || ::fcntl(file.fd(), F_OFD_GETLK, &lock) != 0) return tl::make_unexpected(system_error(path));
    if (lock.l_type == F_UNLCK) return std::string();
    std::string instance(instance_digits, '\0');
    const ssize_t n = ::pread(file.fd(), instance.data(), instance.size(), 0);
    if (n < 0) return tl::make_unexpected(system_error(path));
    instance.resize(static_cast<std::size_t>(n));  // nothing yet: it has no segment yet
    return instance;
}

std::filesystem::path journal_directory(const std::filesystem::path& directory, std::size_t shard) {
    return shard == 0 ? directory : directory / ("shard-" + std::to_string(shard));
}

std::vector<std::filesystem::path> journal_directories(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> found{directory};
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        if (it->is_directory(error) && it->path().filename().native().starts_with("shard-")) {
            found.push_back(it->path());
        }
    }
    return found;
}

}  // namespace causeway::store
