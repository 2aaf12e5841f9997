// Calls between sides that have no speech coding in common, or would rather speak another.
#include "hls/codec/g711.hpp"
#include "tests/host/call/change_test.hpp"

namespace causeway::call {
namespace {

using media::Speech;
using ::testing::Each;
using ::testing::ElementsAre;

class Transcode : public ChangeTest {
  protected:
    void begin(std::vector<Speech> to_left, std::vector<Speech> to_right) {
        auto c = fakes::two_trunks();
        Profile left, right;
        left.name = "of-left";
        left.sdp.transcode = std::move(to_left);
        right.name = "of-right";
        right.sdp.transcode = std::move(to_right);
        c.profiles = {left, right};
        c.trunks[0].profile = left.name;
        c.trunks[1].profile = right.name;
        configure(c);
    }
    static std::vector<std::string> codecs(std::string_view text, std::size_t line = 0) {
        std::vector<std::string> out;
        for (const auto& c : parsed(text).media.at(line).codecs()) {
            out.push_back(std::to_string(c.payload_type) + " " + c.name);
        }
        return out;
    }
    struct Call {
        Peer::Dialog left, right;
        std::string to_left, to_right;
    };
    // Left calls with its formats and right answers with its own.
    Call establish(const Description& offer, const Description& answer) {
        auto caller = g->left.invite("+4930200", g->left.sdp(offer));
        g->left.expect("100");
        const auto invite = g->right.expect("INVITE");
        auto callee = g->right.dialog_of(invite);
        g->right.respond(callee, 200, g->right.sdp(answer));
        g->right.expect("ACK");
        const auto ok = g->left.expect("200");
        g->left.ack(caller, ok);
        return {caller, callee, std::string(ok.body()), std::string(invite.body())};
    }
    // What comes of one packet of 20 ms, sent from there to our port: payload type and payload.
    std::pair<int, Bytes> passes(const Peer& from, std::string_view our_sdp_to_from,
                                 std::uint8_t payload_type, const Bytes& payload) {
        const auto before = g->network.sent.size();
        ++sequence;
        Bytes packet{0x80,
                     payload_type,
                     0,
                     static_cast<std::uint8_t>(sequence),
                     0,
                     0,
                     static_cast<std::uint8_t>(sequence * 160 >> 8),
                     static_cast<std::uint8_t>(sequence * 160),
                     1,
                     2,
                     3,
                     4};
        packet.insert(packet.end(), payload.begin(), payload.end());
        g->media(from.media, fakes::Gateway::media_of(our_sdp_to_from), packet);
        if (g->network.sent.size() != before + 1) return {-1, {}};
        const auto& bytes = g->network.sent.back().bytes;
        return {bytes[1] & 0x7F, Bytes(bytes.begin() + 12, bytes.end())};
    }
};

Bytes ramp() {
    Bytes out(160);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
    return out;
}
Bytes to_alaw(Bytes x) {
    for (auto& b : x) b = hls::alaw_encode(hls::mulaw_decode(b));
    return x;
}
Bytes to_mulaw(Bytes x) {
    for (auto& b : x) b = hls::mulaw_encode(hls::alaw_decode(b));
    return x;
}

TEST_F(Transcode, SidesWithNothingInCommonHearEachOther) {
    begin({}, {Speech::pcma});
    const auto c = establish({.formats = "0 101"}, {.formats = "8 101"});
    EXPECT_THAT(codecs(c.to_right), ElementsAre("0 PCMU", "101 telephone-event", "8 PCMA"));
    EXPECT_THAT(codecs(c.to_left), ElementsAre("101 telephone-event", "0 PCMU"));
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()), (std::pair{8, to_alaw(ramp())}));
    EXPECT_EQ(passes(g->right, c.to_right, 8, ramp()), (std::pair{0, to_mulaw(ramp())}));
    const Bytes digit{5, 10, 0, 160};
    EXPECT_EQ(passes(g->left, c.to_left, 101, digit), (std::pair{101, digit})) << "digits are relayed";
    EXPECT_EQ(passes(g->left, c.to_left, 8, ramp()).first, -1) << "not agreed on that side";
}

TEST_F(Transcode, WhatBothSpeakIsRelayed) {
    begin({}, {Speech::pcma});
    const auto c = establish({.formats = "0 101"}, {.formats = "0 101"});
    EXPECT_THAT(codecs(c.to_left), ElementsAre("0 PCMU", "101 telephone-event"));
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()), (std::pair{0, ramp()}));
}

