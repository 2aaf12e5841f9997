// A call from INVITE to BYE, message by message.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Gateway;
using fakes::Millis;
using fakes::Seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using BasicCall = CallTest;

TEST_F(BasicCall, IsSetUpAndEndedByTheCaller_RFC3261_13) {
    auto& left = g->left;
    auto& right = g->right;
    auto call = left.invite("+4930200", left.sdp());
    left.expect("100");
    const auto invite = right.expect("INVITE");
    auto callee = right.dialog_of(invite);
    right.respond(callee, 100);
    right.respond(callee, 180);
    const auto ringing = left.expect("180");
    EXPECT_FALSE(ringing.to().tag().empty());
    EXPECT_TRUE(ringing.has(sip::HeaderId::contact));
    EXPECT_THAT(ringing.body(), IsEmpty());

    g->run(Seconds(3));
    right.respond(callee, 200, right.sdp());
    const auto ack = right.expect("ACK");
    EXPECT_EQ(ack.cseq().number, invite.cseq().number);
    EXPECT_EQ(ack.request_uri(), "sip:line@203.0.113.20:5060");
    EXPECT_THAT(ack.body(), IsEmpty());
    const auto ok = left.expect("200");
    EXPECT_EQ(ok.to().tag(), ringing.to().tag());
    EXPECT_EQ(ok.first(sip::HeaderId::allow), "INVITE, ACK, BYE, CANCEL, OPTIONS");
    left.ack(call, ok);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    EXPECT_EQ(g->core.calls().at(0).incoming.state, "confirmed");
    EXPECT_EQ(g->core.status().media.ports_in_use, 2u);

    g->run(Seconds(60));
    EXPECT_EQ(left.waiting() + right.waiting(), 0u) << "an acknowledged 2xx is not repeated";
    left.request(call, "BYE", {}, {{"Reason", "Q.850;cause=16;text=\"Normal\""}});
    left.expect("200");
    const auto bye = right.expect("BYE");
    EXPECT_EQ(bye.first(sip::HeaderId::reason), "Q.850;cause=16;text=\"Normal\"");
    EXPECT_EQ(bye.cseq().number, invite.cseq().number + 1);
    right.respond(bye, 200);
    EXPECT_TRUE(g->core.calls().empty());

    ASSERT_EQ(g->ends.size(), 1u);
    EXPECT_EQ(g->ends[0].status, 200);
    EXPECT_EQ(g->ends[0].by, Ended::caller);
    EXPECT_EQ(*g->ends[0].answered - g->starts[0].at, Seconds(3));
    EXPECT_EQ(*g->ends[0].ringing - g->starts[0].at, Seconds(0));
    EXPECT_EQ(g->ends[0].at - g->starts[0].at, Seconds(63));
    EXPECT_EQ(g->starts[0].caller, "+4930100");
    EXPECT_EQ(g->starts[0].callee, "+4930200");
    EXPECT_EQ(g->starts[0].source_trunk, "left");
    EXPECT_EQ(g->starts[0].target_trunk, "right");
    EXPECT_EQ(g->starts[0].call_id, call.call_id);
    EXPECT_EQ(g->starts[0].target_call_id, callee.call_id);
    ASSERT_EQ(g->ends[0].media.size(), 2u);
    EXPECT_EQ(g->ends[0].media[0].leg, "caller");
    EXPECT_EQ(g->ends[0].media[1].leg, "callee");
}

TEST_F(BasicCall, IsEndedByTheCallee_RFC3261_15) {
    auto e = g->establish();
    g->right.request(e.right, "BYE");
    g->right.expect("200");
    const auto bye = g->left.expect("BYE");
    EXPECT_EQ(bye.request_uri(), "sip:line@192.0.2.10:5060");
    EXPECT_EQ(bye.from().tag(), sip::NameAddr::parse(e.left.remote)->tag());
    g->left.respond(bye, 200);
    EXPECT_EQ(g->ends.at(0).by, Ended::callee);
}

