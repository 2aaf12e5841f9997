// What a session of the card needs for SRTP, as the kernel reads it: two sides, of what comes and of what
// goes out, each with round keys and the states of HMAC (or GHASH's key) worked out beforehand (RFC 3711 4.3,
// RFC 7714 11, FIPS 197 5.2). kernels/causeway_batch_pkg.sv is its other side.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "drivers/xrt/batch.hpp"
#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

namespace causeway::card {

constexpr std::size_t context_stride = 8192;  // octets of device memory a session

enum class Cipher : std::uint8_t { none, aes_cm, aes_gcm };

struct SrtpKeys {
    Cipher cipher = Cipher::none;  // none: plain RTP
    std::uint8_t tag = 0;          // octets
    Bytes key, salt;               // master key of 16 or 32 octets, master salt of 14 or 12
};

struct Side {
    std::uint8_t flags = 0;  // 1: SRTP, 2: GCM, 4: AES-256, 128: open
    std::uint8_t tag = 0;    // octets
    std::uint16_t generation = 0;
    std::uint32_t reserved = 0;
    std::array<std::uint8_t, 40> authentication{};  // HMAC's inner and outer state, or GHASH's key
    std::array<std::uint8_t, 14> salt{};
    std::array<std::uint8_t, 2> reserved_end{};
    std::array<std::array<std::uint8_t, 16>, 16> round_keys{};
};
struct Context {
    Side in, out;
};
static_assert(sizeof(Side) == 320 && offsetof(Side, authentication) == 8 && offsetof(Side, salt) == 48 &&
              offsetof(Side, round_keys) == 64 && sizeof(Context) == 640);

// The payload of an OPEN or REKEY. Holds keys: zero it when it is sent. Fails on keys of a wrong length.
Result<Context> make_context(std::uint16_t generation, const SrtpKeys& in, const SrtpKeys& out);

}  // namespace causeway::card
