// Changes within a call: hold and resume cross, all else is refused and the session stands.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Description;
using fakes::Gateway;
using fakes::Peer;
using fakes::Seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Reinvite : public CallTest {
  protected:
    // `holder` re-INVITEs with one direction, the other answers with another; what each got comes back.
    struct Crossed {
        std::string offered, answered;
    };
    Crossed cross(Peer& holder, Peer::Dialog& from, Peer& held, const Description& offer,
                  const Description& answer) {
        const auto request = holder.request(from, "INVITE", holder.sdp(offer));
        holder.expect("100");
        const auto invite = held.expect("INVITE");
        EXPECT_FALSE(invite.to().tag().empty());
        held.respond(invite, 200, {}, held.sdp(answer));
        held.expect("ACK");
        const auto ok = holder.expect("200");
        EXPECT_EQ(ok.cseq().number, request.cseq().number);
        holder.ack(from, ok);
        EXPECT_EQ(holder.waiting() + held.waiting(), 0u);
        return {std::string(invite.body()), std::string(ok.body())};
    }
    // Whether one RTP packet of `from` reaches `to`.
    bool hears(const Peer& to, const Peer& from, std::string_view our_sdp_to_from) {
        const auto before = g->network.at(to.media).size();
        Bytes packet{0x80, 0, 0, ++sequence, 0, 0, 0, 160, 1, 2, 3, 4, 0xA0};
        g->media(from.media, Gateway::media_of(our_sdp_to_from), packet);
        g->core.advance(g->now);
        return g->network.at(to.media).size() > before;
    }
    static std::uint64_t version_of(std::string_view sdp) { return sdp::Session::parse(sdp)->origin.version; }
    std::uint8_t sequence = 0;
};

TEST_F(Reinvite, HoldAndResumeCrossFromTheCaller_RFC3264_8_4) {
    auto e = g->establish();
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    const auto hold = cross(g->left, e.left, g->right, {.direction = "sendonly", .version = 2},
                            {.direction = "recvonly", .version = 2});
    EXPECT_THAT(hold.offered, HasSubstr("a=sendonly"));
    EXPECT_THAT(hold.answered, HasSubstr("a=recvonly"));
    EXPECT_EQ(version_of(hold.offered), version_of(e.to_right) + 1);
    EXPECT_EQ(version_of(hold.answered), version_of(e.to_left) + 1);
    EXPECT_EQ(Gateway::media_of(hold.offered), Gateway::media_of(e.to_right)) << "the port stays";
    EXPECT_FALSE(hears(g->left, g->right, e.to_right)) << "who holds hears nothing";
    EXPECT_TRUE(hears(g->right, g->left, e.to_left)) << "who is held hears the music";
    const auto resume = cross(g->left, e.left, g->right, {.version = 3}, {.version = 3});
    EXPECT_THAT(resume.offered, HasSubstr("a=sendrecv"));
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
    g->left_hangs_up(e);
}

TEST_F(Reinvite, HoldAndResumeCrossFromTheCallee_RFC3264_8_4) {
    auto e = g->establish();
    const auto hold = cross(g->right, e.right, g->left, {.direction = "inactive", .version = 2},
                            {.direction = "inactive", .version = 2});
    EXPECT_THAT(hold.offered, HasSubstr("a=inactive"));
    EXPECT_THAT(hold.answered, HasSubstr("a=inactive"));
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    EXPECT_FALSE(hears(g->right, g->left, e.to_left));
    cross(g->right, e.right, g->left, {.version = 3}, {.version = 3});
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
}

TEST_F(Reinvite, BothMayHoldAndOneResumes) {
    auto e = g->establish();
    cross(g->left, e.left, g->right, {.direction = "sendonly", .version = 2},
          {.direction = "recvonly", .version = 2});
    cross(g->right, e.right, g->left, {.direction = "inactive", .version = 3},
          {.direction = "inactive", .version = 3});
    const auto resume = cross(g->left, e.left, g->right, {.direction = "sendrecv", .version = 4},
                              {.direction = "sendonly", .version = 4});
    EXPECT_THAT(resume.answered, HasSubstr("a=sendonly"));
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    EXPECT_FALSE(hears(g->right, g->left, e.to_left));
}

TEST_F(Reinvite, TheOldHoldByTheUnspecifiedAddressCrossesAsSendonly_RFC3264_8_4) {
    auto e = g->establish();
    const auto hold = cross(g->left, e.left, g->right, {.version = 2, .connection = "0.0.0.0"},
                            {.direction = "recvonly", .version = 2});
    EXPECT_THAT(hold.offered, HasSubstr("a=sendonly"));
    EXPECT_THAT(hold.offered, Not(HasSubstr("0.0.0.0")));
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    cross(g->left, e.left, g->right, {.version = 3}, {.version = 3});
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
}

TEST_F(Reinvite, ThatChangesNothingCrossesToo) {
    auto e = g->establish();
    cross(g->left, e.left, g->right, {}, {});
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
}

TEST_F(Reinvite, ThatChangesCodecsAddressOrLinesIs488AndTheSessionStands_RFC3261_14_2) {
    auto e = g->establish();
    for (const Description& change :
         {Description{.formats = "0", .version = 2}, Description{.version = 2, .connection = "192.0.2.12"},
          Description{.version = 2, .more = "m=video 30002 RTP/AVP 31\r\n"},
          Description{.protocol = "RTP/SAVP",
          .crypto = {"1 AES_CM_128_HMAC_SHA1_80 "
                     "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"},
          .version = 2}}) {
        g->left.request(e.left, "INVITE", g->left.sdp(change));
        g->left.expect("100");
        const auto refused = g->left.expect("488");
        EXPECT_EQ(g->right.waiting(), 0u);
        EXPECT_TRUE(hears(g->right, g->left, e.to_left));
        EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    }
    g->left.request(e.left, "INVITE");  // no offer
    g->left.expect("100");
    g->left.expect("488");
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    cross(g->left, e.left, g->right, {.direction = "sendonly", .version = 2},
          {.direction = "recvonly", .version = 2});
}

