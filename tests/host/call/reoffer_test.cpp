// Changes within a call beyond hold (RFC 3264 8): codecs, addresses, keys and m-lines. Either both sides
// agree, or all stays as it was: ports, keys, and the packets that pass.
#include "tests/host/call/change_test.hpp"

#include "drivers/cpu/srtp.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway::call {
namespace {

using fakes::Description;
using fakes::Gateway;
using fakes::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string key_a = "7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string key_b = "7 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
const std::string video_30002 = "m=video 30002 RTP/AVP 31\r\n";
const std::string video_40002 = "m=video 40002 RTP/AVP 31\r\n";
const std::string no_video = "m=video 0 RTP/AVP 31\r\n";

class Reoffer : public ChangeTest {
  protected:
    static std::vector<std::string> formats(std::string_view text, std::size_t line = 0) {
        return parsed(text).media.at(line).formats;
    }
    static std::vector<sdp::Crypto> keys(std::string_view text) {
        return sdp::cryptos(parsed(text).media.at(0));
    }
    static Endpoint second(Endpoint of_audio) {
        of_audio.port += 2;
        return of_audio;
    }
};

TEST_F(Reoffer, ThatChangesNothingShowsTheVersionOfBefore_RFC3264_8) {
    auto e = g->establish();
    const auto crossed = cross(g->left, e.left, g->right, Description{}, Description{});
    EXPECT_EQ(crossed.offered, e.to_right);
    EXPECT_EQ(crossed.answered, e.to_left);
    EXPECT_TRUE(both_hear(e));
}

TEST_F(Reoffer, OfAllCodecsAfterOneWasAnsweredCrosses) {
    auto e = g->establish({}, {.formats = "8"});
    const auto crossed =
        cross(g->right, e.right, g->left, Description{.version = 2}, Description{.version = 2});
    EXPECT_THAT(formats(crossed.offered), ElementsAre("0", "8", "101"));
    EXPECT_THAT(formats(crossed.answered), ElementsAre("0", "8", "101"));
    for (const std::uint8_t type : {0, 8, 101}) {
        EXPECT_TRUE(arrives(g->left.media, Gateway::media_of(e.to_left), g->right.media, type, type));
        EXPECT_TRUE(arrives(g->right.media, Gateway::media_of(e.to_right), g->left.media, type, type));
    }
}

TEST_F(Reoffer, ChangesTheCodec) {
    auto e = g->establish({.formats = "0"}, {.formats = "0"});
    const auto left = Gateway::media_of(e.to_left);
    EXPECT_FALSE(arrives(g->left.media, left, g->right.media, 8, 8));
    const auto crossed = cross(g->left, e.left, g->right, Description{.formats = "8", .version = 2},
                               Description{.formats = "8", .version = 2});
    EXPECT_THAT(formats(crossed.offered), ElementsAre("8"));
    EXPECT_TRUE(arrives(g->left.media, left, g->right.media, 8, 8));
    EXPECT_FALSE(arrives(g->left.media, left, g->right.media, 0, 0)) << "not agreed any more";
    EXPECT_EQ(ports(), 2u);
}

TEST_F(Reoffer, KeepsTheMeaningOfAPayloadType_RFC3264_8_3_2) {
    // Left has 101 for events and 98 for iLBC; right answers with numbers of its own, and offers with them.
    const std::string left_map = "a=rtpmap:98 iLBC/8000\r\n";
    auto e = g->establish({.formats = "98 101", .more = left_map},
                          {.formats = "97 98",
                           .more = "a=rtpmap:97 iLBC/8000\r\n"
                                   "a=rtpmap:98 telephone-event/8000\r\na=fmtp:98 0-15\r\n"});
    const auto right_map =
        "a=rtpmap:97 iLBC/8000\r\na=rtpmap:98 telephone-event/8000\r\na=fmtp:98 0-15\r\n"
        "a=rtpmap:96 opus/48000/2\r\n";
    const auto crossed =
        cross(g->right, e.right, g->left, Description{.formats = "97 98 96", .version = 2, .more = right_map},
              Description{.formats = "98 101", .version = 2, .more = left_map});
    EXPECT_THAT(formats(crossed.offered), ElementsAre("98", "101", "96"));
    EXPECT_THAT(crossed.offered, HasSubstr("a=rtpmap:98 iLBC/8000"));
    EXPECT_THAT(crossed.offered, HasSubstr("a=rtpmap:101 telephone-event/8000"));
    EXPECT_THAT(formats(crossed.answered), ElementsAre("97", "98"));
    EXPECT_TRUE(arrives(g->left.media, Gateway::media_of(e.to_left), g->right.media, 101, 98));
    EXPECT_TRUE(arrives(g->right.media, Gateway::media_of(e.to_right), g->left.media, 97, 98));
}

TEST_F(Reoffer, AnswersWithTheNumberOfTheFormatThatWasChosen_RFC6184_8_2_2) {
    const std::string modes =
        "m=video 30002 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=0\r\n"
        "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=1\r\n";
    const std::string other =
        "m=video 40002 RTP/AVP 100\r\na=rtpmap:100 H264/90000\r\n"
        "a=fmtp:100 packetization-mode=1\r\n";
    auto e = g->establish({.more = modes}, {.more = other});
    EXPECT_THAT(formats(e.to_left, 1), ElementsAre("97"));
    EXPECT_THAT(formats(e.to_right, 1), ElementsAre("96", "97"));
    EXPECT_TRUE(arrives(second(g->left.media), line_of(e.to_left, 1), second(g->right.media), 97, 100));
    EXPECT_TRUE(arrives(second(g->right.media), line_of(e.to_right, 1), second(g->left.media), 97, 97));
    // Without parameters that tell, the number does.
    const auto level = replaced(modes, "packetization-mode=1", "packetization-mode=1;max-mbps=1");
    const auto crossed = cross(g->left, e.left, g->right, Description{.version = 2, .more = modes},
                               Description{.version = 2, .more = replaced(level, "96 97", "97")});
    EXPECT_THAT(formats(crossed.answered, 1), ElementsAre("97"));
}

TEST_F(Reoffer, MovesTheMedia) {
    auto e = g->establish();
    ASSERT_TRUE(both_hear(e));
    const Endpoint moved = *Endpoint::parse("192.0.2.77:31000");
    const auto crossed =
        cross(g->left, e.left, g->right,
              replaced(g->left.sdp({.version = 2, .connection = "192.0.2.77"}), "audio 30000", "audio 31000"),
              g->right.sdp());
    EXPECT_EQ(crossed.offered, e.to_right) << "the other side need not know";
    EXPECT_EQ(crossed.answered, e.to_left);
    EXPECT_TRUE(arrives(g->right.media, Gateway::media_of(e.to_right), moved));
    EXPECT_TRUE(arrives(moved, Gateway::media_of(e.to_left), g->right.media));
    EXPECT_FALSE(arrives(g->left.media, Gateway::media_of(e.to_left), g->right.media));
    EXPECT_EQ(figures(0).dropped_source, 1u);
    // Its own side of the other peer moves in the answer to a refresh.
    const Endpoint away = *Endpoint::parse("203.0.113.88:41000");
    cross(g->left, e.left, g->right,
          replaced(g->left.sdp({.version = 2, .connection = "192.0.2.77"}), "audio 30000", "audio 31000"),
          replaced(g->right.sdp({.version = 2, .connection = "203.0.113.88"}), "audio 40000", "audio 41000"));
    EXPECT_TRUE(arrives(moved, Gateway::media_of(e.to_left), away));
    EXPECT_TRUE(arrives(away, Gateway::media_of(e.to_right), moved));
}

TEST_F(Reoffer, FromBehindNatIsLearnedAnewAfterAMove) {
    auto e = g->establish();
    ASSERT_TRUE(both_hear(e));
    cross(g->left, e.left, g->right, Description{.version = 2, .connection = "192.0.2.77"}, Description{});
    const Endpoint behind_nat = *Endpoint::parse("192.0.2.10:41000");
    EXPECT_TRUE(arrives(behind_nat, Gateway::media_of(e.to_left), g->right.media));
    EXPECT_TRUE(arrives(g->right.media, Gateway::media_of(e.to_right), behind_nat));
}

// Peers behind a B2BUA of theirs change the session id, or count badly.
TEST_F(Reoffer, UnderAnotherOriginIsTakenAsItReads) {
    auto e = g->establish();
    cross(g->left, e.left, g->right,
          replaced(g->left.sdp({.direction = "sendonly"}), "user 20071 1 ", "other 99 7 "),
          g->right.sdp({.direction = "recvonly", .version = 2}));
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
    cross(g->left, e.left, g->right, Description{}, Description{});
    EXPECT_TRUE(both_hear(e));
}

// ---------------------------------------------------------------------------------------------------- keys

class ReofferSecured : public Reoffer {
  protected:
    void SetUp() override {
        auto config = fakes::two_trunks();
        config.trunks[0].srtp = SrtpMode::mandatory;
        config.trunks[0].suites = {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80,
                                   sdp::SrtpSuite::aes_cm_128_hmac_sha1_32};
        configure(config);
    }
    static Description secured(std::vector<std::string> crypto, int version = 1) {
        return {.protocol = "RTP/SAVP", .crypto = std::move(crypto), .version = version};
    }
    // Whether a packet that left protects with `key` reaches right.
    bool heard_from_left(const std::string& key, const Endpoint& ours) {
        auto srtp = cpu::Srtp::create(sdp::Crypto::parse(key)->key, cpu::Srtp::Direction::outbound).value();
        Bytes packet{0x80, 0, 0, static_cast<std::uint8_t>(++sequence), 0, 0, 0, 160, 1, 2, 3, 4, 0xA0};
        srtp.protect(packet);
        const auto before = g->network.at(g->right.media).size();
        g->media(g->left.media, ours, packet);
        return g->network.at(g->right.media).size() > before;
    }
    // Whether left can read what right sends, with the key that we gave.
    bool readable(const sdp::SrtpKey& key, std::string_view to_right) {
        const auto before = g->network.at(g->left.media).size();
        g->media(g->right.media, Gateway::media_of(to_right),
                 Bytes{0x80, 0, 0, static_cast<std::uint8_t>(++sequence), 0, 0, 0, 160, 1, 2, 3, 4, 0xA0});
        const auto heard = g->network.at(g->left.media);
        if (heard.size() == before) return false;
        auto packet = heard.back();
        auto srtp = cpu::Srtp::create(key, cpu::Srtp::Direction::inbound).value();
        return srtp.unprotect(packet) == cpu::Srtp::Outcome::ok;
    }
};

TEST_F(ReofferSecured, WithNewKeysIsAnsweredWithNewKeys_RFC4568_7_1_4) {
    auto e = g->establish(secured({key_a}));
    const auto old = keys(e.to_left).at(0).key;
    EXPECT_TRUE(heard_from_left(key_a, Gateway::media_of(e.to_left)));
    EXPECT_TRUE(readable(old, e.to_right));
    const auto crossed = cross(g->left, e.left, g->right, secured({key_b}, 2), {});
    EXPECT_EQ(crossed.offered, e.to_right) << "keys of one leg are no matter of the other";
    const auto fresh = keys(crossed.answered).at(0).key;
    EXPECT_FALSE(fresh == old);
    EXPECT_TRUE(heard_from_left(key_b, Gateway::media_of(e.to_left)));
    EXPECT_FALSE(heard_from_left(key_a, Gateway::media_of(e.to_left)));
    EXPECT_TRUE(readable(fresh, e.to_right));
}

TEST_F(ReofferSecured, KeepsTheKeyInUseWhereverItStandsInTheOffer) {
    auto e = g->establish(secured({key_a}));
    const auto old = keys(e.to_left).at(0);
    const auto crossed = cross(
        g->left, e.left, g->right,
        secured({"1 AES_CM_128_HMAC_SHA1_32 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR", key_a}, 2), {});
    ASSERT_THAT(keys(crossed.answered), SizeIs(1));
    EXPECT_EQ(keys(crossed.answered)[0].key, old.key);
    EXPECT_EQ(keys(crossed.answered)[0].tag, 7u);
}

TEST_F(ReofferSecured, WithNewKeysThatIsRefusedKeepsTheOldOnes) {
    auto e = g->establish(secured({key_a}));
    const auto old = keys(e.to_left).at(0).key;
    for (const int status : {488, 500}) {
        refused(g->left, e.left, g->right, g->left.sdp(secured({key_b}, 2)), status, std::to_string(status));
        EXPECT_TRUE(heard_from_left(key_a, Gateway::media_of(e.to_left)));
        EXPECT_FALSE(heard_from_left(key_b, Gateway::media_of(e.to_left)));
        EXPECT_TRUE(readable(old, e.to_right));
    }
    // The next change is answered with the key of before.
    const auto crossed = cross(g->left, e.left, g->right, secured({key_a}, 3), {});
    EXPECT_EQ(keys(crossed.answered).at(0).key, old);
}

TEST_F(ReofferSecured, WhoseAnswerBringsANewKeyTakesIt) {
    auto e = g->establish(secured({key_a}));
    const auto ours = keys(e.to_left).at(0);
    const auto tag = std::to_string(ours.tag) + key_b.substr(1);
    const auto crossed = cross(g->right, e.right, g->left, Description{.version = 2}, secured({tag}, 2));
    EXPECT_EQ(keys(crossed.offered).at(0).key, ours.key);
    EXPECT_TRUE(heard_from_left(key_b, Gateway::media_of(e.to_left)));
    EXPECT_FALSE(heard_from_left(key_a, Gateway::media_of(e.to_left)));
}

TEST_F(ReofferSecured, AddsASecuredLine) {
    auto e = g->establish(secured({key_a}));
    const auto crossed = cross(g->right, e.right, g->left, g->right.sdp({.version = 2, .more = video_40002}),
                               g->left.sdp(secured({key_a}, 2)) + "m=video 30002 RTP/SAVP 31\r\na=crypto:1" +
                                   key_b.substr(1) + "\r\n");
    const auto line = parsed(crossed.offered).media.at(1);
    EXPECT_EQ(line.protocol, "RTP/SAVP");
    const auto offered = sdp::cryptos(line);
    ASSERT_THAT(offered, SizeIs(2)) << "one line a suite";
    EXPECT_FALSE(offered[0].key == keys(crossed.offered).at(0).key) << "a key of its own";
    EXPECT_EQ(parsed(crossed.answered).media.at(1).protocol, "RTP/AVP");
    EXPECT_EQ(ports(), 4u);
    EXPECT_EQ(figures(1).suite, sdp::SrtpSuite::aes_cm_128_hmac_sha1_80);
}

TEST_F(Reoffer, OfSecuredMediaWherePlainIsConfiguredIs488) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.protocol = "RTP/SAVP", .crypto = {key_a}, .version = 2}));
    g->left.expect("100");
    g->left.expect("488");
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_TRUE(both_hear(e));
}

