#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/conformance/engine.hpp"
#include "tests/conformance/packets.hpp"
#include "tests/conformance/srtp_oracle.hpp"

namespace causeway::conformance {
namespace {

using media::Completion;
using media::EgressConfig;
using media::EgressId;
using media::IngressConfig;
using media::IngressId;
using media::Kind;
using media::PathConfig;
using media::PathId;
using media::Verdict;
using sdp::SrtpSuite;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Two parties: `a` sends to us, we send to `b`. Payload types 0 and 101 of `a` are 0 and 96 of `b`.
class EngineTest : public EngineSuite {
  protected:
    IngressId ingress(const sdp::SrtpKey& key = {}) {
        const auto id = engine_->open_ingress({key, 8000});
        EXPECT_TRUE(id);
        return *id;
    }
    EgressId egress(const sdp::SrtpKey& key = {}, std::uint16_t first_sequence = 500) {
        const auto id = engine_->open_egress({key, 0xabcd, first_sequence, 7000});
        EXPECT_TRUE(id);
        return *id;
    }
    PathId path(IngressId from, EgressId to) {
        PathConfig config;
        config.from = from;
        config.to = to;
        config.payload_types[0] = 0;
        config.payload_types[101] = 96;
        const auto id = engine_->open_path(config);
        EXPECT_TRUE(id);
        return *id;
    }
    // What became of one packet; what it made is in out_.
    Verdict put(IngressId from, const Bytes& bytes, Kind kind = Kind::rtp) {
        now_ += milliseconds(20);
        const media::PacketIn in{from, kind, now_, ++cookie_, bytes};
        engine_->submit(now_, {&in, 1});
        out_.clear();
        engine_->collect(now_, out_);
        EXPECT_EQ(out_.completions.size(), 1u);
        EXPECT_EQ(out_.completions[0].cookie, cookie_);
        EXPECT_EQ(out_.completions[0].ingress, from);
        return out_.completions[0].verdict;
    }
    // The header of the one packet that came out.
    rtp::Header sent(IngressId from, const Bytes& bytes) {
        EXPECT_EQ(put(from, bytes), Verdict::ok);
        if (out_.packets.size() != 1) return {};
        return rtp::Packet::parse(out_.packets[0].bytes)->header;
    }

