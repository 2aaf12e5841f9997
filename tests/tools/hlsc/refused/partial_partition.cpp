#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> x[8];
#pragma HLS ARRAY_PARTITION variable = x cyclic factor = 2  // error: only ARRAY_PARTITION ... complete
    x[0] = in.read();
    out.write(x[0]);
}
