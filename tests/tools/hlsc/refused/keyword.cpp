// process always
#include "hls_stream.h"
void always(hls::stream<ap_uint<32>>& in, hls::stream<ap_uint<32>>& out) {  // error: word of SystemVerilog
#pragma HLS PIPELINE II = 1
    out.write(in.read());
}