TEST_F(BasicCall, SurvivesThatBothHangUpAtOnce_RFC3261_15) {
    auto e = g->establish();
    g->left.request(e.left, "BYE");
    g->left.expect("200");
    const auto bye = g->right.expect("BYE");
    g->right.request(e.right, "BYE");
    g->right.expect("200");
    g->right.respond(bye, 481);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(BasicCall, HangsUpWhereTheCalleeNeverAnswersItsBye) {
    auto e = g->establish();
    g->left.request(e.left, "BYE");
    g->left.expect("200");
    g->right.expect("BYE");
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_EQ(g->core.status().media.ports_in_use, 0u) << "media is free at once";
    g->run(Seconds(33));
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(BasicCall, CarriesEarlyMediaAndRepeatsItsAnswerInThe2xx_RFC6337_3_1_1) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 183, g->right.sdp());
    const auto progress = g->left.expect("183");
    EXPECT_THAT(progress.body(), HasSubstr("m=audio 20"));
    EXPECT_THAT(progress.body(), HasSubstr("c=IN IP4 198.51.100.9"));
    g->right.respond(callee, 180);
    g->left.expect("180");
    g->right.respond(callee, 200);  // without SDP: the preview stands
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    EXPECT_EQ(ok.body(), progress.body()) << "one fixed answer";
    g->left.ack(call, ok);
}

TEST_F(BasicCall, LetsTheCalleeOfferWhereTheCallerDoesNot_RFC3261_13_2_1) {
    auto call = g->left.invite("+4930200", {});
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    EXPECT_THAT(invite.body(), IsEmpty());
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, 183, g->right.sdp());  // unreliable: no place for an answer
    EXPECT_THAT(g->left.expect("183").body(), IsEmpty());
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_EQ(g->right.waiting(), 0u) << "no ACK before there is an answer to put in";
    const auto ok = g->left.expect("200");
    EXPECT_THAT(ok.body(), HasSubstr("RTP/AVP 0 8 101"));
    g->left.ack(call, ok, g->left.sdp({.formats = "8"}));
    const auto ack = g->right.expect("ACK");
    EXPECT_THAT(ack.body(), HasSubstr("RTP/AVP 8\r\n"));
    EXPECT_THAT(ack.body(), HasSubstr("c=IN IP4 198.51.100.9"));
    g->left.request(call, "BYE");
    g->left.expect("200");
    g->right.respond(g->right.expect("BYE"), 200);
}

TEST_F(BasicCall, EndsALateOfferCallWhoseAckHasNoAnswer) {
    auto call = g->left.invite("+4930200", {});
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->left.ack(call, g->left.expect("200"));
    g->right.expect("ACK");
    g->right.respond(g->right.expect("BYE"), 200);
    g->left.respond(g->left.expect("BYE"), 200);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(BasicCall, RepeatsThe2xxUntilTheAckAndEndsWhereNoneComes_RFC3261_13_3_1_4) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->run(Millis(499));
    EXPECT_EQ(g->left.waiting(), 0u);
    g->run(Millis(7001));  // 0.5, 1.5, 3.5, 7.5
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "200", "200", "200"));
    EXPECT_EQ(g->right.waiting(), 0u);
    g->run(Seconds(24));
    EXPECT_THAT(g->left.take_all(), testing::Each("200"));
    EXPECT_EQ(g->core.status().calls, 1u);
    g->run(Seconds(1));  // 64*T1
    EXPECT_EQ(g->core.status().calls, 0u);
    g->left.learn(call, ok);
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

TEST_F(BasicCall, SendsTheSameAckForEachRepeated2xx_RFC3261_13_2_2_4) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    const auto ack = g->right.expect("ACK");
    g->left.ack(call, g->left.expect("200"));
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
    g->run(Seconds(40));  // the client transaction is gone by now (timer M)
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
}

TEST_F(BasicCall, HoldsItsByeBackUntilTheAckHasCome_RFC3261_15) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->right.request(callee, "BYE");
    g->right.expect("200");
    EXPECT_EQ(g->left.waiting(), 0u);
    g->left.ack(call, ok);
    g->left.respond(g->left.expect("BYE"), 200);
}

