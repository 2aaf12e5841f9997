// Races that end a call: BYE, re-INVITE and their responses cross in an established dialog, on the caller's
// leg and on the callee's (RFC 5407 sections 3.2 and 3.3; RFC 3261 15; RFC 4320 and 4321 for late responses).
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Millis;
using fakes::Peer;
using fakes::Seconds;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;

// `near` is the peer of the leg under test, `far` that of the other leg.
class ByeRace : public CallTest, public ::testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override { e = g->establish(); }
    bool of_caller() const { return std::string_view(GetParam()) == "Caller"; }
    Peer& near() { return of_caller() ? g->left : g->right; }
    Peer& far() { return of_caller() ? g->right : g->left; }
    Peer::Dialog& near_dialog() { return of_caller() ? e.left : e.right; }
    Peer::Dialog& far_dialog() { return of_caller() ? e.right : e.left; }
    // The other side hangs up: our BYE to `near`, not answered yet.
    sip::Message our_bye() {
        far().request(far_dialog(), "BYE");
        far().expect("200");
        return near().expect("BYE");
    }
    // The other side holds: our re-INVITE to `near`, not answered yet.
    sip::Message our_reinvite() {
        far().request(far_dialog(), "INVITE", far().sdp({.direction = "sendonly", .version = 2}));
        far().expect("100");
        return near().expect("INVITE");
    }
    std::string hold_answer() { return near().sdp({.direction = "recvonly", .version = 2}); }
    fakes::Gateway::Established e;
};
INSTANTIATE_TEST_SUITE_P(Legs, ByeRace, ::testing::Values("Caller", "Callee"),
                         [](const auto& p) { return std::string(p.param); });

// ---- BYE and BYE

TEST_P(ByeRace, TheirByeCrossesOurs_RFC5407_3_2_1) {
    const auto bye = our_bye();
    near().request(near_dialog(), "BYE");
    near().expect("200");
    EXPECT_EQ(g->core.status().legs, 1u) << "until our own is answered";
    near().respond(bye, 200);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(far().waiting() + near().waiting(), 0u);
    EXPECT_EQ(g->ends.size(), 1u);
}

