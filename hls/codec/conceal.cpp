// Concealment at both rates.
#include "hls/codec/conceal_process.hpp"

void concealment_8(hls::stream<causeway::hls::ConcealmentCommand>& commands, hls::stream<ap_int<16>>& samples,
                   hls::stream<ap_int<16>>& out) {
#pragma HLS DATAFLOW
    causeway::hls::concealment<8000>(commands, samples, out);
}
void concealment_16(hls::stream<causeway::hls::ConcealmentCommand>& commands,
                    hls::stream<ap_int<16>>& samples, hls::stream<ap_int<16>>& out) {
#pragma HLS DATAFLOW
    causeway::hls::concealment<16000>(commands, samples, out);
}
