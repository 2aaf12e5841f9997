// A re-INVITE without SDP (RFC 3261 14.1, RFC 6337 5.2.5): it crosses as it is, the offer of its 2xx crosses
// in our 2xx, and the answer in the ACK in our ACK.
#include "tests/host/call/change_test.hpp"

namespace causeway::call {
namespace {

using fakes::Description;
using fakes::Gateway;
using fakes::Peer;
using fakes::Seconds;
using sdp::Direction;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LateReoffer : public ChangeTest, public ::testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        e = g->establish();
        EXPECT_TRUE(both_hear(e));
    }
    // The asker asks without SDP; what the other side gets.
    sip::Message asked_without_offer() {
        asker.request(dialog(), "INVITE");
        asker.expect("100");
        auto request = asked.expect("INVITE");
        EXPECT_THAT(request.body(), IsEmpty());
        EXPECT_FALSE(request.has(sip::HeaderId::content_type));
        return request;
    }
    // Up to our 2xx, which carries the other side's offer.
    sip::Message offered(const std::string& offer) {
        invite = asked_without_offer();
        asked.respond(invite, 200, {}, offer);
        EXPECT_EQ(asked.waiting(), 0u) << "the ACK waits for the answer";
        return asker.expect("200");
    }
    // All the way; what each got.
    Crossed cross_late(const std::string& offer, const std::string& answer) {
        const auto ok = offered(offer);
        asker.ack(dialog(), ok, answer);
        const auto ack = asked.expect("ACK");
        EXPECT_EQ(asker.waiting() + asked.waiting(), 0u);
        return {std::string(ok.body()), std::string(ack.body())};
    }
    Peer::Dialog& dialog() { return GetParam() ? e.left : e.right; }
    Peer::Dialog& other_dialog() { return GetParam() ? e.right : e.left; }
    void expect_ended(Peer& peer, std::initializer_list<const char*> before) {
        std::vector<std::string> names(before.begin(), before.end());
        names.emplace_back("BYE");
        EXPECT_EQ(peer.take_all(), names) << peer.name;
    }

    void call_again() {
        g->expect_clean();
        g->left.take_all();  // BYE repeated: nobody has answered it
        g->right.take_all();
        e = g->establish();
    }

    Peer& asker = GetParam() ? g->left : g->right;
    Peer& asked = GetParam() ? g->right : g->left;
    Gateway::Established e;
    sip::Message invite;  // what the asked one got
};

INSTANTIATE_TEST_SUITE_P(Sides, LateReoffer, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "ByCaller" : "ByCallee"; });

TEST_P(LateReoffer, CrossesWithItsOfferAndItsAnswer_RFC3261_14_1) {
    const auto& to_asker = GetParam() ? e.to_left : e.to_right;
    const auto& to_asked = GetParam() ? e.to_right : e.to_left;
    const auto refresh = cross_late(asked.sdp(), asker.sdp());
    EXPECT_EQ(refresh.offered, to_asker) << "nothing changes, not even the version";
    EXPECT_EQ(refresh.answered, to_asked);
    EXPECT_TRUE(both_hear(e));

    const auto hold =
        cross_late(asked.sdp({.version = 2}), asker.sdp({.direction = "sendonly", .version = 2}));
    EXPECT_EQ(direction_of(hold.offered), Direction::sendrecv);
    EXPECT_EQ(direction_of(hold.answered), Direction::sendonly);
    EXPECT_FALSE(hears(asker, asked, to_asked));
    EXPECT_TRUE(hears(asked, asker, to_asker));

    const auto resume = cross_late(asked.sdp({.version = 3}), asker.sdp({.version = 3}));
    EXPECT_EQ(direction_of(resume.answered), Direction::sendrecv);
    EXPECT_TRUE(both_hear(e));
    EXPECT_EQ(ports(), 2u);
}

