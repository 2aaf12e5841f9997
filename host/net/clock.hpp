// The one place where the monotonic clock is read: everything below takes the time as a parameter.
#pragma once

#include <chrono>

#include "host/base/time.hpp"

namespace causeway::net {

inline Time to_time(std::chrono::steady_clock::time_point t) {
    return Time(std::chrono::duration_cast<Duration>(t.time_since_epoch()));
}

inline std::chrono::steady_clock::time_point to_steady(Time t) {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(t.time_since_epoch()));
}

inline Time now() {
    return to_time(std::chrono::steady_clock::now());
}

}  // namespace causeway::net
