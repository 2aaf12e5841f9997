// The jitter slots alone.
#include "hls/jitter/slots_process.hpp"

void jitter(hls::stream<causeway::hls::JitterCommand>& commands,
            hls::stream<causeway::hls::SlotWord>& payloads, hls::stream<causeway::hls::JitterResult>& results,
            hls::stream<causeway::hls::SlotWord>& played) {
#pragma HLS DATAFLOW
    static hls::stream<causeway::hls::SlotAccess, 16> accesses("accesses");
    jitter_heads(commands, results, accesses);
    jitter_payloads(accesses, payloads, played);
}
