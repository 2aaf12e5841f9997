// Races of giving up and hanging up while a call is set up: CANCEL, time-outs, BYE on an early dialog and
// before the ACK, on the caller's leg and on the callee's (RFC 5407 section 3.1; RFC 3261 9, 15). The plain
// cases are in cancel_test.cpp.
#include "tests/host/call/invite_race_test.hpp"

namespace causeway::call {
namespace {

using fakes::Millis;
using fakes::Seconds;
using ::testing::Each;
using ::testing::ElementsAre;

// ---- CANCEL

// RFC 3261 9.2, 15: the CANCEL crosses our 2xx and has no effect; the caller acknowledges, then says BYE.
TEST_F(InviteRace, CallersCancelCrossesOur2xx_RFC5407_3_1_2) {
    ring();
    const auto ok = answer();
    g->left.cancel(call);
    EXPECT_EQ(g->left.expect("200").cseq().method, sip::Method::cancel);
    EXPECT_EQ(g->right.waiting(), 0u);
    g->left.ack(call, ok);
    g->left.request(call, "BYE");
    g->left.expect("200");
    bye_to(g->right);
    EXPECT_EQ(g->ends.at(0).status, 200);
}

// RFC 3261 9.1, 13.2.2.4: our CANCEL crosses the callee's 2xx, whose ACK is then lost.
TEST_F(InviteRace, OurCancelCrossesTheCallees2xxAndTheAckIsLost_RFC5407_3_1_2) {
    ring();
    g->left.cancel(call);
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    g->right.expect("CANCEL");
    g->right.respond(callee, 200, g->right.sdp());
    const auto ack = g->right.expect("ACK");
    const auto bye = g->right.expect("BYE");
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
    g->right.respond(bye, 200);
    g->right.respond(callee, 200, g->right.sdp());  // sent before the BYE came
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
    EXPECT_EQ(g->right.waiting() + g->left.waiting(), 0u);
}

// RFC 3261 9.2: the CANCEL finds its INVITE refused; the refusal stands.
TEST_F(InviteRace, CallersCancelCrossesOurFailure_RFC3261_9_2) {
    ring();
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    const auto busy = g->left.expect("486");
    g->left.cancel(call);
    EXPECT_EQ(g->left.expect("200").cseq().method, sip::Method::cancel);
    g->left.ack_failure(call, busy);
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    EXPECT_EQ(g->ends.at(0).status, 486);
}

// RFC 3261 9.1: our CANCEL crosses the callee's failure, and then finds nothing.
TEST_F(InviteRace, OurCancelCrossesTheCalleesFailure_RFC3261_9_1) {
    ring();
    g->left.cancel(call);
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    g->right.respond(cancel, 481);
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    EXPECT_EQ(g->ends.at(0).status, 487);
}

// RFC 3261 9.2: the CANCEL is repeated, for its 200 was lost: the same 200, and nothing twice.
TEST_F(InviteRace, CallersCancelIsRepeated_RFC3261_9_2) {
    ring();
    g->left.cancel(call);
    g->left.send(std::string(g->left.sent.back()));
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487", "200"));
    EXPECT_THAT(g->right.take_all(), ElementsAre("CANCEL"));
    EXPECT_EQ(g->ends.size(), 1u);
}

// RFC 3261 9.1: no response comes to our CANCEL: it is repeated, and 64*T1 later the leg is over.
TEST_F(InviteRace, OurCancelIsLostOverAndOver_RFC3261_9_1) {
    ring();
    g->left.cancel(call);
    g->run(Seconds(33));
    EXPECT_THAT(g->right.take_all(), Each("CANCEL"));
    EXPECT_EQ(g->core.status().legs, 0u);
}

// ---- time-outs

// RFC 3261 9.1, 16.8: the 2xx crosses the CANCEL of a call that was not answered in time.
TEST_F(InviteRace, Callees2xxCrossesTheNoAnswerTimeout_RFC3261_9_1) {
    ring();
    g->run(Seconds(180));
    const auto timeout = g->left.expect("408");
    g->left.ack_failure(call, timeout);
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    bye_to(g->right);
    g->right.respond(cancel, 200);
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    EXPECT_EQ(g->ends.size(), 1u);
    EXPECT_EQ(g->ends.at(0).status, 408);
}

// RFC 3261 17.1.1.2: timer B has ended the call; a 2xx that comes then is not even of a transaction.
TEST_F(InviteRace, CalleesFirstResponseIsA2xxAfterTimerB_RFC3261_17_1_1_2) {
    g->run(Seconds(32));
    g->left.ack_failure(call, g->left.expect("408"));
    g->right.take_all();
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// RFC 3261 9.1: the caller gives up in the instant of the no-answer time-out.
TEST_F(InviteRace, CallersCancelCrossesTheNoAnswerTimeout_RFC3261_9_2) {
    ring();
    g->run(Seconds(180));
    const auto timeout = g->left.expect("408");
    g->left.cancel(call);
    EXPECT_EQ(g->left.expect("200").cseq().method, sip::Method::cancel);
    g->left.ack_failure(call, timeout);
    EXPECT_THAT(g->right.take_all(), ElementsAre("CANCEL"));
    EXPECT_EQ(g->ends.size(), 1u);
}

// ---- BYE

// RFC 3261 15: the caller's BYE on the early dialog crosses our 2xx; its ACK comes last and means nothing.
TEST_F(InviteRace, CallersEarlyByeCrossesOur2xx_RFC5407_3_1_3) {
    ring();
    const auto ok = answer();
    g->left.request(call, "BYE");
    g->left.expect("200");
    bye_to(g->right);
    g->left.ack(call, ok);
    g->run(Seconds(33));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u) << "the 2xx is not repeated";
}

// RFC 3261 15: BYE on the early dialog crosses the callee's 2xx: that one is acknowledged and ended.
TEST_F(InviteRace, CallersEarlyByeCrossesTheCallees2xx_RFC5407_3_1_3) {
    ring();
    g->left.request(call, "BYE");
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    g->right.expect("CANCEL");
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    bye_to(g->right);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// RFC 3261 13.3.1.4, 15: the callee hangs up at once; our BYE waits for the caller's ACK, which never comes.
TEST_F(InviteRace, CalleesByeComesBeforeTheCallersAck_RFC5407_3_1_6) {
    answer();
    g->right.request(callee, "BYE");
    g->right.expect("200");
    g->run(Millis(31900));
    EXPECT_THAT(g->left.take_all(), Each("200")) << "no BYE before the ACK";
    g->run(Millis(100));
    bye_to(g->left);
    EXPECT_EQ(g->ends.size(), 1u);
    EXPECT_EQ(g->ends[0].by, Ended::callee);
}

// RFC 3261 13.2.2.4: the callee of a call without offer hangs up while we wait for the caller's answer: its
// 2xx is acknowledged all the same.
TEST_F(InviteRace, CalleesByeComesBeforeOurAck_RFC5407_3_1_6) {
    g->left.cancel(call);
    g->right.respond(callee, 487);
    g->left.take_all();
    g->right.take_all();
    auto late = g->left.invite("+4930200", {});
    g->left.expect("100");
    auto one = g->right.dialog_of(g->right.expect("INVITE"), "rightie-late");
    g->right.respond(one, 200, g->right.sdp());
    const auto ok = g->left.expect("200");
    g->right.request(one, "BYE");
    g->right.expect("ACK");
    g->right.expect("200");
    g->left.ack(late, ok, g->left.sdp());
    bye_to(g->left);
    EXPECT_EQ(g->right.waiting() + g->left.waiting(), 0u);
}

// RFC 3261 13.3.1.4: the ACK comes after we have given up waiting: our BYE is under way already.
TEST_F(InviteRace, CallersAckComesAfterTheTimeout_RFC5407_3_2_4) {
    const auto ok = answer();
    g->run(Seconds(32));
    bye_to(g->right);
    g->left.take_all();
    g->left.ack(call, ok);
    g->run(Millis(1));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

// RFC 3261 13.3.1.4: a repeated ACK means nothing.
TEST_F(InviteRace, CallersAckComesTwice_RFC3261_13_3_1_4) {
    const auto ok = answer();
    g->left.ack(call, ok);
    g->left.send(std::string(g->left.sent.back()));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
}

}  // namespace
}  // namespace causeway::call
