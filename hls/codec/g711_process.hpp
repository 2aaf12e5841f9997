// G.711 as processes, a word of 16 samples a cycle, by the functions that the CPU engine runs
// (hls/codec/g711.hpp). There is no state: words of all sessions follow each other as they come.
#pragma once

#include "hls/codec/g711.hpp"
#include "hls/codec/step.hpp"

constexpr int g711_lanes = 16;

struct G711Codes {
    bool alaw;                      // else mu-law
    ap_uint<8 * g711_lanes> codes;  // first lowest
};
struct G711Samples {
    bool alaw;  // what they are to become
    ap_uint<16 * g711_lanes> samples;
};

void g711_decode(hls::stream<G711Codes>& in, hls::stream<ap_uint<16 * g711_lanes>>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const G711Codes word = in.read();
    ap_uint<16 * g711_lanes> samples = 0;
    for (int i = 0; i < g711_lanes; ++i) {
        const std::uint8_t code = static_cast<std::uint8_t>(word.codes.range(8 * i + 7, 8 * i));
        const int sample = word.alaw ? causeway::hls::alaw_decode(code) : causeway::hls::mulaw_decode(code);
        samples.range(16 * i + 15, 16 * i) = sample & 0xFFFF;
    }
    out.write(samples);
}

void g711_encode(hls::stream<G711Samples>& in, hls::stream<ap_uint<8 * g711_lanes>>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const G711Samples word = in.read();
    ap_uint<8 * g711_lanes> codes = 0;
    for (int i = 0; i < g711_lanes; ++i) {
        const std::int16_t sample = static_cast<std::int16_t>(word.samples.range(16 * i + 15, 16 * i));
        const int code = word.alaw ? causeway::hls::alaw_encode(sample) : causeway::hls::mulaw_encode(sample);
        codes.range(8 * i + 7, 8 * i) = code;
    }
    out.write(codes);
}

// In the engine: a sample a step.
void g711_decoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const auto code = static_cast<std::uint8_t>(step.first);
    if (step.from == causeway::hls::coding::mulaw) step.first = causeway::hls::mulaw_decode(code);
    if (step.from == causeway::hls::coding::alaw) step.first = causeway::hls::alaw_decode(code);
    out.write(step);
}

void g711_encoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const std::int16_t sample = step.first;
    if (step.to == causeway::hls::coding::mulaw) step.first = causeway::hls::mulaw_encode(sample);
    if (step.to == causeway::hls::coding::alaw) step.first = causeway::hls::alaw_encode(sample);
    out.write(step);
}
