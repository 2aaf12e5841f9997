// What decides the writes is known late, but not what the next iteration does: hlsc must not make that wait.
#include "hls_stream.h"

void late(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS PIPELINE II = 1
    static ap_uint<4> left = 0;
    static ap_uint<64> last = 0;
    if (left == 0) {
        if (in.empty()) return;
        last = in.read();
        if (last * last > (last ^ (last << 1)) + 1) out.write(last);
        left = 3;
    } else {
        --left;
        if (last * last * last > 5) out.write(last + left);
    }
}
