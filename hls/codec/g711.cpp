// G.711 as processes, a word of 16 samples a cycle, by the functions that the CPU engine runs
// (hls/codec/g711.hpp). There is no state: words of all sessions follow each other as they come.
#include "hls/codec/g711.hpp"

#include "hls_stream.h"

constexpr int lanes = 16;

struct G711Codes {
    bool alaw;                 // else mu-law
    ap_uint<8 * lanes> codes;  // first lowest
};
struct G711Samples {
    bool alaw;  // what they are to become
    ap_uint<16 * lanes> samples;
};

void g711_decode(hls::stream<G711Codes>& in, hls::stream<ap_uint<16 * lanes>>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const G711Codes word = in.read();
    ap_uint<16 * lanes> samples = 0;
    for (int i = 0; i < lanes; ++i) {
        const std::uint8_t code = static_cast<std::uint8_t>(word.codes.range(8 * i + 7, 8 * i));
        const int sample = word.alaw ? causeway::hls::alaw_decode(code) : causeway::hls::mulaw_decode(code);
        samples.range(16 * i + 15, 16 * i) = sample & 0xFFFF;
    }
    out.write(samples);
}

void g711_encode(hls::stream<G711Samples>& in, hls::stream<ap_uint<8 * lanes>>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const G711Samples word = in.read();
    ap_uint<8 * lanes> codes = 0;
    for (int i = 0; i < lanes; ++i) {
        const std::int16_t sample = static_cast<std::int16_t>(word.samples.range(16 * i + 15, 16 * i));
        const int code = word.alaw ? causeway::hls::alaw_encode(sample) : causeway::hls::mulaw_encode(sample);
        codes.range(8 * i + 7, 8 * i) = code;
    }
    out.write(codes);
}
