// The simulated card: what XRT's hw_emu shim starts out of the xclbin as its simulator. This process answers
// the shim's calls and holds device memory; a child runs the Verilated model. When the child dies this one
// goes on as a card does that has left the bus: memory is there, registers read ones.
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel_description.hpp"
#include "sim/card/model.hpp"
#include "sim/card/stream.hpp"
#include "sim/rpc/calls.hpp"

namespace {

using namespace causeway;
using namespace causeway::sim;

class Server {
  public:
    // `calls` is the socket on which the shim asks, `events` (or -1) the one on which the card may speak
    // first.
    Server(int calls, int events, int model, const Memory& memory)
        : calls_(calls), events_(events), model_(model), memory_(memory) {}

    // Answers one call; false when that was the last one.
    bool serve() {
        char header[call_header_size];
        if (!receive_all(calls_, header, sizeof header)) return false;
        const CallHeader asked = parse_call_header(header);
        constexpr std::uint64_t longest = std::uint64_t{1} << 30;
        if (asked.size > longest) return false;
        message_.resize(asked.size);
        if (!receive_all(calls_, message_.data(), message_.size())) return false;
        const Answer answer = this->answer(asked.call, Message({message_.data(), message_.size()}));
        if (asked.call == Call::close && events_ >= 0) send_all(events_, call_header(0, Call::close));
        return send_all(calls_, answer_header(answer.written().size()) + answer.written()) &&
               asked.call != Call::close;
    }

  private:
    Answer answer(Call call, const Message& asked) {
        Answer answer;
        switch (call) {
            case Call::copy_to_device: {
                const std::string_view octets = asked.octets(4);
                std::uint8_t* to = memory_.at(asked.number(3) + asked.number(6), octets.size());
                if (to != nullptr) std::memcpy(to, octets.data(), octets.size());
                return answer.number(1, to == nullptr ? 0 : octets.size());
            }
            case Call::copy_from_device: {
                const std::uint64_t size = asked.number(5);
                const std::uint8_t* from = memory_.at(asked.number(4) + asked.number(6), size);
                if (from == nullptr) return answer.number(1, 0).octets(2, "");
                return answer.number(1, size).octets(2, {reinterpret_cast<const char*>(from), size});
            }
            case Call::write_register: {
                const std::string_view octets = asked.octets(4);
                std::uint32_t words[most_words] = {};
                std::memcpy(words, octets.data(), std::min(octets.size(), sizeof words));
                access({true, asked.number(2), static_cast<std::uint32_t>(octets.size() / 4)}, words);
                return answer.number(1, 1);
            }
            case Call::read_register: {
                const std::uint64_t size = asked.number(3);
                std::uint32_t words[most_words] = {};
                if (!access({false, asked.number(2), static_cast<std::uint32_t>(size / 4)}, words)) {
                    return answer_off_the_bus(call, asked);
                }
                return answer.number(1, 1).octets(2, {reinterpret_cast<const char*>(words), size});
            }
            default:
                return answer_off_the_bus(call, asked);  // memory is allocated by XRT: nothing to do
        }
    }

    // False where no unit is, or no model any more.
    bool access(const RegisterAccess& access, std::uint32_t* words) {
        const bool unit_there =
            access.address >= first_unit && (access.address - first_unit) / unit_range < most_units;
        if (model_ < 0 || !unit_there || access.words > most_words) return false;
        if (access_model(model_, access, words)) return true;
        std::fputs("simulated card: the model has died; registers read ones from now on\n", stderr);
        close(model_);
        model_ = -1;
        return false;
    }

    int calls_, events_, model_;
    const Memory& memory_;
    std::vector<char> message_;
};

int complain(const std::string& what) {
    std::fprintf(stderr, "simulated card: %s\n", what.c_str());
    return 1;
}

}  // namespace

int main() {
    close_range(3, ~0u, 0);              // what XRT's process left open
    dup2(STDERR_FILENO, STDOUT_FILENO);  // where Verilator says which assertion failed
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    const char* user = std::getenv("USER");
    const char* id = std::getenv("EMULATION_SOCKETID");
    if (user == nullptr || id == nullptr)
        return complain("USER and EMULATION_SOCKETID are not set: started by XRT only");
    const std::string folder = std::string("/tmp/") + user + "/";
    const int calls = connect_to((folder + id).c_str(), 10);
    if (calls < 0) return complain("XRT does not listen on " + folder + id);
    const std::string events_path = folder + "D2X_unix_sock_" + id;
    const int events = connect_to(events_path.c_str(), 2);
    unlink(events_path.c_str());  // XRT leaves it
    const auto knobs = knobs_of_environment();
    if (!knobs) return complain(knobs.error().what);  // only now: XRT would wait for the connection

    const Memory memory(memory_size);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return complain(std::strerror(errno));
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) return complain(std::strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
        prctl(PR_SET_NAME, "causeway-model");
        close(calls);
        if (events >= 0) close(events);
        close(pair[0]);
        run_model(pair[1], memory, *knobs);
    }
    prctl(PR_SET_NAME, "causeway-sim");
    close(pair[1]);
    Server server(calls, events, pair[0], memory);
    while (server.serve()) {
    }
    shutdown(pair[0], SHUT_RDWR);  // the model ends
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return 0;
}
