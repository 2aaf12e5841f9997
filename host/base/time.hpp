// Time as a parameter. Nothing below host/net reads a clock: every function that cares about time is given
// it, so that the same code runs under the daemon, under a test that advances time by hand, and under the
// simulated world.
#pragma once

#include <chrono>
#include <cstdint>

namespace causeway {

using Duration = std::chrono::nanoseconds;

// Tag clock without now(): points of a monotonic clock whose zero is the business of whoever supplies it.
struct CoreClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<CoreClock>;
    static constexpr bool is_steady = true;
};

// Monotonic time. Only differences mean anything; the edge converts to wall time where people will read it.
using Time = CoreClock::time_point;

// Whole milliseconds of a duration, rounded down.
inline std::int64_t to_ms(Duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace causeway
