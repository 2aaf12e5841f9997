#include "hls_stream.h"
void p(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1
    const ap_uint<32> x = in.read();
    out.write(x + in.read());  // error: a second read of stream in
}
