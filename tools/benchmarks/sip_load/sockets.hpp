// The two UDP sockets of the load, each connected to the server, read and written by batches.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/ip.hpp"
#include "host/base/result.hpp"
#include "host/base/time.hpp"

namespace causeway::bench {

class Socket {
  public:
    Socket() = default;
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    // The error says what the system refused.
    Result<void> open(const Endpoint& local, const Endpoint& server);
    int descriptor() const { return fd_; }

    // Goes out with the next flush().
    void send(std::string_view message);
    void flush();
    // Up to one batch of datagrams that wait; false where none does.
    bool receive(const std::function<void(std::string_view)>& datagram);

  private:
    static constexpr std::size_t batch = 64;
    static constexpr std::size_t largest = 4096;  // octets of a message

    int fd_ = -1;
    std::size_t waiting_ = 0;
    std::array<std::string, batch> out_;
    std::array<std::array<char, largest>, batch> in_;
};

}  // namespace causeway::bench
