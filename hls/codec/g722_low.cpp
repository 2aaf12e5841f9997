// The lower band of G.722 as processes, decoder and encoder: one sample of one session a cycle, by the
// functions that the CPU engine runs (hls/codec/g722.hpp).
//
// A sample's state is ready some cycles after it has been read: the adaptation is a chain of three
// multiplications and a dozen additions, before which the encoder quantizes. So sessions are interleaved:
// `distance` cycles pass between two samples of one session. At 3.3 ns the decoder needs 8, the encoder 14.
// That takes nothing from the throughput, where an interval of as many cycles would.
#include "hls/codec/g722.hpp"
#include "hls_stream.h"

namespace g722 = causeway::hls::g722;

struct LowCode {
    ap_uint<8> session;
    ap_uint<6> code;  // as for 64 kbit/s; at lower rates the missing bits are zero, and `bits` says so
    ap_uint<2> missing;
    bool start;  // forget the session's state
};
struct LowSample {
    ap_uint<8> session;
    ap_int<16> sample;
};

struct LowInput {
    ap_uint<8> session;
    ap_int<15> sample;  // from the transmit filter
    bool start;
};
struct LowOutput {
    ap_uint<8> session;
    ap_uint<6> code;
};

// A predictor as it rests between two samples: its newest entries, [0], live within a sample only.
struct LowState {
    ap_int<16> s, sz, r1, r2, p1, p2, a1, a2, b1, b2, b3, b4, b5, b6, d1, d2, d3, d4, d5, d6, nb, det;
};

static g722::Band unpack(const LowState& x) {
    g722::Band b;
    b.s = x.s, b.sz = x.sz, b.nb = x.nb, b.det = x.det;
    b.r[1] = x.r1, b.r[2] = x.r2, b.p[1] = x.p1, b.p[2] = x.p2, b.a[1] = x.a1, b.a[2] = x.a2;
    b.b[1] = x.b1, b.b[2] = x.b2, b.b[3] = x.b3, b.b[4] = x.b4, b.b[5] = x.b5, b.b[6] = x.b6;
    b.d[1] = x.d1, b.d[2] = x.d2, b.d[3] = x.d3, b.d[4] = x.d4, b.d[5] = x.d5, b.d[6] = x.d6;
    return b;
}
static LowState pack(const g722::Band& b) {
    return {b.s,    b.sz,   b.r[1], b.r[2], b.p[1], b.p[2], b.a[1], b.a[2], b.b[1], b.b[2], b.b[3],
            b.b[4], b.b[5], b.b[6], b.d[1], b.d[2], b.d[3], b.d[4], b.d[5], b.d[6], b.nb,   b.det};
}

void g722_low_decode(hls::stream<LowCode>& in, hls::stream<LowSample>& out) {
#pragma HLS PIPELINE II = 1
    static LowState sessions[256];
#pragma HLS DEPENDENCE variable = sessions inter distance = 16 true
    if (in.empty()) return;
    const LowCode c = in.read();
    const LowState before = sessions[c.session];
    g722::Band low = c.start ? g722::low_band() : unpack(before);
    const int il = c.code;
    const int level = c.missing == 0   ? g722::qm6[il]
                      : c.missing == 1 ? g722::qm5[il >> 1]
                                       : g722::qm4[il >> 2];
    const int sample = g722::limit_15(low.s + ((low.det * level) >> 15));
    g722::adapt_low(low, il >> 2);
    sessions[c.session] = pack(low);
    out.write({c.session, sample});
}

void g722_low_encode(hls::stream<LowInput>& in, hls::stream<LowOutput>& out) {
#pragma HLS PIPELINE II = 1
    static LowState sessions[256];
#pragma HLS DEPENDENCE variable = sessions inter distance = 16 true
    if (in.empty()) return;
    const LowInput x = in.read();
    const LowState before = sessions[x.session];
    g722::Band low = x.start ? g722::low_band() : unpack(before);
    const int il = g722::quantize_low(low, x.sample);
    g722::adapt_low(low, il >> 2);
    sessions[x.session] = pack(low);
    out.write({x.session, il});
}
