// Re-INVITEs that cross: 491 and its back-off (RFC 3261 14.1, RFC 5407 3.3.1), on the caller's leg and on the
// callee's.
#include <optional>

#include "tests/host/call/glare_test.hpp"

namespace causeway::call {
namespace {

using fakes::Gateway;
using fakes::Millis;
using fakes::Seconds;

INSTANTIATE_TEST_SUITE_P(Legs, Glare, ::testing::Values("Caller", "Callee"),
                         [](const auto& p) { return std::string(p.param); });

TEST_P(Glare, IsTriedAgainAfterTheBackOffOfItsSide_RFC3261_14_1) {
    Duration shortest = Seconds(9), longest{};
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        g->expect_clean();
        g = std::make_unique<Gateway>(fakes::two_trunks(), seed);
        e = g->establish();
        wants(far(), far_dialog());
        const auto first = draws_491();
        const auto after = wait();
        EXPECT_EQ(after % Millis(10), Duration{});
        shortest = std::min(shortest, after);
        longest = std::max(longest, after);
        const auto second = near().expect("INVITE");
        EXPECT_GT(second.cseq().number, first.cseq().number);
        EXPECT_NE(second.via().branch(), first.via().branch());
        EXPECT_EQ(second.body(), first.body());
        near().respond(second, 200, {}, held(near()));
        near().expect("ACK");
        far().ack(far_dialog(), far().expect("200"));
        quiet();
    }
    // The Call-ID of the callee's leg is ours: 2.1 to 4 s. That of the caller's leg is not: 0 to 2 s.
    EXPECT_GE(shortest, of_caller() ? Millis(0) : Millis(2100));
    EXPECT_LE(longest, of_caller() ? Millis(2000) : Millis(4000));
    EXPECT_GT(longest - shortest, Seconds(1)) << "no two alike";
}

TEST_P(Glare, TheirsGetsThroughDuringOurBackOff_RFC3261_14_1) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    draws_491();
    near().request(near_dialog(), "INVITE", hold(near()));
    near().expect("100");
    const auto refused = far().expect("491");
    far().ack_failure(far_dialog(), ours, refused);
    taken(far(), near(), near_dialog());
    g->run(Seconds(5));
    quiet();
    cross(far(), far_dialog(), near(), far().sdp({.direction = "inactive", .version = ++version}),
          near().sdp({.direction = "inactive", .version = ++version}));
}

// RFC 5407 3.3.1: theirs and ours cross on the wire: both draw 491, and both get through in the end.
TEST_P(Glare, TheirsCrossesOurs_RFC5407_3_3_1) {
    e = g->establish();
    wants(far(), far_dialog());
    const auto theirs = near().request(near_dialog(), "INVITE", hold(near()));
    const auto ours = near().expect("INVITE");
    near().ack_failure(near_dialog(), theirs, near().expect("491"));
    near().respond(ours, 491);
    near().expect("ACK");
    wait();
    taken(near(), far(), far_dialog());
    quiet();
    cross(near(), near_dialog(), far(), near().sdp({.direction = "inactive", .version = ++version}),
          far().sdp({.direction = "inactive", .version = ++version}));
}

TEST_P(Glare, WithoutEndGoesBackToWhoAsked_RFC3261_14_1) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    int tries = 0;
    while (far().waiting() == 0) {
        draws_491();
        ASSERT_LT(++tries, 10);
        if (far().waiting() == 0) wait();
    }
    EXPECT_GT(tries, 1);
    far().ack_failure(far_dialog(), ours, far().expect("491"));
    EXPECT_TRUE(both_hear(e));
    cross(far(), far_dialog(), near(), hold(far()), held(near()));
}

TEST_P(Glare, OurBackOffEndsWithTheCall_RFC3261_14_1) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    draws_491();
    far().request(far_dialog(), "BYE");
    far().expect("200");
    far().ack_failure(far_dialog(), ours, far().expect("487"));
    near().respond(near().expect("BYE"), 200);
    g->run(Seconds(5));
    quiet();
}

TEST_P(Glare, OurBackOffEndsWithTheirBye_RFC3261_14_1) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    draws_491();
    near().request(near_dialog(), "BYE");
    near().expect("200");
    far().ack_failure(far_dialog(), ours, far().expect("487"));
    far().respond(far().expect("BYE"), 200);
    g->run(Seconds(5));
    quiet();
}

TEST_P(Glare, OurBackOffEndsWithTheCancel_RFC3261_9_1) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    draws_491();
    far().cancel(far_dialog(), ours);
    EXPECT_EQ(far().expect("200").cseq().method, sip::Method::cancel);
    far().ack_failure(far_dialog(), ours, far().expect("487"));
    g->run(Seconds(5));
    quiet();
    EXPECT_TRUE(both_hear(e));
    cross(near(), near_dialog(), far(), hold(near()), held(far()));
}

