#include "host/sdp/crypto.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/text.hpp"
#include "tests/host/sdp/corpus.hpp"

namespace causeway::sdp {
namespace {

using testing::HasSubstr;
using testing::Not;

// Keys of RFC 4568's examples (30 octets).
const std::string key1 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string key2 = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
const std::string key28(28 * 4 / 3 + 1, 'A');                      // 28 octets of zero, without padding
const std::string key38 = std::string(38 * 4 / 3 + 1, 'A') + "=";  // 38 octets, padded
const std::string key46 = std::string(46 * 4 / 3 + 1, 'A') + "==";
const std::string key44 = std::string(44 * 4 / 3 + 1, 'A') + "=";  // 44 octets, padded

std::string error_of(const std::string& value) {
    const auto c = Crypto::parse(value);
    return c ? "taken" : c.error().what;
}

TEST(Crypto, LinesOfTheRfcWithoutMki_RFC4568_4_1) {
    const auto c = Crypto::parse("1 AES_CM_128_HMAC_SHA1_80 inline:" + key2 + "|2^20");
    ASSERT_TRUE(c) << c.error().what;
    EXPECT_EQ(c->tag, 1u);
    EXPECT_EQ(c->key.suite, SrtpSuite::aes_cm_128_hmac_sha1_80);
    EXPECT_EQ(to_base64(c->key.key_salt.view()), key2);
    EXPECT_EQ(c->to_string(), "1 AES_CM_128_HMAC_SHA1_80 inline:" + key2);
    EXPECT_TRUE(Crypto::parse("2 AES_CM_128_HMAC_SHA1_32 inline:" + key1 + "|1048576"));
    EXPECT_TRUE(Crypto::parse("999999999 aes_cm_128_hmac_sha1_32 INLINE:" + key1 + " WSH=128 -HINT=1"));
}

TEST(Crypto, SuitesWithTheirKeyLengths_RFC4568_6_2_RFC6188_4_RFC7714_14) {
    const std::vector<std::tuple<std::string, SrtpSuite, std::string>> suites = {
        {"AES_CM_128_HMAC_SHA1_80", SrtpSuite::aes_cm_128_hmac_sha1_80, key1},
        {"AES_CM_128_HMAC_SHA1_32", SrtpSuite::aes_cm_128_hmac_sha1_32, key1},
        {"AEAD_AES_128_GCM", SrtpSuite::aead_aes_128_gcm, key28},
        {"AEAD_AES_256_GCM", SrtpSuite::aead_aes_256_gcm, key44},
        {"AES_192_CM_HMAC_SHA1_80", SrtpSuite::aes_192_cm_hmac_sha1_80, key38},
        {"AES_192_CM_HMAC_SHA1_32", SrtpSuite::aes_192_cm_hmac_sha1_32, key38},
        {"AES_256_CM_HMAC_SHA1_80", SrtpSuite::aes_256_cm_hmac_sha1_80, key46},
        {"AES_256_CM_HMAC_SHA1_32", SrtpSuite::aes_256_cm_hmac_sha1_32, key46}};
    for (const auto& [name, suite, key] : suites) {
        EXPECT_EQ(to_string(suite), name);
        EXPECT_EQ(parse_srtp_suite(name), suite);
        for (const auto& [other_name, other, other_key] : suites) {
            const auto c = Crypto::parse(fmt::format("1 {} inline:{}", name, other_key));
            EXPECT_EQ(c.has_value(), sizes_of(other).key_salt() == sizes_of(suite).key_salt())
                << name << other_name;
        }
        SeededRandom random(7);
        const SrtpKey made = make_srtp_key(suite, random);
        EXPECT_EQ(made.key_salt.size(), sizes_of(suite).key_salt());
        const auto again = Crypto::parse(Crypto{5, made}.to_string());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->key, made);
        EXPECT_FALSE(make_srtp_key(suite, random) == made);
    }
    EXPECT_EQ(to_string(SrtpSuite::none), "none");
    EXPECT_FALSE(parse_srtp_suite("none"));
    EXPECT_EQ(sizes_of(SrtpSuite::none).key_salt(), 0u);
}

TEST(Crypto, WhatIsNotSupportedIsRefusedByName_RFC4568_6_3) {
    const std::string good = "1 AES_CM_128_HMAC_SHA1_80 inline:" + key1;
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"1 F8_128_HMAC_SHA1_80 inline:" + key1, "suite F8_128_HMAC_SHA1_80"},
        {good + "|2^20|1:4", "MKI"},
        {good + "|1:32", "MKI"},
        {good + "|2^20|1:4;inline:" + key2 + "|2^20|2:4", "several keys"},
        {good + "|x", "lifetime"},
        {good + "|2^", "lifetime"},
        {good + "|2^20|2^20", "lifetime"},
        {good + " UNENCRYPTED_SRTP", "UNENCRYPTED_SRTP"},
        {good + " WSH=64 UNENCRYPTED_SRTCP", "UNENCRYPTED_SRTCP"},
        {good + " UNAUTHENTICATED_SRTP", "UNAUTHENTICATED_SRTP"},
        {good + " KDR=1", "KDR"},
        {good + " FEC_ORDER=FEC_SRTP", "FEC_ORDER"},
        {good + " FEC_KEY=inline:" + key2, "FEC_KEY"},
        {good + " inline:" + key2, "(malformed)"},
        {"1 inline:" + key1 + " AES_CM_128_HMAC_SHA1_80", "(malformed)"},
        {"x AES_CM_128_HMAC_SHA1_80 inline:" + key1, "tag"},
        {"1000000000 AES_CM_128_HMAC_SHA1_80 inline:" + key1, "tag"},
        {"1 AES_CM_128_HMAC_SHA1_80 " + key1, "not inline"},
        {"1 AES_CM_128_HMAC_SHA1_80 inline:" + key1.substr(4), "27 octets"},
        {"1 AES_CM_128_HMAC_SHA1_80 inline:" + key1 + "AAAA", "33 octets"},
        {"1 AES_CM_128_HMAC_SHA1_80 inline:" + key1.substr(1) + "*", "base64"},
        {"1 AES_CM_128_HMAC_SHA1_80 inline:", "0 octets"},
        {"1 AES_CM_128_HMAC_SHA1_80", "expected"},
        {"", "expected"},
    };
    for (const auto& [line, expected] : bad) {
        const std::string error = error_of(line);
        EXPECT_THAT(error, HasSubstr(expected)) << line;
        for (const auto& secret : {key1.substr(4, 20), key2.substr(4, 20)})
            EXPECT_THAT(error, Not(HasSubstr(secret))) << "a key in an error";
    }
}

