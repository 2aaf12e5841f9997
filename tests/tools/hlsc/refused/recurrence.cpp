#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> sum = 1;  // error: raise II
    const ap_uint<32> x = in.read();
    sum = ap_uint<32>(sum * x) * sum + x;
    out.write(sum);
}
