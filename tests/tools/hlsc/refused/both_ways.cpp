#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& a) {
#pragma HLS PIPELINE II = 1
    if (a.empty()) return;
    a.write(a.read() + 1);  // error: both read and written
}
