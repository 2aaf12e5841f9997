#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> x[8];
#pragma HLS ARRAY_PARTITION variable = x complete  // error: its index is not a constant
    const ap_uint<32> v = in.read();
    x[ap_uint<3>(v)] = v;
    out.write(x[ap_uint<3>(v >> 3)]);
}
