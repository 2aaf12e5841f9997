#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<32> rounds = 0;
    rounds = rounds + 1;  // error: depend on timing
    if (in.empty()) return;
    out.write(in.read() + rounds);
}
