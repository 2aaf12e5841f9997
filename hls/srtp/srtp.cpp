// SRTP packets as DATAFLOW: docs/kernels-srtp.md draws it. parameters.hpp says how many lanes.
#include "hls/srtp/srtp.hpp"
#include "hls/srtp/lanes.hpp"
#include "hls/srtp/parameters.hpp"

using namespace causeway::kernel;

#define AES_LANE(k, from, to) aes_lane<k>(from, to)
#define HMAC_LANE(k, from, to) hmac_lane<k>(from, to)
#define GHASH_LANE(k, from, to) ghash_lane<k, ghash_digit>(from, to)

void srtp(hls::stream<SrtpJob>& jobs, hls::stream<ap_uint<128>>& keys, hls::stream<PacketBeat>& in,
          hls::stream<Beat>& out, hls::stream<Verdict>& verdicts) {
#pragma HLS DATAFLOW
    static hls::stream<AesJob, 4> aes_jobs;
    static hls::stream<CryptJob, 16> crypt_jobs;
    static hls::stream<HmacJob, 16> hmac_jobs;
    static hls::stream<GhashJob, 16> ghash_jobs;
    static hls::stream<Note, 32> notes;
    static hls::stream<Trailer, 16> trailers;
    static hls::stream<Beat, held_beats> held;
    static hls::stream<Beat, 16> to_hmac, to_ghash;
    // A packet's words wait before each lane while it works, a packet's keystream behind it.
    static hls::stream<AesWord, 16> aes_to[aes_lanes], aes_in[aes_lanes];
    static hls::stream<KeystreamWord, 16> aes_out[aes_lanes], aes_from[aes_lanes];
    static hls::stream<HmacWord, 16> hmac_to[hmac_lanes], hmac_in[hmac_lanes];
    static hls::stream<Tag> hmac_out[hmac_lanes], hmac_from[hmac_lanes];
    static hls::stream<GhashWord, 16> ghash_to[ghash_lanes], ghash_in[ghash_lanes];
    static hls::stream<Tag> ghash_out[ghash_lanes], ghash_from[ghash_lanes];
    srtp_begin<0>(jobs, aes_jobs, crypt_jobs, hmac_jobs, ghash_jobs, notes);
    srtp_keys<0>(aes_jobs, keys, aes_to[0]);
    SRTP_LANES(0, aes_lanes, AES_LANE, AesWord, KeystreamWord, aes_to, aes_in, aes_out, aes_from);
    srtp_crypt<0>(crypt_jobs, in, aes_from[aes_lanes - 1], held, to_hmac, to_ghash, trailers);
    hmac_pad<0>(hmac_jobs, to_hmac, hmac_to[0]);
    SRTP_LANES(1, hmac_lanes, HMAC_LANE, HmacWord, Tag, hmac_to, hmac_in, hmac_out, hmac_from);
    ghash_pad<0>(ghash_jobs, to_ghash, ghash_to[0]);
    SRTP_LANES(2, ghash_lanes, GHASH_LANE, GhashWord, Tag, ghash_to, ghash_in, ghash_out, ghash_from);
    srtp_end<0>(notes, held, trailers, hmac_from[hmac_lanes - 1], ghash_from[ghash_lanes - 1], out, verdicts);
}
