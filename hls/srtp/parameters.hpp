// How much of the SRTP kernel is built. What is not given is folded as CI builds it: one lane of each.
// Every lane of a kind works on a packet of its own.
#pragma once

#ifndef SRTP_AES_LANES
#define SRTP_AES_LANES 1  // one round a cycle each
#endif
#ifndef SRTP_HMAC_LANES
#define SRTP_HMAC_LANES 1  // one round of SHA-1 a cycle each
#endif
#ifndef SRTP_GHASH_LANES
#define SRTP_GHASH_LANES 1
#endif
#ifndef SRTP_GHASH_DIGIT
#define SRTP_GHASH_DIGIT 8  // bits of a block that a GHASH lane multiplies a cycle: 1, 2, 4 or 8
#endif
#ifndef SRTP_HELD_BEATS
#define SRTP_HELD_BEATS 64  // 16-byte beats that wait for the tags of the packets before
#endif

namespace causeway::kernel {

constexpr int aes_lanes = SRTP_AES_LANES, hmac_lanes = SRTP_HMAC_LANES, ghash_lanes = SRTP_GHASH_LANES;
constexpr int ghash_digit = SRTP_GHASH_DIGIT, held_beats = SRTP_HELD_BEATS;
static_assert(aes_lanes >= 1 && hmac_lanes >= 1 && ghash_lanes >= 1, "a kernel needs a lane of each kind");
static_assert(aes_lanes <= 12 && hmac_lanes <= 12 && ghash_lanes <= 12, "SRTP_LANES connects up to 12 lanes");

}  // namespace causeway::kernel
