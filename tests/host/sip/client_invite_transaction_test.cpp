#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Times = std::vector<std::int64_t>;

TEST(ClientInviteTransaction, TimerADoublesWithoutCapUntilTimerB_RFC3261_17_1_1_2) {
    Bench b;
    const auto id = b.request(Method::invite);
    EXPECT_EQ(b.state(id), "calling");
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0, 500, 1500, 3500, 7500, 15500, 31500}));
    EXPECT_THAT(b.user.events, ElementsAre("timeout", "terminated"));
    EXPECT_EQ(b.user.times, (Times{32000, 32000}));
    EXPECT_EQ(b.layer.counters().retransmissions_out, 6u);
    EXPECT_EQ(b.layer.counters().timeouts, 1u);
    EXPECT_EQ(b.layer.size(), 0u);
    EXPECT_EQ(b.layer.describe(id), "");
}

TEST(ClientInviteTransaction, NothingIsSentTwiceOverTcpAndTimerBHolds_RFC3261_17_1_1_2) {
    Bench b(Transport::tcp);
    b.request(Method::invite);
    b.run_until(31999);
    EXPECT_THAT(b.user.events, IsEmpty());
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0}));
    EXPECT_THAT(b.user.events, ElementsAre("timeout", "terminated"));
}

TEST(ClientInviteTransaction, PutsItsViaOnTop_RFC3261_8_1_1_7_RFC3581_3) {
    Bench b;
    const auto id = b.request(Method::invite);
    const Message* sent = b.layer.sent_request(id);
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->text(), b.wire.sent.at(0).message.text());
    EXPECT_EQ(b.wire.sent.at(0).to, b.peer);
    EXPECT_EQ(sent->fields().front().id, HeaderId::via);
    EXPECT_EQ(sent->via().host, "192.0.2.1");
    EXPECT_EQ(sent->via().port, 5060);
    EXPECT_TRUE(sent->via().has_magic_cookie());
    EXPECT_TRUE(sent->via().params.has("rport"));
    EXPECT_EQ(b.layer.describe(id), "client INVITE, calling, " + std::string(sent->via().branch()));
    const auto other = b.request(Method::invite);
    EXPECT_NE(b.layer.sent_request(other)->via().branch(), b.wire.sent.at(0).message.via().branch());
    EXPECT_EQ(b.layer.sent_request({}), nullptr);
}

TEST(ClientInviteTransaction, AProvisionalResponseStopsAandB_RFC3261_17_1_1_2) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.run_until(600);
    b.respond(Method::invite, 100, "");
    EXPECT_EQ(b.state(id), "proceeding");
    b.respond(Method::invite, 180);
    b.respond(Method::invite, 183, "b2");
    EXPECT_EQ(b.state(id), "proceeding");
    b.run_until(600000);
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0, 500}));
    EXPECT_THAT(b.user.events, ElementsAre("100", "180", "183"));
    b.respond(Method::invite, 486);
    b.run_until(700000);
    EXPECT_THAT(b.user.events, ElementsAre("100", "180", "183", "486", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteTransaction, AcksANon2xxEachTimeItComes_RFC3261_17_1_1_2) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 486);
    EXPECT_EQ(b.state(id), "completed");
    EXPECT_EQ(b.layer.sent_request(id), nullptr);
    for (const int at : {500, 1500, 31000}) {
        b.run_until(at);
        b.respond(Method::invite, 486);
    }
    b.respond(Method::invite, 180);  // late, of no use
    b.run_until(31999);
    EXPECT_EQ(b.state(id), "completed");
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0}));
    EXPECT_EQ(b.wire.times("ACK"), (Times{0, 500, 1500, 31000}));
    EXPECT_EQ(b.wire.sent.at(1).message.text(), b.wire.sent.back().message.text());
    EXPECT_THAT(b.user.events, ElementsAre("486", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);  // timer D
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteTransaction, TheAckFollowsTheInvite_RFC3261_17_1_1_3) {
    Bench b;
    b.request(Method::invite);
    b.respond(Method::invite, 503, "proxy");
    const Message& invite = b.wire.sent.at(0).message;
    const Message& ack = b.wire.last("ACK");
    EXPECT_EQ(b.wire.sent.back().to, b.peer);
    EXPECT_EQ(ack.request_uri(), invite.request_uri());
    EXPECT_THAT(ack.values(HeaderId::via), ElementsAre(invite.first(HeaderId::via)));
    EXPECT_THAT(ack.values(HeaderId::route),
                ElementsAre("<sip:p1.example;lr>", "<sip:p2.example;lr>", "<sip:p3.example;lr>"));
    EXPECT_EQ(ack.first(HeaderId::from), invite.first(HeaderId::from));
    EXPECT_EQ(ack.first(HeaderId::to), "Bob <sip:bob@biloxi.example>;tag=proxy");
    EXPECT_EQ(ack.call_id(), invite.call_id());
    EXPECT_EQ(ack.first(HeaderId::cseq), "7 ACK");
    EXPECT_EQ(ack.first(HeaderId::max_forwards), "70");
    EXPECT_TRUE(ack.body().empty());
    EXPECT_FALSE(ack.has(HeaderId::contact));
}

