// One timer for everything a state machine waits for: set to its next deadline after every event, it calls
// when that is reached.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "host/base/time.hpp"

namespace causeway::net {

class Alarm {
  public:
    // `ring` is called on the thread of `io` with the time it then is.
    Alarm(boost::asio::io_context& io, std::function<void(Time)> ring);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    // Rings at `deadline`, soon where that has passed; never for nothing. Replaces what was set. Cheap where
    // nothing changes.
    void set(std::optional<Time> deadline);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace causeway::net
