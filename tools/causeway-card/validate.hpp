// Tries every function of a card's kernel on every compute unit, and says what came back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/xrt/card.hpp"

namespace causeway::card {

struct Trial {
    std::string function;  // loopback, packet, ...
    unsigned unit = 0;
    enum class Verdict { right, wrong, unsupported } verdict = Verdict::right;
    std::uint64_t packets = 0;
    std::uint64_t cycles = 0;  // of all packets, from the ledgers
    double seconds = 0;        // of the host's clock
    std::string what;          // was wrong
};

// The monotonic clock.
Time now();

// Waits until the card is ready. Fails when it is lost instead.
Result<void> wait_until_ready(Card& card);

// `packets` per function and unit. Fails when the card is lost or does not answer.
Result<std::vector<Trial>> validate(Card& card, std::uint32_t packets, std::uint64_t seed);

}  // namespace causeway::card
