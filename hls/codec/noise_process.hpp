// Comfort noise as a process: one step of one session a cycle, by the functions that the CPU engine runs
// (hls/codec/noise.hpp). A description comes as a step for its level and one for each coefficient.
#pragma once

#include "hls/codec/noise.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

struct NoiseState {
    ap_uint<32> random, rms, goal;
    ap_int<16> sine[noise::max_order];
    ap_int<17> cosine[noise::max_order];
    ap_int<16> back[noise::max_order];
    ap_uint<4> described;
};

static Noise unpack(const NoiseState& from) {
    Noise to;
    to.random = from.random, to.rms = from.rms, to.goal = from.goal, to.described = from.described;
    for (int m = 0; m < noise::max_order; ++m) {
        to.sine[m] = from.sine[m], to.cosine[m] = from.cosine[m], to.back[m] = from.back[m];
    }
    return to;
}
static NoiseState pack(const Noise& from) {
    NoiseState to;
    to.random = from.random, to.rms = from.rms, to.goal = from.goal, to.described = from.described;
    for (int m = 0; m < noise::max_order; ++m) {
        to.sine[m] = from.sine[m], to.cosine[m] = from.cosine[m], to.back[m] = from.back[m];
    }
    return to;
}

}  // namespace causeway::hls

void noise_generator(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::NoiseState sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::NoiseState before = sessions[step.session];
    if (step.from == causeway::hls::coding::comfort_noise) {
        causeway::hls::Noise noise;
        if (step.start && step.variant == causeway::hls::noise_level) {
            noise.random = static_cast<std::uint32_t>(step.second & 0xFFFF) << 16 | 1U;
        } else {
            noise = causeway::hls::unpack(before);
        }
        if (step.variant == causeway::hls::noise_level) {
            noise.describe_level(step.first & 0x7F);
        } else if (step.variant == causeway::hls::noise_reflection) {
            noise.describe_octet(step.first & 0xFF);
        } else {
            step.first = noise.next();
        }
        sessions[step.session] = causeway::hls::pack(noise);
    }
    out.write(step);
}
