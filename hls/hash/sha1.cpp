// Compression of one block, one block in flight: 82 cycles.
#include "hls/hash/sha1.hpp"

struct Sha1Request {
    ap_uint<512> block;  // big endian: its first word is the highest
    ap_uint<160> state;  // H0 highest
};

void sha1_compress(hls::stream<Sha1Request>& in, hls::stream<ap_uint<160>>& out) {
#pragma HLS PIPELINE II = 1
    static bool busy = false;
    static ap_uint<7> round = 0;
    static ap_uint<32> w[16], h[5], v[5], ahead;
#pragma HLS ARRAY_PARTITION variable = w complete
#pragma HLS ARRAY_PARTITION variable = h complete
#pragma HLS ARRAY_PARTITION variable = v complete
    if (!busy) {
        if (in.empty()) return;
        const Sha1Request r = in.read();
        for (int i = 0; i < 16; ++i) w[i] = r.block.range(511 - 32 * i, 480 - 32 * i);
        for (int i = 0; i < 5; ++i) v[i] = h[i] = r.state.range(159 - 32 * i, 128 - 32 * i);
        ahead = v[4] + w[0] + causeway::kernel::sha1_constant(0);
        round = 0;
        busy = true;
    } else if (round == 80) {
        ap_uint<160> sum = 0;
        for (int i = 0; i < 5; ++i) sum.range(159 - 32 * i, 128 - 32 * i) = ap_uint<32>(h[i] + v[i]);
        out.write(sum);
        busy = false;
    } else {
        causeway::kernel::sha1_round(w, v, ahead, round);
        ++round;
    }
}
