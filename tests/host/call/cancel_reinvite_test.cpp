// CANCEL of a re-INVITE (RFC 3261 9, 14): 487, and the session is as it was, on both sides.
#include "tests/host/call/change_test.hpp"

namespace causeway::call {
namespace {

using fakes::Gateway;
using fakes::Millis;
using fakes::Seconds;
using ::testing::ElementsAre;

// `asker` wants a change and gives it up, `asked` is on the other leg.
class CancelReinvite : public ChangeTest, public ::testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override { e = g->establish(); }
    bool by_caller() const { return std::string_view(GetParam()) == "Caller"; }
    Peer& asker() { return by_caller() ? g->left : g->right; }
    Peer& asked() { return by_caller() ? g->right : g->left; }
    Peer::Dialog& asker_dialog() { return by_caller() ? e.left : e.right; }
    Peer::Dialog& asked_dialog() { return by_caller() ? e.right : e.left; }
    std::string sdp(Peer& of, std::string_view direction) {
        return of.sdp({.direction = std::string(direction), .version = ++version});
    }
    std::string_view to_asked() { return by_caller() ? e.to_right : e.to_left; }

    // A re-INVITE that the other side lets ring: it can be cancelled.
    sip::Message ask(const std::string& offer) {
        request = asker().request(asker_dialog(), "INVITE", offer);
        asker().expect("100");
        auto invite = asked().expect("INVITE");
        asked().respond(invite, 180);
        return invite;
    }
    void cancel() {
        asker().cancel(asker_dialog(), request);
        EXPECT_EQ(asker().expect("200").cseq().method, sip::Method::cancel);
        asker().ack_failure(asker_dialog(), request, asker().expect("487"));
    }
    // The CANCEL crosses the 2xx of the other side, which is acknowledged.
    void cancel_crossing(const sip::Message& invite, const std::string& answer) {
        cancel();
        const auto cancelled = asked().expect("CANCEL");
        asked().respond(invite, 200, {}, answer);
        asked().expect("ACK");
        asked().respond(cancelled, 200);
    }
    void quiet() { EXPECT_EQ(asker().waiting() + asked().waiting(), 0u); }

