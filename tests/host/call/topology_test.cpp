// What crosses from one side to the other and what must not (RFC 5853 section 3.1). Every test of this folder
// ends with a search of all bytes sent on one side for what belongs to the other; here are the headers and
// descriptions that try hardest.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Gateway;
using fakes::Peer;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Topology = CallTest;

// Fields of a message that name its sender's side.
Peer::Headers telltale(const std::string& name, const std::string& ip) {
    return {{"Record-Route", "<sip:" + ip + ":5060;lr>"},
            {"P-Asserted-Identity", "\"Alice\" <sip:+4930100@pbx." + name + ".example>"},
            {"P-Asserted-Identity", "<tel:+4930100>"},
            {"Privacy", "id"},
            {"Subject", "Lunch"},
            {"X-Harmless", "colour=blue"},
            {"X-Node", "core.pbx." + name + ".example"},
            {"X-Trace", "via " + ip},
            {"X-Elsewhere", "node 10.77.0.9:5060"},  // named nowhere else in the message
            {"X-Elsewhere-Six", "[2001:db8:77::9]"},
            {"X-Elsewhere-Uri", "<sip:named.nowhere.example:5060>"},
            {"Remote-Party-ID", "<sip:+4930100@pbx." + name + ".example>;party=calling"},
            {"Call-Info", "<http://pbx." + name + ".example/alice.jpg>;purpose=icon"},
            {"Alert-Info", "<http://" + ip + "/ring.wav>"},
            {"Error-Info", "<sip:sorry@pbx." + name + ".example>"},
            {"Warning", "399 pbx." + name + ".example \"congested\""},
            {"History-Info", "<sip:bob@pbx." + name + ".example>;index=1"},
            {"Diversion", "<sip:bob@pbx." + name + ".example>;reason=unconditional"},
            {"Reply-To", "<sip:alice@pbx." + name + ".example>"},
            {"Session-Expires", "1800"},
            {"In-Reply-To", name + "-call-0@pbx." + name + ".example"},
            {"Authorization", "Digest username=\"alice\", realm=\"pbx." + name + ".example\""}};
}

std::string telltale_lines(const std::string& name, const std::string& ip) {
    return "a=rtcp:30001 IN IP4 " + ip + "\r\na=candidate:1 1 UDP 2130706431 " + ip +
           " 30000 typ host\r\na=ice-ufrag:" + name + "-ufrag\r\na=ice-pwd:" + name +
           "-password-0123456789\r\na=msid:" + name + "-stream " + name + "-track\r\na=ssrc:1 cname:" + name +
           "-cname@pbx." + name + ".example\r\na=x-where:" + ip + "\r\na=label:1\r\n";
}

TEST_F(Topology, HidesEachSideFromTheOtherInACompleteCall) {
    auto call = g->left.invite("+4930200", g->left.sdp({.more = telltale_lines("leftie", "192.0.2.11")}),
                               telltale("leftie", "192.0.2.10"));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    EXPECT_EQ(invite.first("X-Harmless"), "colour=blue");
    EXPECT_EQ(invite.first("X-Elsewhere"), "");
    EXPECT_EQ(invite.first("X-Elsewhere-Six"), "");
    EXPECT_EQ(invite.first("X-Elsewhere-Uri"), "");
    auto callee = g->right.dialog_of(invite);
    const auto theirs = telltale("rightie", "203.0.113.20");
    const auto answer = g->right.sdp({.more = telltale_lines("rightie", "203.0.113.21")});
    g->right.respond(callee, 180, {}, theirs);
    g->right.respond(callee, 183, answer, theirs);
    g->right.respond(callee, 200, answer, theirs);
    g->right.expect("ACK");
    g->left.expect("180");
    EXPECT_THAT(g->left.expect("183").body(), HasSubstr("a=label:1"));
    g->left.ack(call, g->left.expect("200"));
    g->left.request(
        call, "INVITE",
        g->left.sdp({.direction = "sendonly", .version = 2, .more = telltale_lines("leftie", "192.0.2.11")}),
        telltale("leftie", "192.0.2.10"));
    g->right.respond(
        g->right.expect("INVITE"), 200, {},
        g->right.sdp(
            {.direction = "recvonly", .version = 2, .more = telltale_lines("rightie", "203.0.113.21")}),
        theirs);
    g->left.expect("100");
    g->left.ack(call, g->left.expect("200"));
    g->right.expect("ACK");
    g->right.request(
        callee, "BYE", {},
        {{"Reason", "SIP ;cause=200 ;text=\"by pbx.rightie.example\""}, {"Reason", "Q.850 ;cause=16"}});
    const auto bye = g->left.expect("BYE");
    EXPECT_EQ(bye.first(sip::HeaderId::reason), "Q.850 ;cause=16");
    g->left.respond(bye, 200, {}, {}, telltale("leftie", "192.0.2.10"));
    const auto secrets = Gateway::secrets_of(g->left);
    EXPECT_GT(secrets.size(), 10u) << "the search has something to find";
    EXPECT_THAT(secrets.found_in(g->left.received.back()), Not(IsEmpty())) << "and finds it where it is";
}

