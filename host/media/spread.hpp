// Which of several threads serves which call's media: a new call goes where there is least to do, and where
// calls turn out to differ, some are moved, a few at a time. Rules alone: figures in, decisions out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/base/time.hpp"

namespace causeway::media {

struct ThreadLoad {
    std::uint64_t packets = 0;  // received in the last second
    std::size_t ports = 0;      // open
    std::size_t opened = 0;     // of those, since packets were counted: their traffic is still to come
};

inline std::uint64_t a_second(std::uint64_t packets, Duration passed) {
    const auto ms = to_ms(passed);
    return packets * 1000 / static_cast<std::uint64_t>(ms > 0 ? ms : 1);
}

// Where a new call goes: least packets, those to come included, then least ports. `loads` is not empty.
std::size_t least_loaded(std::span<const ThreadLoad> loads);

// From the busiest thread to the idlest.
struct Slope {
    std::size_t from = 0, to = 0;
    std::uint64_t gap = 0;  // packets a second
};
constexpr std::uint64_t least_gap = 1000;  // packets a second: less is not worth a move
// Nothing where they differ too little: by a quarter of what the busiest has, or least_gap. Once calls are
// being moved, by half of that: so it is not undone at once what was done.
std::optional<Slope> slope(std::span<const ThreadLoad> loads, bool moving);

struct MovableCall {
    std::uint64_t packets = 0;  // received a second
    Time since{};               // when it came to its thread
};
constexpr Duration settling = std::chrono::seconds(10);  // a call that came to its thread stays for so long
constexpr std::size_t most_moves = 16;                   // at a time

// Which of the busiest thread's calls go, by index: the biggest first, and never so many that the other
// thread becomes the busier.
std::vector<std::size_t> choose_moves(Time now, std::uint64_t gap, std::span<const MovableCall> calls);

}  // namespace causeway::media
