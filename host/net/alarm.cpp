#include "host/net/alarm.hpp"

#include "host/net/clock.hpp"

namespace causeway::net {

// Shared with the pending wait, which may come back after the alarm is gone.
struct Alarm::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, std::function<void(Time)> r) : timer(io), ring(std::move(r)) {}

    void wait() {
        timer.expires_at(to_steady(*deadline));
        timer.async_wait([self = shared_from_this(), armed = ++generation](boost::system::error_code error) {
            if (error || armed != self->generation) return;
            self->deadline.reset();
            self->ring(now());
        });
    }

    boost::asio::steady_timer timer;
    std::function<void(Time)> ring;
    std::optional<Time> deadline;
    std::uint64_t generation = 0;  // of the wait that counts
};

Alarm::Alarm(boost::asio::io_context& io, std::function<void(Time)> ring)
    : state_(std::make_shared<State>(io, std::move(ring))) {}

Alarm::~Alarm() {
    set(std::nullopt);
}

void Alarm::set(std::optional<Time> deadline) {
    if (deadline == state_->deadline) return;
    state_->deadline = deadline;
    if (deadline) {
        state_->wait();
    } else {
        ++state_->generation;
        state_->timer.cancel();
    }
}

}  // namespace causeway::net
