#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Times = std::vector<std::int64_t>;

TEST(ClientNonInviteTransaction, TimerEDoublesUpToT2UntilTimerF_RFC3261_17_1_2_2) {
    Bench b;
    const auto id = b.request(Method::bye);
    EXPECT_EQ(b.state(id), "trying");
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("BYE"),
              (Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500}));
    EXPECT_THAT(b.user.events, ElementsAre("timeout", "terminated"));
    EXPECT_EQ(b.user.times, (Times{32000, 32000}));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientNonInviteTransaction, NothingIsSentTwiceOverTcpAndTimerFHolds_RFC3261_17_1_2_2) {
    Bench b(Transport::tcp);
    b.request(Method::options);
    b.run_until(100000);
    EXPECT_EQ(b.wire.times("OPTIONS"), (Times{0}));
    EXPECT_FALSE(b.wire.last("OPTIONS").via().params.has("rport"));
    EXPECT_EQ(b.wire.last("OPTIONS").via().transport, "TCP");
    EXPECT_THAT(b.user.events, ElementsAre("timeout", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);
}

TEST(ClientNonInviteTransaction, InProceedingTimerEIsT2AndTimerFHolds_RFC3261_17_1_2_2) {
    Bench b;
    const auto id = b.request(Method::bye);
    b.run_until(600);
    b.respond(Method::bye, 100, "");
    EXPECT_EQ(b.state(id), "proceeding");
    b.run_until(100000);
    // The E that was running fires at 1500; from then on it is T2.
    EXPECT_EQ(b.wire.times("BYE"), (Times{0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500}));
    EXPECT_THAT(b.user.events, ElementsAre("100", "timeout", "terminated"));
    EXPECT_EQ(b.user.times.back(), 32000);
}

TEST(ClientNonInviteTransaction, AFinalResponseIsToldOnceAndTimerKIsT4_RFC3261_17_1_2_2) {
    for (const bool provisional : {false, true}) {
        Bench b;
        const auto id = b.request(Method::bye);
        if (provisional) b.respond(Method::bye, 100, "");
        b.user.events.clear();
        b.respond(Method::bye, 481);
        EXPECT_EQ(b.state(id), "completed");
        b.respond(Method::bye, 481);
        b.respond(Method::bye, 100);
        b.run_until(4999);
        EXPECT_EQ(b.state(id), "completed");
        b.run_until(5000);
        b.respond(Method::bye, 481);  // matches nothing any more
        EXPECT_EQ(b.wire.times("BYE"), (Times{0}));
        EXPECT_THAT(b.user.events, ElementsAre("481", "terminated"));
        EXPECT_EQ(b.layer.counters().retransmissions_in, 2u);
        EXPECT_EQ(b.layer.counters().stray_responses, 1u);
        EXPECT_EQ(b.layer.size(), 0u);
    }
}

TEST(ClientNonInviteTransaction, TimerKIsZeroOverTcp_RFC3261_17_1_2_2) {
    Bench b(Transport::tcp);
    b.request(Method::bye);
    b.respond(Method::bye, 200);
    b.run_until(0);
    EXPECT_THAT(b.user.events, ElementsAre("200", "terminated"));
    EXPECT_EQ(b.layer.size(), 0u);
}

TEST(ClientNonInviteTransaction, TransportErrorsEndItBeforeTheFinalResponse_RFC3261_17_1_4) {
    for (const int status : {0, 100, 200}) {
        Bench b;
        const auto id = b.request(Method::bye);
        if (status != 0) b.respond(Method::bye, status);
        b.user.events.clear();
        b.layer.transport_error(b.now, b.peer);
        if (status == 200) {
            EXPECT_THAT(b.user.events, IsEmpty());
            EXPECT_EQ(b.state(id), "completed");
        } else {
            EXPECT_THAT(b.user.events, ElementsAre("error", "terminated"));
            EXPECT_EQ(b.layer.size(), 0u);
            EXPECT_EQ(b.layer.next_timer(), std::nullopt);
        }
    }
}

TEST(ClientNonInviteTransaction, ARefusedRetransmissionEndsIt_RFC3261_17_1_4) {
    Bench b;
    b.request(Method::bye);
    b.run_until(400);
    b.wire.refuse = true;
    b.run_until(100000);
    EXPECT_THAT(b.user.events, ElementsAre("error", "terminated"));
    EXPECT_EQ(b.user.times.back(), 500);
    EXPECT_EQ(b.layer.size(), 0u);
}

}  // namespace
}  // namespace causeway::sip
