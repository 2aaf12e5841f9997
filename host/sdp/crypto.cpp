#include "host/sdp/crypto.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "host/sdp/fields.hpp"

namespace causeway::sdp {

namespace {

struct Suite {
    SrtpSuite suite;
    std::string_view name;
    SrtpSizes sizes;
};
constexpr Suite all_suites[] = {
    {SrtpSuite::aes_cm_128_hmac_sha1_80, "AES_CM_128_HMAC_SHA1_80", {16, 14, 10, 10}},
    {SrtpSuite::aes_cm_128_hmac_sha1_32, "AES_CM_128_HMAC_SHA1_32", {16, 14, 4, 10}},
    {SrtpSuite::aead_aes_128_gcm, "AEAD_AES_128_GCM", {16, 12, 16, 16}},
    {SrtpSuite::aead_aes_256_gcm, "AEAD_AES_256_GCM", {32, 12, 16, 16}},
    {SrtpSuite::aes_192_cm_hmac_sha1_80, "AES_192_CM_HMAC_SHA1_80", {24, 14, 10, 10}},
    {SrtpSuite::aes_192_cm_hmac_sha1_32, "AES_192_CM_HMAC_SHA1_32", {24, 14, 4, 10}},
    {SrtpSuite::aes_256_cm_hmac_sha1_80, "AES_256_CM_HMAC_SHA1_80", {32, 14, 10, 10}},
    {SrtpSuite::aes_256_cm_hmac_sha1_32, "AES_256_CM_HMAC_SHA1_32", {32, 14, 4, 10}},
};

// A name from the line as an error may show it: only what looks like a registered name, lest a line with its
// fields out of order puts its key into a log.
std::string_view shown(std::string_view name) {
    const bool plain = name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
                           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                       });
    return plain ? name : "(malformed)";
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// RFC 4568 9.1: lifetime = ["2^"] 1*(DIGIT)
bool is_lifetime(std::string_view text) {
    if (text.starts_with("2^")) text.remove_prefix(2);
    return all_digits(text);
}

Result<Secret> read_key(std::string_view parameter, SrtpSuite suite) {
    constexpr std::string_view method = "inline:";
    if (!istarts_with(parameter, method)) return fail("crypto: key method is not inline");
    parameter.remove_prefix(method.size());
    if (parameter.find(';') != std::string_view::npos) return fail("crypto: several keys are not supported");
    const auto parts = split(parameter, '|');
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (parts[i].find(':') != std::string_view::npos) return fail("crypto: MKI is not supported");
        if (i > 1 || !is_lifetime(parts[i])) return fail("crypto: lifetime is malformed");
    }
    auto bytes = from_base64(parts[0]);
    if (!bytes) return fail("crypto: key is not base64");
    Secret key{*bytes};
    OPENSSL_cleanse(bytes->data(), bytes->size());
    if (key.size() != sizes_of(suite).key_salt())
        return fail(fmt::format("crypto: key and salt have {} octets, {} has {}", key.size(),
                                to_string(suite), sizes_of(suite).key_salt()));
    return key;
}

// RFC 4568 6.3: hints may be ignored; what changes the protection may not.
bool may_ignore(std::string_view session_parameter) {
    return session_parameter.starts_with('-') || istarts_with(session_parameter, "WSH=");
}

}  // namespace

std::string_view to_string(SrtpSuite suite) {
    for (const auto& s : all_suites)
        if (s.suite == suite) return s.name;
    return "none";
}

std::optional<SrtpSuite> parse_srtp_suite(std::string_view name) {
    for (const auto& s : all_suites)
        if (iequals(s.name, name)) return s.suite;
    return std::nullopt;
}

SrtpSizes sizes_of(SrtpSuite suite) {
    for (const auto& s : all_suites)
        if (s.suite == suite) return s.sizes;
    return {};
}

SrtpKey make_srtp_key(SrtpSuite suite, Random& random) {
    Bytes bytes(sizes_of(suite).key_salt());
    random.fill(bytes);
    SrtpKey key{suite, Secret{bytes}};
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return key;
}

Result<Crypto> Crypto::parse(std::string_view attribute_value) {
    const auto f = fields(trim(attribute_value));
    if (f.size() < 3) return fail("crypto: tag, suite and key are expected");
    const auto tag = parse_number<std::uint32_t>(f[0]);
    if (!tag || f[0].size() > 9) return fail("crypto: tag is malformed");
    const auto suite = parse_srtp_suite(f[1]);
    if (!suite) return fail(fmt::format("crypto: suite {} is not supported", shown(f[1])));
    auto key = read_key(f[2], *suite);
    if (!key) return tl::make_unexpected(key.error());
    for (std::size_t i = 3; i < f.size(); ++i)
        if (!may_ignore(f[i]))
            return fail(fmt::format("crypto: session parameter {} is not supported",
                                    shown(split_once(f[i], '=').first)));
    return Crypto{*tag, {*suite, std::move(*key)}};
}

std::string Crypto::to_string() const {
    return fmt::format("{} {} inline:{}", tag, sdp::to_string(key.suite), to_base64(key.key_salt.view()));
}

std::vector<Crypto> cryptos(const Media& media) {
    std::vector<Crypto> out;
    for (const Attribute& a : media.attributes) {
        if (a.name != "crypto" || !a.value) continue;
        auto crypto = Crypto::parse(*a.value);
        if (!crypto) continue;
        const bool seen =
            std::any_of(out.begin(), out.end(), [&](const Crypto& c) { return c.tag == crypto->tag; });
        if (!seen) out.push_back(std::move(*crypto));
    }
    return out;
}

}  // namespace causeway::sdp
