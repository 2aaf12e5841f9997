// SHA-1 (FIPS 180-4 clause 6.1), one round a cycle.
#pragma once

#include "hls_stream.h"

namespace causeway::kernel {

inline ap_uint<32> rotate_left(ap_uint<32> x, int n) {
    return (x << n) | (x >> (32 - n));
}

inline ap_uint<32> sha1_constant(ap_uint<7> round) {
    return round < 20 ? 0x5a827999u : round < 40 ? 0x6ed9eba1u : round < 60 ? 0x8f1bbcdcu : 0xca62c1d6u;
}

// Of the sum e + K + W + f + rotl5(a), the first three are known a round ahead and kept in `ahead`: what a
// cycle has to close over its own registers is two additions.
inline void sha1_round(ap_uint<32> (&w)[16], ap_uint<32> (&v)[5], ap_uint<32>& ahead, ap_uint<7> round) {
    ap_uint<32> f;
    if (round < 20) {
        f = (v[1] & v[2]) | (~v[1] & v[3]);
    } else if (round >= 40 && round < 60) {
        f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
    } else {
        f = v[1] ^ v[2] ^ v[3];
    }
    const ap_uint<32> next = rotate_left(v[0], 5) + f + ahead;
    ahead = v[3] + w[1] + sha1_constant(round + 1);
    const ap_uint<32> word = rotate_left(w[13] ^ w[8] ^ w[2] ^ w[0], 1);
    for (int i = 0; i < 15; ++i) w[i] = w[i + 1];
    w[15] = word;
    v[4] = v[3];
    v[3] = v[2];
    v[2] = rotate_left(v[1], 30);
    v[1] = v[0];
    v[0] = next;
}

}  // namespace causeway::kernel