    std::unique_ptr<media::Engine> engine_ = make_engine();
    media::Results out_;
    Time now_{};
    std::uint64_t cookie_ = 0;
};

TEST_P(EngineTest, ARelayedPacketIsOursButForItsPayloadAndMarker) {
    const auto a = ingress();
    const auto b = egress();
    path(a, b);
    // Two CSRCs, an extension, padding: all of it stays behind.
    Bytes in = rtp_packet({101, true, 9, 42, 5}, Bytes{1, 2, 3, 4, 0, 0, 3});
    in.insert(in.begin() + rtp::header_size, {10, 0, 0, 1, 10, 0, 0, 2, 0xbe, 0xde, 0, 1, 1, 1, 1, 1});
    in[0] = 0xb2;
    ASSERT_EQ(put(a, in), Verdict::ok);
    EXPECT_EQ(out_.completions[0].header.payload_type, 101);
    EXPECT_EQ(out_.completions[0].header.ssrc, 5u);
    ASSERT_EQ(out_.packets.size(), 1u);
    EXPECT_EQ(out_.packets[0].egress, b);
    EXPECT_EQ(out_.packets[0].bytes, rtp_packet({96, true, 500, 7000, 0xabcd}, Bytes{1, 2, 3, 4}));
    const auto counters = engine_->counters(b);
    EXPECT_EQ(counters.packets, 1u);
    EXPECT_EQ(counters.octets, 4u);
    EXPECT_EQ(counters.last_timestamp, 7000u);
    EXPECT_EQ(counters.last_sent, now_);
    EXPECT_EQ(engine_->reception(a)->octets(), 4u);
}

TEST_P(EngineTest, GapsAndOrderPassAndSourcesJoinWithoutABreak) {
    const auto a = ingress(), c = ingress();
    const auto b = egress();
    auto from_a = path(a, b);
    EXPECT_EQ(sent(a, rtp_packet(10)).sequence, 500);
    EXPECT_EQ(sent(a, rtp_packet(13)).sequence, 503);
    EXPECT_EQ(sent(a, rtp_packet(12)).sequence, 502);
    EXPECT_EQ(put(a, rtp_packet(12)), Verdict::replayed) << "a duplicate has no place";
    EXPECT_EQ(sent(a, rtp_packet(40000, 77)).sequence, 504) << "new SSRC";
    const auto before = sent(a, rtp_packet(40001, 77));
    engine_->close_path(from_a);
    path(c, b);
    EXPECT_EQ(put(a, rtp_packet(40002, 77)), Verdict::no_path);
    const auto after = sent(c, rtp_packet(3));
    EXPECT_EQ(after.sequence, 506);
    EXPECT_EQ(after.timestamp, before.timestamp + 320) << "40 ms later";
    EXPECT_EQ(after.ssrc, 0xabcdu);
    EXPECT_EQ(sent(c, rtp_packet(4)).sequence, 507);
}

TEST_P(EngineTest, MappingAnewDoesNotDisturbTheNumbers) {
    const auto a = ingress();
    const auto b = egress();
    const auto old_path = path(a, b);
    EXPECT_EQ(sent(a, rtp_packet(10)).sequence, 500);
    engine_->close_path(old_path);
    path(a, b);
    EXPECT_EQ(sent(a, rtp_packet(12)).sequence, 502) << "a loss at that moment stays visible";
    EXPECT_EQ(sent(a, rtp_packet(11)).sequence, 501);
}

TEST_P(EngineTest, PayloadTypesThatWereNotAgreedEndHere) {
    const auto a = ingress();
    const auto b = egress();
    path(a, b);
    EXPECT_EQ(put(a, rtp_packet(1, 0x1234, 8)), Verdict::no_path);
    EXPECT_THAT(out_.packets, IsEmpty());
    EXPECT_EQ(engine_->reception(a)->packets(), 1u) << "they are received all the same";
    EXPECT_EQ(sent(a, rtp_packet(2, 0x1234, 101)).payload_type, 96);
}

TEST_P(EngineTest, SpeechOfAnotherClockKeepsItsTime_RFC7160) {
    const auto a = ingress();
    const auto b = egress();
    PathConfig config;
    config.from = a;
    config.to = b;
    config.payload_types[0] = 97;
    config.transcodings = {{0, media::Speech::pcmu, media::Speech::l16_16k}};
    ASSERT_TRUE(engine_->open_path(config));
    for (std::uint16_t n = 0; n < 5; ++n) {
        if (n == 3) continue;  // lost
        EXPECT_EQ(sent(a, rtp_packet(n)).timestamp, 7000u + 320 * n);
        EXPECT_EQ(out_.packets[0].bytes.size(), rtp::header_size + 640);
    }
}

TEST_P(EngineTest, OneIngressFeedsSeveralEgresses) {
    const auto a = ingress();
    const auto b = egress({}, 1), c = egress({}, 2);
    path(a, b);
    path(a, c);
    ASSERT_EQ(put(a, rtp_packet(1)), Verdict::ok);
    ASSERT_EQ(out_.packets.size(), 2u);
    EXPECT_EQ(rtp::Packet::parse(out_.packets[0].bytes)->header.sequence, 1);
    EXPECT_EQ(rtp::Packet::parse(out_.packets[1].bytes)->header.sequence, 2);
    engine_->close_egress(b);
    EXPECT_EQ(engine_->live().paths, 1u);
    ASSERT_EQ(put(a, rtp_packet(2)), Verdict::ok);
    ASSERT_EQ(out_.packets.size(), 1u);
    EXPECT_EQ(out_.packets[0].egress, c);
}

TEST_P(EngineTest, WhatIsNotRtpOrRtcpIsMalformed) {
    const auto key = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80);
    for (const auto a : {ingress(), ingress(key)}) {
        EXPECT_EQ(put(a, {}), Verdict::malformed);
        EXPECT_EQ(put(a, Bytes(11, 0x80)), Verdict::malformed);
        EXPECT_EQ(put(a, Bytes(200, 0)), Verdict::malformed) << "version 0";
        EXPECT_EQ(put(a, {}, Kind::rtcp), Verdict::malformed);
        EXPECT_EQ(put(a, rtp_packet(1), Kind::rtcp), Verdict::malformed);
        EXPECT_EQ(engine_->counters(a).verdicts[static_cast<std::size_t>(Verdict::malformed)], 3u);
        EXPECT_EQ(engine_->counters(a).rtcp_verdicts[static_cast<std::size_t>(Verdict::malformed)], 2u);
        EXPECT_EQ(engine_->reception(a)->packets(), 0u);
    }
}

TEST_P(EngineTest, RtcpComesOutDecryptedAndGoesOutEncrypted_RFC3711_3_4) {
    const auto theirs = srtp_key(SrtpSuite::aead_aes_128_gcm, 1);
    const auto ours = srtp_key(SrtpSuite::aead_aes_128_gcm, 2);
    const auto plain = ingress(), secured = ingress(theirs);
    EXPECT_EQ(put(plain, rtcp_packet(), Kind::rtcp), Verdict::ok);
    EXPECT_EQ(out_.completions[0].rtcp, rtcp_packet());
    EXPECT_EQ(put(secured, rtcp_packet(), Kind::rtcp), Verdict::unauthentic) << "in the clear";
    EXPECT_THAT(out_.completions[0].rtcp, IsEmpty());
    EXPECT_EQ(put(secured, oracle::srtcp(theirs, 1, rtcp_packet()), Kind::rtcp), Verdict::ok);
    EXPECT_EQ(out_.completions[0].rtcp, rtcp_packet());

    const auto to_plain = egress(), to_secured = egress(ours);
    engine_->submit_rtcp(now_, to_plain, rtcp_packet());
    engine_->submit_rtcp(now_, to_secured, rtcp_packet());
    out_.clear();
    engine_->collect(now_, out_);
    ASSERT_EQ(out_.packets.size(), 2u);
    EXPECT_EQ(out_.packets[0].kind, Kind::rtcp);
    EXPECT_EQ(out_.packets[0].bytes, rtcp_packet());
    EXPECT_EQ(out_.packets[1].bytes, oracle::srtcp(ours, 1, rtcp_packet()));
}

TEST_P(EngineTest, TheSameKeyAgainKeepsIndexAndReplayWindow_RFC3711_3_3_1) {
    const auto theirs = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, 1);
    const auto ours = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, 2);
    const auto a = ingress(theirs);
    const auto b = egress(ours, 65535);
    path(a, b);
    ASSERT_EQ(put(a, oracle::srtp(theirs, 0, rtp_packet(65535))), Verdict::ok);
    ASSERT_EQ(put(a, oracle::srtp(theirs, 1, rtp_packet(0))), Verdict::ok);
    EXPECT_TRUE(engine_->rekey_ingress(a, theirs));
    EXPECT_TRUE(engine_->rekey_egress(b, ours));
    EXPECT_EQ(put(a, oracle::srtp(theirs, 1, rtp_packet(0))), Verdict::replayed);
    ASSERT_EQ(put(a, oracle::srtp(theirs, 1, rtp_packet(1))), Verdict::ok) << "rollover counter kept";
    Bytes plain = rtp_packet(1, 0xabcd);
    store_be32(&plain[4], 7320);
    EXPECT_EQ(out_.packets[0].bytes, oracle::srtp(ours, 1, plain));
}

