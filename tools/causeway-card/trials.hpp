// What is tried on a card, function by function: descriptors and packets, and what must come of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/xrt/batch.hpp"
#include "host/base/bytes.hpp"
#include "host/base/random.hpp"
#include "host/base/result.hpp"

namespace causeway::card {

struct Expectation {
    Descriptor descriptor;
    Bytes packet;
    Status status = Status::ok;
    Bytes comes_back;
};

// In the order in which they are to be handed to one unit. Cookies count from 0.
using Trials = std::vector<Expectation>;

struct Function {
    const char* name;
    Result<Trials> (*make)(std::uint32_t packets, Random& random);
};

// Packets that come back as they went.
Result<Trials> loopback_trials(std::uint32_t packets, Random& random);
// Contexts that are opened, exported, replaced, and zeroed.
Result<Trials> context_trials(std::uint32_t packets, Random& random);
// SRTP to SRTP, some of it forged or stale, held against libsrtp2.
Result<Trials> packet_trials(std::uint32_t packets, Random& random);
// Playout.
Result<Trials> tick_trials(std::uint32_t packets, Random& random);

inline constexpr Function functions[] = {{"loopback", loopback_trials},
                                         {"context", context_trials},
                                         {"packet", packet_trials},
                                         {"tick", tick_trials}};

}  // namespace causeway::card
