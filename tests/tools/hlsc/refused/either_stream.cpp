#include "hls_stream.h"
void p(hls::stream<ap_uint<8>>& a, hls::stream<ap_uint<8>>& b, hls::stream<ap_uint<8>>& out) {
#pragma HLS PIPELINE II = 1
    if (!a.empty()) {
        out.write(a.read());
    } else if (!b.empty()) {
        out.write(b.read());  // error: depend on timing
    }
}
