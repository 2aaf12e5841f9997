// SDES: SRTP keys in SDP (RFC 4568; suites of RFC 4568, 6188, 7714 and the IANA registry).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/random.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/sdp/session.hpp"

namespace causeway::sdp {

enum class SrtpSuite : std::uint8_t {
    none,
    aes_cm_128_hmac_sha1_80,
    aes_cm_128_hmac_sha1_32,
    aead_aes_128_gcm,
    aead_aes_256_gcm,
    aes_192_cm_hmac_sha1_80,
    aes_192_cm_hmac_sha1_32,
    aes_256_cm_hmac_sha1_80,
    aes_256_cm_hmac_sha1_32,
};
constexpr SrtpSuite last_value(SrtpSuite) {
    return SrtpSuite::aes_256_cm_hmac_sha1_32;
}
std::string_view to_string(SrtpSuite suite);  // as in a=crypto; "none" for none
std::optional<SrtpSuite> parse_srtp_suite(std::string_view name);

// What a suite is made of, octets. Session keys and salts are as long as the master's (RFC 3711 4.3, RFC 6188
// 2, RFC 7714 11). All zero for none.
struct SrtpSizes {
    std::size_t key = 0, salt = 0;
    std::size_t rtp_tag = 0, rtcp_tag = 0;  // short tags are for RTP alone (RFC 4568 6.2.2)
    std::size_t key_salt() const { return key + salt; }
};
SrtpSizes sizes_of(SrtpSuite suite);
constexpr bool is_aead(SrtpSuite suite) {
    return suite == SrtpSuite::aead_aes_128_gcm || suite == SrtpSuite::aead_aes_256_gcm;
}

// A suite with its master key and salt. Suite none has no key.
struct SrtpKey {
    SrtpSuite suite = SrtpSuite::none;
    Secret key_salt;
    template <class A>
    void archive(A& a) {
        a(suite, key_salt);
    }
    bool operator==(const SrtpKey&) const = default;
};
SrtpKey make_srtp_key(SrtpSuite suite, Random& random);

// a=crypto:<tag> <suite> inline:<key||salt>[|lifetime][|MKI:length] [session parameters]
struct Crypto {
    std::uint32_t tag = 0;
    SrtpKey key;
    // The error says what is not supported: an unknown suite, an MKI, an unencrypted or key-derivation-rate
    // session parameter, a key of the wrong length. Such a line is skipped, not fatal: other lines may do.
    // A lifetime is read and not enforced; WSH and "-" parameters are hints and ignored (RFC 4568 6.3).
    // Never holds the key.
    static Result<Crypto> parse(std::string_view attribute_value);
    std::string to_string() const;
    template <class A>
    void archive(A& a) {
        a(tag, key);
    }
};

// The usable crypto lines of an m-line in order of preference; of equal tags the first.
std::vector<Crypto> cryptos(const Media& media);

}  // namespace causeway::sdp
