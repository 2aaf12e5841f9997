// SRTP as RFC 3711, RFC 6188 and RFC 7714 write it, over OpenSSL's ciphers and nothing of libsrtp2: what our
// SRTP is compared with. Encrypts only; slow.
#pragma once

#include <cstdint>

#include "host/base/bytes.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway::oracle {

// Session key material by label (RFC 3711 4.3.1), key derivation rate 0.
Bytes derive(const sdp::SrtpKey& key, std::uint8_t label, std::size_t octets);
Bytes srtp(const sdp::SrtpKey& key, std::uint32_t rollover_counter, ByteView packet);
Bytes srtcp(const sdp::SrtpKey& key, std::uint32_t index, ByteView compound);

}  // namespace causeway::oracle
