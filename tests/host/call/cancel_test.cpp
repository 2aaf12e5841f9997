// Calls given up before they were answered: CANCEL and its races, no answer, BYE on an early dialog.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Cancel : public CallTest {
  protected:
    void SetUp() override {
        call = g->left.invite("+4930200", g->left.sdp());
        g->left.expect("100");
        invite = g->right.expect("INVITE");
        callee = g->right.dialog_of(invite);
    }
    fakes::Peer::Dialog call, callee;
    sip::Message invite;
};

TEST_F(Cancel, PassesOnOnceTheCalleeHasAnsweredAnything_RFC3261_9_1) {
    g->right.respond(callee, 180);
    g->left.expect("180");
    g->left.cancel(call, {{"Reason", "SIP;cause=200;text=\"Call completed elsewhere\""}});
    const auto ok = g->left.expect("200");
    EXPECT_EQ(ok.cseq().method, sip::Method::cancel);
    const auto terminated = g->left.expect("487");
    EXPECT_EQ(ok.to().tag(), terminated.to().tag()) << "9.2: the same tag";
    g->left.ack_failure(call, terminated);
    const auto cancel = g->right.expect("CANCEL");
    EXPECT_EQ(cancel.via().branch(), invite.via().branch());
    EXPECT_EQ(cancel.request_uri(), invite.request_uri());
    EXPECT_EQ(cancel.cseq().number, invite.cseq().number);
    EXPECT_EQ(cancel.first(sip::HeaderId::reason), "SIP;cause=200;text=\"Call completed elsewhere\"");
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_EQ(g->core.status().media.ports_in_use, 0u);
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    g->right.expect("ACK");
    EXPECT_EQ(g->ends.at(0).status, 487);
    EXPECT_EQ(g->ends.at(0).by, Ended::caller);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Cancel, WaitsForAProvisionalResponse_RFC3261_9_1) {
    g->left.cancel(call);
    g->left.expect("200");
    g->left.ack_failure(call, g->left.expect("487"));
    EXPECT_EQ(g->right.waiting(), 0u);
    g->right.respond(invite, 100);
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    g->right.expect("ACK");
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Cancel, NeedsNoCancelWhereAFinalResponseComesFirst_RFC3261_9_1) {
    g->left.cancel(call);
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Cancel, TakesAndEndsACallWhose2xxCrossedTheCancel_RFC3261_9_1) {
    g->right.respond(callee, 180);
    g->left.expect("180");
    g->left.cancel(call);
    g->left.expect("200");
    g->left.ack_failure(call, g->left.expect("487"));
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto bye = g->right.expect("BYE");
    g->right.respond(cancel, 481);
    g->right.respond(bye, 200);
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(g->ends.size(), 1u);
}

TEST_F(Cancel, TakesAndEndsACallAnsweredBeforeAnyProvisional) {
    g->left.cancel(call);
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
}

TEST_F(Cancel, GivesUpWhereTheCalleeNeverEndsTheCancelledInvite_RFC3261_9_1) {
    g->right.respond(callee, 180);
    g->left.cancel(call);
    g->run(Seconds(31));
    EXPECT_EQ(g->core.status().legs, 1u);
    g->run(Seconds(2));
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Cancel, ComesTooLateAfterThe2xx_RFC3261_9_2) {
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->left.cancel(call);
    EXPECT_EQ(g->left.expect("200").cseq().method, sip::Method::cancel);
    g->left.ack(call, ok);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_F(Cancel, OfNothingGets481_RFC3261_9_2) {
    auto other = call;
    other.invite = sip::Message::parse(
                       "INVITE sip:+4930200@198.51.100.1 SIP/2.0\r\n"
                       "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-leftie-none\r\n"
                       "From: <sip:a@b>;tag=leftie-x\r\nTo: <sip:c@d>\r\n"
                       "Call-ID: leftie-none\r\nCSeq: 1 INVITE\r\n\r\n")
                       .value();
    g->left.cancel(other);
    g->left.expect("481");
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Cancel, IsWhatAByeOnAnEarlyDialogMeans_RFC3261_15) {
    g->right.respond(callee, 180);
    g->left.learn(call, g->left.expect("180"));
    g->left.request(call, "BYE");
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    EXPECT_EQ(g->ends.at(0).status, 487);
}

TEST_F(Cancel, DoesNotComeFromTheCalleeByBye_RFC3261_15) {
    g->right.respond(callee, 180);
    g->right.request(callee, "BYE");
    g->right.expect("481");
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Cancel, FollowsTheNoAnswerTimeout_RFC3261_16_6) {
    g->right.respond(callee, 180);
    g->left.expect("180");
    g->run(Seconds(179));
    EXPECT_EQ(g->core.status().calls, 1u);
    g->run(Seconds(1));
    const auto timeout = g->left.expect("408");
    g->left.ack_failure(call, timeout);
    const auto cancel = g->right.expect("CANCEL");
    EXPECT_THAT(cancel.first(sip::HeaderId::reason), HasSubstr("cause=408"));
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    g->right.expect("ACK");
    EXPECT_EQ(g->ends.at(0).status, 408);
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Cancel, FollowsAHangUpByTheOperator) {
    g->right.respond(callee, 180);
    g->left.expect("180");
    EXPECT_TRUE(g->core.hangup(g->now, 1));
    g->left.expect("480");
    g->right.expect("CANCEL");
}

}  // namespace
}  // namespace causeway::call
