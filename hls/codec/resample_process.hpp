// The resamplers between 8 and 16 kHz as one process: one step of one session a cycle, by the functions that
// the CPU engine runs (hls/codec/resample.hpp). Steps whose codings have one rate are handed on.
#pragma once

#include "hls/codec/resample.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

struct ResamplerState {
    ap_int<16> up[2 * resample::half], down[4 * resample::half - 1];
};

}  // namespace causeway::hls

void resampler(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    static causeway::hls::ResamplerState sessions[causeway::hls::codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    causeway::hls::Step step = in.read();
    const causeway::hls::ResamplerState before = sessions[step.session];
    causeway::hls::Upsampler up;
    causeway::hls::Downsampler down;
    if (!step.start) {
        for (int i = 0; i < 2 * causeway::hls::resample::half; ++i) up.x[i] = before.up[i];
        for (int i = 0; i < 4 * causeway::hls::resample::half - 1; ++i) down.x[i] = before.down[i];
    }
    const bool from = causeway::hls::is_wide(step.from), to = causeway::hls::is_wide(step.to);
    if (from != to && step.from != causeway::hls::coding::none) {
        std::int16_t first = 0, second = 0;
        if (to) {
            causeway::hls::upsample(up, step.first, first, second);
        } else {
            first = causeway::hls::downsample(down, step.first, step.second);
        }
        causeway::hls::ResamplerState after;
        for (int i = 0; i < 2 * causeway::hls::resample::half; ++i) after.up[i] = up.x[i];
        for (int i = 0; i < 4 * causeway::hls::resample::half - 1; ++i) after.down[i] = down.x[i];
        sessions[step.session] = after;
        step.first = first;
        step.second = second;
    }
    out.write(step);
}
