// The codec engine: up to 32 jobs at a time, of a session each, go round sample by sample through decoders,
// resampler and encoders. A job is a packet's payload in one coding that is to become one in another.
#pragma once

#include "hls/codec/g711_process.hpp"
#include "hls/codec/g722_process.hpp"
#include "hls/codec/g726_process.hpp"
#include "hls/codec/noise_process.hpp"
#include "hls/codec/resample_process.hpp"
#include "hls/codec/step.hpp"

namespace causeway::hls {

struct CodecJob {
    ap_uint<5> session;   // of no other job of the round
    ap_uint<3> from, to;  // coding::Coding
    ap_uint<2> variant;   // of G.722, as in Step
    bool describe;        // of comfort_noise: the payload is one of RFC 3389, and to is none
    bool start;           // the session begins anew
    ap_uint<9> steps;     // of 125 us, at least one
    ap_uint<6> words;     // of payload, in the other stream
    bool last;            // of the round, which then begins
};
// 16 octets of payload, the first lowest. Linear samples are in network order as everywhere in RTP.
struct CodecWord {
    ap_uint<64> low, high;
};
struct CodecResult {
    ap_uint<5> session;
    ap_uint<5> octets;
    bool last;  // of the job
    ap_uint<64> low, high;
};

constexpr int job_rows = 64;  // words of payload kept for each session

struct JobState {
    ap_uint<3> from, to;
    ap_uint<2> variant;
    bool describe = false, start = false;
    ap_uint<9> steps;
};
struct CollectorState {
    ap_uint<64> low, high;
    ap_uint<5> nibbles;
};

}  // namespace causeway::hls

// Takes the jobs of a round, then goes round all sessions, a step each; those without a job, or at its end,
// rest.
void codec_feeder(hls::stream<causeway::hls::CodecJob>& jobs, hls::stream<causeway::hls::CodecWord>& payloads,
                  hls::stream<causeway::hls::Step>& out) {
#pragma HLS PIPELINE II = 1
    using namespace causeway::hls;
    static JobState waiting[codec_sessions];
    static CodecWord memory[codec_sessions * job_rows];
    static ap_uint<32> loaded = 0;         // sessions that have a job in this round
    static ap_uint<9> rounds = 0, at = 0;  // to go, and gone
    static ap_uint<6> left = 0, row = 0;
    static ap_uint<5> session = 0;
    static bool last = false, running = false;

    if (running) {
        const JobState job = waiting[session];
        const bool active = loaded[session] && at < job.steps;
        const unsigned t = at;
        const bool nibbles = job.from == coding::g726_32, narrow = job.from == coding::linear_8,
                   wide = job.from == coding::linear_16;
        const unsigned word = nibbles ? t >> 5 : narrow ? t >> 3 : wide ? t >> 2 : t >> 4;
        const CodecWord payload = memory[static_cast<unsigned>(session) * job_rows + (word & (job_rows - 1))];
        const unsigned bit = nibbles  ? 4 * (t & 31)
                             : narrow ? 16 * (t & 7)
                             : wide   ? 32 * (t & 3)
                                      : 8 * (t & 15);
        const ap_uint<64> half = bit >= 64 ? payload.high : payload.low;
        const auto octets = static_cast<std::uint32_t>(half >> (bit & 63U));
        const unsigned first = (octets & 0xFFU) << 8 | (octets >> 8 & 0xFFU);
        const unsigned second = (octets >> 16 & 0xFFU) << 8 | octets >> 24;
        Step step;
        step.session = session;
        step.from = active ? static_cast<unsigned>(job.from) : 0U;
        step.to = active ? static_cast<unsigned>(job.to) : 0U;
        step.variant = job.describe ? static_cast<unsigned>(t == 0 ? noise_level : noise_reflection)
                                    : static_cast<unsigned>(job.variant);
        step.start = active && job.start && t == 0;
        step.last = active && t + 1 == job.steps;
        step.first = nibbles ? octets & 15U : narrow || wide ? first : octets & 0xFFU;
        step.second = wide ? second : job.describe ? static_cast<unsigned>(session) + 1U : 0U;
        out.write(step);
        if (session == codec_sessions - 1) {
            if (rounds == 1) {
                running = false;
                loaded = 0;
            }
            --rounds;
            ++at;
        }
        ++session;
    } else if (left != 0) {
        if (payloads.empty()) return;
        const CodecWord word = payloads.read();
        memory[static_cast<unsigned>(session) * job_rows + row] = word;
        ++row;
        --left;
        if (left == 0) {
            session = 0;
            running = last;
        }
    } else {
        if (jobs.empty()) return;
        const CodecJob job = jobs.read();
        waiting[job.session] = {job.from, job.to, job.variant, job.describe, job.start, job.steps};
        loaded |= ap_uint<32>(1) << job.session;
        if (job.steps > rounds) rounds = job.steps;
        left = job.words;
        row = 0;
        last = job.last;
        session = job.words != 0 ? static_cast<unsigned>(job.session) : 0U;
        at = 0;
        running = job.last && job.words == 0;
    }
}

// Packs what a job gives into words.
void codec_collector(hls::stream<causeway::hls::Step>& in, hls::stream<causeway::hls::CodecResult>& out) {
#pragma HLS PIPELINE II = 1
    using namespace causeway::hls;
    static CollectorState sessions[codec_sessions];
#pragma HLS DEPENDENCE variable = sessions inter distance = 32 true
    if (in.empty()) return;
    const Step step = in.read();
    const CollectorState before = sessions[step.session];
    const bool nibbles = step.to == coding::g726_32, narrow = step.to == coding::linear_8,
               wide = step.to == coding::linear_16;
    const unsigned first = static_cast<unsigned>(step.first) & 0xFFFFU,
                   second = static_cast<unsigned>(step.second) & 0xFFFFU;
    const unsigned first_octets = first >> 8 | (first & 0xFFU) << 8,
                   second_octets = second >> 8 | (second & 0xFFU) << 8;
    const unsigned value = nibbles  ? first & 15U
                           : narrow ? first_octets
                           : wide   ? second_octets << 16 | first_octets
                                    : first & 0xFFU;
    const unsigned size = nibbles ? 1 : narrow ? 4 : wide ? 8 : 2;
    const unsigned at = before.nibbles;
    CollectorState after = before;
    if (at == 0) after.low = after.high = 0;
    const ap_uint<64> placed = ap_uint<64>(value) << (4 * (at & 15U));
    if (at < 16) {
        after.low |= placed;
    } else {
        after.high |= placed;
    }
    const unsigned filled = at + size;
    const bool done = filled == 32 || step.last;
    after.nibbles = done ? 0U : filled;
    if (step.to != coding::none) {
        sessions[step.session] = after;
        if (done) out.write({step.session, (filled + 1) >> 1, step.last, after.low, after.high});
    }
}