// ----------------------------------------------------------------------------------------------------
// m-lines

TEST_F(Reoffer, AddsALineDisablesItAndTakesItIntoUseAgain_RFC3264_8_1_8_2) {
    auto e = g->establish();
    const auto left_video = second(g->left.media), right_video = second(g->right.media);
    for (int round = 0; round < 2; ++round) {
        const auto added = cross(g->left, e.left, g->right, Description{.version = 2, .more = video_30002},
                                 Description{.version = 2, .more = video_40002});
        ASSERT_THAT(parsed(added.offered).media, SizeIs(2));
        const auto to_right = line_of(added.offered, 1), to_left = line_of(added.answered, 1);
        EXPECT_EQ(line_of(added.offered, 0), line_of(e.to_right, 0));
        EXPECT_EQ(ports(), 4u);
        EXPECT_TRUE(arrives(left_video, to_left, right_video, 31, 31));
        EXPECT_TRUE(arrives(right_video, to_right, left_video, 31, 31));
        EXPECT_TRUE(both_hear(e));

        const auto gone = cross(g->left, e.left, g->right, Description{.version = 3, .more = no_video},
                                Description{.version = 3, .more = no_video});
        EXPECT_EQ(parsed(gone.offered).media.at(1).port, 0);
        EXPECT_EQ(parsed(gone.answered).media.at(1).port, 0);
        EXPECT_EQ(ports(), 2u);
        EXPECT_EQ(g->core.status().media.engine.ingresses, 2u);
        EXPECT_EQ(g->network.bound.count(to_left), 0u);
        EXPECT_FALSE(arrives(left_video, to_left, right_video, 31, 31));
        EXPECT_TRUE(both_hear(e));
    }
    g->left_hangs_up(e);
    std::vector<std::string> recorded;
    for (const auto& m : g->ends.at(0).media) {
        recorded.push_back(m.leg + " " + m.type + " " + std::to_string(m.figures.packets_received));
    }
    EXPECT_THAT(recorded, ElementsAre("caller video 1", "caller video 1", "caller audio 4", "callee video 1",
                                      "callee video 1", "callee audio 4"));
}

