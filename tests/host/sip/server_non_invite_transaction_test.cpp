#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Times = std::vector<std::int64_t>;

TEST(ServerNonInviteTransaction, AFinalResponseIsSentAgainForEachRequestUntilTimerJ_RFC3261_17_2_2) {
    Bench b;
    const Message bye = b.peer_request("BYE");
    b.receive(bye);
    const auto id = b.user.last_id;
    EXPECT_EQ(b.layer.describe(id), "server BYE, trying, z9hG4bKpeer");
    b.receive(bye);
    EXPECT_THAT(b.wire.sent, IsEmpty());
    b.answer(200);
    EXPECT_EQ(b.state(id), "completed");
    b.answer(500);  // discarded
    b.run_until(31999);
    b.receive(bye);
    EXPECT_EQ(b.wire.times("200"), (Times{0, 31999}));
    EXPECT_EQ(b.wire.sent.at(0).message.text(), b.wire.sent.at(1).message.text());
    b.run_until(32000);
    EXPECT_THAT(b.user.events, ElementsAre("BYE", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ServerNonInviteTransaction, TimerJIsZeroOverTcp_RFC3261_17_2_2) {
    Bench b(Transport::tcp);
    b.receive(b.peer_request("BYE"));
    b.answer(200);
    EXPECT_THAT(b.user.events, ElementsAre("BYE"));  // the end is told by advance() only
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("BYE", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ServerNonInviteTransaction, Sends100WhenTheClientHasReachedT2_RFC4320_4_1) {
    for (const Transport transport : {Transport::udp, Transport::tcp}) {
        Bench b(transport);
        const Message request = b.peer_request("SUBSCRIBE");
        b.receive(request);
        const auto id = b.user.last_id;
        b.run_until(3499);
        EXPECT_EQ(b.state(id), "trying");
        b.run_until(20000);
        EXPECT_EQ(b.state(id), "proceeding");
        EXPECT_EQ(b.wire.times("100"), (Times{3500}));
        b.receive(request);
        EXPECT_EQ(b.wire.times("100"), (Times{3500, 20000}));
        b.answer(202);
        EXPECT_EQ(b.state(id), "completed");
        b.run_until(100000);
        EXPECT_EQ(b.wire.times("202"), (Times{20000}));
        EXPECT_EQ(b.layer.size(), 0u);
    }
}

TEST(ServerNonInviteTransaction, NoProvisionalResponseBut100AndOverUdpNotBefore_RFC4320_4_1) {
    Bench udp;
    udp.receive(udp.peer_request("MESSAGE"));
    udp.answer(100);
    udp.answer(183);
    EXPECT_THAT(udp.wire.sent, IsEmpty());
    udp.run_until(3600);
    udp.answer(183);
    udp.answer(100);
    EXPECT_THAT(udp.wire.times("183"), IsEmpty());
    EXPECT_EQ(udp.wire.times("100"), (Times{3500, 3600}));

    Bench tcp(Transport::tcp);
    tcp.receive(tcp.peer_request("MESSAGE"));
    tcp.answer(183);
    tcp.answer(100);
    tcp.run_until(10000);
    EXPECT_EQ(tcp.wire.times("100"), (Times{0}));
    EXPECT_THAT(tcp.wire.times("183"), IsEmpty());
}

TEST(ServerNonInviteTransaction, A408EndsItInSilence_RFC4320_4_2) {
    Bench b;
    const Message request = b.peer_request("OPTIONS");
    b.receive(request);
    b.run_until(5000);
    b.answer(408);
    EXPECT_EQ(b.state(b.user.last_id), "completed");
    b.receive(request);
    b.run_until(100000);
    EXPECT_THAT(b.wire.times("408"), IsEmpty());
    EXPECT_EQ(b.wire.times("100"), (Times{3500}));  // not even that again
    EXPECT_EQ(b.user.times.back(), 37000);
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ServerNonInviteTransaction, ATransportErrorEndsItOnceItHasAnswered_RFC3261_17_2_4) {
    Bench b;
    b.receive(b.peer_request("BYE"));
    b.layer.transport_error(b.now, b.peer);  // concerns something else: nothing was sent
    EXPECT_THAT(b.user.events, ElementsAre("BYE"));
    b.wire.refuse = true;
    b.answer(200);
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("BYE", "error", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);

    Bench proceeding;
    proceeding.receive(proceeding.peer_request("BYE"));
    proceeding.run_until(3500);
    proceeding.layer.transport_error(proceeding.now, proceeding.peer);
    EXPECT_THAT(proceeding.user.events, ElementsAre("BYE", "error", "terminated"));
    EXPECT_EQ(proceeding.layer.size(), 0u);
}

}  // namespace
}  // namespace causeway::sip