TEST_F(Transcode, NothingIsOfferedThatCannotBeMadeOfTheOffer) {
    begin({}, {Speech::pcma});
    g->left.invite("+4930200", g->left.sdp({.formats = "18 101"}));
    g->left.expect("100");
    EXPECT_THAT(codecs(g->right.expect("INVITE").body()), ElementsAre("18 G729", "101 telephone-event"));
}

TEST_F(Transcode, WithoutAProfileNothingIsAdded) {
    begin({}, {});
    g->left.invite("+4930200", g->left.sdp({.formats = "0"}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    EXPECT_THAT(codecs(invite.body()), ElementsAre("0 PCMU"));
    g->right.respond(g->right.dialog_of(invite), 200, g->right.sdp({.formats = "8"}));
    EXPECT_THAT(g->left.take_all(), ElementsAre("488")) << "an answer that takes nothing of the offer";
}

TEST_F(Transcode, DynamicNumbersStayClearOfTheOthers) {
    begin({}, {Speech::g726_32, Speech::l16, Speech::g722});
    g->left.invite("+4930200", g->left.sdp({.formats = "0 96 97",
                                            .more = "a=rtpmap:96 iLBC/8000\r\na=rtpmap:97 "
                                                    "telephone-event/8000\r\n"}));
    g->left.expect("100");
    EXPECT_THAT(codecs(g->right.expect("INVITE").body()),
                ElementsAre("0 PCMU", "96 iLBC", "97 telephone-event", "98 G726-32", "99 L16", "9 G722"));
}

TEST_F(Transcode, LateOfferIsTranslatedToo_RFC3261_14_1) {
    begin({Speech::pcmu}, {});
    auto caller = g->left.invite("+4930200", {});
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    g->right.respond(g->right.dialog_of(invite), 200, g->right.sdp({.formats = "8"}));
    const auto ok = g->left.expect("200");
    EXPECT_THAT(codecs(ok.body()), ElementsAre("8 PCMA", "0 PCMU"));
    g->left.ack(caller, ok, g->left.sdp({.formats = "0"}));
    const auto ack = g->right.expect("ACK");
    EXPECT_THAT(codecs(ack.body()), ElementsAre("8 PCMA"));
    EXPECT_EQ(passes(g->left, ok.body(), 0, ramp()), (std::pair{8, to_alaw(ramp())}));
    EXPECT_EQ(passes(g->right, ack.body(), 8, ramp()), (std::pair{0, to_mulaw(ramp())}));
}

TEST_F(Transcode, ChangesAndHoldsFromEitherSideStayTranslated) {
    begin({Speech::pcmu}, {Speech::pcma});
    auto c = establish({.formats = "0"}, {.formats = "8"});
    auto crossed =
        cross(g->left, c.left, g->right, Description{.formats = "0", .direction = "sendonly", .version = 2},
              Description{.formats = "8", .direction = "recvonly", .version = 2});
    EXPECT_THAT(codecs(crossed.answered), ElementsAre("0 PCMU"));
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()), (std::pair{8, to_alaw(ramp())}));
    EXPECT_EQ(passes(g->right, c.to_right, 8, ramp()).first, -1) << "held";
    crossed = cross(g->right, c.right, g->left, Description{.formats = "8", .version = 3},
                    Description{.formats = "0", .version = 3});
    EXPECT_THAT(codecs(crossed.answered), ElementsAre("8 PCMA"));
    EXPECT_EQ(passes(g->right, c.to_right, 8, ramp()), (std::pair{0, to_mulaw(ramp())}));
    // Now they agree.
    crossed = cross(g->right, c.right, g->left, Description{.formats = "0", .version = 4},
                    Description{.formats = "0", .version = 4});
    EXPECT_EQ(passes(g->right, c.to_right, 0, ramp()), (std::pair{0, ramp()}));
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()), (std::pair{0, ramp()}));
}

TEST_F(Transcode, PayloadThatIsNoneIsCountedAndTheNextOneHeard) {
    begin({}, {Speech::l16});
    const auto c = establish({.formats = "0"}, {.formats = "96", .more = "a=rtpmap:96 L16/8000\r\n"});
    EXPECT_EQ(passes(g->right, c.to_right, 96, Bytes(321)).first, -1);
    EXPECT_EQ(passes(g->right, c.to_right, 96, Bytes(320)).first, 0);
    EXPECT_EQ(passes(g->left, c.to_left, 0, {}).first, -1);
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()).second.size(), 320u);
    EXPECT_EQ(figures(0).dropped_malformed, 1u);
    EXPECT_EQ(figures(1).dropped_malformed, 1u);
}

