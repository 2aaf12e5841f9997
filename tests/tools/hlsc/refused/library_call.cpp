#include "hls_stream.h"
int strange(int);
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const int x = in.read();
    out.write(strange(x));  // error: has no body here
}
