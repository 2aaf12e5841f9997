#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> x[64];
    const ap_uint<32> v = in.read();
    x[ap_uint<6>(v)] = v;
    out.write(x[ap_uint<6>(v >> 6)]);  // error: read after it was written
}