TEST_F(Reoffer, TogglesALineForEverWithinOneBoundedRecord) {
    auto e = g->establish();
    for (int round = 0; round < 40; ++round) {
        const auto added = cross(g->left, e.left, g->right, Description{.version = 2, .more = video_30002},
                                 Description{.version = 2, .more = video_40002});
        EXPECT_TRUE(
            arrives(second(g->left.media), line_of(added.answered, 1), second(g->right.media), 31, 31));
        cross(g->left, e.left, g->right, Description{.version = 3, .more = no_video},
              Description{.version = 3, .more = no_video});
    }
    g->left_hangs_up(e);
    EXPECT_THAT(g->ends.at(0).media, SizeIs(34)) << "sixteen out of use and one in use, a leg";
    std::uint64_t heard = 0;
    for (const auto& m : g->ends.at(0).media) heard += m.type == "video" ? m.figures.packets_received : 0;
    EXPECT_EQ(heard, 40u);
}

TEST_F(Reoffer, AsOftenAsALongCallIsRefreshedCostsNoMemory) {
    auto e = g->establish();
    const auto refresh = [&](int times) {
        for (int i = 0; i < times; ++i) {
            cross(g->left, e.left, g->right, Description{}, Description{});
            cross(g->right, e.right, g->left, Description{}, Description{});
        }
        g->run(std::chrono::minutes(2));
        return g->core.save(g->now).size();
    };
    const auto before = refresh(150);
    EXPECT_LT(refresh(150), before + 1000);
}

