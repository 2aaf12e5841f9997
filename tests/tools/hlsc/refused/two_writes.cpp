#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const ap_uint<32> x = in.read();
    out.write(x);
    if (x > 5) out.write(x + 1);  // error: a second write to stream out
}
