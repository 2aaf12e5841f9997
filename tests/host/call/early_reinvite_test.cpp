// Re-INVITEs that come, or want to go, before the ACK to the last 2xx (RFC 5407 3.1.4, 3.1.5; RFC 3261 14.1),
// on the caller's leg and on the callee's.
#include "tests/host/call/glare_test.hpp"

namespace causeway::call {
namespace {

using fakes::Millis;
using fakes::Seconds;
using ::testing::Each;
using ::testing::ElementsAre;

class EarlyReinvite : public Glare {};
INSTANTIATE_TEST_SUITE_P(Legs, EarlyReinvite, ::testing::Values("Caller", "Callee"),
                         [](const auto& p) { return std::string(p.param); });

TEST_F(ChangeTest, AReinviteThatOvertakesTheAckWaitsForIt_RFC5407_3_1_4) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->left.learn(call, ok);
    const auto offer = g->left.sdp({.direction = "sendonly", .version = 2});
    const auto reinvite = g->left.request(call, "INVITE", offer);
    g->left.expect("100");
    EXPECT_EQ(g->right.waiting(), 0u);
    g->run(Millis(500));
    g->left.ack(call, g->left.expect("200"));  // repeated, for the first ACK was lost
    g->right.respond(g->right.expect("INVITE"), 200, {},
                     g->right.sdp({.direction = "recvonly", .version = 2}));
    g->right.expect("ACK");
    const auto changed = g->left.expect("200");
    EXPECT_EQ(changed.cseq().number, reinvite.cseq().number);
    g->left.ack(call, changed);
    EXPECT_EQ(direction_of(changed.body()), sdp::Direction::recvonly);
}

TEST_F(ChangeTest, AReinviteBeforeTheAckThatNeverComesEndsWithTheCall_RFC5407_3_1_4) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->left.expect("100");
    g->left.learn(call, g->left.expect("200"));
    g->left.request(call, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->run(Millis(31900));
    EXPECT_THAT(g->left.take_all(), Each("200"));
    g->run(Millis(100));
    EXPECT_THAT(g->left.take_all(), ElementsAre("487", "BYE"));
    EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
}

TEST_F(ChangeTest, AReinviteBeforeTheAckThatBringsTheAnswerIs491_RFC5407_3_1_5) {
    auto call = g->left.invite("+4930200", {});
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    const auto ok = g->left.expect("200");
    g->left.learn(call, ok);
    const auto reinvite = g->left.request(call, "INVITE", g->left.sdp({.direction = "sendonly"}));
    g->left.ack_failure(call, reinvite, g->left.expect("491"));
    g->right.request(callee, "INVITE", g->right.sdp({.direction = "sendonly", .version = 2}));
    g->right.expect("491");
    g->left.ack(call, ok, g->left.sdp());
    g->right.expect("ACK");
    cross(g->left, call, g->right, Description{.direction = "sendonly", .version = 2},
          Description{.direction = "recvonly", .version = 2});
}

// The callee changes at once, as for fax; the caller's ACK is still on its way: ours waits for it (14.1).
TEST_F(ChangeTest, TheCalleesReinviteOvertakesTheCallersAck_RFC3261_14_1) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->right.request(callee, "INVITE", g->right.sdp({.direction = "sendonly", .version = 2}));
    g->right.expect("100");
    EXPECT_EQ(g->left.waiting(), 0u);
    g->left.ack(call, ok);
    g->left.respond(g->left.expect("INVITE"), 200, {}, g->left.sdp({.direction = "recvonly", .version = 2}));
    g->left.expect("ACK");
    g->right.ack(callee, g->right.expect("200"));
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
}

TEST_F(ChangeTest, TheCalleesReinviteWaitsForAnAckThatNeverComes_RFC3261_13_3_1_4) {
    g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto reinvite = g->right.request(callee, "INVITE", g->right.sdp({.version = 2}));
    g->right.expect("100");
    g->run(Seconds(32));
    g->right.ack_failure(callee, reinvite, g->right.expect("487"));
    g->right.respond(g->right.expect("BYE"), 200);
    g->left.take_all();
}

// The same of the 2xx to a re-INVITE.
TEST_P(EarlyReinvite, TheirNextReinviteOvertakesTheAck_RFC5407_3_1_4) {
    e = g->establish();
    near().request(near_dialog(), "INVITE", hold(near()));
    near().expect("100");
    far().respond(far().expect("INVITE"), 200, {}, held(far()));
    far().expect("ACK");
    const auto ok = near().expect("200");
    near().request(near_dialog(), "INVITE", resume(near()));
    near().expect("100");
    EXPECT_EQ(far().waiting(), 0u);
    near().ack(near_dialog(), ok);
    far().respond(far().expect("INVITE"), 200, {}, resume(far()));
    far().expect("ACK");
    near().ack(near_dialog(), near().expect("200"));
    EXPECT_TRUE(both_hear(e));
}

// RFC 3261 14.1: ours waits until their INVITE transaction is confirmed.
TEST_P(EarlyReinvite, OursWaitsForTheirAck_RFC3261_14_1) {
    e = g->establish();
    near().request(near_dialog(), "INVITE", hold(near()));
    near().expect("100");
    far().respond(far().expect("INVITE"), 200, {}, held(far()));
    far().expect("ACK");
    const auto ok = near().expect("200");
    far().request(far_dialog(), "INVITE", far().sdp({.direction = "inactive", .version = ++version}));
    far().expect("100");
    EXPECT_EQ(near().waiting(), 0u);
    near().ack(near_dialog(), ok);
    near().respond(near().expect("INVITE"), 200, {},
                   near().sdp({.direction = "inactive", .version = ++version}));
    near().expect("ACK");
    far().ack(far_dialog(), far().expect("200"));
    quiet();
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

TEST_P(EarlyReinvite, OursWaitsForTheirAckAndGivesWayToTheirNext_RFC3261_14_1) {
    e = g->establish();
    near().request(near_dialog(), "INVITE", hold(near()));
    near().expect("100");
    far().respond(far().expect("INVITE"), 200, {}, held(far()));
    far().expect("ACK");
    const auto ok = near().expect("200");
    const auto ours = wants(far(), far_dialog());
    near().request(near_dialog(), "INVITE", resume(near()));
    near().expect("100");
    far().ack_failure(far_dialog(), ours, far().expect("491"));
    quiet();
    near().ack(near_dialog(), ok);
    far().respond(far().expect("INVITE"), 200, {}, resume(far()));
    far().expect("ACK");
    near().ack(near_dialog(), near().expect("200"));
    EXPECT_TRUE(both_hear(e));
}

// Their ACK never comes: ours ends with the call.
TEST_P(EarlyReinvite, OursWaitsForAnAckThatNeverComes_RFC3261_13_3_1_4) {
    e = g->establish();
    near().request(near_dialog(), "INVITE", hold(near()));
    far().respond(far().expect("INVITE"), 200, {}, held(far()));
    far().expect("ACK");
    const auto ours = wants(far(), far_dialog());
    g->run(Seconds(32));
    far().ack_failure(far_dialog(), ours, far().expect("487"));
    far().respond(far().expect("BYE"), 200);
    EXPECT_EQ(g->ends.size(), 1u);
}

}  // namespace
}  // namespace causeway::call