TEST_F(BasicCall, TakesAByeThatOvertakesTheAck) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->left.learn(call, ok);
    g->left.request(call, "BYE");
    g->left.expect("200");
    g->right.respond(g->right.expect("BYE"), 200);
    g->left.ack(call, ok);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(BasicCall, FollowsTheRouteSetOfTheCalleesProxies_RFC3261_12_2_1_1) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    const fakes::Peer::Headers routes{{"Record-Route", "<sip:203.0.113.20:5060;lr;x=2>"},
                                      {"Record-Route", "<sip:203.0.113.99:5062;lr;x=1>"}};
    g->unreachable.insert(*IpAddress::parse("203.0.113.20"));  // what goes to the last hop would fail
    std::vector<std::string> seen;
    g->unreachable.clear();
    g->before_send = [&](std::string_view m) {
        if (m.substr(0, 4) == "ACK ") seen.emplace_back(m);
    };
    g->right.respond(callee, 200, g->right.sdp(), routes);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(g->right.waiting(), 0u) << "the ACK goes to the first hop of the reversed route set";
    const auto ack = sip::Message::parse(seen[0]);
    ASSERT_TRUE(ack);
    EXPECT_THAT(ack->values(sip::HeaderId::route),
                ElementsAre("<sip:203.0.113.99:5062;lr;x=1>", "<sip:203.0.113.20:5060;lr;x=2>"));
    g->left.ack(call, g->left.expect("200"));
}

TEST_F(BasicCall, PassesRtpBothWaysUnchangedInPayload) {
    const auto e = g->establish();
    const Bytes from_left{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 0xA0, 0xA1, 0xA2};
    const Bytes from_right{0x80, 8, 0, 7, 0, 0, 0, 160, 9, 9, 9, 9, 0xB0, 0xB1};
    g->media(g->left.media, Gateway::media_of(e.to_left), from_left);
    g->media(g->right.media, Gateway::media_of(e.to_right), from_right);
    g->core.advance(g->now);
    const auto to_right = g->network.at(g->right.media);
    const auto to_left = g->network.at(g->left.media);
    ASSERT_EQ(to_right.size(), 1u);
    ASSERT_EQ(to_left.size(), 1u);
    EXPECT_EQ(Bytes(to_right[0].begin() + 12, to_right[0].end()), (Bytes{0xA0, 0xA1, 0xA2}));
    EXPECT_EQ(Bytes(to_left[0].begin() + 12, to_left[0].end()), (Bytes{0xB0, 0xB1}));
    EXPECT_EQ(to_right[0][1] & 0x7f, 0);
    EXPECT_EQ(to_left[0][1] & 0x7f, 8);
    EXPECT_NE(load_be32(to_right[0].data() + 8), 0x01020304u) << "our own SSRC on each leg";
}

TEST_F(BasicCall, PassesEarlyRtpBeforeTheAnswer) {
    g->left.invite("+4930200", g->left.sdp());
    const auto invite = g->right.expect("INVITE");
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, 183, g->right.sdp());
    g->media(g->right.media, Gateway::media_of(invite.body()),
             Bytes{0x80, 0, 0, 7, 0, 0, 0, 160, 9, 9, 9, 9, 0xB0, 0xB1});
    g->core.advance(g->now);
    ASSERT_EQ(g->network.at(g->left.media).size(), 1u);
}

TEST_F(BasicCall, IsHungUpByTheOperator) {
    auto e = g->establish();
    EXPECT_FALSE(g->core.hangup(g->now, 99));
    EXPECT_TRUE(g->core.hangup(g->now, g->core.calls().at(0).id));
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

TEST_F(BasicCall, WritesItsRecordBeforeTheInviteLeaves) {
    std::size_t records_at_invite = 0;
    g->before_send = [&](std::string_view m) {
        if (m.substr(0, 7) == "INVITE ") records_at_invite = g->starts.size();
    };
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_EQ(records_at_invite, 1u);
}

}  // namespace
}  // namespace causeway::call
