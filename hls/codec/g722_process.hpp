// G.722, decoder and encoder, as processes: one step of one session a cycle, by the functions that the CPU
// engine runs (hls/codec/g722.hpp).
//
// A step's state is ready some cycles after it has been read: the adaptation is a chain of three
// multiplications and a dozen additions, before which the encoder quantizes. So sessions are interleaved.
// That takes nothing from the throughput, where an interval of as many cycles would.
#pragma once

#include "hls/codec/g722.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

// A predictor as it rests between two steps: its newest entries, [0], live within a step only.
struct G722BandState {
    ap_int<16> s, sz, nb, det;
    ap_int<16> r[2], p[2], a[2], b[6], d[6];
};
struct G722State {
    G722BandState low, high;
    ap_int<16> x[24];
};

static g722::Band unpack(const G722BandState& from) {
    g722::Band to;
    to.s = from.s, to.sz = from.sz, to.nb = from.nb, to.det = from.det;
    for (int i = 0; i < 2; ++i) to.r[i + 1] = from.r[i], to.p[i + 1] = from.p[i], to.a[i + 1] = from.a[i];
    for (int i = 0; i < 6; ++i) to.b[i + 1] = from.b[i], to.d[i + 1] = from.d[i];
    return to;
}
static G722BandState pack(const g722::Band& from) {
    G722BandState to;
    to.s = from.s, to.sz = from.sz, to.nb = from.nb, to.det = from.det;
    for (int i = 0; i < 2; ++i) to.r[i] = from.r[i + 1], to.p[i] = from.p[i + 1], to.a[i] = from.a[i + 1];
    for (int i = 0; i < 6; ++i) to.b[i] = from.b[i + 1], to.d[i] = from.d[i + 1];
    return to;
}
// Codec: G722Decoder or G722Encoder.
template <class Codec>
static Codec unpack_codec(const G722State& from, bool start) {
    Codec to;
    if (start) return to;
    to.low = unpack(from.low);
    to.high = unpack(from.high);
    for (int i = 0; i < 24; ++i) to.x[i] = from.x[i];
    return to;
}
template <class Codec>
static G722State pack_codec(const Codec& from) {
    G722State to;
    to.low = pack(from.low);
    to.high = pack(from.high);
    for (int i = 0; i < 24; ++i) to.x[i] = from.x[i];
    return to;
}

}  // namespace causeway::hls

void g722_decoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::G722State sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::G722State before = sessions[step.session];
    if (step.from == causeway::hls::coding::g722) {
        auto decoder = causeway::hls::unpack_codec<causeway::hls::G722Decoder>(before, step.start);
        std::int16_t first = 0, second = 0;
        const auto mode = step.variant == 0   ? causeway::hls::G722Mode::kbit_64
                          : step.variant == 1 ? causeway::hls::G722Mode::kbit_56
                                              : causeway::hls::G722Mode::kbit_48;
        causeway::hls::g722_decode(decoder, static_cast<std::uint8_t>(step.first), first, second, mode);
        sessions[step.session] = causeway::hls::pack_codec(decoder);
        step.first = first;
        step.second = second;
    }
    out.write(step);
}

void g722_encoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::G722State sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::G722State before = sessions[step.session];
    if (step.to == causeway::hls::coding::g722) {
        auto encoder = causeway::hls::unpack_codec<causeway::hls::G722Encoder>(before, step.start);
        const int code = causeway::hls::g722_encode(encoder, step.first, step.second);
        sessions[step.session] = causeway::hls::pack_codec(encoder);
        step.first = code;
        step.second = 0;
    }
    out.write(step);
}
