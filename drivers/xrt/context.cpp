#include "drivers/xrt/context.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <span>

namespace causeway::card {
namespace {

using Block = std::array<std::uint8_t, 16>;

// One block of AES. Fails where OpenSSL does.
bool encrypt(ByteView key, const Block& in, Block& out) {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    int length = 0;
    return context &&
           EVP_EncryptInit_ex(context.get(), key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(),
                              nullptr, key.data(), nullptr) == 1 &&
           EVP_EncryptUpdate(context.get(), out.data(), &length, in.data(), static_cast<int>(in.size())) == 1;
}

// RFC 3711 4.3.1 with a key derivation rate of 0; a shorter salt is padded (RFC 7714 11).
bool derive(const SrtpKeys& master, std::uint8_t label, std::span<std::uint8_t> out) {
    Block counter{};
    std::copy(master.salt.begin(), master.salt.end(), counter.begin());
    counter[7] ^= label;
    for (std::size_t at = 0; at < out.size(); at += counter.size()) {
        Block stream{};
        if (!encrypt(master.key, counter, stream)) return false;
        std::copy_n(stream.begin(), std::min(stream.size(), out.size() - at),
                    out.begin() + static_cast<std::ptrdiff_t>(at));
        ++counter[15];
        OPENSSL_cleanse(stream.data(), stream.size());
    }
    return true;
}

// FIPS 197 5.1.1: the inverse in GF(2^8), by powers of 3, and an affine map.
std::array<std::uint8_t, 256> make_sbox() {
    std::array<std::uint8_t, 256> sbox{};
    std::uint8_t p = 1, q = 1;  // q is the inverse of p
    do {
        p = static_cast<std::uint8_t>(p ^ (p << 1) ^ (p & 0x80 ? 0x1b : 0));
        q = static_cast<std::uint8_t>(q ^ (q << 1));
        q = static_cast<std::uint8_t>(q ^ (q << 2));
        q = static_cast<std::uint8_t>(q ^ (q << 4));
        if (q & 0x80) q ^= 0x09;
        sbox[p] = static_cast<std::uint8_t>(q ^ std::rotl(q, 1) ^ std::rotl(q, 2) ^ std::rotl(q, 3) ^
                                            std::rotl(q, 4) ^ 0x63);
    } while (p != 1);
    sbox[0] = 0x63;
    return sbox;
}

// FIPS 197 5.2, into the octets of all round keys in a row.
void expand(ByteView key, std::span<std::uint8_t> out) {
    static const auto sbox = make_sbox();
    const std::size_t words = key.size() / 4;
    std::copy(key.begin(), key.end(), out.begin());
    std::uint8_t round = 1;
    for (std::size_t i = words; i < 4 * (words + 7); ++i) {
        std::array<std::uint8_t, 4> word;
        std::copy_n(&out[4 * (i - 1)], 4, word.begin());
        if (i % words == 0) std::rotate(word.begin(), word.begin() + 1, word.end());
        if (i % words == 0 || (words == 8 && i % words == 4)) {
            for (auto& octet : word) octet = sbox[octet];
        }
        if (i % words == 0) {
            word[0] ^= round;
            round = static_cast<std::uint8_t>(round << 1 ^ (round & 0x80 ? 0x1b : 0));
        }
        for (std::size_t k = 0; k < 4; ++k) out[4 * i + k] = out[4 * (i - words) + k] ^ word[k];
    }
}

// FIPS 180-4 6.1.2 on the first block: the state after HMAC's padded key (RFC 2104).
void midstate(ByteView key, std::uint8_t pad, std::uint8_t* out) {
    std::array<std::uint8_t, 64> block;
    block.fill(pad);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    std::array<std::uint32_t, 80> w;
    for (std::size_t t = 0; t < 16; ++t) w[t] = load_be32(&block[4 * t]);
    for (std::size_t t = 16; t < 80; ++t) w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    constexpr std::array<std::uint32_t, 5> start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                    0xc3d2e1f0};
    auto [a, b, c, d, e] = start;
    for (std::size_t t = 0; t < 80; ++t) {
        const std::uint32_t f = t < 20   ? (b & c) | (~b & d)
                                : t < 40 ? b ^ c ^ d
                                : t < 60 ? (b & c) | (b & d) | (c & d)
                                         : b ^ c ^ d;
        constexpr std::array<std::uint32_t, 4> k = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        const std::uint32_t next = std::rotl(a, 5) + f + e + k[t / 20] + w[t];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    const std::array<std::uint32_t, 5> end = {a, b, c, d, e};
    for (std::size_t i = 0; i < 5; ++i) store_be32(out + 4 * i, start[i] + end[i]);
    OPENSSL_cleanse(block.data(), block.size());
    OPENSSL_cleanse(w.data(), sizeof w);
}

Result<void> fill(Side& side, std::uint16_t generation, const SrtpKeys& keys) {
    constexpr std::uint8_t srtp = 1, gcm = 2, aes_256 = 4, open = 128;
    side.generation = generation;
    side.flags = open;
    if (keys.cipher == Cipher::none) return {};
    const bool is_gcm = keys.cipher == Cipher::aes_gcm;
    const std::size_t salt = is_gcm ? 12 : 14;
    if ((keys.key.size() != 16 && keys.key.size() != 32) || keys.salt.size() != salt || keys.tag < 4 ||
        keys.tag > 16) {
        return fail(fmt::format(
            "SRTP on the card: a key of {} octets, a salt of {} and a tag of {} do not go together",
            keys.key.size(), keys.salt.size(), keys.tag));
    }
    side.flags |= srtp | (is_gcm ? gcm : 0) | (keys.key.size() == 32 ? aes_256 : 0);
    side.tag = keys.tag;
    Bytes session(keys.key.size());
    std::array<std::uint8_t, 20> authentication{};
    bool done = derive(keys, 0, session) && derive(keys, 2, std::span(side.salt.data(), salt));
    if (is_gcm) {
        Block h{};
        done = done && encrypt(session, {}, h);
        std::copy(h.begin(), h.end(), side.authentication.begin());
    } else {
        done = done && derive(keys, 1, authentication);
        midstate(authentication, 0x36, side.authentication.data());
        midstate(authentication, 0x5c, side.authentication.data() + 20);
    }
    expand(session, {side.round_keys[0].data(), sizeof side.round_keys});
    OPENSSL_cleanse(session.data(), session.size());
    OPENSSL_cleanse(authentication.data(), authentication.size());
    if (!done) return fail("SRTP on the card: OpenSSL refuses to derive session keys");
    return {};
}

}  // namespace

Result<Context> make_context(std::uint16_t generation, const SrtpKeys& in, const SrtpKeys& out) {
    Context context;
    for (const auto& [side, keys] : {std::pair{&context.in, &in}, std::pair{&context.out, &out}}) {
        if (const auto filled = fill(*side, generation, *keys); !filled) {
            OPENSSL_cleanse(&context, sizeof context);
            return tl::make_unexpected(filled.error());
        }
    }
    return context;
}

}  // namespace causeway::card
