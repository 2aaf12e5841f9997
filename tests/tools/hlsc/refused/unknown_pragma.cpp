#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
#pragma HLS LATENCY max = 3  // error: LATENCY is not known
    out.write(in.read());
}
