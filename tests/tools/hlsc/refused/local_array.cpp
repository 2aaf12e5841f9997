#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const ap_uint<32> v = in.read();
    ap_uint<32> x[4];  // error: a local array
    for (int i = 0; i < 4; ++i) x[i] = v + i;
    out.write(x[ap_uint<2>(v)]);
}
