#include "drivers/xrt/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "drivers/xrt/shared.hpp"

namespace causeway::card {
namespace {

namespace fs = std::filesystem;

// XRT looks for its drivers in lib/ of a folder. AMD's packages have one; Debian's do not, and get one here.
std::string installed_xrt(const std::string& folder) {
    const std::string amd = "/opt/xilinx/xrt";
    std::error_code error;
    if (fs::exists(amd + "/lib/libxrt_core.so.2", error)) return amd;
    fs::create_directory(folder + "/xrt", error);
    fs::create_directory_symlink(CAUSEWAY_XRT_LIBRARIES, folder + "/xrt/lib", error);
    return folder + "/xrt";
}

// The environment of the card's process: ours, and for hw_emu what leads XRT to the simulated card, which
// lies beside the xclbin. XRT puts its sockets into /tmp/$USER, whatever that is.
std::map<std::string, std::string> child_environment(const fs::path& xclbin, const std::string& folder,
                                                     bool emulated) {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals != text.npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    variables.erase("XCL_EMULATION_MODE");
    if (emulated) {
        const fs::path sim = xclbin.parent_path();
        variables["XCL_EMULATION_MODE"] = "hw_emu";
        variables["XILINX_XRT"] = sim / "xrt";
        variables["XRT_INI_PATH"] = sim / "xrt.ini";
        variables["EMCONFIG_PATH"] = sim;
        variables["SDACCEL_EM_RUN_DIR"] = folder;
        variables["USER"] = fs::path(folder).filename();
    } else if (!variables.contains("XILINX_XRT")) {
        variables["XILINX_XRT"] = installed_xrt(folder);
    }
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// Above the numbers that the child's descriptors get, so that none overwrites another.
int out_of_the_way(int fd) {
    constexpr int above = 10;
    return fcntl(fd, F_DUPFD_CLOEXEC, above);
}

std::string system_error(int code) {
    return std::strerror(code);
}

}  // namespace

Result<bool> is_emulated(const std::string& xclbin) {
    std::error_code error;
    if (fs::is_directory(xclbin, error)) return fail(fmt::format("{}: is a folder, no xclbin", xclbin));
    errno = 0;
    std::ifstream file(xclbin, std::ios::binary);
    if (!file) return fail(fmt::format("{}: {}", xclbin, system_error(errno)));
    // struct axlf of <xrt/xclbin.h>: m_magic, and m_length and m_mode of m_header.
    constexpr std::size_t length_offset = 304, mode_offset = 332;
    constexpr std::uint16_t hw_emu = 4, hw_emu_pr = 5;
    std::array<char, mode_offset + 2> head{};
    if (!file.read(head.data(), head.size()) || std::memcmp(head.data(), "xclbin2", 8) != 0) {
        return fail(fmt::format("{}: is no xclbin", xclbin));
    }
    std::uint64_t length = 0;
    std::uint16_t mode = 0;
    std::memcpy(&length, head.data() + length_offset, sizeof length);
    std::memcpy(&mode, head.data() + mode_offset, sizeof mode);
    if (const auto size = fs::file_size(xclbin, error); error || size < length) {
        return fail(fmt::format("{}: is cut short, {} octets of {}", xclbin, size, length));
    }
    return mode == hw_emu || mode == hw_emu_pr;
}

Result<CardProcess> CardProcess::start(const ProcessOptions& options) {
    const auto emulated = is_emulated(options.xclbin);
    if (!emulated) return tl::make_unexpected(emulated.error());
    const fs::path xclbin = fs::absolute(options.xclbin);
    if (*emulated && !fs::exists(xclbin.parent_path() / "xrt/lib/libxrt_hwemu.so.2")) {
        return fail(fmt::format(
            "{}: is for hw_emu, but the simulated card's {}/xrt/lib/libxrt_hwemu.so.2 is not there",
            options.xclbin, xclbin.parent_path().string()));
    }
    if (access(options.program.c_str(), X_OK) != 0) {
        return fail(fmt::format("{}: {}", options.program, system_error(errno)));
    }
    CardProcess process;
    std::string folder = fmt::format("/tmp/causeway-card-{}-XXXXXX", getpid());
    if (mkdtemp(folder.data()) == nullptr) return fail(fmt::format("{}: {}", folder, system_error(errno)));
    process.folder_ = folder;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        return fail(fmt::format("the card's socket: {}", system_error(errno)));
    }
    process.socket_ = pair[0];
    const int log = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::array descriptors = {out_of_the_way(log), out_of_the_way(options.shared_memory),
                                    out_of_the_way(pair[1])};

    std::vector<std::string> variables;
    for (const auto& [name, value] : child_environment(xclbin, folder, *emulated)) {
        variables.push_back(name + "=" + value);
    }
    std::vector<std::string> words = {options.program, options.device, xclbin, folder};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, descriptors[0], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, descriptors[0], STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, descriptors[1], shared_memory_fd);
    posix_spawn_file_actions_adddup2(&actions, descriptors[2], peer_fd);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const std::string program = fs::absolute(options.program);
    const int failed = posix_spawn(&process.pid_, program.c_str(), &actions, &attributes,
                                   pointers(words).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    for (const int fd : descriptors) close(fd);
    close(log);
    close(pair[1]);
    if (failed != 0) {
        process.pid_ = -1;
        return fail(fmt::format("{}: {}", options.program, system_error(failed)));
    }
    return process;
}

CardProcess::CardProcess(CardProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      socket_(std::exchange(other.socket_, -1)),
      folder_(std::exchange(other.folder_, {})),
      status_(other.status_),
      killed_(other.killed_) {}

CardProcess::~CardProcess() {
    end_gently();
    kill();
    if (socket_ >= 0) close(socket_);
    remove_folder();
}

void CardProcess::remove_folder() {
    if (folder_.empty()) return;
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

bool CardProcess::reaped() {
    if (pid_ < 0) return true;
    if (waitpid(pid_, &status_, WNOHANG) != pid_) return false;
    ::kill(-pid_, SIGKILL);  // its children
    pid_ = -1;
    return true;
}

// It ends when its socket does. XRT takes a tenth of a second to close a simulated card.
void CardProcess::end_gently() {
    if (socket_ < 0 || killed_ || reaped()) return;
    shutdown(socket_, SHUT_WR);
    constexpr int patience = 1000;  // milliseconds
    pollfd waiting{socket_, POLLIN, 0};
    std::array<char, 256> ignored{};
    while (poll(&waiting, 1, patience) > 0 && read(socket_, ignored.data(), ignored.size()) > 0) {
    }
}

void CardProcess::kill() {
    if (reaped()) return;
    ::kill(-pid_, SIGKILL);
    killed_ = true;
    for (int i = 0; i < 100 && !reaped(); ++i) usleep(1000);
}

std::string CardProcess::end() {
    if (!reaped()) return {};
    if (WIFSIGNALED(status_))
        return fmt::format("killed by signal {} ({})", WTERMSIG(status_), strsignal(WTERMSIG(status_)));
    return fmt::format("ended with status {}", WEXITSTATUS(status_));
}

std::string CardProcess::last_words() const {
    std::ifstream file(folder_ + "/log");
    std::string line, last, before;
    while (std::getline(file, line)) {
        // XRT says these at every start.
        if (line.empty() || line.starts_with("scheduler config") || line.starts_with("configuring "))
            continue;
        before = std::exchange(last, line);
    }
    return before.empty() ? last : before + "; " + last;
}

}  // namespace causeway::card
