// A program as its user runs it: command line in, exit status and text out.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace causeway::gateway {

class Process {
  public:
    explicit Process(std::vector<std::string> command) {
        int pipes[2];
        if (::pipe2(pipes, O_CLOEXEC) != 0) return;
        std::vector<char*> argv;
        for (auto& word : command) argv.push_back(word.data());
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(pipes[1], 1);
            ::dup2(pipes[1], 2);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(pipes[1]);
        out_ = pipes[0];
    }
    ~Process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(out_);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // Reads its output, standard and error, until `text` has come; false where it ends or 20 s pass without.
    bool says(std::string_view text) {
        while (output_.find(text) == std::string::npos) {
            if (!read()) return false;
        }
        return true;
    }
    // Its exit status; -1 where it does not end in 20 s, or by a signal.
    int wait() {
        while (read()) {
        }
        int status = 0;
        if (::waitpid(pid_, &status, timed_out_ ? WNOHANG : 0) != pid_) return -1;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void signal(int number) const { ::kill(pid_, number); }
    const std::string& output() const { return output_; }

  private:
    bool read() {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(limit_ - std::chrono::steady_clock::now());
        pollfd p{out_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0) {
            timed_out_ = true;
            return false;
        }
        char buffer[4096];
        const auto size = ::read(out_, buffer, sizeof buffer);
        if (size <= 0) return false;
        output_.append(buffer, static_cast<std::size_t>(size));
        return true;
    }

    pid_t pid_ = -1;
    int out_ = -1;
    bool timed_out_ = false;
    std::string output_;
    const std::chrono::steady_clock::time_point limit_ =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
};

}  // namespace causeway::gateway