TEST_F(Reoffer, WhoseNewLineTheOtherSideRejectsHasNoPortForIt_RFC3264_8_1) {
    auto e = g->establish();
    for (Peer* asker : {&g->left, &g->right}) {
        Peer& asked = asker == &g->left ? g->right : g->left;
        const auto crossed =
            cross(*asker, asker == &g->left ? e.left : e.right, asked,
                  Description{.version = 2, .more = asker == &g->left ? video_30002 : video_40002},
                  Description{.version = 2, .more = no_video});
        EXPECT_NE(parsed(crossed.offered).media.at(1).port, 0);
        EXPECT_EQ(parsed(crossed.answered).media.at(1).port, 0);
        EXPECT_EQ(ports(), 2u);
        EXPECT_TRUE(both_hear(e));
    }
}

TEST_F(Reoffer, MayDisableAllLinesForAWhile) {
    auto e = g->establish();
    const auto gone =
        cross(g->left, e.left, g->right, replaced(g->left.sdp({.version = 2}), "audio 30000", "audio 0"),
              replaced(g->right.sdp({.version = 2}), "audio 40000", "audio 0"));
    EXPECT_EQ(parsed(gone.offered).media.at(0).port, 0);
    EXPECT_EQ(parsed(gone.answered).media.at(0).port, 0);
    EXPECT_EQ(ports(), 0u);
    const auto back = cross(g->right, e.right, g->left, Description{.version = 3}, Description{.version = 3});
    EXPECT_TRUE(arrives(g->left.media, line_of(back.offered, 0), g->right.media));
    EXPECT_TRUE(arrives(g->right.media, line_of(back.answered, 0), g->left.media));
    EXPECT_EQ(ports(), 2u);
}

