// Races of an INVITE with its responses, forks and the transport, on the caller's leg and on the callee's
// (RFC 5407 section 3.1; RFC 3261 13, 17; RFC 6026). More of forks is in forking_test.cpp, of the 2xx and its
// ACK in basic_call_test.cpp.
#include "tests/host/call/invite_race_test.hpp"

namespace causeway::call {
namespace {

using fakes::Millis;
using fakes::Seconds;
using ::testing::Each;
using ::testing::ElementsAre;

// ---- the INVITE again

// RFC 6026 7.1: an INVITE that is repeated after the 2xx is absorbed; the 2xx repeats by its own timer.
TEST_F(InviteRace, CallersInviteIsRepeatedAfterOur2xx_RFC5407_3_1_1) {
    const auto ok = answer();
    g->left.send(std::string(call.invite.text()));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    g->left.ack(call, ok);
    g->left.send(std::string(call.invite.text()));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().attempts, 1u);
}

// RFC 3261 17.1.1.2, 13.2.2.4: the 2xx is lost, our INVITE goes out again, both copies of the 2xx get the
// ACK.
TEST_F(InviteRace, CalleesFirst2xxIsLostAndOurInviteRepeated_RFC5407_3_1_1) {
    g->run(Millis(500));
    const auto again = g->right.expect("INVITE");
    EXPECT_EQ(again.via().branch(), invite.via().branch());
    g->right.respond(callee, 200, g->right.sdp());
    g->right.respond(callee, 200, g->right.sdp());
    const auto ack = g->right.expect("ACK");
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
    g->left.ack(call, g->left.expect("200"));
    g->run(Seconds(5));
    EXPECT_EQ(g->right.waiting() + g->left.waiting(), 0u);
}

// RFC 3261 17.2.1: an INVITE repeated after the failure gets the failure again; after its ACK nothing.
TEST_F(InviteRace, CallersInviteIsRepeatedAfterOurFailure_RFC3261_17_2_1) {
    g->right.respond(callee, 486);
    const auto busy = g->left.expect("486");
    g->left.send(std::string(call.invite.text()));
    EXPECT_EQ(g->left.expect("486").text(), busy.text());
    g->left.ack_failure(call, busy);
    g->left.send(std::string(call.invite.text()));
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->core.status().attempts, 1u);
}

// RFC 3261 17.1.1.2: the ACK to the callee's failure is lost; each repetition gets it again.
TEST_F(InviteRace, CalleesFailureIsRepeatedForWantOfTheAck_RFC3261_17_1_1_2) {
    g->right.respond(callee, 486);
    const auto ack = g->right.expect("ACK");
    g->right.respond(callee, 486);
    EXPECT_EQ(g->right.expect("ACK").text(), ack.text());
    EXPECT_THAT(g->left.take_all(), ElementsAre("486"));
}

// RFC 3261 17.2.1: timers G and H on the caller's leg: the failure repeats until the ACK, at most 64*T1.
TEST_F(InviteRace, CallerNeverAcknowledgesOurFailure_RFC3261_17_2_1) {
    g->right.respond(callee, 486);
    g->run(Seconds(40));
    EXPECT_THAT(g->left.take_all(), Each("486"));
    EXPECT_EQ(g->core.status().legs, 0u);
}

// ---- provisional responses that come late

