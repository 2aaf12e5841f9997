#include "hls_stream.h"
unsigned deep(unsigned n) {
    return n == 0 ? 0 : n + deep(n - 1);
}
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    out.write(deep(in.read()));  // error: recursive
}
