// What may be varied about the simulated card, from its environment:
//
//   CAUSEWAY_CARD_SEED     of everything random (default 1)
//   CAUSEWAY_CARD_LATENCY  cycles from a request to memory's answer, "least-most" (default 20-60)
//   CAUSEWAY_CARD_STALL    per cent of cycles in which memory takes or gives nothing (default 10)
//   CAUSEWAY_CARD_TRACE    file to which waveforms are written (FST)
//   CAUSEWAY_CARD_FAULT    KIND@RUN: what breaks when that run starts (1 is the first)
//     hang         memory answers no more: the run never ends
//     lost-writes  memory acknowledges writes and drops them: no completion header
//     stale        completion headers name the epoch before
//     ones         registers read all ones: the card has left the bus
//     model-dies   the process of the Verilated model is killed
//     card-dies    the whole device process is killed
#pragma once

#include <cstdint>
#include <string>

#include "host/base/result.hpp"

namespace causeway::sim {

enum class Fault { none, hang, lost_writes, stale, ones, model_dies, card_dies };

struct Knobs {
    std::uint64_t seed = 1;
    unsigned least_latency = 20, most_latency = 60;  // cycles
    unsigned stall = 10;                             // per cent of cycles
    std::string trace;                               // path, or empty
    Fault fault = Fault::none;
    std::uint64_t faulty_run = 0;
};

// Fails on a value that cannot be read.
Result<Knobs> knobs_of_environment();

}  // namespace causeway::sim
