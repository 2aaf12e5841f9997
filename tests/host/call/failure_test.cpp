// Calls that fail: what the callee's refusals become, and what the gateway refuses itself.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Failure = CallTest;

struct Mapped {
    int theirs, ours;
};
class FailureStatus : public CallTest, public ::testing::WithParamInterface<Mapped> {};

// Busy, not found, decline are the caller's to know; challenges, redirections and complaints about our own
// request are not (RFC 3261 16.7 step 6, 8.1.3).
INSTANTIATE_TEST_SUITE_P(Mapping, FailureStatus,
                         ::testing::Values(Mapped{486, 486}, Mapped{404, 404}, Mapped{480, 480},
                                           Mapped{603, 603}, Mapped{488, 488}, Mapped{408, 408},
                                           Mapped{302, 480}, Mapped{401, 403}, Mapped{407, 403},
                                           Mapped{481, 500}, Mapped{503, 500}, Mapped{420, 500},
                                           Mapped{487, 500}, Mapped{482, 500}, Mapped{599, 599}),
                         [](const auto& mapped) { return std::to_string(mapped.param.theirs); });

TEST_P(FailureStatus, CrossesAs) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, GetParam().theirs, {},
                     {{"WWW-Authenticate", "Digest realm=\"pbx.rightie.example\", nonce=\"rightie-n\""},
                      {"Warning", "399 pbx.rightie.example \"rightie-isc\""}});
    const auto ack = g->right.expect("ACK");
    EXPECT_EQ(ack.via().branch(), invite.via().branch());
    const auto failed = g->left.expect(std::to_string(GetParam().ours));
    EXPECT_FALSE(failed.has(sip::HeaderId::www_authenticate));
    g->left.ack_failure(call, failed);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(g->ends.at(0).status, GetParam().ours);
    EXPECT_EQ(g->ends.at(0).by, Ended::callee);
    EXPECT_FALSE(g->ends.at(0).answered);
}

TEST_F(Failure, OfEarlyMediaCallsFreesThePorts) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 183, g->right.sdp());
    g->right.respond(callee, 486);
    EXPECT_EQ(g->core.status().media.ports_in_use, 0u);
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "183", "486"));
}

TEST_F(Failure, OfATrunkThatNeverAnswersIs408_RFC3261_8_1_3_1) {
    g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    g->run(Seconds(31));
    EXPECT_EQ(g->left.waiting(), 0u);
    g->run(Seconds(1));
    g->left.expect("408");
    EXPECT_THAT(g->right.take_all(), ::testing::Each("INVITE"));
    EXPECT_EQ(g->ends.at(0).by, Ended::gateway);
}

TEST_F(Failure, OfATransportThatRefusesEndsTheCallAtOnce_RFC3261_8_1_3_1) {
    g->unreachable.insert(g->right.signaling.ip);
    g->left.invite("+4930200", g->left.sdp());
    g->run(Seconds(0));
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "500")) << "16.7: 503 is not passed on";
}

TEST_F(Failure, ReportedByTheTransportAfterTheFactEndsTheCall) {
    g->left.invite("+4930200", g->left.sdp());
    g->core.sip_transport_error(g->now, {sip::Transport::udp, 1, g->right.signaling});
    g->run(Seconds(0));
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "500"));
}

TEST_F(Failure, AUnusableAnswerEndsBothSides_RFC3264_6) {
    auto call = g->left.invite("+4930200", g->left.sdp({.formats = "0"}));
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp({.formats = "8"}));
    g->right.expect("ACK");
    g->right.respond(g->right.expect("BYE"), 200);
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
    EXPECT_EQ(g->core.status().calls, 0u);
}

TEST_F(Failure, A2xxWithoutSdpEndsBothSides) {
    g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200);
    EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
}

TEST_F(Failure, A2xxThatMakesNoDialogFailsTheCall_RFC3261_12_1_2) {
    g->left.invite("+4930200", g->left.sdp());
    const auto invite = g->right.expect("INVITE");
    auto callee = g->right.dialog_of(invite);
    callee.local = std::string(invite.first(sip::HeaderId::to));  // no tag
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "500"));
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Failure, DrainingRefusesNewCallsAndKeepsTheOld) {
    auto e = g->establish();
    g->core.drain(g->now);
    EXPECT_FALSE(g->core.drained());
    g->left.invite("+4930201", g->left.sdp());
    g->left.expect("100");
    EXPECT_TRUE(g->left.expect("503").has(sip::HeaderId::retry_after));
    EXPECT_EQ(g->core.status().calls, 1u);
    g->left_hangs_up(e);
    EXPECT_TRUE(g->core.drained());
}

TEST_F(Failure, WantOfPortsIs503WithRetryAfterAndLeavesNothing_RFC3261_21_5_4) {
    auto config = fakes::two_trunks();
    config.media[0].last = 20003;  // two ports: one call
    configure(std::move(config));
    auto e = g->establish();
    g->left.invite("+4930201", g->left.sdp());
    g->left.expect("100");
    EXPECT_TRUE(g->left.expect("503").has(sip::HeaderId::retry_after));
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().media.ports_in_use, 2u);
    g->left_hangs_up(e);
    auto again = g->establish();
    EXPECT_EQ(g->core.status().media.ports_in_use, 2u);
}

TEST_F(Failure, WantOfTheSecondPortFreesTheFirst) {
    auto config = fakes::two_trunks();
    config.media[0].last = 20001;  // one port
    configure(std::move(config));
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "503"));
    EXPECT_EQ(g->core.status().media.ports_in_use, 0u);
}

TEST_F(Failure, WantOfPortsInAnswerToALateOfferEndsBothSides) {
    auto config = fakes::two_trunks();
    config.media[0].last = 20001;
    configure(std::move(config));
    g->left.invite("+4930200", {});
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(g->right.take_all(), ElementsAre("ACK", "BYE"));
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "503"));
}

TEST_F(Failure, TooManyCallsIs503) {
    auto config = fakes::two_trunks();
    config.max_calls = 1;
    configure(std::move(config));
    auto e = g->establish();
    g->left.invite("+4930201", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "503"));
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Failure, AFullJournalIs503AndNoInviteLeaves) {
    g->journal_full = true;
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "503"));
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_THAT(g->ends, IsEmpty());
}

TEST_F(Failure, StrangersGet403) {
    g->stranger.invite("+4930200", g->stranger.sdp());
    EXPECT_THAT(g->stranger.take_all(), ElementsAre("100", "403"));
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().unknown_source, 1u);
    fakes::Peer::Dialog d;
    d.call_id = "stranger-1";
    d.local = "<sip:x@y>;tag=stranger-2";
    d.remote = d.target = "sip:198.51.100.1";
    d.remote = "<sip:198.51.100.1>";
    g->stranger.request(d, "OPTIONS");
    g->stranger.expect("403");
}

TEST_F(Failure, ABrokenOfferIs400AndAnUnusableOne488) {
    g->left.invite("+4930200", "v=0\r\nthis is no description");
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "400"));
    std::string udptl = g->left.sdp();
    udptl.replace(udptl.find("m=audio"), udptl.find("a=ptime") - udptl.find("m=audio"),
                  "m=image 30000 udptl t38\r\n");
    g->left.invite("+4930200", udptl);
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
    EXPECT_EQ(g->right.waiting(), 0u);
}

}  // namespace
}  // namespace causeway::call
