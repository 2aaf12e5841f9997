// Packets in turn to lanes, and what the lanes make of them collected in the same order. A packet is words to
// one that is marked last.
#pragma once

#include "hls_stream.h"

namespace causeway::kernel {

// Keeps a packet for lane PLACE, then passes as many on as there are lanes BEHIND it.
template <int CHAIN, class T, int PLACE, int BEHIND>
void deal(hls::stream<T>& in, hls::stream<T>& here, hls::stream<T>& onward) {
#pragma HLS PIPELINE II = 1
    static ap_uint<8> turn = 0;
    if (in.empty()) return;
    const T word = in.read();
    if (turn == 0) {
        here.write(word);
    } else {
        onward.write(word);
    }
    if (word.last) turn = turn == BEHIND ? ap_uint<8>(0) : ap_uint<8>(turn + 1);
}

// One packet of each of the PLACE lanes before, then one from lane PLACE.
template <int CHAIN, class T, int PLACE>
void gather(hls::stream<T>& before, hls::stream<T>& here, hls::stream<T>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<8> turn = 0;
    T word;
    if (turn == PLACE) {
        if (here.empty()) return;
        word = here.read();
    } else {
        if (before.empty()) return;
        word = before.read();
    }
    out.write(word);
    if (word.last) turn = turn == PLACE ? ap_uint<8>(0) : ap_uint<8>(turn + 1);
}

}  // namespace causeway::kernel

// Lane k of COUNT in a DATAFLOW function, between chains of streams: to[k] brings what is for lane k and
// those behind it, in[k] and out[k] are its own, from[k] carries the results of lanes 0 to k.
#define SRTP_LANE(k, CHAIN, COUNT, LANE, WORD, RESULT, to, in, out, from)               \
    if constexpr (k + 1 < COUNT)                                                        \
        causeway::kernel::deal<CHAIN, WORD, k, COUNT - 1 - k>(to[k], in[k], to[k + 1]); \
    if constexpr (k == 0 && COUNT == 1) LANE(k, to[k], from[k]);                        \
    if constexpr (k == 0 && COUNT > 1) LANE(k, in[k], from[k]);                         \
    if constexpr (k > 0 && k + 1 < COUNT) LANE(k, in[k], out[k]);                       \
    if constexpr (k > 0 && k + 1 == COUNT) LANE(k, to[k], out[k]);                      \
    if constexpr (k > 0 && k < COUNT) causeway::kernel::gather<CHAIN, RESULT, k>(from[k - 1], out[k], from[k])
#define SRTP_LANES(...)         \
    SRTP_LANE(0, __VA_ARGS__);  \
    SRTP_LANE(1, __VA_ARGS__);  \
    SRTP_LANE(2, __VA_ARGS__);  \
    SRTP_LANE(3, __VA_ARGS__);  \
    SRTP_LANE(4, __VA_ARGS__);  \
    SRTP_LANE(5, __VA_ARGS__);  \
    SRTP_LANE(6, __VA_ARGS__);  \
    SRTP_LANE(7, __VA_ARGS__);  \
    SRTP_LANE(8, __VA_ARGS__);  \
    SRTP_LANE(9, __VA_ARGS__);  \
    SRTP_LANE(10, __VA_ARGS__); \
    SRTP_LANE(11, __VA_ARGS__)
