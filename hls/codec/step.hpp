// What travels between the processes of the codec engine: what a session does in 125 us, one sample of 8 kHz
// or two of 16. A process does its part of the steps that concern it and hands on the others as they are, so
// that all steps keep their order and any chain of processes does what its members do.
#pragma once

#include <cstdint>

#include "hls_stream.h"

namespace causeway::hls {

constexpr int codec_sessions = 32;
// Steps of one session are this far apart: what its last step has changed is ready by then. Any
// scheduler that goes round all sessions, with a step of coding `none` for those that rest, keeps to it.
constexpr int codec_distance = 32;

namespace coding {
enum Coding : std::uint8_t { none, mulaw, alaw, g722, g726_32, linear_8, linear_16, comfort_noise };
}

constexpr bool is_wide(int x) {
    return x == coding::g722 || x == coding::linear_16;
}

// What a step of coding comfort_noise does: the next sample; or `first` is an octet of a payload of RFC 3389,
// the level, then the coefficients. With a level and `start` it begins anew, and `second` makes
// it another noise than the other sessions'.
enum NoiseStep : std::uint8_t { noise_sample, noise_level, noise_reflection };

struct Step {
    ap_uint<5> session;
    ap_uint<3> from, to;  // coding::Coding
    ap_uint<2> variant;   // from G.722: how many of the lower bits are missing; comfort noise: NoiseStep
    bool start;           // the session's state is forgotten first
    bool last;            // of a job
    // A code in the lower bits of `first`, or samples; of 16 kHz both.
    ap_int<16> first, second;
};

}  // namespace causeway::hls
