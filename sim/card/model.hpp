// The process of the Verilated model: compute units, whose clocks run only while they have something to do.
// It is apart from the process that answers XRT, so that the card may die without it.
#pragma once

#include "sim/card/knobs.hpp"
#include "sim/card/memory.hpp"

namespace causeway::sim {

// One register access, and the answer to it. Words follow a write and the answer to a read.
struct RegisterAccess {
    bool write = false;
    std::uint64_t address = 0;
    std::uint32_t words = 0;  // at most most_words
};
constexpr std::uint32_t most_words = 64;
constexpr std::uint64_t most_units = 16;

// Serves accesses that come on the socket `fd` until the other side closes it. Never returns.
[[noreturn]] void run_model(int fd, const Memory& memory, const Knobs& knobs);

// The other side. Returns false once the model is dead.
bool access_model(int fd, const RegisterAccess& access, std::uint32_t* words);

}  // namespace causeway::sim