TEST_F(Reoffer, ThatIsRefusedLeavesAllAsItWas_RFC3261_14_1) {
    auto e = g->establish();
    const std::vector<Description> changes{{.formats = "8", .version = 2},
                                           {.version = 2, .connection = "192.0.2.12"},
                                           {.version = 2, .more = video_30002},
                                           {.direction = "inactive", .version = 2}};
    for (const auto& change : changes) {
        for (const auto& [theirs, ours] : {std::pair{488, "488"}, {606, "488"}, {503, "500"}}) {
            refused(g->left, e.left, g->right, g->left.sdp(change), theirs, ours);
            EXPECT_EQ(ports(), 2u);
            EXPECT_EQ(g->core.status().media.engine.paths, 2u);
            EXPECT_TRUE(both_hear(e));
        }
    }
    refused(g->left, e.left, g->right,
            replaced(g->left.sdp({.version = 2}), "audio 30000", "audio 0") + video_30002, 488, "488");
    EXPECT_TRUE(both_hear(e));
    const auto crossed = cross(g->left, e.left, g->right, Description{.version = 2, .more = video_30002},
                               Description{.version = 2, .more = video_40002});
    EXPECT_TRUE(arrives(second(g->left.media), line_of(crossed.answered, 1), second(g->right.media), 31, 31));
}

