// RTP packets and keys as the tests of the engine use them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/random.hpp"
#include "host/rtp/packet.hpp"
#include "host/rtp/rtcp.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway {

inline Bytes rtp_packet(const rtp::Header& header, ByteView payload) {
    Bytes b(rtp::header_size + payload.size());
    rtp::write_header(header, b.data());
    std::copy(payload.begin(), payload.end(), b.begin() + rtp::header_size);
    return b;
}

// 160 octets that differ from packet to packet.
inline Bytes rtp_packet(std::uint16_t sequence, std::uint32_t ssrc = 0x1234, std::uint8_t payload_type = 0) {
    Bytes payload(160);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(sequence * 7 + i);
    return rtp_packet({payload_type, false, sequence, std::uint32_t{sequence} * 160, ssrc}, payload);
}

inline Bytes rtcp_packet(std::uint32_t ssrc = 0x1234) {
    rtp::RtcpCompound c;
    c.sender_ssrc = ssrc;
    c.cname = "somebody";
    return c.to_bytes();
}

inline sdp::SrtpKey srtp_key(sdp::SrtpSuite suite, std::uint64_t seed = 1) {
    SeededRandom random(seed);
    return sdp::make_srtp_key(suite, random);
}

inline std::string suite_name(const testing::TestParamInfo<sdp::SrtpSuite>& suite) {
    return std::string(sdp::to_string(suite.param));
}

// The first are those that libsrtp2 is used for.
constexpr std::size_t suites_of_libsrtp2 = 6;
constexpr sdp::SrtpSuite all_suites[] = {
    sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
    sdp::SrtpSuite::aead_aes_128_gcm,        sdp::SrtpSuite::aead_aes_256_gcm,
    sdp::SrtpSuite::aes_256_cm_hmac_sha1_80, sdp::SrtpSuite::aes_256_cm_hmac_sha1_32,
    sdp::SrtpSuite::aes_192_cm_hmac_sha1_80, sdp::SrtpSuite::aes_192_cm_hmac_sha1_32};
inline auto libsrtp2_suites() {
    return testing::ValuesIn(all_suites, all_suites + suites_of_libsrtp2);
}

}  // namespace causeway
