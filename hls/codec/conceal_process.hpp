// Concealment as a process: one block of one session after the other, by the steps that the CPU engine makes
// (hls/codec/conceal.hpp). History and periods of 32 sessions are in RAM.
#pragma once

#include "hls/codec/conceal.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

struct ConcealmentCommand {
    ap_uint<5> session;
    bool lost;   // else the block's samples follow in the other stream
    bool start;  // the session begins anew
};

// What lasts from block to block.
struct ConcealmentState {
    ap_uint<3> lost_blocks;
    ap_uint<8> pitch;
    ap_uint<10> length, position, base;
};

// Rate: samples per second. For each command a block goes out.
template <int Rate>
void concealment(::hls::stream<ConcealmentCommand>& commands, ::hls::stream<ap_int<16>>& samples,
                 ::hls::stream<ap_int<16>>& out) {
#pragma HLS PIPELINE II = 5
    using Machine = conceal::Machine<Rate>;
    enum Control : std::uint8_t { idle, begin, run };
    static ConcealmentState states[codec_sessions];
    static ap_int<16> history[codec_sessions * Machine::rows], periods[codec_sessions * Machine::rows];
    static ap_int<16> tail[codec_sessions * Machine::short_rows],
        before[codec_sessions * Machine::short_rows];
#pragma HLS DEPENDENCE variable = history inter distance = 8 true
#pragma HLS DEPENDENCE variable = periods inter distance = 8 true
#pragma HLS DEPENDENCE variable = tail inter distance = 8 true
#pragma HLS DEPENDENCE variable = before inter distance = 8 true
    static Machine machine;
    static ap_uint<2> control = idle;
    static ap_uint<5> session = 0;
    static bool lost = false, start = false;

    if (control == idle) {
        if (commands.empty()) return;
        const ConcealmentCommand command = commands.read();
        const ConcealmentState state = states[command.session];
        machine.lost_blocks = command.start ? 0 : static_cast<int>(state.lost_blocks);
        machine.pitch = command.start ? Machine::pitch_min : static_cast<int>(state.pitch);
        machine.length = command.start ? Machine::pitch_min : static_cast<int>(state.length);
        machine.position = command.start ? 0 : static_cast<int>(state.position);
        machine.base = command.start ? 0 : static_cast<int>(state.base);
        session = command.session;
        lost = command.lost;
        start = command.start;
        control = begin;
        return;
    }
    if (control == begin) {
        if (start) {
            machine.begin_anew(lost);
        } else {
            machine.begin(lost);
        }
        control = run;
        return;
    }
    const bool emits = machine.phase == conceal::Phase::emit;
    int came = 0;
    if (emits && !lost) {
        if (samples.empty()) return;
        came = samples.read();
    }
    const unsigned rows = static_cast<unsigned>(session) * Machine::rows,
                   short_rows = static_cast<unsigned>(session) * Machine::short_rows;
    const conceal::Places at = machine.places();
    const conceal::Samples from = {history[rows + at.history], periods[rows + at.a], periods[rows + at.b],
                                   tail[short_rows + at.tail], before[short_rows + at.before]};
    conceal::Store to;
    const bool last = machine.step(from, came, to);
    if (emits) out.write(from.history);
    if (last) {
        states[session] = {machine.lost_blocks, machine.pitch, machine.length, machine.position,
                           machine.base};
        control = idle;
    }
    if (to.history) history[rows + to.history_at] = to.history_sample;
    if (to.periods) periods[rows + to.periods_at] = to.sample;
    if (to.tail) tail[short_rows + to.short_at] = to.sample;
    if (to.before) before[short_rows + to.short_at] = to.sample;
}

}  // namespace causeway::hls
