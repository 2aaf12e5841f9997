#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    ap_uint<32> x = in.read(), n = 0;
    while (x > 1) {  // error: no constant bound
        x = x[0] ? ap_uint<32>(3 * x + 1) : ap_uint<32>(x >> 1);
        ++n;
    }
    out.write(n);
}