TEST_P(EngineTest, ANewKeyStartsTheIndexAnewAndKeepsSsrcAndNumbers_RFC3711_3_3_1) {
    const auto first = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, 1);
    const auto second = srtp_key(SrtpSuite::aead_aes_256_gcm, 2);
    const auto a = ingress(first);
    const auto b = egress(first, 100);
    path(a, b);
    ASSERT_EQ(put(a, oracle::srtp(first, 0, rtp_packet(65535))), Verdict::ok);
    ASSERT_EQ(put(a, oracle::srtp(first, 1, rtp_packet(0))), Verdict::ok);
    ASSERT_TRUE(engine_->rekey_ingress(a, second));
    ASSERT_TRUE(engine_->rekey_egress(b, second));
    EXPECT_EQ(put(a, oracle::srtp(first, 1, rtp_packet(1))), Verdict::unauthentic);
    ASSERT_EQ(put(a, oracle::srtp(second, 0, rtp_packet(1))), Verdict::ok);
    Bytes plain = rtp_packet(1, 0xabcd);
    store_be16(&plain[2], 102);
    store_be32(&plain[4], 7320);
    EXPECT_EQ(out_.packets[0].bytes, oracle::srtp(second, 0, plain));
    ASSERT_TRUE(engine_->rekey_egress(b, {}));
    ASSERT_EQ(put(a, oracle::srtp(second, 0, rtp_packet(2))), Verdict::ok);
    EXPECT_EQ(rtp::Packet::parse(out_.packets[0].bytes)->header.sequence, 103) << "secured to plain";
}

