#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> a[16], b[16];
    const ap_uint<32> x = in.read();
    ap_uint<32>* chosen = x[4] ? a : b;  // error: pointer
    const ap_uint<4> i = x;
    const ap_uint<32> old = chosen[i];
    chosen[i] = x;
    out.write(old);
}
