#include "tools/causeway-card/top.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string>

namespace causeway::card {
namespace {

namespace fs = std::filesystem;

// The card's process has the shared memory under a known number, and only it has the socket beside it.
void add(pid_t process, std::vector<OpenCard>& cards) {
    const fs::path folder = fs::path("/proc") / std::to_string(process) / "fd";
    const fs::path path = folder / std::to_string(shared_memory_fd);
    std::error_code error;
    const std::string target = fs::read_symlink(path, error);
    if (error || !target.starts_with(std::string("/memfd:") + shared_memory_name)) return;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd >= 0 && fstat(fd, &status) == 0 && static_cast<std::size_t>(status.st_size) >= Shared::page_room) {
        Shared shared(fd, Shared::page_room, false);
        if (shared.valid() && shared.page().version == SharedPage::right_version) {
            cards.push_back({process, std::move(shared)});
        }
    }
    if (fd >= 0) close(fd);
}

}  // namespace

std::vector<OpenCard> open_cards() {
    std::vector<OpenCard> cards;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename();
        pid_t process = 0;
        const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), process);
        if (bad != std::errc{} || end != name.data() + name.size()) continue;
        std::string command(64, '\0');
        const int fd = open((entry.path() / "comm").c_str(), O_RDONLY | O_CLOEXEC);
        const ssize_t got = fd < 0 ? 0 : read(fd, command.data(), command.size());
        if (fd >= 0) close(fd);
        command.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (command.starts_with("causeway-card-e")) add(process, cards);  // as the kernel shortens it
    }
    return cards;
}

}  // namespace causeway::card
