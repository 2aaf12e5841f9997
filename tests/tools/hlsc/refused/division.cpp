#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const unsigned x = in.read();
    out.write(x / (x >> 16 | 1));  // error: a division
}
