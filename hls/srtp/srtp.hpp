// SRTP (RFC 3711, 6188, 7714), a packet at a time, in the order of the jobs: what a packet needs is in its
// job and its round keys. Beats of 16 bytes, network order: the first byte is the highest.
#pragma once

#include "hls/srtp/aes.hpp"
#include "hls/srtp/ghash.hpp"

namespace causeway::kernel {

struct SrtpJob {
    bool protect, gcm, long_key;  // long_key: AES-256
    ap_uint<5> tag;               // bytes: 4 or 10 of HMAC-SHA1, 16 of GCM
    ap_uint<11> header;           // bytes sent in clear: fixed header, CSRCs and extension
    ap_uint<11> length;           // bytes of the packet as it comes, with the tag where it has one
    ap_uint<112> salt;            // of GCM the highest 96 bits
    ap_uint<48> index;            // rollover counter and sequence number
    ap_uint<32> ssrc;
    ap_uint<320> authentication;  // HMAC's inner and outer state, inner highest; or GHASH's h highest
};
struct PacketBeat {
    ap_uint<128> data;
    bool last;
};
enum class Status : unsigned char { ok, not_authentic, malformed };
struct Verdict {
    ap_uint<2> status;
    ap_uint<12> length;  // bytes that came out: 0 if the job was malformed, and then there is no beat
};

// Of a packet, to the process that encrypts.
struct CryptJob {
    bool protect, gcm, malformed;
    ap_uint<11> header, body, length;  // body: without the tag
    ap_uint<8> blocks;                 // of keystream, without GCM's first
};
struct AesJob {
    ap_uint<128> counter;
    ap_uint<8> blocks;
    bool long_key;
};
// To the one that ends it, as the packet begins, and as its beats have come.
struct Note {
    bool protect, gcm, malformed;
    ap_uint<5> tag;
};
struct Trailer {
    ap_uint<128> tag;   // as received, first byte highest
    ap_uint<128> mask;  // of GCM
    bool malformed;
};

// The highest n bytes.
inline ap_uint<128> highest_bytes(ap_uint<5> n) {
    return ~ap_uint<128>((~ap_uint<129>(0) >> 1) >> (n * 8));
}

// Checks a job and sends everyone his part. A cycle.
template <int NUMBER>
void srtp_begin(hls::stream<SrtpJob>& jobs, hls::stream<AesJob>& aes, hls::stream<CryptJob>& crypt,
                hls::stream<HmacJob>& hmac, hls::stream<GhashJob>& ghash, hls::stream<Note>& notes) {
#pragma HLS PIPELINE II = 1
    if (jobs.empty()) return;
    const SrtpJob j = jobs.read();
    const ap_uint<5> trailing = j.protect ? ap_uint<5>(0) : j.tag;
    const bool tag_fits = j.gcm ? j.tag == 16 : j.tag == 10 || j.tag == 4;
    const bool malformed =
        !tag_fits || j.header < 12 || (j.header & 3) != 0 || j.header + trailing > j.length;
    const ap_uint<11> body = j.length - trailing, payload = body - j.header;
    const ap_uint<8> blocks = (payload + 15) >> 4;
    // RFC 3711 4.1.1, RFC 7714 8.1
    const ap_uint<128> cm =
        (ap_uint<128>(j.salt) << 16) ^ (ap_uint<128>(j.ssrc) << 64) ^ (ap_uint<128>(j.index) << 16);
    const ap_uint<128> gcm = (ap_uint<128>(j.salt >> 16) << 32) ^ (ap_uint<128>(j.ssrc) << 80) ^
                             (ap_uint<128>(j.index) << 32) ^ ap_uint<128>(1);
    aes.write(
        {j.gcm ? gcm : cm, malformed ? ap_uint<8>(0) : ap_uint<8>(blocks + (j.gcm ? 1 : 0)), j.long_key});
    crypt.write({j.protect, j.gcm, malformed, j.header, body, j.length, blocks});
    notes.write({j.protect, j.gcm, malformed, j.tag});
    if (!malformed && j.gcm) ghash.write({ap_uint<128>(j.authentication >> 192), j.header, payload});
    if (!malformed && !j.gcm) {
        hmac.write({ap_uint<160>(j.authentication >> 160), ap_uint<160>(j.authentication),
                    ap_uint<32>(j.index >> 16)});
    }
}

// Round keys and counter to an AES lane, if the packet needs any keystream. A cycle, one for each round key,
// one.
template <int NUMBER>
void srtp_keys(hls::stream<AesJob>& jobs, hls::stream<ap_uint<128>>& keys, hls::stream<AesWord>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<5> left = 0;
    static AesJob job = {};
    if (left == 0) {
        if (jobs.empty()) return;
        job = jobs.read();
        left = job.long_key ? 16 : 12;
    } else {
        ap_uint<128> word = job.counter;
        if (left != 1) {
            if (keys.empty()) return;
            word = keys.read();
        }
        if (job.blocks != 0) out.write({word, job.blocks, left == 1});
        --left;
    }
}

// Adds the keystream to the payload, sends ciphertext to be authenticated, takes off the tag. A cycle a
// packet, one for GCM's mask, one a beat.
template <int NUMBER>
void srtp_crypt(hls::stream<CryptJob>& jobs, hls::stream<PacketBeat>& beats,
                hls::stream<KeystreamWord>& keystream, hls::stream<Beat>& held, hls::stream<Beat>& to_hmac,
                hls::stream<Beat>& to_ghash, hls::stream<Trailer>& trailers) {
#pragma HLS PIPELINE II = 1
    enum Phase : unsigned char { begin, mask, body, drain };
    static Phase phase = begin;
    static CryptJob job = {};
    static ap_uint<7> header_beats = 0;  // before the one that the payload begins in
    static ap_uint<8> blocks_left = 0;
    static ap_uint<11> body_left = 0, length_left = 0;
    static bool needs_block = false, tag_begun = false;
    static ap_uint<128> gcm_mask = 0, before = 0, tag = 0;
    if (phase == begin) {
        if (jobs.empty()) return;
        job = jobs.read();
        header_beats = job.header >> 4;
        blocks_left = job.malformed ? ap_uint<8>(0) : job.blocks;
        body_left = job.malformed ? ap_uint<11>(0) : job.body;
        length_left = job.length;
        needs_block = !job.malformed && header_beats == 0 && job.blocks != 0;
        tag_begun = false;
        gcm_mask = before = tag = 0;
        phase = job.gcm && !job.malformed ? mask : body;
    } else if (phase == mask) {
        if (keystream.empty()) return;
        gcm_mask = keystream.read().data;
        phase = body;
    } else if (phase == drain) {
        if (keystream.empty()) return;
        keystream.read();
        --blocks_left;
        if (blocks_left == 0) phase = begin;
    } else {
        ap_uint<128> block = 0;
        if (beats.empty()) return;
        if (needs_block) {
            if (keystream.empty()) return;
            block = keystream.read().data;
        }
        const PacketBeat b = beats.read();
        const bool blocks_remain = blocks_left > (needs_block ? 1 : 0);
        phase = !b.last ? body : blocks_remain ? drain : begin;
        if (needs_block) --blocks_left;
        needs_block = header_beats <= 1 && blocks_remain;
        if (header_beats != 0) --header_beats;
        const ap_uint<256> both = (ap_uint<256>(before) << 128) | block;
        before = block;
        const ap_uint<128> stream = ap_uint<128>(both >> (ap_uint<4>(job.header) * 8));
        const bool live = body_left != 0, ends = body_left <= 16;
        const ap_uint<5> bytes = body_left >= 16 ? ap_uint<5>(16) : ap_uint<5>(body_left);
        const ap_uint<128> counts = highest_bytes(bytes), out = (b.data ^ stream) & counts;
        const ap_uint<128> cipher = job.protect ? out : ap_uint<128>(b.data & counts);
        const bool last = ends || b.last;
        // The tag begins in the beat where the body ends and may end in the next.
        const ap_uint<4> at = ap_uint<4>(job.body);
        ap_uint<128> received = tag;
        if (body_left < 16) {
            received =
                tag_begun ? tag | ap_uint<128>(b.data >> ((16 - at) * 8)) : ap_uint<128>(b.data << (at * 8));
            tag_begun = true;
        }
        tag = received;
        body_left = ends ? ap_uint<11>(0) : ap_uint<11>(body_left - 16);
        const bool wrong_length = length_left == 0 || length_left > 16;
        length_left = length_left <= 16 ? ap_uint<11>(0) : ap_uint<11>(length_left - 16);
        if (live) {
            held.write({out, bytes, last});
            if (job.gcm) {
                to_ghash.write({cipher, bytes, last});
            } else {
                to_hmac.write({cipher, bytes, last});
            }
        }
        if (b.last && !job.malformed) trailers.write({received, gcm_mask, wrong_length});
    }
}

// Lets the body out, appends or compares the tag. A cycle a packet, one a beat, one, and one if the tag needs
// a beat.
template <int NUMBER>
void srtp_end(hls::stream<Note>& notes, hls::stream<Beat>& held, hls::stream<Trailer>& trailers,
              hls::stream<Tag>& hmac, hls::stream<Tag>& ghash, hls::stream<Beat>& out,
              hls::stream<Verdict>& verdicts) {
#pragma HLS PIPELINE II = 1
    enum Phase : unsigned char { begin, body, tag, rest };
    static Phase phase = begin;
    static Note note = {};
    static Beat end = {};
    static ap_uint<128> remaining = 0;
    static ap_uint<12> length = 0;
    static bool malformed = false;
    const ap_uint<6> together = end.bytes + note.tag;
    if (phase == begin) {
        if (notes.empty()) return;
        note = notes.read();
        length = 0;
        if (note.malformed) {
            verdicts.write({ap_uint<2>(Status::malformed), 0});
        } else {
            phase = body;
        }
    } else if (phase == body) {
        if (held.empty()) return;
        const Beat b = held.read();
        length = length + b.bytes;
        if (b.last) {
            end = b;
            phase = tag;
        } else {
            out.write(b);
        }
    } else if (phase == tag) {
        ap_uint<128> computed;
        if (note.gcm) {
            if (ghash.empty() || trailers.empty()) return;
            computed = ghash.read().data;
        } else {
            if (hmac.empty() || trailers.empty()) return;
            computed = hmac.read().data;
        }
        const Trailer t = trailers.read();
        const ap_uint<128> counts = highest_bytes(note.tag), whole = (computed ^ t.mask) & counts;
        phase = begin;
        malformed = t.malformed;
        if (note.protect) {
            const ap_uint<256> placed = (ap_uint<256>(whole) << 128) >> (end.bytes * 8);
            const ap_uint<128> data = end.data | ap_uint<128>(placed >> 128);
            remaining = ap_uint<128>(placed);
            length = length + note.tag;
            if (together > 16) {
                out.write({data, 16, false});
                phase = rest;
            } else {
                out.write({data, ap_uint<5>(together), true});
                verdicts.write({ap_uint<2>(t.malformed ? Status::malformed : Status::ok), length});
            }
        } else {
            const bool equal = ((whole ^ t.tag) & counts) == 0;
            out.write(end);
            verdicts.write({ap_uint<2>(t.malformed ? Status::malformed
                                       : equal     ? Status::ok
                                                   : Status::not_authentic),
                            length});
        }
    } else {
        out.write({remaining, ap_uint<5>(together - 16), true});
        verdicts.write({ap_uint<2>(malformed ? Status::malformed : Status::ok), length});
        phase = begin;
    }
}

}  // namespace causeway::kernel
