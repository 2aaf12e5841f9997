// Loops and spirals (RFC 3261 16.3, RFC 5393): an INVITE of ours that comes back, hops and branches that run
// out.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Peer;
using ::testing::ElementsAre;

class Loop : public CallTest {
  protected:
    void SetUp() override {
        call = g->left.invite("+4930200", g->left.sdp());
        g->left.expect("100");
        invite = g->right.expect("INVITE");
    }
    static std::string replaced(std::string text, std::string_view what, std::string_view with) {
        const auto at = text.find(what);
        if (at == std::string::npos) throw std::runtime_error("not in the text: " + std::string(what));
        return text.replace(at, what.size(), with);
    }
    // The right peer sends our INVITE back as a proxy does that stays on the way, to `uri` where given.
    void sends_back(std::string_view uri = {}) {
        std::string text(invite.text());
        if (!uri.empty()) text = replaced(text, invite.request_uri(), uri);
        text = replaced(
            text, "\r\nVia: ",
            "\r\nRecord-Route: <sip:203.0.113.20:5060;lr>\r\nVia: " + std::string(proxy_via) + "\r\nVia: ");
        g->right.send(replaced(text, "Max-Forwards: 69", "Max-Forwards: 68"));
    }
    // The proxy passes a response on: without its own Via.
    void passes_on(const sip::Message& response) {
        std::string text(response.text());
        const auto begin = text.find("Via: "), end = text.find("\r\n", begin) + 2;
        g->right.send(text.erase(begin, end - begin));
    }
    static constexpr std::string_view proxy_via =
        "SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK-rightie-proxy;rport";
    Peer::Dialog call;
    sip::Message invite;
};

