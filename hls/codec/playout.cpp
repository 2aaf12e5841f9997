// Jitter slots and codec engine together: PACKET fills a slot; the TICKs of a round decode what they find and
// code it anew.
#include "hls/codec/engine_process.hpp"
#include "hls/jitter/slots_process.hpp"

namespace causeway::hls {

// What a TICK makes of the packet that it finds.
struct Playing {
    ap_uint<3> from, to;  // as in CodecJob
    ap_uint<2> variant;
    bool start;
    ap_uint<9> steps;  // where no packet is found, of comfort noise; 0: nothing
    bool last;         // of the round: of all that is commanded up to here
};
struct PlayoutCommand {
    JitterCommand jitter;
    Playing playing;  // of a TICK
};

}  // namespace causeway::hls

void playout_splitter(hls::stream<causeway::hls::PlayoutCommand>& in,
                      hls::stream<causeway::hls::JitterCommand>& jitter,
                      hls::stream<causeway::hls::Playing>& playing) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const causeway::hls::PlayoutCommand command = in.read();
    jitter.write(command.jitter);
    playing.write(command.playing);
}

// A round has a job for each TICK; where there is nothing to play it is one of a step that rests.
void playout_jobs(hls::stream<causeway::hls::JitterResult>& in, hls::stream<causeway::hls::Playing>& playings,
                  hls::stream<causeway::hls::JitterResult>& out, hls::stream<causeway::hls::CodecJob>& jobs) {
#pragma HLS PIPELINE II = 1
    using namespace causeway::hls;
    if (in.empty() || playings.empty()) return;
    const JitterResult result = in.read();
    const Playing playing = playings.read();
    out.write(result);
    if (result.operation != jitter_tick) return;
    const unsigned length = result.length;
    const bool noise = playing.from == coding::comfort_noise, found = result.found && length != 0;
    const unsigned octets_as_steps = playing.from == coding::g726_32     ? 2 * length
                                     : playing.from == coding::linear_8  ? length >> 1
                                     : playing.from == coding::linear_16 ? length >> 2
                                                                         : length;
    const bool plays = found ? octets_as_steps != 0 : noise && playing.steps != 0;
    CodecJob job;
    job.session = result.session;
    job.from = plays ? static_cast<unsigned>(playing.from) : 0U;
    job.to = plays && !(found && noise) ? static_cast<unsigned>(playing.to) : 0U;
    job.variant = playing.variant;
    job.describe = found && noise;
    job.start = playing.start;
    job.steps = !plays ? 1U : found ? octets_as_steps : static_cast<unsigned>(playing.steps);
    job.words = found ? (length + 15U) >> 4 : 0U;
    job.last = playing.last;
    jobs.write(job);
}

void playout_payloads(hls::stream<causeway::hls::SlotWord>& in, hls::stream<causeway::hls::CodecWord>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const causeway::hls::SlotWord word = in.read();
    out.write({word.low, word.high});
}

void playout(hls::stream<causeway::hls::PlayoutCommand>& commands,
             hls::stream<causeway::hls::SlotWord>& payloads,
             hls::stream<causeway::hls::JitterResult>& results,
             hls::stream<causeway::hls::CodecResult>& coded) {
#pragma HLS DATAFLOW
    static hls::stream<causeway::hls::JitterCommand> jitter_commands("jitter_commands");
    static hls::stream<causeway::hls::Playing, 64> playings("playings");
    static hls::stream<causeway::hls::JitterResult> found("found");
    static hls::stream<causeway::hls::SlotAccess, 16> accesses("accesses");
    static hls::stream<causeway::hls::SlotWord> played("played");
    static hls::stream<causeway::hls::CodecJob> jobs("jobs");
    static hls::stream<causeway::hls::CodecWord> words("words");
    static hls::stream<causeway::hls::Step> s[9];
    playout_splitter(commands, jitter_commands, playings);
    jitter_heads(jitter_commands, found, accesses);
    jitter_payloads(accesses, payloads, played);
    playout_jobs(found, playings, results, jobs);
    playout_payloads(played, words);
    codec_feeder(jobs, words, s[0]);
    g711_decoder(s[0], s[1]);
    g722_decoder(s[1], s[2]);
    g726_decoder(s[2], s[3]);
    noise_generator(s[3], s[4]);
    resampler(s[4], s[5]);
    g711_encoder(s[5], s[6]);
    g722_encoder(s[6], s[7]);
    g726_encoder(s[7], s[8]);
    codec_collector(s[8], coded);
}