// Forks answer with one key and another, then the first again.
TEST_P(EngineTest, AKeyThatComesBackIsNotBegunAnew_RFC3711_9_1) {
    const auto first = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, 1);
    const auto second = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, 2);
    const auto a = ingress(first);
    const auto b = egress(first);
    ASSERT_EQ(put(a, oracle::srtp(first, 0, rtp_packet(10))), Verdict::no_path);
    engine_->submit_rtcp(now_, b, rtcp_packet());
    for (const auto& key : {second, first}) {
        ASSERT_TRUE(engine_->rekey_ingress(a, key));
        ASSERT_TRUE(engine_->rekey_egress(b, key));
    }
    EXPECT_EQ(put(a, oracle::srtp(first, 0, rtp_packet(10))), Verdict::replayed);
    engine_->submit_rtcp(now_, b, rtcp_packet());
    out_.clear();
    engine_->collect(now_, out_);
    ASSERT_EQ(out_.packets.size(), 1u);
    EXPECT_EQ(out_.packets[0].bytes, oracle::srtcp(first, 2, rtcp_packet()));
}

TEST_P(EngineTest, AKeyThatCannotBeUsedLeavesTheOldOne) {
    const auto good = srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80);
    auto bad = good;
    bad.suite = SrtpSuite::aead_aes_256_gcm;
    const auto a = ingress(good);
    EXPECT_FALSE(engine_->rekey_ingress(a, bad));
    EXPECT_FALSE(engine_->open_egress({bad, 1, 1, 1}));
    EXPECT_EQ(put(a, oracle::srtp(good, 0, rtp_packet(1))), Verdict::no_path);
}

TEST_P(EngineTest, ClosedContextsAreStaleAndTheirPathsGone) {
    const auto a = ingress();
    const auto b = egress();
    const auto joined = path(a, b);
    EXPECT_EQ(engine_->live().paths, 1u);
    engine_->close_ingress(a);
    EXPECT_EQ(put(a, rtp_packet(1)), Verdict::stale);
    EXPECT_EQ(engine_->reception(a), nullptr);
    EXPECT_FALSE(engine_->rekey_ingress(a, {}));
    PathConfig config;
    config.from = a;
    config.to = b;
    EXPECT_FALSE(engine_->open_path(config));
    engine_->close_path(joined);
    engine_->close_egress(b);
    engine_->close_egress(b);
    engine_->close_ingress(a);
    engine_->submit_rtcp(now_, b, rtcp_packet());
    const auto next = ingress();  // takes the slot of the first: the old id must not name it
    EXPECT_EQ(put(a, rtp_packet(1)), Verdict::stale);
    engine_->close_ingress(next);
    const auto live = engine_->live();
    EXPECT_THAT((std::array{live.ingresses, live.egresses, live.paths}), ElementsAre(0, 0, 0));
}

TEST_P(EngineTest, ContextsAreBounded) {
    engine_ = make_engine(2);
    const auto a = ingress();
    egress();
    const auto third = engine_->open_ingress({});
    ASSERT_FALSE(third);
    EXPECT_THAT(third.error().what, HasSubstr("all 2 are in use"));
    EXPECT_FALSE(engine_->open_egress({}));
    engine_->close_ingress(a);
    EXPECT_TRUE(engine_->open_ingress({}));
    EXPECT_FALSE(make_engine()->open_ingress({{}, 0})) << "a clock that stands still";
}

// A call with all that may happen to it; what comes out decrypts to what went in, and no index comes twice.
TEST_P(EngineTest, RandomTrafficBetweenAllSuites) {
    SeededRandom random(11);
    const auto suites = engine_->capabilities().suites;
    for (const auto from : suites) {
        for (const auto to : suites) {
            const auto theirs = srtp_key(from, random.u32()), ours = srtp_key(to, random.u32());
            const auto a = ingress(theirs);
            const auto b = egress(ours, static_cast<std::uint16_t>(random.below(1 << 15)));
            path(a, b);
            std::uint32_t index = random.below(1 << 15);
            std::map<std::uint16_t, int> seen;
            std::int32_t shift = 0;
            for (int i = 0; i < 100; ++i) {
                index += 1 + (random.below(8) == 0 ? random.below(5) : 0);
                const auto sequence = static_cast<std::uint16_t>(index);
                Bytes payload(random.below(300));
                random.fill(payload);
                const Bytes in = rtp_packet({0, false, sequence, index * 160, 5}, payload);
                ASSERT_EQ(put(a, oracle::srtp(theirs, 0, in)), Verdict::ok);
                const auto out = rtp::Packet::parse(out_.packets[0].bytes)->header;
                EXPECT_EQ(++seen[out.sequence], 1);
                if (i == 0) shift = out.sequence - sequence;
                EXPECT_EQ(static_cast<std::uint16_t>(sequence + shift), out.sequence);
                EXPECT_EQ(out_.packets[0].bytes, oracle::srtp(ours, 0, rtp_packet(out, payload)));
            }
        }
    }
}

CAUSEWAY_FOR_ALL_ENGINES(EngineTest);

}  // namespace
}  // namespace causeway::conformance
