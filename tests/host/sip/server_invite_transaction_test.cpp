#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Times = std::vector<std::int64_t>;

TEST(ServerInviteTransaction, Sends100After200msUnlessTheUserWasFaster_RFC3261_17_2_1) {
    Bench slow;
    slow.receive(slow.peer_request("INVITE"));
    slow.run_until(10000);
    EXPECT_EQ(slow.wire.times("100"), (Times{200}));
    EXPECT_TRUE(slow.wire.last("100").to().tag().empty());

    for (const int status : {100, 180, 200, 486}) {
        Bench fast;
        fast.receive(fast.peer_request("INVITE"));
        fast.run_until(199);
        fast.answer(status);
        fast.run_until(400);
        EXPECT_EQ(fast.wire.times("100").size(), status == 100 ? 1u : 0u);
    }
}

TEST(ServerInviteTransaction, AnInviteAgainBringsTheLatestProvisionalResponse_RFC3261_17_2_1) {
    Bench b;
    const Message invite = b.peer_request("INVITE");
    b.receive(invite);
    const auto id = b.user.last_id;
    EXPECT_EQ(b.layer.describe(id), "server INVITE, proceeding, z9hG4bKpeer");
    b.receive(invite);  // nothing has been said yet
    EXPECT_THAT(b.wire.sent, IsEmpty());
    b.answer(180);
    b.receive(invite);
    b.answer(183);
    b.receive(invite);
    b.receive(b.peer_request("ACK", "z9hG4bKpeer", "u1"));  // out of place
    EXPECT_EQ(b.wire.times("180").size(), 2u);
    EXPECT_EQ(b.wire.times("183").size(), 2u);
    EXPECT_EQ(b.wire.sent.at(2).message.text(), b.wire.sent.at(3).message.text());
    EXPECT_THAT(b.user.events, ElementsAre("INVITE"));
    EXPECT_EQ(b.state(id), "proceeding");
    EXPECT_EQ(b.layer.counters().retransmissions_in, 3u);
}

TEST(ServerInviteTransaction, TimerGDoublesUpToT2UntilTimerH_RFC3261_17_2_1) {
    Bench b;
    b.receive(b.peer_request("INVITE"));
    b.answer(486);
    EXPECT_EQ(b.state(b.user.last_id), "completed");
    b.answer(200);  // too late
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("486"),
              (Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500}));
    EXPECT_THAT(b.wire.times("200"), IsEmpty());
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "timeout", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ServerInviteTransaction, OverTcpOnlyTimerHRuns_RFC3261_17_2_1) {
    Bench b(Transport::tcp);
    b.receive(b.peer_request("INVITE"));
    b.answer(486);
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("486"), (Times{0}));
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "timeout", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);
}

TEST(ServerInviteTransaction, TheAckConfirmsAndTimerIAbsorbsMore_RFC3261_17_2_1) {
    Bench b;
    const Message invite = b.peer_request("INVITE"), ack = b.peer_request("ACK", "z9hG4bKpeer", "u1");
    b.receive(invite);
    const auto id = b.user.last_id;
    b.answer(603);
    b.run_until(600);
    b.receive(invite);  // the 603 at 0 was lost
    EXPECT_EQ(b.wire.times("603"), (Times{0, 500, 600}));
    b.receive(ack);
    EXPECT_EQ(b.state(id), "confirmed");
    b.receive(ack);
    b.receive(invite);
    b.answer(603);
    b.run_until(5599);
    EXPECT_EQ(b.state(id), "confirmed");
    b.run_until(5600);
    EXPECT_EQ(b.state(id), "");
    EXPECT_EQ(b.wire.times("603").size(), 3u);
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ServerInviteTransaction, TimerIIsZeroOverTcp_RFC3261_17_2_1) {
    Bench b(Transport::tcp);
    b.receive(b.peer_request("INVITE"));
    b.answer(404);
    b.receive(b.peer_request("ACK", "z9hG4bKpeer", "u1"));
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

class ServerInviteAccepted : public ::testing::TestWithParam<Transport> {};

TEST_P(ServerInviteAccepted, AbsorbsInvitesAndPassesOnThe2xxOfTheUserUntilTimerL_RFC6026_7_1) {
    Bench b(GetParam());
    const Message invite = b.peer_request("INVITE");
    b.receive(invite);
    const auto id = b.user.last_id;
    const Message shown = b.user.messages.back();
    b.answer(180);
    b.answer(200);
    EXPECT_EQ(b.state(id), "accepted");
    b.receive(invite);
    b.run_until(500);
    b.answer(200);
    b.answer(180);
    b.answer(486);
    EXPECT_EQ(b.wire.times("200"), (Times{0, 500}));
    EXPECT_EQ(b.wire.sent.size(), 3u);
    b.run_until(31999);
    b.receive(invite);
    EXPECT_EQ(b.state(id), "accepted");
    b.run_until(32000);
    b.layer.respond(b.now, id, MessageBuilder::response_to(shown, 200, "u1").build());  // the id is stale
    EXPECT_EQ(b.wire.times("200").size(), 2u);
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Transports, ServerInviteAccepted, ::testing::Values(Transport::udp, Transport::tcp));

TEST(ServerInviteTransaction, TheAckToA2xxGoesUpHoweverItsBranchIsMade_RFC3261_13_3_1_4) {
    Bench b;
    b.receive(b.peer_request("INVITE"));
    const auto id = b.user.last_id;
    b.answer(200);
    b.receive(b.peer_request("ACK", "z9hG4bKother", "u1"));  // a transaction of its own, as it should be
    b.receive(b.peer_request("ACK", "z9hG4bKpeer", "u1"));   // the branch of the INVITE
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "ack", "ack"));
    EXPECT_EQ(b.state(id), "accepted");
}

TEST(ServerInviteTransaction, ATransportErrorIsToldAndEndsNothing_RFC6026_7_1) {
    Bench b;
    const Message invite = b.peer_request("INVITE");
    b.receive(invite);
    const auto id = b.user.last_id;
    b.wire.refuse = true;
    b.answer(180);
    b.run_until(10);
    EXPECT_EQ(b.state(id), "proceeding");
    b.layer.transport_error(b.now, b.peer);
    EXPECT_EQ(b.state(id), "proceeding");
    b.answer(486);
    b.run_until(20);
    EXPECT_EQ(b.state(id), "completed");
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "error", "error", "error"));
    b.wire.refuse = false;
    b.receive(invite);  // absorbed
    EXPECT_EQ(b.wire.times("486").size(), 2u);
    b.receive(b.peer_request("ACK", "z9hG4bKpeer", "u1"));
    b.run_until(100000);
    EXPECT_EQ(b.user.events.back(), "terminated");
    EXPECT_EQ(b.layer.size(), 0u);

    Bench accepted;
    accepted.receive(accepted.peer_request("INVITE"));
    accepted.wire.refuse = true;
    accepted.answer(200);
    accepted.run_until(10);
    EXPECT_EQ(accepted.state(accepted.user.last_id), "accepted");
    EXPECT_THAT(accepted.user.events, ElementsAre("INVITE", "error"));
}

}  // namespace
}  // namespace causeway::sip