TEST_P(ByeRace, TheirByeCrossesOursWhichDraws481_RFC5407_3_2_1) {
    const auto bye = our_bye();
    near().request(near_dialog(), "BYE");
    near().expect("200");
    near().respond(bye, 481);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_P(ByeRace, TheirByeIsRepeated_RFC3261_17_2_2) {
    near().request(near_dialog(), "BYE");
    const auto ok = near().expect("200");
    near().send(std::string(near().sent.back()));
    EXPECT_EQ(near().expect("200").text(), ok.text());
    EXPECT_THAT(far().take_all(), ElementsAre("BYE"));
}

// RFC 3261 15.1.1: 481, 408 or no response: our side of the dialog is over all the same.
TEST_P(ByeRace, OurByeIsRefused_RFC3261_15_1_1) {
    const auto bye = our_bye();
    near().respond(bye, 500);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(near().waiting(), 0u);
}

// RFC 4320 4.2, 4321: a response to BYE that comes when timer F has ended its transaction is dropped.
TEST_P(ByeRace, TheResponseToOurByeComesTooLate_RFC4320_3) {
    const auto bye = our_bye();
    g->run(Seconds(33));
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_THAT(near().take_all(), Each("BYE"));
    near().respond(bye, 200);
    near().respond(bye, 408);
    EXPECT_EQ(near().waiting() + far().waiting(), 0u);
}

// RFC 4320 4.1: a provisional response to BYE only slows it down.
TEST_P(ByeRace, OurByeDrawsAProvisionalResponseFirst_RFC4321_1) {
    const auto bye = our_bye();
    near().respond(bye, 100);
    EXPECT_EQ(g->core.status().legs, 1u);
    near().respond(bye, 200);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// ---- BYE and re-INVITE

TEST_P(ByeRace, TheirReinviteCrossesOurBye_RFC5407_3_2_2) {
    const auto bye = our_bye();
    near().request(near_dialog(), "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("481");
    near().respond(bye, 200);
    near().request(near_dialog(), "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("481");
    EXPECT_EQ(far().waiting(), 0u);
}

// RFC 3261 15.1.2, 13.2.2.4: the 2xx to our re-INVITE crosses our BYE; it is acknowledged, repeated or not.
TEST_P(ByeRace, Their2xxToOurReinviteCrossesOurBye_RFC5407_3_2_3) {
    const auto invite = our_reinvite();
    near().respond(invite, 180);
    far().request(far_dialog(), "BYE");
    EXPECT_THAT(far().take_all(), ElementsAre("200", "487"));
    near().expect("CANCEL");
    const auto bye = near().expect("BYE");
    near().respond(invite, 200, {}, hold_answer());
    EXPECT_EQ(near().expect("ACK").cseq().number, invite.cseq().number);
    near().respond(bye, 200);
    EXPECT_EQ(g->core.status().legs, 0u);
    near().respond(invite, 200, {}, hold_answer());
    near().expect("ACK");
    EXPECT_EQ(near().waiting(), 0u);
}

// RFC 5407 appendix B: their BYE overtakes the 2xx to our re-INVITE.
TEST_P(ByeRace, TheirByeOvertakesThe2xxToOurReinvite_RFC5407_B) {
    const auto invite = our_reinvite();
    near().request(near_dialog(), "BYE");
    near().expect("200");
    EXPECT_THAT(far().take_all(), ElementsAre("487", "BYE"));
    near().respond(invite, 200, {}, hold_answer());
    EXPECT_EQ(near().expect("ACK").cseq().number, invite.cseq().number);
    EXPECT_EQ(near().waiting(), 0u) << "no BYE: theirs has ended the dialog";
}

// RFC 3261 15.1.2: they end the dialog and with it our re-INVITE: 487, or 481 of one who has forgotten all.
TEST_P(ByeRace, TheirByeCrossesOurReinvite_RFC5407_B) {
    const auto invite = our_reinvite();
    near().request(near_dialog(), "BYE");
    near().expect("200");
    near().respond(invite, of_caller() ? 487 : 481);
    near().expect("ACK");
    EXPECT_EQ(near().waiting(), 0u);
    EXPECT_EQ(g->ends.size(), 1u);
}

// The response to our re-INVITE says that the dialog is gone; their BYE comes after.
TEST_P(ByeRace, OurReinviteDraws481BeforeTheirByeComes_RFC5407_B) {
    const auto invite = our_reinvite();
    near().respond(invite, 481);
    near().expect("ACK");
    const auto bye = near().expect("BYE");
    EXPECT_THAT(far().take_all(), ElementsAre("500", "BYE"));
    near().request(near_dialog(), "BYE");
    near().expect("200");
    near().respond(bye, 481);
    EXPECT_EQ(g->ends.size(), 1u);
}

// RFC 3261 15.1.2: who says BYE with a re-INVITE of his own pending gets 487 for it.
TEST_P(ByeRace, TheirByeFollowsTheirReinvite_RFC5407_B) {
    near().request(near_dialog(), "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("100");
    const auto invite = far().expect("INVITE");
    near().request(near_dialog(), "BYE");
    EXPECT_THAT(near().take_all(), ElementsAre("200", "487"));
    const auto bye = far().expect("BYE");
    far().respond(invite, 200, {}, far().sdp({.direction = "recvonly", .version = 2}));
    far().expect("ACK");
    far().respond(bye, 200);
    EXPECT_EQ(near().waiting() + far().waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// The BYE overtakes the re-INVITE that was sent before it: the re-INVITE finds nothing.
TEST_P(ByeRace, TheirByeOvertakesTheirReinvite_RFC5407_B) {
    auto late = near_dialog();
    near_dialog().cseq++;
    near().request(near_dialog(), "BYE");
    near().expect("200");
    near().request(late, "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("481");
    EXPECT_THAT(far().take_all(), ElementsAre("BYE"));
}

// Our 2xx to their re-INVITE and their BYE cross: it is repeated no more.
TEST_P(ByeRace, TheirByeCrossesOur2xxToTheirReinvite_RFC5407_3_2_3) {
    near().request(near_dialog(), "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("100");
    far().respond(far().expect("INVITE"), 200, {}, far().sdp({.direction = "recvonly", .version = 2}));
    far().expect("ACK");
    const auto ok = near().expect("200");
    near().request(near_dialog(), "BYE");
    near().expect("200");
    far().respond(far().expect("BYE"), 200);
    near().ack(near_dialog(), ok);
    g->run(Seconds(33));
    EXPECT_EQ(near().waiting() + far().waiting(), 0u);
}

// RFC 3261 13.3.1.4: the ACK to our 2xx to their re-INVITE crosses our BYE.
TEST_P(ByeRace, TheirAckToAReinviteCrossesOurBye_RFC5407_3_2_4) {
    near().request(near_dialog(), "INVITE", near().sdp({.direction = "sendonly", .version = 2}));
    near().expect("100");
    far().respond(far().expect("INVITE"), 200, {}, far().sdp({.direction = "recvonly", .version = 2}));
    far().expect("ACK");
    const auto ok = near().expect("200");
    const auto bye = our_bye();
    near().ack(near_dialog(), ok);
    near().respond(bye, 200);
    EXPECT_EQ(near().waiting() + far().waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// RFC 5407 3.3.3, RFC 3261 8.2.1: REFER in a dialog that we are ending, or not: it is not taken.
TEST_P(ByeRace, TheirReferCrossesOurBye_RFC5407_3_3_3) {
    const auto bye = our_bye();
    near().request(near_dialog(), "REFER", {}, {{"Refer-To", "<sip:+4930201@example.com>"}});
    near().expect("405");
    near().respond(bye, 200);
    near().request(near_dialog(), "REFER", {}, {{"Refer-To", "<sip:+4930201@example.com>"}});
    near().expect("481");
}

// ---- the transport

// RFC 3261 17.1.4: the BYE cannot be sent: the leg is over.
TEST_P(ByeRace, OurByeMeetsATransportError_RFC3261_17_1_4) {
    our_bye();
    g->core.sip_transport_error(
        g->now, {sip::Transport::udp, static_cast<std::uint16_t>(of_caller() ? 0 : 1), near().signaling});
    EXPECT_EQ(g->core.status().legs, 0u);
}

// RFC 3261 12.2.1.2, 17.1.4: neither can our re-INVITE: the dialog is lost, who asked gets his answer.
TEST_P(ByeRace, OurReinviteMeetsATransportError_RFC3261_17_1_4) {
    our_reinvite();
    g->core.sip_transport_error(
        g->now, {sip::Transport::udp, static_cast<std::uint16_t>(of_caller() ? 0 : 1), near().signaling});
    far().expect("500");
    EXPECT_EQ(g->core.calls().at(0).state, "answered") << "503 says nothing of the dialog";
}

// An established dialog waits for nothing: an error of the transport changes nothing.
TEST_P(ByeRace, ATransportErrorInAnEstablishedDialogChangesNothing_RFC3261_17_1_4) {
    for (const auto* peer : {&near(), &far()}) {
        for (const std::uint16_t listener : {0, 1}) {
            g->core.sip_transport_error(g->now, {sip::Transport::udp, listener, peer->signaling});
        }
    }
    EXPECT_EQ(near().waiting() + far().waiting(), 0u);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

}  // namespace
}  // namespace causeway::call
