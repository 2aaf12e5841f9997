// One INVITE, several callees: the caller sees one dialog and one fixed answer.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Forking : public CallTest {
  protected:
    void SetUp() override {
        call = g->left.invite("+4930200", g->left.sdp());
        g->left.expect("100");
        const auto invite = g->right.expect("INVITE");
        one = g->right.dialog_of(invite, "rightie-fork-1");
        two = g->right.dialog_of(invite, "rightie-fork-2");
    }
    fakes::Peer::Dialog call, one, two;
};

TEST_F(Forking, ShowsOneEarlyDialogToTheCaller_RFC3261_13_2_2_4) {
    g->right.respond(one, 180);
    const auto first = g->left.expect("180");
    g->right.respond(two, 183, g->right.sdp());
    const auto second = g->left.expect("183");
    EXPECT_EQ(first.to().tag(), second.to().tag());
    g->right.respond(one, 183, g->right.sdp({.formats = "8"}));
    const auto third = g->left.expect("183");
    EXPECT_EQ(third.body(), second.body()) << "one fixed answer";
    g->right.respond(two, 200, g->right.sdp());
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    EXPECT_EQ(ok.to().tag(), first.to().tag());
    EXPECT_EQ(ok.body(), second.body());
    g->left.ack(call, ok);
    g->left.request(call, "BYE");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-fork-2") << "the fork that answered";
}

// A damaged copy of the answer must not be taken for another fork's, or the call would be hung up before it
// begins.
TEST_F(Forking, A2xxWhoseViaIsBrokenWaitsForTheRightOne_RFC3261_17_1_3) {
    g->right.respond(one, 180);
    g->left.expect("180");
    auto via = one.invite.via();
    via.params.set("branch", "z9hG4bK-rightie-damaged");
    g->right.respond(one.invite.with_top_via(via), 200, one.local, g->right.sdp());
    EXPECT_EQ(g->right.waiting(), 0u) << "neither ACK nor BYE";
    g->right.respond(one, 200, g->right.sdp());
    g->right.expect("ACK");
    g->left.ack(call, g->left.expect("200"));
    g->left.request(call, "BYE");
    g->right.expect("BYE");
}

TEST_F(Forking, AcknowledgesAndEndsTheSecond2xx_RFC3261_13_2_2_4) {
    g->right.respond(one, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-fork-1");
    g->left.ack(call, g->left.expect("200"));
    g->right.respond(two, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-fork-2");
    const auto bye = g->right.expect("BYE");
    EXPECT_EQ(bye.to().tag(), "rightie-fork-2");
    g->right.respond(bye, 200);
    g->right.respond(two, 200, g->right.sdp());  // repeated: its ACK was lost
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-fork-2");
    EXPECT_EQ(g->right.waiting(), 0u) << "no second BYE";
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    EXPECT_EQ(g->core.status().media.ports_in_use, 2u);
    g->left.request(call, "BYE");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-fork-1");
}

TEST_F(Forking, EndsAll2xxThatCrossACancel_RFC3261_9_1) {
    g->right.respond(one, 180);
    g->left.expect("180");
    g->left.cancel(call);
    g->right.expect("CANCEL");
    g->right.respond(one, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-fork-1");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-fork-1");
    g->right.respond(two, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-fork-2");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-fork-2");
}

TEST_F(Forking, BoundsTheEarlyDialogsOfOneInvite) {
    for (int i = 0; i < 100; ++i) {
        auto fork = g->right.dialog_of(one.invite, "rightie-many-" + std::to_string(i));
        g->right.respond(fork, 180);
    }
    EXPECT_THAT(g->left.take_all(), ::testing::Each("180"));
    auto last = g->right.dialog_of(one.invite, "rightie-many-99");
    g->right.respond(last, 200, g->right.sdp());
    EXPECT_EQ(g->right.expect("ACK").to().tag(), "rightie-many-99");
    g->left.ack(call, g->left.expect("200"));
}

TEST_F(Forking, BoundsThe2xxOfOneInvite) {
    g->right.respond(one, 200, g->right.sdp());
    g->left.ack(call, g->left.expect("200"));
    g->right.expect("ACK");
    for (int i = 0; i < 100; ++i) {
        g->right.respond(g->right.dialog_of(one.invite, "rightie-many-" + std::to_string(i)), 200,
                         g->right.sdp());
    }
    EXPECT_LT(g->right.take_all().size(), 100u);
    g->left.request(call, "BYE");
    EXPECT_EQ(g->right.expect("BYE").to().tag(), "rightie-fork-1");
}

}  // namespace
}  // namespace causeway::call
