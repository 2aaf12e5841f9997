// One AES lane alone.
#include "hls/srtp/aes.hpp"

void aes_keystream(hls::stream<causeway::kernel::AesWord>& in,
                   hls::stream<causeway::kernel::KeystreamWord>& out) {
#pragma HLS DATAFLOW
    causeway::kernel::aes_lane<0>(in, out);
}