TEST(ClientInviteTransaction, TimerDIsZeroOverTcp_RFC3261_17_1_1_2) {
    Bench b(Transport::tcp);
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 404);
    EXPECT_EQ(b.state(id), "completed");  // the end is told by advance() only
    EXPECT_EQ(b.layer.next_timer(), b.now);
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("404", "terminated"));
    EXPECT_EQ(b.wire.times("ACK"), (Times{0}));
    EXPECT_EQ(b.layer.size(), 0u);
}

class ClientInviteAccepted : public ::testing::TestWithParam<Transport> {};

TEST_P(ClientInviteAccepted, Every2xxGoesUpUntilTimerM_RFC6026_7_2) {
    Bench b(GetParam());
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 180);
    b.respond(Method::invite, 200);
    EXPECT_EQ(b.state(id), "accepted");
    b.respond(Method::invite, 200);
    b.respond(Method::invite, 200, "fork");
    b.respond(Method::invite, 183, "fork");
    b.respond(Method::invite, 486, "third");
    b.run_until(31999);
    b.respond(Method::invite, 200);
    EXPECT_EQ(b.state(id), "accepted");
    b.run_until(32000);
    b.respond(Method::invite, 200, "late");
    EXPECT_THAT(b.user.events, ElementsAre("180", "200", "200", "200", "200", "terminated", "stray 200"));
    EXPECT_THAT(b.user.messages.at(3).to().tag(), "fork");
    EXPECT_EQ(b.wire.sent.size(), 1u);  // the ACKs are the user's
    EXPECT_EQ(b.layer.size(), 0u);
    EXPECT_EQ(b.layer.counters().stray_responses, 1u);
}
INSTANTIATE_TEST_SUITE_P(Transports, ClientInviteAccepted, ::testing::Values(Transport::udp, Transport::tcp));

TEST(ClientInviteTransaction, A2xxWithoutAProvisionalResponseIsAccepted_RFC6026_7_2) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 200);
    EXPECT_EQ(b.state(id), "accepted");
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0}));
    EXPECT_THAT(b.user.events, ElementsAre("200", "terminated"));
}

TEST(ClientInviteTransaction, A2xxAfterAFailureIsPassedUp_RFC3261_13_2_2_4_16_7) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 408, "proxy");
    b.respond(Method::invite, 200, "late");
    EXPECT_THAT(b.user.events, ElementsAre("408", "200"));
    EXPECT_EQ(b.state(id), "completed");
    EXPECT_EQ(b.wire.times("ACK").size(), 1u);
}