// Who accepted believes in the change, and nobody else does: he is offered what was agreed.
TEST_F(Reoffer, WhoseAnswerIsUnusableLeavesAllAsItWas) {
    auto e = g->establish();
    for (const auto& answer : {std::string("v=0\r\nnonsense"), std::string(), g->right.sdp({.version = 2}),
                               g->right.sdp({.formats = "18", .version = 2, .more = video_40002}),
                               g->right.sdp({.version = 2, .more = "m=video 40002 RTP/SAVP 31\r\n"})}) {
        g->left.request(e.left, "INVITE", g->left.sdp({.version = 2, .more = video_30002}));
        g->left.expect("100");
        g->right.respond(g->right.expect("INVITE"), 200, {}, answer);
        g->right.expect("ACK");
        g->left.expect("488");
        EXPECT_EQ(ports(), 2u) << answer;
        EXPECT_TRUE(both_hear(e)) << answer;
        const auto back = g->right.expect("INVITE");
        EXPECT_EQ(Gateway::media_of(back.body()), Gateway::media_of(e.to_right));
        auto lines = parsed(back.body()).media;
        ASSERT_EQ(lines.size(), 2u) << "the new line stays, disabled (RFC 3264 8)";
        EXPECT_TRUE(lines[1].rejected());
        lines.pop_back();
        EXPECT_EQ(lines, parsed(e.to_right).media);
        EXPECT_GT(version_of(back.body()), version_of(e.to_right));
        g->left.request(e.left, "INVITE", g->left.sdp({.version = 2}));
        g->left.expect("100");
        g->left.expect("491");
        g->right.respond(back, 200, {}, g->right.sdp({.version = 3, .more = no_video}));
        g->right.expect("ACK");
        EXPECT_EQ(g->right.waiting() + g->left.waiting(), 0u);
        EXPECT_TRUE(both_hear(e)) << answer;
    }
    cross(g->left, e.left, g->right, Description{.direction = "inactive", .version = 2},
          Description{.direction = "inactive", .version = 2, .more = no_video});
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
}