// Out of a jitter buffer, in packets of 30 ms to the right, and of what the left asks for (20 ms) to the
// left.
TEST_F(Transcode, SpeechIsPlayedOutWhereTheProfileSaysSo) {
    auto c = fakes::two_trunks();
    Profile left, right;
    left.name = "of-left";
    right.name = "of-right";
    right.sdp.transcode = {Speech::pcma};
    right.sdp.jitter_buffer.emplace();
    right.sdp.packet = std::chrono::milliseconds(30);
    c.profiles = {left, right};
    c.trunks[0].profile = left.name;
    c.trunks[1].profile = right.name;
    configure(c);
    const auto call = establish({.formats = "0 101"}, {.formats = "8 101"});
    // Twenty packets, one after the other; what comes of them: payload types and octets.
    const auto played = [&](const Peer& from, std::string_view to, std::uint8_t payload_type) {
        std::vector<std::pair<int, std::size_t>> out;
        g->run(std::chrono::milliseconds(500));  // nothing is left of what came before
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(passes(from, to, payload_type, ramp()).first, -1) << "it waits";
            const auto before = g->network.sent.size();
            g->run(std::chrono::milliseconds(20));
            for (auto n = before; n < g->network.sent.size(); ++n) {
                const auto& bytes = g->network.sent[n].bytes;
                if (!rtp::looks_like_rtcp(bytes)) out.emplace_back(bytes[1] & 0x7F, bytes.size() - 12);
            }
        }
        return out;
    };
    EXPECT_THAT(played(g->left, call.to_left, 0), Each(std::pair(8, std::size_t{240})));
    EXPECT_THAT(played(g->right, call.to_right, 8), Each(std::pair(0, std::size_t{160})));
    const auto more = played(g->left, call.to_left, 0);
    EXPECT_GE(more.size(), 12u) << "400 ms";
    EXPECT_LE(more.size(), 16u);
    EXPECT_EQ(passes(g->left, call.to_left, 101, Bytes{5, 10, 0, 160}).first, 101) << "digits do not wait";

    ASSERT_TRUE(g->restart());
    EXPECT_GE(played(g->left, call.to_left, 0).size(), 11u);
    EXPECT_EQ(figures(0).late, 0u);
    EXPECT_GT(figures(0).playout_delay, Duration{});
}

TEST_F(Transcode, GoesOnAfterARestart) {
    begin({}, {Speech::pcma});
    const auto c = establish({.formats = "0"}, {.formats = "8"});
    ASSERT_TRUE(g->restart());
    EXPECT_EQ(passes(g->left, c.to_left, 0, ramp()), (std::pair{8, to_alaw(ramp())}));
    EXPECT_EQ(passes(g->right, c.to_right, 8, ramp()), (std::pair{0, to_mulaw(ramp())}));
}

TEST_F(Transcode, LinearSpeechOf16kHzIsAnotherThanThatOf8) {
    begin({}, {Speech::l16_16k, Speech::l16});
    const auto c =
        establish({.formats = "0 101"}, {.formats = "96 101", .more = "a=rtpmap:96 L16/16000\r\n"});
    EXPECT_THAT(codecs(c.to_right), ElementsAre("0 PCMU", "101 telephone-event", "96 L16", "97 L16"));
    EXPECT_NE(c.to_right.find("a=rtpmap:96 L16/16000\r\n"), std::string::npos);
    EXPECT_NE(c.to_right.find("a=rtpmap:97 L16/8000\r\n"), std::string::npos);
    EXPECT_THAT(codecs(c.to_left), ElementsAre("101 telephone-event", "0 PCMU"));
    const auto wide = passes(g->left, c.to_left, 0, ramp());
    EXPECT_EQ(wide.first, 96);
    EXPECT_EQ(wide.second.size(), 640u);
    const auto narrow = passes(g->right, c.to_right, 96, Bytes(640));
    EXPECT_EQ(narrow, (std::pair{0, Bytes(160, 0xFF)})) << "silence";
    EXPECT_EQ(passes(g->right, c.to_right, 96, Bytes(641)).first, -1);
    const Bytes digit{5, 10, 0, 160};
    EXPECT_EQ(passes(g->left, c.to_left, 101, digit), (std::pair{101, digit}));
}

}  // namespace
}  // namespace causeway::call