// It comes back as it went out, with our own Via on top.
TEST_F(Loop, ThatIsDirectIs482_RFC3261_16_3) {
    g->right.send(std::string(invite.text()));
    const auto looped = g->right.expect("482");
    EXPECT_EQ(g->right.waiting(), 0u);
    g->right.send(std::string(looped.text()));  // our own failure is what fails our INVITE
    g->right.expect("ACK");
    g->left.ack_failure(call, g->left.expect("500"));
    EXPECT_EQ(g->core.status().calls, 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Loop, ThroughAProxyIs482_RFC5393_4_2) {
    sends_back();
    const auto looped = g->right.expect("482");
    EXPECT_EQ(looped.values(sip::HeaderId::via).size(), 2u);
    passes_on(looped);
    g->right.expect("ACK");
    g->left.ack_failure(call, g->left.expect("500"));
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
}

// The same URI in other words (RFC 3261 19.1.4) is no spiral.
TEST_F(Loop, OfAnEquivalentRequestUriIs482_RFC3261_16_3) {
    sends_back("SIP:%2B4930200@203.0.113.20");
    g->right.expect("482");
}

// The loop goes on while the call does: in every state of the leg.
TEST_F(Loop, OfAnInviteThatWasAnsweredIs482_RFC3261_16_3) {
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    g->left.ack(call, g->left.expect("200"));
    sends_back();
    g->right.expect("482");
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
}

// Another Request-URI makes it a spiral: a call like any other, here to the left.
TEST_F(Loop, WithAnotherRequestUriIsASpiralAndACall_RFC5393_3) {
    sends_back("sip:+3312345@198.51.100.2");
    g->right.expect("100");
    auto spiral = g->left.expect("INVITE");
    EXPECT_EQ(spiral.first(sip::HeaderId::max_forwards), "67");
    EXPECT_NE(spiral.call_id(), invite.call_id());
    auto callee = g->left.dialog_of(spiral);
    g->left.respond(callee, 200, g->left.sdp());
    g->left.expect("ACK");
    const auto ok = g->right.expect("200");
    passes_on(ok);
    const auto ack = g->right.expect("ACK");  // of our own callee's leg, which is our caller's leg
    EXPECT_EQ(ack.to().tag(), ok.to().tag());
    g->right.send(std::string(ack.text()));
    EXPECT_EQ(g->core.status().calls, 2u);
    for (const auto& c : g->core.calls()) EXPECT_EQ(c.state, "answered");
    g->left.ack(call, g->left.expect("200"));
    // One BYE goes all the way round.
    g->left.request(call, "BYE");
    g->left.expect("200");
    const auto bye = g->right.expect("BYE");
    g->right.send(std::string(bye.text()));
    const auto bye_ok = g->right.expect("200");
    g->right.send(std::string(bye_ok.text()));
    g->left.respond(g->left.expect("BYE"), 200);
    EXPECT_EQ(g->core.status().legs, 0u);
    EXPECT_EQ(g->ends.size(), 2u);
}

// A spiral that comes round again as it went out is a loop of its own leg.
TEST_F(Loop, OfASpiralIs482_RFC5393_3) {
    sends_back("sip:+4930299@198.51.100.2");
    g->right.expect("100");
    invite = g->right.expect("INVITE");
    EXPECT_EQ(invite.first(sip::HeaderId::max_forwards), "67");
    auto again = std::string(invite.text());
    g->right.send(replaced(
        again, "\r\nVia: ", "\r\nVia: SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK-rightie-two\r\nVia: "));
    g->right.expect("482");
}

// What was forwarded is judged by its leg: once that is gone, hops are what ends it.
TEST_F(Loop, OfACallThatIsOverEndsByItsHops_RFC3261_16_3) {
    g->right.respond(g->right.dialog_of(invite), 486);
    g->right.expect("ACK");
    g->left.ack_failure(call, g->left.expect("486"));
    std::string text = replaced(std::string(invite.text()), "Max-Forwards: 69", "Max-Forwards: 0");
    g->right.send(replaced(text, "\r\nVia: ", "\r\nVia: " + std::string(proxy_via) + "\r\nVia: "));
    g->right.expect("483");
}

// ---- hops and branches

// RFC 4475 3.3.11: who is the endpoint takes a request whatever hops it has left.
TEST_F(Loop, HopsAreForWhatGoesOnOnly_RFC3261_16_3) {
    auto callee = g->right.dialog_of(invite);
    g->right.respond(callee, 200, g->right.sdp());
    g->right.expect("ACK");
    g->left.ack(call, g->left.expect("200"));
    g->left.max_forwards = "0";
    g->left.request(call, "OPTIONS");
    g->left.expect("200");
    g->left.request(call, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto hold = g->right.expect("INVITE");
    EXPECT_EQ(hold.first(sip::HeaderId::max_forwards), "70");
    g->right.respond(hold, 200, {}, g->right.sdp({.direction = "recvonly", .version = 2}));
    g->right.expect("ACK");
    g->left.ack(call, g->left.expect("200"));
    g->left.request(call, "BYE");
    g->left.expect("200");
    g->right.respond(g->right.expect("BYE"), 200);
}

TEST_F(Loop, MaxBreadthIsCarriedOn_RFC5393_5_3_3) {
    EXPECT_EQ(invite.first(sip::HeaderId::max_breadth), "60") << "there was none";
    for (const auto& [came, goes] : {std::pair{"1", "1"}, {"7", "7"}, {"100", "100"}, {"many", "60"}}) {
        g->left.invite("+4930200", g->left.sdp(), {{"Max-Breadth", came}});
        g->left.expect("100");
        const auto on = g->right.expect("INVITE");
        EXPECT_THAT(on.values(sip::HeaderId::max_breadth), ElementsAre(goes));
    }
}

TEST_F(Loop, MaxBreadthOfNoneIs440_RFC5393_5_3_3) {
    const auto other = g->left.invite("+4930200", g->left.sdp(), {{"Max-Breadth", "0"}});
    const auto refused = g->left.expect("440");
    EXPECT_EQ(refused.reason(), "Max-Breadth Exceeded");
    g->left.ack_failure(other, refused);
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->ends.back().status, 440);
    EXPECT_EQ(g->starts.back().callee, "+4930200");
}

// RFC 5393 5.3.5: the endpoint does not mind.
TEST_F(Loop, MaxBreadthIsForWhatGoesOnOnly_RFC5393_5_3_5) {
    auto options = call;
    options.call_id += "-options";
    options.remote = "<sip:+4930200@198.51.100.1>";
    g->left.request(options, "OPTIONS", {}, {{"Max-Breadth", "0"}});
    g->left.expect("200");
}

}  // namespace
}  // namespace causeway::call