TEST(ClientInviteTransaction, ARefusalOfTheWireIsToldWithTheNextAdvance_RFC3261_17_1_4) {
    Bench b;
    b.wire.refuse = true;
    const auto id = b.request(Method::invite);
    EXPECT_THAT(b.user.events, IsEmpty());
    EXPECT_EQ(b.state(id), "calling");
    EXPECT_EQ(b.layer.next_timer(), b.now);
    b.run_until(100000);
    EXPECT_THAT(b.user.events, ElementsAre("error", "terminated"));
    EXPECT_EQ(b.user.times.back(), 0);
    EXPECT_EQ(b.wire.sent.size(), 1u);
    EXPECT_EQ(b.layer.counters().transport_errors, 1u);
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteTransaction, ARefusalAndALateErrorAreToldOnce_RFC3261_17_1_4) {
    Bench b;
    b.wire.refuse = true;
    b.request(Method::invite);
    b.layer.transport_error(b.now, b.peer);
    EXPECT_EQ(b.layer.next_timer(), std::nullopt);
    b.run_until(100000);
    EXPECT_THAT(b.user.events, ElementsAre("error", "terminated"));
}

TEST(ClientInviteTransaction, ARefusedAckEndsIt_RFC3261_17_1_1_2) {
    Bench b;
    b.request(Method::invite);
    b.wire.refuse = true;
    b.respond(Method::invite, 486);
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("486", "error", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteTransaction, ALateErrorEndsItInCallingOnly_RFC3261_17_1_1_2) {
    const Hop elsewhere = Bench::hop(Transport::udp, "192.0.2.77:5060");
    for (const int status : {0, 180, 200, 486}) {
        Bench b;
        const auto id = b.request(Method::invite);
        if (status != 0) b.respond(Method::invite, status);
        b.user.events.clear();
        const std::string before = b.state(id);
        b.layer.transport_error(b.now, elsewhere);
        EXPECT_EQ(b.state(id), before);
        b.layer.transport_error(b.now, b.peer);
        if (status == 0) {
            EXPECT_THAT(b.user.events, ElementsAre("error", "terminated"));
        } else {
            EXPECT_THAT(b.user.events, IsEmpty()) << status;
            EXPECT_EQ(b.state(id), before);
        }
    }
}

// ---- CANCEL (section 9.1)

TEST(ClientInviteCancel, GoesAtOnceAfterAProvisionalResponse_RFC3261_9_1) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 180);
    b.layer.cancel(b.now, id, "SIP;cause=200;text=\"Call completed elsewhere\"");
    const Message& invite = b.wire.sent.at(0).message;
    const Message& cancel = b.wire.last("CANCEL");
    ASSERT_EQ(b.wire.times("CANCEL"), (Times{0}));
    EXPECT_EQ(b.wire.sent.back().to, b.peer);
    EXPECT_EQ(cancel.request_uri(), invite.request_uri());
    EXPECT_THAT(cancel.values(HeaderId::via), ElementsAre(invite.first(HeaderId::via)));
    EXPECT_THAT(cancel.values(HeaderId::route),
                ElementsAre("<sip:p1.example;lr>", "<sip:p2.example;lr>", "<sip:p3.example;lr>"));
    EXPECT_EQ(cancel.first(HeaderId::from), invite.first(HeaderId::from));
    EXPECT_EQ(cancel.first(HeaderId::to), invite.first(HeaderId::to));  // no tag of the 180
    EXPECT_EQ(cancel.call_id(), invite.call_id());
    EXPECT_EQ(cancel.first(HeaderId::cseq), "7 CANCEL");
    EXPECT_EQ(cancel.first(HeaderId::reason), "SIP;cause=200;text=\"Call completed elsewhere\"");
    EXPECT_TRUE(cancel.body().empty());

    b.layer.cancel(b.now, id);  // once is enough
    EXPECT_EQ(b.wire.times("CANCEL").size(), 1u);
    b.respond(Method::cancel, 200);
    b.respond(Method::invite, 487);
    b.run_until(100000);
    EXPECT_THAT(b.user.events, ElementsAre("180", "487", "terminated"));  // nothing of the CANCEL
    EXPECT_EQ(b.wire.times("ACK").size(), 1u);
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteCancel, WaitsForAProvisionalResponse_RFC3261_9_1) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.layer.cancel(b.now, id, "Q.850;cause=16");
    b.run_until(600);
    EXPECT_THAT(b.wire.times("CANCEL"), IsEmpty());
    EXPECT_EQ(b.wire.times("INVITE"), (Times{0, 500}));
    b.respond(Method::invite, 100, "");
    EXPECT_EQ(b.wire.times("CANCEL"), (Times{600}));
    EXPECT_EQ(b.wire.last("CANCEL").first(HeaderId::reason), "Q.850;cause=16");
    b.respond(Method::invite, 180);
    EXPECT_EQ(b.wire.times("CANCEL").size(), 1u);
}