TEST_F(Reoffer, ThatCannotBeTakenBackEndsTheCall) {
    for (const int status : {200, 488}) {
        auto e = g->establish();
        g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
        g->left.expect("100");
        g->right.respond(g->right.expect("INVITE"), 200);
        g->right.expect("ACK");
        g->left.expect("488");
        g->right.respond(g->right.expect("INVITE"), status);
        EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
        EXPECT_THAT(g->left.take_all(), ElementsAre("BYE"));
        EXPECT_EQ(g->core.status().calls, 0u);
        EXPECT_EQ(g->ends.back().by, Ended::gateway);
    }
}

TEST_F(Reoffer, WithFewerLinesIs488_RFC3264_8) {
    auto e = g->establish();
    cross(g->left, e.left, g->right, Description{.version = 2, .more = video_30002},
          Description{.version = 2, .more = no_video});
    g->left.request(e.left, "INVITE", g->left.sdp({.version = 3}));
    g->left.expect("100");
    g->left.expect("488");
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_TRUE(both_hear(e));
}

TEST_F(Reoffer, ToMediaThatIsNotAnchoredIs488OrThatLineIsRejected) {
    auto e = g->establish();
    const std::string fax = "m=image 30002 udptl t38\r\n";
    const auto only_fax = [&](const std::string& audio) {
        return replaced(g->left.sdp({.version = 2}), "audio 30000 RTP/AVP 0 8 101", audio);
    };
    for (const auto& offer : {only_fax("image 30000 udptl t38"), only_fax("audio 0 RTP/AVP 0") + fax}) {
        g->left.request(e.left, "INVITE", offer);
        g->left.expect("100");
        g->left.expect("488");
        EXPECT_EQ(g->right.waiting(), 0u);
        EXPECT_TRUE(both_hear(e));
    }
    for (const auto& line : {fax, std::string("m=video 30002 RTP/AVP 99\r\n")}) {  // 99 is nothing
        const auto beside = cross(g->left, e.left, g->right, g->left.sdp({.version = 2, .more = line}),
                                  replaced(g->right.sdp({.version = 2, .more = line}), "30002", "0"));
        EXPECT_EQ(parsed(beside.offered).media.at(1).port, 0);
        EXPECT_EQ(parsed(beside.answered).media.at(1).port, 0);
        EXPECT_EQ(ports(), 2u);
        EXPECT_TRUE(both_hear(e));
    }
}

TEST_F(Reoffer, ForWhichThereAreNoPortsIs503AndAllStays) {
    for (const std::uint16_t last : {20005, 20003}) {  // room for one more, for none
        auto config = fakes::two_trunks();
        config.media[0].last = last;
        configure(config);
        auto e = g->establish();
        g->left.request(e.left, "INVITE", g->left.sdp({.version = 2, .more = video_30002}));
        g->left.expect("100");
        g->left.expect("503");
        EXPECT_EQ(g->right.waiting(), 0u);
        EXPECT_EQ(ports(), 2u);
        EXPECT_TRUE(both_hear(e));
        g->left_hangs_up(e);
        g->expect_clean();
    }
}

TEST_F(Reoffer, ThatIsOpenWhenTheCallEndsLeavesNothing) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.version = 2, .more = video_30002}));
    EXPECT_EQ(ports(), 4u);
    g->right.take_all();
    g->right.request(e.right, "BYE");
    EXPECT_EQ(ports(), 0u);
    EXPECT_THAT(g->ends.at(0).media, SizeIs(2));
}

TEST_F(Reoffer, ShowsNothingOfTheNewAddress) {
    auto e = g->establish();
    const auto crossed =
        cross(g->left, e.left, g->right,
              Description{.version = 2,
                          .connection = "192.0.2.77",
                          .more = "a=X-where:192.0.2.77\r\na=rtcp:30001 IN IP4 192.0.2.77\r\n"},
              Description{.version = 2});
    EXPECT_THAT(crossed.offered, Not(HasSubstr("192.0.2.77")));
}

}  // namespace
}  // namespace causeway::call
