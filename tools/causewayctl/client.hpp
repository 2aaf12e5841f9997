// One request to a running gateway over its control socket.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

namespace causeway::ctl {

struct Failure {
    bool connection = false;  // nobody there, or no sensible answer; otherwise the gateway refused
    std::string what;
    bool gone = false;  // nobody listens, or it went away without an answer
};

class Client {
  public:
    explicit Client(std::string socket) : socket_(std::move(socket)) {}
    // The result of the method. Waits 10 s at most.
    tl::expected<nlohmann::json, Failure> call(const std::string& method, nlohmann::json params = {}) const;

  private:
    std::string socket_;
};

}  // namespace causeway::ctl
