#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& a, hls::stream<ap_uint<32>>& b, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const ap_uint<32> x = a.read();
    ap_uint<32> y = 0;
    if (ap_uint<32>(ap_uint<32>(x * x) * x) > 1000) y = b.read();  // error: first cycle
    out.write(y + x);
}