TEST_P(LateReoffer, MayBringANewLineAndANewAddress) {
    const std::string video = "m=video 31002 RTP/AVP 31\r\n";
    const std::string connection = asked.media.ip.to_string();
    const auto added =
        cross_late(asked.sdp({.version = 2, .more = video}), asker.sdp({.version = 2, .more = video}));
    EXPECT_EQ(ports(), 4u);
    EXPECT_TRUE(arrives({asker.media.ip, 31002}, line_of(added.offered, 1), {asked.media.ip, 31002}, 31, 31));
    EXPECT_TRUE(
        arrives({asked.media.ip, 31002}, line_of(added.answered, 1), {asker.media.ip, 31002}, 31, 31));
    cross_late(asked.sdp({.version = 3, .more = video}),
               asker.sdp({.version = 3, .more = "m=video 0 RTP/AVP 31\r\n"}));
    EXPECT_EQ(ports(), 2u);
    EXPECT_TRUE(both_hear(e));
}

TEST_P(LateReoffer, ThatIsRefusedIsRefusedAndAllStays) {
    for (const auto& [theirs, ours] : {std::pair{488, "488"}, {606, "488"}, {403, "500"}}) {
        asked.respond(asked_without_offer(), theirs);
        asked.expect("ACK");
        asker.expect(ours);
        EXPECT_TRUE(both_hear(e));
    }
    cross_late(asked.sdp({.version = 2}), asker.sdp({.version = 2}));
    EXPECT_TRUE(both_hear(e));
}

TEST_P(LateReoffer, WhoseAckBringsNoUsableAnswerEndsTheCall_RFC3261_13_2_2_4) {
    for (const auto& answer : {std::string(), std::string("v=0\r\nnonsense"), asker.sdp({.formats = "18"}),
                               asker.sdp({.more = "m=video 31002 RTP/AVP 31\r\n"})}) {
        const auto ok = offered(asked.sdp({.version = 2}));
        asker.ack(dialog(), ok, answer);
        expect_ended(asked, {"ACK"});
        expect_ended(asker, {});
        EXPECT_EQ(g->core.status().calls, 0u);
        EXPECT_EQ(g->ends.back().by, Ended::gateway);
        EXPECT_EQ(ports(), 0u);
        call_again();
    }
}

TEST_P(LateReoffer, WhoseAckNeverComesEndsTheCall_RFC3261_13_3_1_4) {
    offered(asked.sdp({.version = 2, .more = "m=video 31002 RTP/AVP 31\r\n"}));
    EXPECT_EQ(ports(), 4u);
    g->run(Seconds(33));
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_THAT(asker.take_all(), Contains("BYE"));
    EXPECT_EQ(asked.expect("ACK").cseq().number, invite.cseq().number);
    asked.expect("BYE");
}

TEST_P(LateReoffer, WhoseOfferIsUnusableEndsTheCall_RFC3261_13_2_2_4) {
    for (const auto& offer :
         {std::string("v=0\r\nnonsense"), asked.sdp({.protocol = "RTP/SAVP", .version = 2})}) {
        asked.respond(asked_without_offer(), 200, {}, offer);
        expect_ended(asked, {"ACK"});
        expect_ended(asker, {"488"});
        EXPECT_EQ(g->core.status().calls, 0u);
        call_again();
    }
}

TEST_P(LateReoffer, WithoutAnOfferInThe2xxIs488AndTheSessionStands) {
    asked.respond(asked_without_offer(), 200);
    EXPECT_THAT(asked.expect("ACK").body(), IsEmpty());
    asker.expect("488");
    EXPECT_EQ(asker.waiting() + asked.waiting(), 0u);
    EXPECT_TRUE(both_hear(e));
}

TEST_P(LateReoffer, LetsTheOldMediaFlowUntilItIsAnswered) {
    const auto ok = offered(asked.sdp({.direction = "inactive", .version = 2}));
    EXPECT_TRUE(both_hear(e));
    asker.ack(dialog(), ok, asker.sdp({.direction = "inactive", .version = 2}));
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    asked.take_all();
}

