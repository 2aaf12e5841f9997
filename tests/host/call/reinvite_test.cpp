// re-INVITE as a transaction: refusals, races, and what ends the call (RFC 3261 14). What it changes is in
// hold_test, reoffer_test and late_reoffer_test.
#include "tests/host/call/change_test.hpp"

namespace causeway::call {
namespace {

using fakes::Seconds;
using ::testing::ElementsAre;

class Reinvite : public ChangeTest {};

TEST_F(Reinvite, RefusedByTheOtherSideRollsBack_RFC3261_14_1) {
    auto e = g->establish();
    for (const auto& [theirs, ours] : {std::pair{488, "488"}, {500, "500"}, {606, "488"}}) {
        g->left.request(e.left, "INVITE", g->left.sdp({.direction = "inactive", .version = 2}));
        g->left.expect("100");
        g->right.respond(g->right.expect("INVITE"), theirs);
        g->right.expect("ACK");
        g->left.expect(ours);
        EXPECT_TRUE(hears(g->right, g->left, e.to_left)) << theirs;
        EXPECT_TRUE(hears(g->left, g->right, e.to_right)) << theirs;
    }
    cross(g->right, e.right, g->left, Description{.direction = "sendonly", .version = 2},
          Description{.direction = "recvonly", .version = 2});
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
