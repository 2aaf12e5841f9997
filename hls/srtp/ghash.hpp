// GHASH (NIST SP 800-38D 6.4) over packets of 16-byte beats, associated data and text in one.
#pragma once

#include "hls/hash/hmac.hpp"

namespace causeway::kernel {

struct GhashJob {
    ap_uint<128> h;       // the zero block encrypted
    ap_uint<11> header;   // bytes of associated data, a multiple of 4
    ap_uint<11> payload;  // bytes of text behind it
};
// To a lane: h, then blocks.
struct GhashWord {
    ap_uint<128> data;
    bool last;
};

// Splits header from payload, each padded to whole blocks, and appends the block of lengths.
template <int NUMBER>
void ghash_pad(hls::stream<GhashJob>& jobs, hls::stream<Beat>& beats, hls::stream<GhashWord>& out) {
#pragma HLS PIPELINE II = 1
    enum Phase : unsigned char { begin, body, flush, lengths };
    static Phase phase = begin;
    static ap_uint<11> header = 0, payload = 0, header_left = 0;
    static ap_uint<128> before = 0;               // the beat before
    const ap_uint<4> split = ap_uint<4>(header);  // where in a beat the payload begins
    if (phase == begin) {
        if (jobs.empty()) return;
        const GhashJob j = jobs.read();
        out.write({j.h, false});
        header = header_left = j.header;
        payload = j.payload;
        phase = body;
    } else if (phase == body) {
        if (beats.empty()) return;
        const Beat b = beats.read();
        const ap_uint<256> both = (ap_uint<256>(before) << 128) | b.data;
        const ap_uint<128> straddling = ap_uint<128>(both >> ((16 - split) * 8));
        ap_uint<128> data;
        if (header_left == 0) {
            data = split == 0 ? b.data : straddling;
        } else if (header_left >= 16) {
            data = b.data;
        } else {
            data = b.data & ~(~ap_uint<128>(0) >> (split * 8));
        }
        out.write({data, false});
        before = b.data;
        const bool text = header_left < 16;  // the beat has payload, or may have
        header_left = text ? ap_uint<11>(0) : ap_uint<11>(header_left - 16);
        if (b.last) phase = text && split != 0 && b.bytes > split ? flush : lengths;
    } else if (phase == flush) {
        out.write({before << (split * 8), false});
        phase = lengths;
    } else {
        out.write({(ap_uint<128>(header) << 67) | (ap_uint<128>(payload) << 3), true});
        phase = begin;
    }
}

// The highest bit is the coefficient of x^0.
inline ap_uint<128> ghash_times_x(ap_uint<128> v) {
    const ap_uint<128> reduction = ap_uint<128>(0xe1) << 120;
    return (v >> 1) ^ (v[0] ? reduction : ap_uint<128>(0));
}

// h times the lowest DIGIT bits of a factor, of which the lowest has the highest power of x.
template <int DIGIT>
inline ap_uint<128> ghash_product(ap_uint<128> h, ap_uint<128> factor) {
    ap_uint<128> product = 0, multiple = h;
    for (int i = DIGIT - 1; i >= 0; --i) {
        product = product ^ (factor[i] ? multiple : ap_uint<128>(0));
        multiple = ghash_times_x(multiple);
    }
    return product;
}

// 1 + 128 / DIGIT cycles a block, 1 for h.
template <int LANE, int DIGIT>
void ghash_lane(hls::stream<GhashWord>& in, hls::stream<Tag>& out) {
#pragma HLS PIPELINE II = 1
    static_assert(DIGIT == 1 || DIGIT == 2 || DIGIT == 4 || DIGIT == 8,
                  "more bits a cycle do not meet 3.3 ns");
    static bool has_h = false, last = false, busy = false;
    static ap_uint<7> left = 0;  // digits after this one
    static ap_uint<128> h = 0, factor = 0, sum = 0;
    static ap_uint<128> product = 0;  // of the next digit, computed a cycle ahead
    if (!busy) {
        if (in.empty()) return;
        const GhashWord w = in.read();
        busy = has_h;
        left = 128 / DIGIT - 1;
        last = w.last;
        const ap_uint<128> whole = sum ^ w.data;
        if (!has_h) h = w.data;
        product = ghash_product<DIGIT>(h, whole);
        factor = whole >> DIGIT;
        has_h = true;
        sum = 0;
    } else {
        const bool done = left == 0;
        busy = !done;
        if (done && last) has_h = false;
        --left;
        ap_uint<128> next = sum;
        for (int i = 0; i < DIGIT; ++i) next = ghash_times_x(next);
        next = next ^ product;
        sum = done && last ? ap_uint<128>(0) : next;
        product = ghash_product<DIGIT>(h, factor);
        factor = factor >> DIGIT;
        if (done && last) out.write({next, true});
    }
}

}  // namespace causeway::kernel