// Both ends change at once, and each follows RFC 3261 14.1: whatever the order and the random times, both
// changes are made. One of them may be a hold.
class BothEnds : public Glare {
  protected:
    void change(bool hold_one) {
        struct End {
            Peer& peer;
            Peer::Dialog& dialog;
            bool owner;  // of the Call-ID
            std::optional<sip::Message> pending{};
            const char* wants = "sendrecv";
            const char* allows = "sendrecv";
            std::optional<Time> again{};
            bool done = false;
        };
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            SCOPED_TRACE(seed);
            g->expect_clean();
            g = std::make_unique<Gateway>(fakes::two_trunks(), seed);
            e = g->establish();
            SeededRandom random(seed);
            // Of the caller's dialog the Call-ID is the caller's, of the callee's it is ours.
            End ends[] = {{near(), near_dialog(), of_caller()}, {far(), far_dialog(), !of_caller()}};
            if (hold_one) {
                ends[0].wants = ends[0].allows = "sendonly";
                ends[1].allows = "recvonly";
            }
            const auto ask = [&](End& end) {
                end.again.reset();
                end.pending = end.peer.request(end.dialog, "INVITE", described(end.peer, end.wants));
            };
            const auto hear = [&](End& end) {
                const auto m = end.peer.take();
                if (m.is_request() && m.method() == sip::Method::invite) {
                    if (end.pending) return end.peer.respond(m, 491);
                    return end.peer.respond(m, 200, {}, described(end.peer, end.allows));
                }
                if (m.is_request() || m.status() < 200) return;
                ASSERT_TRUE(end.pending && m.cseq().number == end.pending->cseq().number);
                if (m.status() == 200) {
                    end.done = true;
                    end.peer.ack(end.dialog, m);
                } else {
                    ASSERT_EQ(m.status(), 491);
                    end.peer.ack_failure(end.dialog, *end.pending, m);
                    const auto units = end.owner ? 210 + random.below(191) : random.below(201);
                    end.again = g->now + units * Millis(10);
                }
                end.pending.reset();
            };
            for (End& end : ends) ask(end);
            const Time start = g->now;
            while (!(ends[0].done && ends[1].done)) {
                ASSERT_LT(g->now, start + Seconds(60));
                while (ends[0].peer.waiting() + ends[1].peer.waiting() > 0) {
                    for (End& end : ends) {
                        if (end.peer.waiting() > 0) hear(end);
                        ASSERT_FALSE(HasFatalFailure());
                    }
                }
                g->run(Millis(10));
                for (End& end : ends) {
                    if (end.again && g->now >= *end.again) ask(end);
                }
            }
            EXPECT_EQ(g->core.calls().at(0).state, "answered");
            const bool caller_holds = hold_one && of_caller(), callee_holds = hold_one && !of_caller();
            EXPECT_EQ(hears(g->right, g->left, e.to_left), !callee_holds);
            EXPECT_EQ(hears(g->left, g->right, e.to_right), !caller_holds);
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Legs, BothEnds, ::testing::Values("Caller", "Callee"),
                         [](const auto& p) { return std::string(p.param); });

TEST_P(BothEnds, GetTheirChangesThrough_RFC3261_14_1) {
    change(false);
}

TEST_P(BothEnds, OneHoldsWhileTheOtherChanges_RFC3261_14_1) {
    change(true);
}

// UPDATE (RFC 3311), which we do not allow, crosses our re-INVITE: it is refused as ever, ours goes on.
TEST_P(Glare, TheirUpdateCrossesOurs_RFC5407_3_3_2) {
    e = g->establish();
    wants(far(), far_dialog());
    const auto ours = near().expect("INVITE");
    near().request(near_dialog(), "UPDATE", hold(near()));
    near().expect("405");
    near().respond(ours, 200, {}, held(near()));
    near().expect("ACK");
    far().ack(far_dialog(), far().expect("200"));
    quiet();
}

// RFC 3261 16.8: the other side rings for ever. It is told to stop, who asked gets his answer, the call
// stands.
TEST_P(Glare, OursDrawsProvisionalResponsesForEver_RFC3261_16_8) {
    e = g->establish();
    const auto ours = wants(far(), far_dialog());
    const auto invite = near().expect("INVITE");
    near().respond(invite, 180);
    g->run(std::chrono::minutes(3) - Millis(1));
    quiet();
    g->run(Millis(1));
    far().ack_failure(far_dialog(), ours, far().expect("500"));
    const auto cancel = near().expect("CANCEL");
    near().respond(cancel, 200);
    near().respond(invite, 487);
    near().expect("ACK");
    EXPECT_TRUE(both_hear(e));
    cross(far(), far_dialog(), near(), hold(far()), held(near()));
}

}  // namespace
}  // namespace causeway::call
