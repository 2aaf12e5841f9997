// The process in which XRT lives, seen from outside: started in a session of its own, with a folder of its
// own, and gone with all its children and its folder when this is.
#pragma once

#include <sys/types.h>

#include <string>

#include "host/base/result.hpp"

namespace causeway::card {

struct ProcessOptions {
    std::string program;  // causeway-card-engine
    std::string device;   // index or BDF
    std::string xclbin;   // path
    int shared_memory = -1;
};

// Whether an xclbin is for a card or for hw_emu. Fails where the file cannot be read or is no xclbin.
Result<bool> is_emulated(const std::string& xclbin);

class CardProcess {
  public:
    // Fails where the program, or what hw_emu needs beside the xclbin, is not there.
    static Result<CardProcess> start(const ProcessOptions& options);
    CardProcess(CardProcess&& other) noexcept;
    CardProcess& operator=(CardProcess&&) = delete;
    ~CardProcess();

    int socket() const { return socket_; }
    pid_t pid() const { return pid_; }
    // Kills it and all its children, and waits for its end, 100 ms at most: what hangs in a driver cannot
    // be killed.
    void kill();
    // How it ended ("" while it runs), and the last that it, XRT or the simulator printed, in one line.
    std::string end();
    std::string last_words() const;
    // After the end, when nothing is wanted of last_words() any more.
    void remove_folder();

  private:
    CardProcess() = default;
    bool reaped();
    void end_gently();

    pid_t pid_ = -1;
    int socket_ = -1;
    std::string folder_;
    int status_ = 0;
    bool killed_ = false;
};

}  // namespace causeway::card
