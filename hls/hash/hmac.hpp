// HMAC-SHA1 (RFC 2104) over packets of 16-byte beats, by midstates: the host hashes key xor ipad and key xor
// opad once a key, so that a packet costs its own blocks and one more.
#pragma once

#include "hls/hash/sha1.hpp"

namespace causeway::kernel {

// Of a packet that is authenticated. Bytes travel in network order: a word's first byte is its highest.
struct Beat {
    ap_uint<128> data;  // bytes that do not count are zero
    ap_uint<5> bytes;   // 16, in the last beat 1 to 16
    bool last;
};
struct HmacJob {
    ap_uint<160> inner, outer;  // SHA-1 states after the key's block, H0 highest
    ap_uint<32> after;          // hashed behind the packet: the rollover counter (RFC 3711 4.2)
};
// To a lane: three words of midstates, then whole blocks of four words.
struct HmacWord {
    ap_uint<128> data;
    bool last;
};
struct Tag {
    ap_uint<128> data;  // the digest's first 16 bytes
    bool last;          // always: a tag is a packet's only word
};

// Appends the rollover counter and SHA-1's padding.
template <int NUMBER>
void hmac_pad(hls::stream<HmacJob>& jobs, hls::stream<Beat>& beats, hls::stream<HmacWord>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<288> rest = 0;  // of the midstates
    static ap_uint<32> after = 0;
    static ap_uint<2> prefaced = 0, word = 0;
    static ap_uint<16> length = 0;
    static bool padding = false;
    static ap_uint<128> carried = 0;
    if (prefaced == 0) {
        if (jobs.empty()) return;
        const HmacJob j = jobs.read();
        out.write({ap_uint<128>(j.inner >> 32), false});
        rest = (ap_uint<288>(j.inner) << 256) | (ap_uint<288>(j.outer) << 96);
        after = j.after;
        prefaced = 1;
        word = 0;
        length = 64 + 4;
    } else if (prefaced != 3) {
        out.write({ap_uint<128>(rest >> 160), false});
        rest = rest << 128;
        ++prefaced;
    } else if (padding) {
        const bool end = word == 3;
        out.write({carried | (end ? ap_uint<128>(length) << 3 : ap_uint<128>(0)), end});
        carried = 0;
        ++word;
        if (end) {
            padding = false;
            prefaced = 0;
        }
    } else {
        if (beats.empty()) return;
        const Beat b = beats.read();
        const ap_uint<16> total = length + b.bytes;
        const ap_uint<256> tail =
            ((ap_uint<256>(after) << 224) | (ap_uint<256>(0x80) << 216)) >> (b.bytes * 8);
        const bool end = b.last && word == 3 && b.bytes <= 3;
        ap_uint<128> data = b.data;
        if (b.last) data = data | ap_uint<128>(tail >> 128);
        if (end) data = data | (ap_uint<128>(total) << 3);
        out.write({data, end});
        carried = b.last ? ap_uint<128>(tail) : ap_uint<128>(0);
        length = total;
        ++word;
        padding = b.last && !end;
        if (end) prefaced = 0;
    }
}

// 3 cycles, 85 for each block and 81 for the outer hash.
template <int LANE>
void hmac_lane(hls::stream<HmacWord>& in, hls::stream<Tag>& out) {
#pragma HLS PIPELINE II = 1
    enum Phase : unsigned char { preface, load, rounds };
    static Phase phase = preface;
    static ap_uint<7> at = 0;  // within the phase
    static bool last = false, is_outer = false;
    static ap_uint<32> w[16], h[5], v[5], outer[5], ahead;
#pragma HLS ARRAY_PARTITION variable = w complete
#pragma HLS ARRAY_PARTITION variable = h complete
#pragma HLS ARRAY_PARTITION variable = v complete
#pragma HLS ARRAY_PARTITION variable = outer complete
    if (phase != rounds) {
        if (in.empty()) return;
        const HmacWord x = in.read();
        ap_uint<32> part[4];
        for (int i = 0; i < 4; ++i) part[i] = x.data.range(127 - 32 * i, 96 - 32 * i);
        if (phase == preface) {
            if (at == 0) {
                for (int i = 0; i < 4; ++i) h[i] = part[i];
            } else if (at == 1) {
                h[4] = part[0];
                for (int i = 0; i < 3; ++i) outer[i] = part[i + 1];
            } else {
                outer[3] = part[0];
                outer[4] = part[1];
            }
            is_outer = false;
            phase = at == 2 ? load : preface;
            at = at == 2 ? ap_uint<7>(0) : ap_uint<7>(at + 1);
        } else {
            for (int i = 0; i < 12; ++i) w[i] = w[i + 4];
            for (int i = 0; i < 4; ++i) w[12 + i] = part[i];
            for (int i = 0; i < 5; ++i) v[i] = h[i];
            ahead = h[4] + w[0] + sha1_constant(0);
            last = x.last;
            phase = at == 3 ? rounds : load;
            at = at == 3 ? ap_uint<7>(0) : ap_uint<7>(at + 1);
        }
    } else if (at == 80) {
        ap_uint<32> sum[5];
        for (int i = 0; i < 5; ++i) sum[i] = h[i] + v[i];
        at = 0;
        if (is_outer) {
            ap_uint<128> tag = 0;
            for (int i = 0; i < 4; ++i) tag.range(127 - 32 * i, 96 - 32 * i) = sum[i];
            out.write({tag, true});
            phase = preface;
        } else if (last) {
            for (int i = 0; i < 5; ++i) {
                w[i] = sum[i];
                h[i] = v[i] = outer[i];
            }
            w[5] = 0x80000000u;
            for (int i = 6; i < 15; ++i) w[i] = 0;
            w[15] = (64 + 20) * 8;
            ahead = ap_uint<32>(outer[4] + sha1_constant(0)) + sum[0];
            is_outer = true;
        } else {
            for (int i = 0; i < 5; ++i) h[i] = sum[i];
            phase = load;
        }
    } else {
        sha1_round(w, v, ahead, at);
        ++at;
    }
}

}  // namespace causeway::kernel