TEST(ClientInviteCancel, IsNotSentWhereAFinalResponseComesFirst_RFC3261_9_1) {
    for (const int status : {200, 486}) {
        Bench b;
        const auto id = b.request(Method::invite);
        b.layer.cancel(b.now, id);
        b.respond(Method::invite, status);
        b.layer.cancel(b.now, id);
        b.run_until(100000);
        b.layer.cancel(b.now, id);  // the id is stale
        EXPECT_THAT(b.wire.times("CANCEL"), IsEmpty());
        EXPECT_THAT(b.user.events, ElementsAre(std::to_string(status), "terminated"));
    }
}

TEST(ClientInviteCancel, WithoutAnyResponseTimerBEndsTheInvite_RFC3261_9_1) {
    Bench b;
    b.layer.cancel(b.now, b.request(Method::invite));
    b.run_until(100000);
    EXPECT_THAT(b.wire.times("CANCEL"), IsEmpty());
    EXPECT_THAT(b.user.events, ElementsAre("timeout", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);
}

TEST(ClientInviteCancel, TheInviteEnds64T1AfterItWhateverBecomesOfTheCancel_RFC3261_9_1) {
    for (const bool answered : {true, false}) {
        Bench b;
        const auto id = b.request(Method::invite);
        b.respond(Method::invite, 180);
        b.run_until(10000);
        b.layer.cancel(b.now, id);
        if (answered) b.respond(Method::cancel, 200);
        b.run_until(20000);
        b.respond(Method::invite, 180);  // does not prolong it
        b.run_until(100000);
        EXPECT_THAT(b.user.events, ElementsAre("180", "180", "timeout", "terminated"));
        EXPECT_EQ(b.user.times.back(), 42000);
        EXPECT_EQ(b.layer.size(), 0u);
    }
}

TEST(ClientInviteCancel, A2xxMayCrossIt_RFC3261_9_1) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 180);
    b.layer.cancel(b.now, id);
    b.respond(Method::invite, 200);
    EXPECT_EQ(b.state(id), "accepted");
    b.respond(Method::cancel, 481);
    b.run_until(31999);
    EXPECT_EQ(b.state(id), "accepted");
    b.run_until(100000);
    EXPECT_THAT(b.user.events, ElementsAre("180", "200", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientInviteCancel, AFailureOfTheCancelIsNotToldForItHasNoIdOfTheUsers_RFC3261_9_1) {
    Bench b;
    const auto id = b.request(Method::invite);
    b.respond(Method::invite, 180);
    b.wire.refuse = true;
    b.layer.cancel(b.now, id);
    b.run_until(1);
    EXPECT_THAT(b.user.events, ElementsAre("180"));
    EXPECT_EQ(b.layer.size(), 1u);
    EXPECT_EQ(b.state(id), "proceeding");
}

}  // namespace
}  // namespace causeway::sip