TEST_F(Reinvite, RefusedByTheOtherSideRollsBack_RFC3261_14_1) {
    auto e = g->establish();
    for (const auto& [theirs, ours] : {std::pair{488, "488"}, {491, "491"}, {500, "500"}, {606, "488"}}) {
        g->left.request(e.left, "INVITE", g->left.sdp({.direction = "inactive", .version = 2}));
        g->left.expect("100");
        g->right.respond(g->right.expect("INVITE"), theirs);
        g->right.expect("ACK");
        g->left.expect(ours);
        EXPECT_TRUE(hears(g->right, g->left, e.to_left)) << theirs;
        EXPECT_TRUE(hears(g->left, g->right, e.to_right)) << theirs;
    }
    cross(g->right, e.right, g->left, {.direction = "sendonly", .version = 2},
          {.direction = "recvonly", .version = 2});
}

TEST_F(Reinvite, OfBothSidesAtOnceIs491_RFC3261_14_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto crossed = g->right.expect("INVITE");
    g->right.request(e.right, "INVITE", g->right.sdp({.direction = "sendonly", .version = 2}));
    g->right.expect("491");
    g->right.respond(crossed, 491);
    g->right.expect("ACK");
    g->left.expect("491");
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
}

TEST_F(Reinvite, WhileOneIsPendingIs500WithRetryAfter_RFC3261_14_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->right.expect("INVITE");
    g->left.request(e.left, "INVITE", g->left.sdp({.version = 3}));
    EXPECT_TRUE(g->left.expect("500").has(sip::HeaderId::retry_after));
}

TEST_F(Reinvite, ByeWhileOneIsPendingEndsAll_RFC3261_15_1_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    g->right.respond(invite, 100);
    g->left.request(e.left, "BYE");
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    EXPECT_THAT(g->right.take_all(), ::testing::Contains("BYE"));
    EXPECT_EQ(g->core.status().calls, 0u);
    // The other side never answers anything: even so nothing may be left (checked by TearDown).
}

TEST_F(Reinvite, ByeOfTheOtherSideWhileOneIsPendingEndsAll_RFC3261_15_1_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    g->right.request(e.right, "BYE");
    g->right.expect("200");
    g->right.respond(invite, 487);
    EXPECT_THAT(g->left.take_all(), ElementsAre("487", "BYE"));
    EXPECT_EQ(g->core.status().calls, 0u);
}

TEST_F(Reinvite, ThatDraws481EndsTheCall_RFC3261_12_2_1_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->right.respond(g->right.expect("INVITE"), 481);
    EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
    EXPECT_THAT(g->left.take_all(), ElementsAre("500", "BYE"));
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

TEST_F(Reinvite, ThatDrawsNoAnswerEndsTheCall_RFC3261_12_2_1_2) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->run(Seconds(33));
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_THAT(g->left.take_all(), ::testing::Contains("500"));
}

TEST_F(Reinvite, WhoseAnswerIsUnusableIs488ToWhoAsked) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    g->right.respond(invite, 200, {}, "v=0\r\nnonsense");
    g->right.expect("ACK");
    g->left.expect("488");
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    cross(g->left, e.left, g->right, {.direction = "sendonly", .version = 2},
          {.direction = "recvonly", .version = 2});
}

TEST_F(Reinvite, WhoseAckNeverComesEndsTheCall_RFC3261_13_3_1_4) {
    auto e = g->establish();
    g->left.request(e.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->right.respond(g->right.expect("INVITE"), 200, {},
                     g->right.sdp({.direction = "recvonly", .version = 2}));
    g->left.expect("200");
    g->run(Seconds(33));
    EXPECT_THAT(g->left.take_all(), ::testing::Contains("BYE"));
    EXPECT_EQ(g->core.status().calls, 0u);
}

TEST_F(Reinvite, BeforeTheCallIsAnsweredIsRefused_RFC3261_14_2) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 180);
    g->left.learn(call, g->left.expect("180"));
    g->left.request(call, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    EXPECT_TRUE(g->left.expect("500").has(sip::HeaderId::retry_after));
    g->right.request(callee, "INVITE", g->right.sdp());
    g->right.expect("491");
}

TEST_F(Reinvite, MovesTheTargetOfTheDialog_RFC3261_12_2_1_2) {
    auto e = g->establish();
    auto sdp = g->left.sdp();
    e.left.cseq++;
    g->left.send("INVITE " + e.left.target +
                 " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-leftie-new" +
                 "\r\nFrom: " + e.left.local + "\r\nTo: " + e.left.remote + "\r\nCall-ID: " + e.left.call_id +
                 "\r\nCSeq: " + std::to_string(e.left.cseq) +
                 " INVITE\r\nMax-Forwards: 70\r\nContact: <sip:moved@192.0.2.10:5060>\r\n"
                 "Content-Type: application/sdp\r\nContent-Length: " +
                 std::to_string(sdp.size()) + "\r\n\r\n" + sdp);
    g->left.expect("100");
    g->right.respond(g->right.expect("INVITE"), 200, {}, g->right.sdp());
    g->right.expect("ACK");
    g->left.ack(e.left, g->left.expect("200"));
    g->right.request(e.right, "BYE");
    EXPECT_EQ(g->left.expect("BYE").request_uri(), "sip:moved@192.0.2.10:5060");
}

}  // namespace
}  // namespace causeway::call