    Gateway::Established e;
    sip::Message request;
    int version = 1;
};
INSTANTIATE_TEST_SUITE_P(Sides, CancelReinvite, ::testing::Values("Caller", "Callee"),
                         [](const auto& p) { return std::string(p.param); });

TEST_P(CancelReinvite, LeavesTheSessionAsItWas_RFC3261_9_2) {
    const auto invite = ask(sdp(asker(), "inactive"));
    cancel();
    const auto cancelled = asked().expect("CANCEL");
    EXPECT_EQ(cancelled.via().branch(), invite.via().branch());
    asked().respond(cancelled, 200);
    asked().respond(invite, 487);
    asked().expect("ACK");
    quiet();
    EXPECT_TRUE(both_hear(e));
    cross(asker(), asker_dialog(), asked(), sdp(asker(), "sendonly"), sdp(asked(), "recvonly"));
    cross(asked(), asked_dialog(), asker(), sdp(asked(), "inactive"), sdp(asker(), "inactive"));
}

// RFC 3261 9.1, 14.1: the other side has changed already: a re-INVITE of ours brings it back.
TEST_P(CancelReinvite, Crossing2xxIsTakenBack_RFC3261_9_1) {
    const auto invite = ask(sdp(asker(), "inactive"));
    cancel_crossing(invite, sdp(asked(), "inactive"));
    const auto back = asked().expect("INVITE");
    EXPECT_EQ(direction_of(back.body()), sdp::Direction::sendrecv);
    EXPECT_EQ(Gateway::media_of(back.body()), Gateway::media_of(to_asked()));
    EXPECT_GT(version_of(back.body()), version_of(invite.body()));
    asked().respond(back, 200, {}, sdp(asked(), "sendrecv"));
    asked().expect("ACK");
    quiet();
    EXPECT_TRUE(both_hear(e));
    cross(asker(), asker_dialog(), asked(), sdp(asker(), "sendonly"), sdp(asked(), "recvonly"));
}

// What is taken back to is what was agreed last, not what was agreed first.
TEST_P(CancelReinvite, Crossing2xxIsTakenBackToTheHoldBefore_RFC3261_9_1) {
    cross(asker(), asker_dialog(), asked(), sdp(asker(), "sendonly"), sdp(asked(), "recvonly"));
    const auto invite = ask(sdp(asker(), "sendrecv"));
    cancel_crossing(invite, sdp(asked(), "sendrecv"));
    const auto back = asked().expect("INVITE");
    EXPECT_EQ(direction_of(back.body()), sdp::Direction::sendonly);
    asked().respond(back, 200, {}, sdp(asked(), "recvonly"));
    asked().expect("ACK");
    quiet();
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

// A line that the change had added stays in this leg's descriptions, disabled (RFC 3264 8); the other leg
// never hears of it unless it is used.
TEST_P(CancelReinvite, Crossing2xxWithANewLineIsTakenBackWithTheLineDisabled_RFC3264_8) {
    const std::string video = "m=video 31002 RTP/AVP 31\r\n", none = "m=video 0 RTP/AVP 31\r\n";
    const auto described = [&](Peer& of, const std::string& more, const char* direction = "sendrecv") {
        return of.sdp({.direction = direction, .version = ++version, .more = more});
    };
    cancel_crossing(ask(described(asker(), video)), described(asked(), video));
    const auto back = asked().expect("INVITE");
    ASSERT_EQ(parsed(back.body()).media.size(), 2u);
    EXPECT_TRUE(parsed(back.body()).media[1].rejected());
    asked().respond(back, 200, {}, described(asked(), none));
    asked().expect("ACK");
    EXPECT_TRUE(both_hear(e));
    EXPECT_EQ(ports(), 2u);
    const auto hold = cross(asker(), asker_dialog(), asked(), described(asker(), "", "sendonly"),
                            described(asked(), none, "recvonly"));
    EXPECT_EQ(parsed(hold.offered).media.size(), 2u);
    EXPECT_TRUE(parsed(hold.offered).media[1].rejected());
    EXPECT_EQ(parsed(hold.answered).media.size(), 1u);
    cross(asked(), asked_dialog(), asker(), described(asked(), video, "recvonly"),
          described(asker(), video, "sendonly"));
    EXPECT_EQ(ports(), 4u);
}

TEST_P(CancelReinvite, TakingBackDraws491AndGoesOutAgain_RFC3261_14_1) {
    cancel_crossing(ask(sdp(asker(), "inactive")), sdp(asked(), "inactive"));
    asked().respond(asked().expect("INVITE"), 491);
    asked().expect("ACK");
    while (asked().waiting() == 0) g->run(Millis(10));
    asked().respond(asked().expect("INVITE"), 200, {}, sdp(asked(), "sendrecv"));
    asked().expect("ACK");
    EXPECT_TRUE(both_hear(e));
}

TEST_P(CancelReinvite, TakingBackGivesWayToTheirs_RFC3261_14_1) {
    cancel_crossing(ask(sdp(asker(), "inactive")), sdp(asked(), "inactive"));
    asked().respond(asked().expect("INVITE"), 491);
    asked().expect("ACK");
    cross(asked(), asked_dialog(), asker(), sdp(asked(), "sendrecv"), sdp(asker(), "sendrecv"));
    g->run(Seconds(5));
    quiet();
    EXPECT_TRUE(both_hear(e));
}

TEST_P(CancelReinvite, TakingBackMeetsTheNextChange_RFC3261_14_2) {
    cancel_crossing(ask(sdp(asker(), "inactive")), sdp(asked(), "inactive"));
    const auto back = asked().expect("INVITE");
    const auto next = asker().request(asker_dialog(), "INVITE", sdp(asker(), "sendonly"));
    asker().expect("100");
    asker().ack_failure(asker_dialog(), next, asker().expect("491"));
    asked().respond(back, 200, {}, sdp(asked(), "sendrecv"));
    asked().expect("ACK");
    quiet();
    cross(asker(), asker_dialog(), asked(), sdp(asker(), "sendonly"), sdp(asked(), "recvonly"));
}

TEST_P(CancelReinvite, TakingBackIsRefusedAndEndsTheCall) {
    cancel_crossing(ask(sdp(asker(), "sendonly")), sdp(asked(), "recvonly"));
    asked().respond(asked().expect("INVITE"), 488);
    EXPECT_THAT(asked().take_all(), ElementsAre("ACK", "BYE"));
    EXPECT_THAT(asker().take_all(), ElementsAre("BYE"));
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

TEST_P(CancelReinvite, TakingBackFindsNoUsableAnswerAndEndsTheCall) {
    cancel_crossing(ask(sdp(asker(), "sendonly")), sdp(asked(), "recvonly"));
    asked().respond(asked().expect("INVITE"), 200, {}, "nonsense");
    EXPECT_THAT(asked().take_all(), ElementsAre("ACK", "BYE"));
    EXPECT_THAT(asker().take_all(), ElementsAre("BYE"));
}

TEST_P(CancelReinvite, TakingBackEndsWithTheCall_RFC3261_15) {
    cancel_crossing(ask(sdp(asker(), "sendonly")), sdp(asked(), "recvonly"));
    const auto back = asked().expect("INVITE");
    asker().request(asker_dialog(), "BYE");
    asker().expect("200");
    asked().expect("BYE");
    asked().respond(back, 200, {}, sdp(asked(), "sendrecv"));
    asked().expect("ACK");
}

// Without an offer the 2xx that crosses is one: it is answered with what was agreed.
TEST_P(CancelReinvite, Crossing2xxWithTheirOfferIsAnsweredAsAgreed_RFC3261_14_1) {
    const auto invite = ask({});
    EXPECT_TRUE(invite.body().empty());
    cancel();
    asked().expect("CANCEL");
    asked().respond(invite, 200, {}, sdp(asked(), "sendrecv"));
    const auto ack = asked().expect("ACK");
    EXPECT_EQ(direction_of(ack.body()), sdp::Direction::sendrecv);
    EXPECT_EQ(Gateway::media_of(ack.body()), Gateway::media_of(to_asked()));
    quiet();
    EXPECT_TRUE(both_hear(e));
    cross(asked(), asked_dialog(), asker(), sdp(asked(), "sendonly"), sdp(asker(), "recvonly"));
}

TEST_P(CancelReinvite, ComesTooLateAfterOur2xx_RFC3261_9_2) {
    const auto invite = ask(sdp(asker(), "sendonly"));
    asked().respond(invite, 200, {}, sdp(asked(), "recvonly"));
    asked().expect("ACK");
    const auto ok = asker().expect("200");
    asker().cancel(asker_dialog(), request);
    EXPECT_EQ(asker().expect("200").cseq().method, sip::Method::cancel);
    asker().ack(asker_dialog(), ok);
    quiet();
}

TEST_P(CancelReinvite, ComesTooLateAfterOurRefusal_RFC3261_9_2) {
    const auto invite = ask(sdp(asker(), "sendonly"));
    asked().respond(invite, 488);
    asked().expect("ACK");
    const auto refused = asker().expect("488");
    asker().cancel(asker_dialog(), request);
    EXPECT_EQ(asker().expect("200").cseq().method, sip::Method::cancel);
    asker().ack_failure(asker_dialog(), request, refused);
    quiet();
}

TEST_P(CancelReinvite, ThatWaitsForAnAckNeverCrosses_RFC5407_3_1_4) {
    const auto invite = ask(sdp(asker(), "sendonly"));
    asked().respond(invite, 200, {}, sdp(asked(), "recvonly"));
    asked().expect("ACK");
    const auto ok = asker().expect("200");
    request = asker().request(asker_dialog(), "INVITE", sdp(asker(), "sendrecv"));
    asker().expect("100");
    cancel();
    asker().ack(asker_dialog(), ok);
    quiet();
}

TEST_P(CancelReinvite, IsRepeatedWithoutEffect_RFC3261_9_2) {
    const auto invite = ask(sdp(asker(), "sendonly"));
    cancel();
    asker().cancel(asker_dialog(), request);
    EXPECT_EQ(asker().expect("200").cseq().method, sip::Method::cancel);
    asked().expect("CANCEL");
    asked().respond(invite, 487);
    asked().expect("ACK");
    quiet();
}

// No final response ever comes to the cancelled re-INVITE: the dialog is lost (12.2.1.2).
TEST_P(CancelReinvite, WithoutAFinalResponseEndsTheCall_RFC3261_9_1) {
    ask(sdp(asker(), "sendonly"));
    cancel();
    g->run(Seconds(33));
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_THAT(asked().take_all(), ::testing::Contains("BYE"));
}

}  // namespace
}  // namespace causeway::call
