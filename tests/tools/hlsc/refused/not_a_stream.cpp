#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out, int n) {  // error: no stream
#pragma HLS PIPELINE II = 1
    out.write(in.read() + n);
}
