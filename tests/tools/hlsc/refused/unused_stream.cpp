#include "hls_stream.h"
void p(hls::stream<int>& in, hls::stream<int>& b, hls::stream<int>& out) {  // error: stream b
#pragma HLS PIPELINE II = 1
    out.write(in.read());
}
