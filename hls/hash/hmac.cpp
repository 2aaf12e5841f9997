// HMAC-SHA1 with one lane.
#include "hls/hash/hmac.hpp"

namespace kernel = causeway::kernel;

void hmac_sha1(hls::stream<kernel::HmacJob>& jobs, hls::stream<kernel::Beat>& beats,
               hls::stream<kernel::Tag>& tags) {
#pragma HLS DATAFLOW
    static hls::stream<kernel::HmacWord, 16> words;
    kernel::hmac_pad<0>(jobs, beats, words);
    kernel::hmac_lane<0>(words, tags);
}