TEST_F(Topology, HidesTheCalleeInFailures) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 486, {}, telltale("rightie", "203.0.113.20"));
    g->left.expect("100");
    g->left.ack_failure(call, g->left.expect("486"));
    g->left.invite("+4930200", g->left.sdp());
    callee = g->right.dialog_of((g->right.expect("ACK"), g->right.expect("INVITE")));
    g->right.respond(callee, 302, {}, {{"Contact", "<sip:carol@pbx.rightie.example>"}});
    g->left.expect("100");
    g->left.expect("480");
}

TEST_F(Topology, HidesTheCallerInCancel) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    auto callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 180);
    g->left.cancel(call, {{"Reason", "SIP;cause=487;text=\"192.0.2.10 gave up\""}});
    EXPECT_FALSE(g->right.expect("CANCEL").has(sip::HeaderId::reason));
}

TEST_F(Topology, LetsTheCallersIdentityPass_RFC3325) {
    g->left.invite("+4930200", g->left.sdp(), telltale("leftie", "192.0.2.10"));
    const auto invite = g->right.expect("INVITE");
    EXPECT_EQ(invite.from().display, "leftie Example");
    EXPECT_EQ(invite.from().uri.to_string(), "sip:+4930100@198.51.100.2");
    const auto identities = invite.values(sip::HeaderId::p_asserted_identity);
    ASSERT_EQ(identities.size(), 2u);
    EXPECT_EQ(sip::NameAddr::parse(identities[0])->display, "Alice");
    EXPECT_EQ(sip::NameAddr::parse(identities[0])->uri.to_string(), "sip:+4930100@198.51.100.2");
    EXPECT_EQ(sip::NameAddr::parse(identities[1])->uri.to_string(), "tel:+4930100");
    EXPECT_EQ(invite.first(sip::HeaderId::privacy), "id");
    EXPECT_EQ(invite.first(sip::HeaderId::subject), "Lunch");
    EXPECT_EQ(invite.first("X-Harmless"), "colour=blue");
    EXPECT_EQ(invite.first(sip::HeaderId::user_agent), "Causeway");
}

TEST_F(Topology, KeepsAnAnonymousCallerAnonymous_RFC3323_4_1_1_3) {
    g->left.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    g->left.invite("+4930200", g->left.sdp(), {{"Privacy", "id"}});
    const auto invite = g->right.expect("INVITE");
    EXPECT_EQ(invite.from().display, "Anonymous");
    EXPECT_EQ(invite.from().uri.to_string(), "sip:anonymous@anonymous.invalid");
}

TEST_F(Topology, DoesNotDropAHeaderThatOnlyLooksAlike) {
    // The called number is no secret, nor are words that begin like a tag.
    g->left.invite("+4930200", g->left.sdp(), {{"Subject", "call +4930100 back"}});
    EXPECT_EQ(g->right.expect("INVITE").first(sip::HeaderId::subject), "call +4930100 back");
}

TEST_F(Topology, GivesEachLegItsOwnSessionIdAndNames_RFC3264_8) {
    const auto e = g->establish();
    const auto a = sdp::Session::parse(e.to_left).value(), b = sdp::Session::parse(e.to_right).value();
    EXPECT_NE(a.origin.session_id, b.origin.session_id);
    EXPECT_NE(a.origin.session_id, 20071u);
    EXPECT_NE(b.origin.session_id, 20071u);
    EXPECT_EQ(b.origin.username, "-");
    EXPECT_EQ(b.name, "-");
}

}  // namespace
}  // namespace causeway::call
