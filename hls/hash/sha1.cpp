// SHA-1 (FIPS 180-4 clause 6.1): compression of one block, one round a cycle, one block in flight: 82 cycles.
#include "hls_stream.h"

struct Sha1Request {
    ap_uint<512> block;  // big endian: its first word is the highest
    ap_uint<160> state;  // H0 highest
};

static ap_uint<32> rotate_left(ap_uint<32> x, int n) {
    return (x << n) | (x >> (32 - n));
}

static ap_uint<32> constant(ap_uint<7> round) {
    return round < 20 ? 0x5a827999u : round < 40 ? 0x6ed9eba1u : round < 60 ? 0x8f1bbcdcu : 0xca62c1d6u;
}

// Of the sum e + K + W + f + rotl5(a), the first three are known a round ahead and kept in `ahead`: what a
// cycle has to close over its own registers is two additions.
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
        ahead = v[4] + w[0] + constant(0);
        round = 0;
        busy = true;
    } else if (round == 80) {
        ap_uint<160> sum = 0;
        for (int i = 0; i < 5; ++i) sum.range(159 - 32 * i, 128 - 32 * i) = ap_uint<32>(h[i] + v[i]);
        out.write(sum);
        busy = false;
    } else {
        ap_uint<32> f;
        if (round < 20) {
            f = (v[1] & v[2]) | (~v[1] & v[3]);
        } else if (round >= 40 && round < 60) {
            f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
        } else {
            f = v[1] ^ v[2] ^ v[3];
        }
        const ap_uint<32> next = rotate_left(v[0], 5) + f + ahead;
        ahead = v[3] + w[1] + constant(round + 1);
        const ap_uint<32> word = rotate_left(w[13] ^ w[8] ^ w[2] ^ w[0], 1);
        for (int i = 0; i < 15; ++i) w[i] = w[i + 1];
        w[15] = word;
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate_left(v[1], 30);
        v[1] = v[0];
        v[0] = next;
        ++round;
    }
}
