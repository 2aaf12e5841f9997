// A DATAFLOW top: one process split in two ways that join again, three instances of one template with state,
// and one without state called twice.
#include "hls_stream.h"

struct Pair {
    ap_uint<20> value;
    ap_uint<4> tag;
};

void split_pair(hls::stream<Pair>& in, hls::stream<ap_uint<20>>& values, hls::stream<ap_uint<4>>& tags) {
#pragma HLS PIPELINE II = 1
    if (in.empty()) return;
    const Pair p = in.read();
    values.write(p.value);
    tags.write(p.tag);
}

template <int N>
void stage(hls::stream<ap_uint<20>>& in, hls::stream<ap_uint<20>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<20> sum = N;
    if (in.empty()) return;
    const ap_uint<20> x = in.read();
    sum = sum + x;
    out.write(ap_uint<20>(x * 3 + N) ^ sum);
}

void twist(hls::stream<ap_uint<20>>& in, hls::stream<ap_uint<20>>& out) {
#pragma HLS PIPELINE II = 2
    if (in.empty()) return;
    const ap_uint<20> x = in.read();
    out.write(x ^ (x >> 7));
}

void merge_pair(hls::stream<ap_uint<20>>& values, hls::stream<ap_uint<4>>& tags, hls::stream<Pair>& out) {
#pragma HLS PIPELINE II = 1
    if (values.empty() || tags.empty()) return;
    out.write({values.read(), tags.read()});
}

void chain(hls::stream<Pair>& in, hls::stream<Pair>& out) {
#pragma HLS DATAFLOW
    static hls::stream<ap_uint<20>> v[6];
    static hls::stream<ap_uint<4>, 64> tags;
    split_pair(in, v[0], tags);
    stage<1>(v[0], v[1]);
    twist(v[1], v[2]);
    stage<2>(v[2], v[3]);
    stage<3>(v[3], v[4]);
    twist(v[4], v[5]);
    merge_pair(v[5], tags, out);
}
