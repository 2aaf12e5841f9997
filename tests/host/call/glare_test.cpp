// Re-INVITEs that cross: 491 and its back-off (RFC 3261 14.1, RFC 5407 3.3.1), and those that come before the
// ACK to the last 2xx (RFC 5407 3.1.4, 3.1.5), on the caller's leg and on the callee's.
#include <optional>

#include "tests/host/call/change_test.hpp"

namespace causeway::call {
namespace {

using fakes::Gateway;
using fakes::Millis;
using fakes::Seconds;
using ::testing::Each;
using ::testing::ElementsAre;

// `near` is the peer of the leg under test, `far` that of the other leg, who wants changes.
class Glare : public ChangeTest, public ::testing::WithParamInterface<const char*> {
  protected:
    bool of_caller() const { return std::string_view(GetParam()) == "Caller"; }
    Peer& near() { return of_caller() ? g->left : g->right; }
    Peer& far() { return of_caller() ? g->right : g->left; }
    Peer::Dialog& near_dialog() { return of_caller() ? e.left : e.right; }
    Peer::Dialog& far_dialog() { return of_caller() ? e.right : e.left; }
    std::string hold(Peer& by) { return by.sdp({.direction = "sendonly", .version = ++version}); }
    std::string held(Peer& by) { return by.sdp({.direction = "recvonly", .version = ++version}); }
    std::string resume(Peer& by) { return by.sdp({.version = ++version}); }

    // `by` wants a change that its side alone knows of: 100 has come.
    sip::Message wants(Peer& by, Peer::Dialog& d) {
        auto request = by.request(d, "INVITE", hold(by));
        by.expect("100");
        return request;
    }
    // Our re-INVITE draws 491.
    sip::Message draws_491() {
        auto invite = near().expect("INVITE");
        near().respond(invite, 491);
        near().expect("ACK");
        return invite;
    }
    // How long until something comes to `near`; at most 5 s.
    Duration wait() {
        const Time start = g->now;
        while (near().waiting() == 0 && g->now < start + Seconds(5)) g->run(Millis(1));
        return g->now - start;
    }
    void taken(Peer& asked, Peer& asker, Peer::Dialog& d) {
        asked.respond(asked.expect("INVITE"), 200, {}, held(asked));
        asked.expect("ACK");
        asker.ack(d, asker.expect("200"));
    }
    void quiet() { EXPECT_EQ(near().waiting() + far().waiting(), 0u); }

    Gateway::Established e;
    int version = 1;
};
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
// changes are made.
TEST_P(Glare, BothEndsGetTheirChangesThrough_RFC3261_14_1) {
    struct End {
        Peer& peer;
        Peer::Dialog& dialog;
        bool owner;  // of the Call-ID
        std::optional<sip::Message> pending{};
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
        const auto ask = [&](End& end) {
            end.again.reset();
            end.pending = end.peer.request(end.dialog, "INVITE", resume(end.peer));
        };
        const auto hear = [&](End& end) {
            const auto m = end.peer.take();
            if (m.is_request() && m.method() == sip::Method::invite) {
                if (end.pending) return end.peer.respond(m, 491);
                return end.peer.respond(m, 200, {}, resume(end.peer));
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
        EXPECT_TRUE(both_hear(e));
    }
}

// ---- before the ACK

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

// The same of the 2xx to a re-INVITE.
TEST_P(Glare, TheirNextReinviteOvertakesTheAck_RFC5407_3_1_4) {
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
TEST_P(Glare, OursWaitsForTheirAck_RFC3261_14_1) {
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

TEST_P(Glare, OursWaitsForTheirAckAndGivesWayToTheirNext_RFC3261_14_1) {
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
TEST_P(Glare, OursWaitsForAnAckThatNeverComes_RFC3261_13_3_1_4) {
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
