// The control socket: a local stream socket that answers requests, one a line, with responses, one a line.
// Open to the daemon's own user only. It runs beside calls on the same thread, so everything about a client
// is bounded: how many there are, how long a request may be, how long a client may idle or take to read its
// response; and a client's next request is read only when its last response is gone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

namespace causeway::gateway {

struct ControlLimits {
    std::size_t clients = 32;         // more are turned away
    std::size_t request = 64 * 1024;  // octets, with the newline
    std::chrono::milliseconds idle{60'000};
    std::chrono::milliseconds write{10'000};
};

class ControlSocket {
  public:
    // What a request line is answered with; "" answers nothing.
    using Handler = std::function<std::string(std::string_view line)>;

    // Takes the place of a socket that a dead process left; anything else at that path is an error.
    static Result<std::unique_ptr<ControlSocket>> open(boost::asio::io_context& io,
                                                       const std::filesystem::path& path, Handler handler,
                                                       ControlLimits limits = {});
    // Goes on with the listening socket of a process before this one.
    static Result<std::unique_ptr<ControlSocket>> adopt(boost::asio::io_context& io,
                                                        const std::filesystem::path& path, int fd,
                                                        Handler handler, ControlLimits limits = {});
    // Disconnects all clients and removes the socket from the file system, unless it was left.
    ~ControlSocket();
    int descriptor() const;
    // Another process goes on with it: it stays in the file system.
    void leave(bool on = true);
    std::size_t clients() const;

  private:
    struct State;
    class Client;
    explicit ControlSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace causeway::gateway
