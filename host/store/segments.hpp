// The files of a journal directory, as writer and importer both see them.
//
//   0000000017-5d2c0a3ee1f09b77.journal   a segment: its number, and the instance (one run of a gateway)
//   spare-...                             preallocated, not yet in use
//   lock                                  locked by the running writer; holds its instance
//
// Attempt numbers start anew with every run; instance and attempt together never do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/base/result.hpp"

namespace causeway::store {

// A file descriptor that closes itself.
class File {
  public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~File();
    int fd() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }  // the caller's from here on
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// "what: why" of the current errno.
Error system_error(const std::string& what);

struct Segment {
    std::uint64_t number = 0;
    std::string instance;  // 16 hex digits
    std::filesystem::path path;
};

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number,
                                   const std::string& instance);
// In the order of their numbers.
Result<std::vector<Segment>> list_segments(const std::filesystem::path& directory);

// The journal of a gateway's n-th shard: the directory itself for the first, "shard-N" below it for others.
std::filesystem::path journal_directory(const std::filesystem::path& directory, std::size_t shard);
// All journals that lie there, whichever gateway left them.
std::vector<std::filesystem::path> journal_directories(const std::filesystem::path& directory);

// Takes the writer's lock and leaves the instance in it. The error says that another process writes here. The
// lock goes with the file or the process.
Result<File> lock_directory(const std::filesystem::path& directory, const std::string& instance);
// The instance of the running writer; empty where none runs. Ask after listing the segments: a writer locks
// before it makes its first one, so every listed segment of another instance is finished.
Result<std::string> running_instance(const std::filesystem::path& directory);

}  // namespace causeway::store