TEST(Crypto, UsableLinesOfAnMLineInOrderOfPreference_RFC4568_5_1) {
    const auto s = Session::parse(secured);
    ASSERT_TRUE(s);
    auto lines = cryptos(s->media[0]);
    ASSERT_EQ(lines.size(), 1u);  // the second has an MKI
    EXPECT_EQ(lines[0].tag, 1u);

    Media m = s->media[0];
    m.attributes.push_back({"crypto", "3 AEAD_AES_256_GCM inline:" + key44});
    m.attributes.push_back({"crypto", "1 AEAD_AES_128_GCM inline:" + key28});  // tag taken
    m.attributes.push_back({"crypto", {}});
    lines = cryptos(m);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].key.suite, SrtpSuite::aes_cm_128_hmac_sha1_80);
    EXPECT_EQ(lines[1].key.suite, SrtpSuite::aead_aes_256_gcm);
}

TEST(Crypto, NoKeyInTheErrorOfADescription) {
    for (const std::string& bad : std::vector<std::string>{"x=inline:" + key1, "inline:" + key1,
                                                           "c=inline:" + key1, "m=inline:" + key1 + " 1"}) {
        const auto s = Session::parse(std::string(secured) + bad + "\r\n");
        ASSERT_FALSE(s) << bad;
        EXPECT_THAT(s.error().what, Not(HasSubstr(key1.substr(0, 6))));
    }
}

}  // namespace
}  // namespace causeway::sdp