TEST_P(LateReoffer, AcknowledgesEachRepeated2xxWithTheSameAnswer_RFC3261_13_2_2_4) {
    const auto offer = asked.sdp({.version = 2});
    const auto ok = offered(offer);
    asked.respond(invite, 200, {}, offer);
    EXPECT_EQ(asked.waiting() + asker.waiting(), 0u) << "no answer yet, and no second offer";
    asker.ack(dialog(), ok, asker.sdp({.version = 2}));
    const auto first = asked.expect("ACK");
    asked.respond(invite, 200, {}, offer);
    EXPECT_EQ(asked.expect("ACK").text(), first.text());
    asker.ack(dialog(), ok, asker.sdp({.direction = "inactive", .version = 2}));  // repeated: means nothing
    EXPECT_EQ(asked.waiting(), 0u);
    EXPECT_TRUE(both_hear(e));
}

TEST_P(LateReoffer, AllowsNoOtherChangeUntilItIsAnswered_RFC5407_3_1_5) {
    const auto ok = offered(asked.sdp({.version = 2}));
    asker.request(dialog(), "INVITE", asker.sdp({.direction = "sendonly", .version = 2}));
    asker.expect("491");
    asked.request(other_dialog(), "INVITE", asked.sdp({.direction = "sendonly", .version = 3}));
    asked.expect("491");
    asker.ack(dialog(), ok, asker.sdp({.version = 2}));
    asked.expect("ACK");
    EXPECT_TRUE(both_hear(e));
    const auto hold = cross(asked, other_dialog(), asker, Description{.direction = "sendonly", .version = 3},
                            Description{.direction = "recvonly", .version = 3});
    EXPECT_EQ(direction_of(hold.offered), Direction::sendonly);
}

TEST_P(LateReoffer, EndsWithTheCallWhoeverHangsUp) {
    for (const bool asker_hangs_up : {true, false}) {
        offered(asked.sdp({.version = 2, .more = "m=video 31002 RTP/AVP 31\r\n"}));
        if (asker_hangs_up) {
            asker.request(dialog(), "BYE");
            asker.expect("200");
            expect_ended(asked, {"ACK"});
        } else {
            asked.request(other_dialog(), "BYE");
            EXPECT_THAT(asked.take_all(), ElementsAre("200", "ACK"));
            expect_ended(asker, {});
        }
        EXPECT_EQ(g->core.status().calls, 0u);
        EXPECT_EQ(ports(), 0u);
        call_again();
    }
}

TEST_P(LateReoffer, EndsWithTheCallBeforeItIsAccepted) {
    const auto pending = asked_without_offer();
    asker.request(dialog(), "BYE");
    EXPECT_THAT(asker.take_all(), ElementsAre("200", "487"));
    asked.respond(pending, 200, {}, asked.sdp({.version = 2}));
    EXPECT_THAT(asked.take_all(), Contains("ACK"));
    EXPECT_EQ(g->core.status().calls, 0u);
}

// The first offer was late too: the second one may come from either side.
TEST(LateReofferOfALateCall, Crosses) {
    fakes::Gateway g;
    auto left = g.left.invite("+4930200", {});
    g.left.expect("100");
    auto right = g.right.dialog_of(g.right.expect("INVITE"));
    g.right.respond(right, 200, g.right.sdp());
    const auto ok = g.left.expect("200");
    g.left.ack(left, ok, g.left.sdp());
    g.right.expect("ACK");
    g.left.request(left, "INVITE");
    g.left.expect("100");
    g.right.respond(g.right.expect("INVITE"), 200, {}, g.right.sdp({.version = 2}));
    const auto offer = g.left.expect("200");
    g.left.ack(left, offer, g.left.sdp({.direction = "inactive", .version = 2}));
    EXPECT_THAT(g.right.expect("ACK").body(), ::testing::HasSubstr("a=inactive"));
    g.expect_clean();
}

}  // namespace
}  // namespace causeway::call
