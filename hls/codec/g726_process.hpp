// G.726 at 32 kbit/s, decoder and encoder, as processes: one step of one session a cycle, by the functions
// that the CPU engine runs (hls/codec/g726.hpp). A step's code is in the lower four bits.
#pragma once

#include "hls/codec/g726.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

struct G726State {
    ap_int<20> yl;
    ap_int<14> yu;
    ap_int<16> dms, dml, ap;
    ap_int<16> a[2], b[6];
    ap_int<11> dq[6], sr[2];
    bool pk[2] = {};
    bool td = false;
};

static G726 unpack(const G726State& from, bool start) {
    G726 to;
    if (start) return to;
    to.yl = from.yl, to.yu = from.yu, to.dms = from.dms, to.dml = from.dml, to.ap = from.ap, to.td = from.td;
    for (int i = 0; i < 2; ++i) to.a[i] = from.a[i], to.sr[i] = from.sr[i], to.pk[i] = from.pk[i];
    for (int i = 0; i < 6; ++i) to.b[i] = from.b[i], to.dq[i] = from.dq[i];
    return to;
}
static G726State pack(const G726& from) {
    G726State to;
    to.yl = from.yl, to.yu = from.yu, to.dms = from.dms, to.dml = from.dml, to.ap = from.ap, to.td = from.td;
    for (int i = 0; i < 2; ++i) to.a[i] = from.a[i], to.sr[i] = from.sr[i], to.pk[i] = from.pk[i];
    for (int i = 0; i < 6; ++i) to.b[i] = from.b[i], to.dq[i] = from.dq[i];
    return to;
}

}  // namespace causeway::hls

void g726_decoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::G726State sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::G726State before = sessions[step.session];
    if (step.from == causeway::hls::coding::g726_32) {
        causeway::hls::G726 state = causeway::hls::unpack(before, step.start);
        step.first = causeway::hls::g726_decode(state, causeway::hls::g726::rate_32,
                                                static_cast<std::uint8_t>(step.first));
        sessions[step.session] = causeway::hls::pack(state);
    }
    out.write(step);
}

void g726_encoder(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::G726State sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::G726State before = sessions[step.session];
    if (step.to == causeway::hls::coding::g726_32) {
        causeway::hls::G726 state = causeway::hls::unpack(before, step.start);
        step.first = causeway::hls::g726_encode(state, causeway::hls::g726::rate_32, step.first);
        sessions[step.session] = causeway::hls::pack(state);
    }
    out.write(step);
}
