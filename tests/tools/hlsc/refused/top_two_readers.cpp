// top t
#include "hls_stream.h"
void a(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<8>>& out) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    out.write(in.read() + 1);
}
void counter(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<8>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<8> n = 0;
    if (in.empty()) return;
    n = n + 1;
    out.write(in.read() + n);
}
void t(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<8>>& x, hls::stream<ap_uint<8>>& y) {
#pragma HLS DATAFLOW
    static hls::stream<ap_uint<8>> between;
    a(in, between);  // error: one writer and one reader
    a(between, x);
    a(between, y);
}