// RFC 3261 17.1.1.2, RFC 6026 7.2: a provisional response after the final one says nothing any more.
TEST_F(InviteRace, CalleesRingingComesAfterItsFinalResponse_RFC6026_7_2) {
    const auto ok = answer();
    g->right.respond(callee, 180);
    g->right.respond(g->right.dialog_of(invite, "rightie-two"), 183, g->right.sdp());
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    g->left.ack(call, ok);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_F(InviteRace, CalleesRingingComesAfterItsFailure_RFC3261_17_1_1_2) {
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    g->right.respond(callee, 180);
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_THAT(g->left.take_all(), ElementsAre("486"));
}

// RFC 3261 9.1: it is no news to the caller, who has its 487; but the CANCEL may now go.
TEST_F(InviteRace, CalleesRingingCrossesTheCancel_RFC3261_9_1) {
    g->left.cancel(call);
    EXPECT_THAT(g->left.take_all(), ElementsAre("200", "487"));
    g->right.respond(callee, 180);
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(callee, 183, g->right.sdp());
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    g->right.expect("ACK");
    EXPECT_EQ(g->core.status().legs, 0u);
}

// ---- forks

// RFC 3261 13.2.2.4, 16.7: the proxy cancels its branches and says 487, yet one had answered.
TEST_F(InviteRace, AForks2xxComesAfterTheCancelled487_RFC3261_13_2_2_4) {
    ring();
    g->left.cancel(call);
    const auto cancel = g->right.expect("CANCEL");
    g->right.respond(cancel, 200);
    g->right.respond(callee, 487);
    g->right.expect("ACK");
    auto two = g->right.dialog_of(invite, "rightie-two");
    g->right.respond(two, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-two");
    const auto bye = g->right.expect("BYE");
    EXPECT_EQ(bye.to().tag(), "rightie-two");
    EXPECT_GT(bye.cseq().number, invite.cseq().number);
    g->right.respond(two, 200, g->right.sdp());  // repeated
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-two");
    g->right.respond(bye, 200);
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->ends.size(), 1u);
}

// RFC 3261 13.2.2.4: a failure first (a proxy that is wrong), a 2xx after it.
TEST_F(InviteRace, A2xxComesAfterTheFailure_RFC3261_13_2_2_4) {
    ring();
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    g->left.ack_failure(call, g->left.expect("486"));
    g->right.respond(g->right.dialog_of(invite, "rightie-two"), 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-two");
    bye_to(g->right);
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->ends.at(0).status, 486);
}

// RFC 3261 13.2.2.4: a fork answers when the call of the other has been and gone.
TEST_F(InviteRace, AForks2xxComesAfterTheCall_RFC3261_13_2_2_4) {
    g->left.ack(call, answer());
    g->left.request(call, "BYE");
    g->left.expect("200");
    bye_to(g->right);
    EXPECT_EQ(g->core.status().legs, 0u);
    g->right.respond(g->right.dialog_of(invite, "rightie-two"), 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-two");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-two");
    EXPECT_EQ(g->ends.size(), 1u);
}

// RFC 6026 7.2: in Accepted a failure is dropped.
TEST_F(InviteRace, AFailureComesAfterThe2xx_RFC6026_7_2) {
    const auto ok = answer();
    for (const int status : {302, 408, 486, 487, 503, 603}) g->right.respond(callee, status);
    EXPECT_EQ(g->right.waiting() + g->left.waiting(), 0u);
    g->left.ack(call, ok);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

// ---- transport errors, by the state that they meet

// RFC 6026 7.1: they end no INVITE server transaction: the caller may still be reached.
TEST_F(InviteRace, CallersTransportFailsWhileRinging_RFC6026_7_1) {
    ring();
    transport_fails(g->left);
    g->left.ack(call, answer());
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_F(InviteRace, CallersTransportFailsAfterOur2xx_RFC6026_7_1) {
    const auto ok = answer();
    transport_fails(g->left);
    g->run(Millis(500));
    g->left.ack(call, g->left.expect("200"));
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_F(InviteRace, CallersTransportFailsAfterOurFailure_RFC6026_7_1) {
    g->right.respond(callee, 486);
    g->left.expect("486");
    transport_fails(g->left);
    g->run(Millis(500));
    g->left.ack_failure(call, g->left.expect("486"));
    EXPECT_EQ(g->core.status().legs, 0u);
}

// RFC 3261 17.1.1.2, figure 5: only while no response has come it is the end (see failure_test.cpp).
TEST_F(InviteRace, CalleesTransportFailsWhileRinging_RFC3261_17_1_1_2) {
    ring();
    transport_fails(g->right);
    g->left.ack(call, answer());
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_F(InviteRace, CalleesTransportFailsForOurCancel_RFC3261_17_1_4) {
    ring();
    g->left.cancel(call);
    g->right.expect("CANCEL");
    transport_fails(g->right);
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    bye_to(g->right);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(InviteRace, CalleesTransportFailsForOurAck_RFC3261_17_1_1_2) {
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    transport_fails(g->right);
    g->right.respond(callee, 486);
    g->right.expect("ACK");
    EXPECT_THAT(g->left.take_all(), ElementsAre("486"));
}

TEST_F(InviteRace, CalleesTransportFailsAfterIts2xx_RFC6026_7_2) {
    const auto ok = answer();
    transport_fails(g->right);
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    g->left.ack(call, ok);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

}  // namespace
}  // namespace causeway::call
