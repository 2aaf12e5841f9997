#include "hls_stream.h"
unsigned one(unsigned x) {
    return x + 1;
}
unsigned two(unsigned x) {
    return x ^ 2;
}
unsigned (*const functions[2])(unsigned) = {one, two};
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const unsigned x = in.read();
    out.write(functions[x & 1](x));  // error: through a pointer
}
