#include "drivers/cpu/srtp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/base/text.hpp"
#include "tests/conformance/packets.hpp"
#include "tests/conformance/srtp_oracle.hpp"

namespace causeway::cpu {
namespace {

using sdp::SrtpKey;
using sdp::SrtpSuite;
using testing::HasSubstr;
using Outcome = Srtp::Outcome;
using Used = rtp::SrtpWindow;

Bytes from_hex(std::string_view hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

// RFC 3711 B.3.
const SrtpKey rfc_key{SrtpSuite::aes_cm_128_hmac_sha1_80,
                      Secret(from_hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"))};

TEST(SrtpOracle, DerivesTheKeysOfTheRfc_RFC3711_B_3) {
    EXPECT_EQ(to_hex(oracle::derive(rfc_key, 0, 16)), "c61e7a93744f39ee10734afe3ff7a087");
    EXPECT_EQ(to_hex(oracle::derive(rfc_key, 2, 14)), "30cbbc08863d8c85d49db34a9ae1");
    EXPECT_EQ(to_hex(oracle::derive(rfc_key, 1, 20)), "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

TEST(SrtpOracle, DerivesTheKeysOfTheRfc_RFC6188_7) {
    const SrtpKey key_256{SrtpSuite::aes_256_cm_hmac_sha1_80,
                          Secret(from_hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
                                          "3b04803de51ee7c96423ab5b78d2"))};
    EXPECT_EQ(to_hex(oracle::derive(key_256, 0, 32)),
              "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4");
    EXPECT_EQ(to_hex(oracle::derive(key_256, 2, 14)), "fa31791685ca444a9e07c6c64e93");
    EXPECT_EQ(to_hex(oracle::derive(key_256, 1, 20)), "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
    const SrtpKey key_192{
        SrtpSuite::aes_192_cm_hmac_sha1_80,
        Secret(from_hex("73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1c8522f3acd4ce86d5add78edbb11"))};
    EXPECT_EQ(to_hex(oracle::derive(key_192, 0, 24)), "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb");
    EXPECT_EQ(to_hex(oracle::derive(key_192, 2, 14)), "2372b82d639b6d8503a47adc0a6c");
    EXPECT_EQ(to_hex(oracle::derive(key_192, 1, 20)), "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb");
}

class SrtpTest : public testing::TestWithParam<SrtpSuite> {
  protected:
    Srtp make(Srtp::Direction direction, std::uint64_t seed = 1) {
        auto made = Srtp::create(srtp_key(GetParam(), seed), direction);
        EXPECT_TRUE(made) << made.error().what;
        return std::move(*made);
    }
    Bytes sealed(std::uint16_t sequence, std::uint32_t rollover = 0, std::uint32_t ssrc = 0x1234) {
        return oracle::srtp(srtp_key(GetParam()), rollover, rtp_packet(sequence, ssrc));
    }
    Outcome open(Bytes packet) { return in_.unprotect(packet); }
    Srtp in_ = make(Srtp::Direction::inbound);
    Srtp out_ = make(Srtp::Direction::outbound);
};

TEST_P(SrtpTest, WhatWeSendIsWhatTheRfcsSay_RFC3711_4_RFC7714_8) {
    Bytes b = rtp_packet(65535);
    ASSERT_TRUE(out_.protect(b));
    EXPECT_EQ(b, sealed(65535));
    b = rtp_packet(0);
    ASSERT_TRUE(out_.protect(b));
    EXPECT_EQ(b, sealed(0, 1)) << "the sequence number wrapped";
    b = rtp_packet(65534);
    ASSERT_TRUE(out_.protect(b));
    EXPECT_EQ(b, sealed(65534)) << "late, from before the wrap";
    for (std::uint32_t index = 1; index <= 2; ++index) {
        Bytes c = rtcp_packet();
        ASSERT_TRUE(out_.protect_rtcp(c));
        EXPECT_EQ(c, oracle::srtcp(srtp_key(GetParam()), index, rtcp_packet()));
    }
}

TEST_P(SrtpTest, WhatTheRfcsSayIsTaken_RFC3711_3_3) {
    for (const auto& [sequence, rollover] : {std::pair{65530, 0}, {65535, 0}, {1, 1}, {0, 1}, {65534, 0}}) {
        const auto number = static_cast<std::uint16_t>(sequence);
        Bytes b = sealed(number, static_cast<std::uint32_t>(rollover));
        ASSERT_EQ(in_.unprotect(b), Outcome::ok) << sequence;
        EXPECT_EQ(b, rtp_packet(number));
    }
    Bytes c = oracle::srtcp(srtp_key(GetParam()), 77, rtcp_packet());
    ASSERT_EQ(in_.unprotect_rtcp(c), Outcome::ok);
    EXPECT_EQ(c, rtcp_packet());
}

TEST_P(SrtpTest, CsrcsAndExtensionsStayInTheClear_RFC3711_3_1) {
    Bytes plain = rtp_packet(5);
    plain[0] = 0x91;
    plain.insert(plain.begin() + rtp::header_size, {1, 2, 3, 4, 0xbe, 0xde, 0, 1, 9, 9, 9, 9});
    Bytes b = oracle::srtp(srtp_key(GetParam()), 0, plain);
    ASSERT_EQ(in_.unprotect(b), Outcome::ok);
    EXPECT_EQ(b, plain);
}

TEST_P(SrtpTest, AnotherKeyDoesNotOpen) {
    Srtp other = make(Srtp::Direction::inbound, 2);
    Bytes b = sealed(1);
    EXPECT_EQ(other.unprotect(b), Outcome::unauthentic);
    Bytes c = oracle::srtcp(srtp_key(GetParam()), 1, rtcp_packet());
    EXPECT_EQ(other.unprotect_rtcp(c), Outcome::unauthentic);
}

TEST_P(SrtpTest, ReplaysAreRefused_RFC3711_3_3_2) {
    EXPECT_EQ(open(sealed(1000)), Outcome::ok);
    EXPECT_EQ(open(sealed(1000)), Outcome::replayed);
    EXPECT_EQ(open(sealed(1001)), Outcome::ok);
    EXPECT_EQ(open(sealed(999)), Outcome::ok) << "late is not replayed";
    EXPECT_EQ(open(sealed(999)), Outcome::replayed);
    EXPECT_EQ(open(sealed(1200)), Outcome::ok);
    EXPECT_EQ(open(sealed(1002)), Outcome::replayed) << "older than the window";
    const Bytes sealed_rtcp = oracle::srtcp(srtp_key(GetParam()), 5, rtcp_packet());
    Bytes c = sealed_rtcp;
    EXPECT_EQ(in_.unprotect_rtcp(c), Outcome::ok);
    c = sealed_rtcp;
    EXPECT_EQ(in_.unprotect_rtcp(c), Outcome::replayed);
}

TEST_P(SrtpTest, AForgedPacketDoesNotUseUpItsIndex_RFC3711_3_3_2) {
    Bytes forged = sealed(7);
    forged.back() ^= 1;
    EXPECT_EQ(open(forged), Outcome::unauthentic);
    forged = sealed(40000);
    forged[20] ^= 1;
    EXPECT_EQ(open(forged), Outcome::unauthentic);
    EXPECT_EQ(open(sealed(7)), Outcome::ok);
}

TEST_P(SrtpTest, CutPacketsAndTurnedBitsNeverOpen) {
    const Bytes rtp = sealed(3);
    const Bytes rtcp = oracle::srtcp(srtp_key(GetParam()), 1, rtcp_packet());
    for (std::size_t n = 0; n < rtp.size(); ++n) {
        Bytes b(rtp.begin(), rtp.begin() + static_cast<std::ptrdiff_t>(n));
        ASSERT_NE(in_.unprotect(b), Outcome::ok) << n;
    }
    for (std::size_t n = 0; n < rtcp.size(); ++n) {
        Bytes b(rtcp.begin(), rtcp.begin() + static_cast<std::ptrdiff_t>(n));
        ASSERT_NE(in_.unprotect_rtcp(b), Outcome::ok) << n;
    }
    for (std::size_t bit = 0; bit < rtp.size() * 8; ++bit) {
        Bytes b = rtp;
        b[bit / 8] = static_cast<std::uint8_t>(b[bit / 8] ^ 1U << bit % 8);
        ASSERT_NE(in_.unprotect(b), Outcome::ok) << bit;
    }
    for (std::size_t bit = 0; bit < rtcp.size() * 8; ++bit) {
        Bytes b = rtcp;
        b[bit / 8] = static_cast<std::uint8_t>(b[bit / 8] ^ 1U << bit % 8);
        ASSERT_NE(in_.unprotect_rtcp(b), Outcome::ok) << bit;
    }
    EXPECT_EQ(open(rtp), Outcome::ok) << "the packet itself is still good";
}

TEST_P(SrtpTest, AnIndexIsNeverUsedTwice_RFC3711_9_1) {
    Bytes b = rtp_packet(1);
    EXPECT_TRUE(out_.protect(b));
    b = rtp_packet(1);
    b.back() ^= 1;
    EXPECT_FALSE(out_.protect(b));
}

TEST_P(SrtpTest, SourcesOfAKeyAreBounded) {
    for (std::uint32_t ssrc = 1; ssrc <= Srtp::max_sources; ++ssrc) {
        ASSERT_EQ(open(sealed(1, 0, ssrc)), Outcome::ok);
    }
    EXPECT_EQ(open(sealed(1, 0, 1000)), Outcome::unauthentic);
    EXPECT_EQ(open(sealed(2, 0, 1)), Outcome::ok) << "those that are known go on";
}

INSTANTIATE_TEST_SUITE_P(Suites, SrtpTest, libsrtp2_suites(), suite_name);

// ---- a session that goes on in another process

class SrtpResumeTest : public SrtpTest {
  protected:
    Srtp again(const Srtp& session, Srtp::Direction direction) {
        auto made = Srtp::resume(session.save(srtp_key(GetParam())), direction);
        EXPECT_TRUE(made) << made.error().what;
        return std::move(*made);
    }
    // Whatever the sequence number was when the session was saved.
    static constexpr std::pair<std::uint16_t, std::uint32_t> places[] = {
        {1, 0},     {32767, 0}, {32768, 0}, {40000, 0}, {65535, 0},    {0, 1},
        {65530, 1}, {65535, 1}, {0, 2},     {3, 70000}, {65535, 70000}};
};

TEST_P(SrtpResumeTest, WhatWeSendGoesOnAboveTheLast_RFC3711_3_3_1) {
    for (const auto& [sequence, rollover] : places) {
        const std::uint64_t index = std::uint64_t{rollover} << 16 | sequence;
        auto made =
            Srtp::resume({srtp_key(GetParam()), {{0x1234, Used(index), Used(3)}}}, Srtp::Direction::outbound);
        ASSERT_TRUE(made) << made.error().what;
        Bytes b = rtp_packet(sequence);
        EXPECT_FALSE(made->protect(b)) << "used before";
        for (const std::uint64_t next : {index + 1, index + 3, index + 2}) {
            b = rtp_packet(static_cast<std::uint16_t>(next));
            ASSERT_TRUE(made->protect(b)) << next;
            EXPECT_EQ(b, sealed(static_cast<std::uint16_t>(next), static_cast<std::uint32_t>(next >> 16)))
                << next;
        }
        Bytes c = rtcp_packet();
        ASSERT_TRUE(made->protect_rtcp(c));
        EXPECT_EQ(c, oracle::srtcp(srtp_key(GetParam()), 4, rtcp_packet()));
    }
}

TEST_P(SrtpResumeTest, WhatWeTakeGoesOnAboveTheLast_RFC3711_3_3_1) {
    for (const auto& [sequence, rollover] : places) {
        const std::uint64_t index = std::uint64_t{rollover} << 16 | sequence;
        auto made =
            Srtp::resume({srtp_key(GetParam()), {{0x1234, Used(index), {}}}}, Srtp::Direction::inbound);
        ASSERT_TRUE(made) << made.error().what;
        const auto at = [&](std::uint64_t i) {
            Bytes b = sealed(static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(i >> 16));
            return made->unprotect(b);
        };
        EXPECT_EQ(at(index), Outcome::replayed) << index;
        EXPECT_EQ(at(index - 1), Outcome::replayed) << "whether it had come is not known";
        EXPECT_EQ(at(index + 1), Outcome::ok) << index;
        EXPECT_EQ(at(index + 3), Outcome::ok);
        EXPECT_EQ(at(index + 2), Outcome::ok);
        EXPECT_EQ(at(index + 2), Outcome::replayed);
        EXPECT_EQ(at(index), Outcome::replayed);
    }
}

TEST_P(SrtpResumeTest, WhatASessionDidIsWhatItSaves) {
    for (const std::uint32_t i : {65000U, 65535U, 65536U, 65537U, 65534U}) {
        Bytes b = rtp_packet(static_cast<std::uint16_t>(i));
        ASSERT_TRUE(out_.protect(b));
        EXPECT_EQ(open(b), Outcome::ok);
    }
    Bytes c = rtcp_packet();
    ASSERT_TRUE(out_.protect_rtcp(c));
    const Bytes first_report = c;
    EXPECT_EQ(in_.unprotect_rtcp(c), Outcome::ok);
    const auto sources = out_.save(srtp_key(GetParam())).sources;
    ASSERT_EQ(sources.size(), 1u);
    EXPECT_EQ(sources[0].rtp.highest(), 65537u);
    EXPECT_EQ(sources[0].rtcp.highest(), 1u);
    EXPECT_EQ(in_.save(srtp_key(GetParam())).sources, sources);

    // Twice over, each end in a new process.
    for (std::uint16_t i = 2; i < 4; ++i) {
        in_ = again(in_, Srtp::Direction::inbound);
        out_ = again(out_, Srtp::Direction::outbound);
        c = first_report;
        EXPECT_EQ(in_.unprotect_rtcp(c), Outcome::replayed);
        Bytes b = rtp_packet(i);
        ASSERT_TRUE(out_.protect(b));
        EXPECT_EQ(b, sealed(i, 1));
        EXPECT_EQ(open(b), Outcome::ok);
        EXPECT_EQ(open(b), Outcome::replayed);
        c = rtcp_packet();
        ASSERT_TRUE(out_.protect_rtcp(c));
        EXPECT_EQ(in_.unprotect_rtcp(c), Outcome::ok);
    }
}

TEST_P(SrtpResumeTest, AForgeryDoesNotSpoilWhatComesAfter) {
    auto made = Srtp::resume({srtp_key(GetParam()), {{0x1234, Used(65535), {}}}}, Srtp::Direction::inbound);
    Bytes forged = sealed(20000, 1);
    forged.back() ^= 1;
    EXPECT_EQ(made->unprotect(forged), Outcome::unauthentic);
    Bytes b = sealed(0, 1);
    EXPECT_EQ(made->unprotect(b), Outcome::ok);
    b = sealed(5, 0, 0x9999);
    EXPECT_EQ(made->unprotect(b), Outcome::ok) << "a source that is new";
}

INSTANTIATE_TEST_SUITE_P(Suites, SrtpResumeTest, libsrtp2_suites(), suite_name);

TEST(Srtp, AKeyOfTheWrongLengthIsRefusedWithoutShowingIt) {
    SrtpKey key = srtp_key(SrtpSuite::aead_aes_128_gcm);
    key.suite = SrtpSuite::aead_aes_256_gcm;
    const auto made = Srtp::create(key, Srtp::Direction::inbound);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().what, HasSubstr("28 octets, AEAD_AES_256_GCM has 44"));
    EXPECT_FALSE(Srtp::create({}, Srtp::Direction::inbound)) << "suite none";
}

}  // namespace
}  // namespace causeway::cpu
