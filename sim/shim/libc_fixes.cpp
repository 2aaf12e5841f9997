// Corrections to the libc calls that Debian's hw_emu shim makes (libxrt_hwemu, XRT 2.13.466). The shim is
// relinked from Debian's own static archive with the linker's --wrap, so that its calls, and only its calls,
// come here.
//
//   malloc, realloc   the buffer of its remote calls grows by realloc(), whose result it drops: room to grow
//   in place sleep             it sleeps 10 s when it loads and 1 s a wait: shortly instead waitpid it spins
//   for ever where the child was reaped by another write, read       SIGPIPE kills it, and end of file makes
//   it spin, when the simulator has died. Here calls are
//                     answered as a card does that has left the bus, and XRT goes on to report whatever it
//                     reports.
//   readlink          it asks for the path of the program in order to write a log beside it: into the run
//   folder instead
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "sim/rpc/calls.hpp"

namespace {

using namespace causeway::sim;

constexpr std::size_t room = std::size_t{64} << 20;  // octets; pages that are not touched cost nothing

// What was asked on a socket last, and what is left to read of an answer made up here.
struct Dialogue {
    CallHeader asked;
    std::string request;  // the message, without what a write call carries
    bool message_awaited = false;
    std::size_t read = 0;  // octets of the real answer that were read
    std::string made_up;
};
std::mutex mutex;
std::map<int, Dialogue> dialogues;

bool is_socket(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// The small numbers of a request are all that an answer needs; its data may be long.
void remember(int fd, const char* octets, std::size_t size) {
    const std::lock_guard lock(mutex);
    Dialogue& dialogue = dialogues[fd];
    if (!dialogue.message_awaited) {
        if (size != call_header_size) return;  // the rest of a message
        dialogue = {};
        dialogue.asked = parse_call_header(octets);
        dialogue.message_awaited = dialogue.asked.size != 0;
        return;
    }
    dialogue.message_awaited = false;
    const Message asked({octets, size});
    Answer numbers;
    for (std::uint32_t field = 1; field < 8; ++field) {
        if (asked.octets(field).empty()) numbers.number(field, asked.number(field));
    }
    dialogue.request = numbers.written();
}

// The peer of `fd` is gone: gives up to `size` octets of an answer in its place.
ssize_t answer_in_its_place(int fd, void* to, std::size_t size) {
    const std::lock_guard lock(mutex);
    if (size == call_header_size) {  // the socket on which the simulator calls: it says that it closes
        const std::string close = call_header(0, Call::close);
        std::memcpy(to, close.data(), close.size());
        return static_cast<ssize_t>(close.size());
    }
    Dialogue& dialogue = dialogues[fd];
    if (dialogue.made_up.empty()) {
        if (dialogue.read != 0) {
            std::fputs("the simulated card died in the middle of an answer\n", stderr);
            _exit(70);
        }
        const std::string answer =
            answer_off_the_bus(dialogue.asked.call, Message(dialogue.request)).written();
        dialogue.made_up = answer_header(answer.size()) + answer;
    }
    const std::size_t given = std::min(size, dialogue.made_up.size());
    std::memcpy(to, dialogue.made_up.data(), given);
    dialogue.made_up.erase(0, given);
    return static_cast<ssize_t>(given);
}

}  // namespace

extern "C" {

void* __wrap_malloc(std::size_t size) {
    return std::malloc(std::max(size, room));
}

void* __wrap_realloc(void* memory, std::size_t size) {
    if (size <= room) return memory;
    std::fputs("a transfer to the simulated card may have 64 MiB at most\n", stderr);
    std::abort();
}

unsigned __wrap_sleep(unsigned seconds) {
    usleep(seconds >= 10 ? 10'000 : 100);
    return 0;
}

pid_t __wrap_waitpid(pid_t child, int* status, int options) {
    const pid_t waited = waitpid(child, status, options);
    return waited < 0 && errno == ECHILD ? 0 : waited;
}

ssize_t __wrap_readlink(const char* path, char* target, std::size_t size) {
    const char* folder = std::getenv("SDACCEL_EM_RUN_DIR");
    if (folder == nullptr || std::strcmp(path, "/proc/self/exe") != 0) return readlink(path, target, size);
    const std::string program = std::string(folder) + "/program";
    const std::size_t given = std::min(size, program.size());
    std::memcpy(target, program.data(), given);
    return static_cast<ssize_t>(given);
}

ssize_t __wrap_write(int fd, const void* octets, std::size_t size) {
    if (!is_socket(fd)) return write(fd, octets, size);
    remember(fd, static_cast<const char*>(octets), size);
    const ssize_t sent = send(fd, octets, size, MSG_NOSIGNAL);
    return sent < 0 && (errno == EPIPE || errno == ECONNRESET) ? static_cast<ssize_t>(size) : sent;
}

ssize_t __wrap_read(int fd, void* octets, std::size_t size) {
    const ssize_t got = read(fd, octets, size);
    if (size == 0 || !is_socket(fd)) return got;
    if (got > 0) {
        const std::lock_guard lock(mutex);
        Dialogue& dialogue = dialogues[fd];
        dialogue.read += static_cast<std::size_t>(got);
        return got;
    }
    if (got < 0 && errno != ECONNRESET) return got;
    return answer_in_its_place(fd, octets, size);
}

}  // extern "C"
