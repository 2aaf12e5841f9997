// The codec engine alone.
#include "hls/codec/engine_process.hpp"

void codec_engine(hls::stream<causeway::hls::CodecJob>& jobs, hls::stream<causeway::hls::CodecWord>& payloads,
                  hls::stream<causeway::hls::CodecResult>& results) {
#pragma HLS DATAFLOW
    static hls::stream<causeway::hls::Step> s[9];
    codec_feeder(jobs, payloads, s[0]);
    g711_decoder(s[0], s[1]);
    g722_decoder(s[1], s[2]);
    g726_decoder(s[2], s[3]);
    noise_generator(s[3], s[4]);
    resampler(s[4], s[5]);
    g711_encoder(s[5], s[6]);
    g722_encoder(s[6], s[7]);
    g726_encoder(s[7], s[8]);
    codec_collector(s[8], results);
}
