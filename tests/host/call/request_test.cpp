// Requests that the user agent core judges before, beside and within calls (RFC 3261 section 8.2).
#include <gmock/gmock.h>

#include "host/base/log_limit.hpp"
#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view methods = "INVITE, ACK, BYE, CANCEL, OPTIONS";

class Request : public CallTest {
  protected:
    Peer::Dialog outside() {
        Peer::Dialog d;
        d.call_id = "leftie-outside-" + std::to_string(++count);
        d.local = g->left.from + ";tag=leftie-outside-tag";
        d.remote = "<sip:198.51.100.1>";
        d.target = "sip:198.51.100.1";
        return d;
    }
    sip::Message answer_to(std::string_view method, std::string_view status,
                           const Peer::Headers& headers = {}) {
        auto d = outside();
        g->left.request(d, method, {}, headers);
        return g->left.expect(status);
    }
    int count = 0;
};

TEST_F(Request, OptionsTellsWhatWeCan_RFC3261_11_2) {
    const auto ok = answer_to("OPTIONS", "200");
    EXPECT_EQ(ok.first(sip::HeaderId::allow), methods);
    EXPECT_EQ(ok.first(sip::HeaderId::accept), "application/sdp");
    EXPECT_FALSE(ok.to().tag().empty());
}

TEST_F(Request, OfAMethodWeKnowButDoNotTakeIs405WithAllow_RFC3261_8_2_1) {
    for (const auto* method :
         {"REFER", "UPDATE", "REGISTER", "SUBSCRIBE", "MESSAGE", "INFO", "NOTIFY", "PRACK", "PUBLISH"}) {
        EXPECT_EQ(answer_to(method, "405").first(sip::HeaderId::allow), methods) << method;
    }
}

TEST_F(Request, OfAnUnknownMethodIs501_RFC3261_8_2_1) {
    answer_to("JUGGLE", "501");
}

TEST_F(Request, WithinACallIsJudgedTheSameWayAndTheCallStands) {
    auto e = g->establish();
    for (const auto* method : {"REFER", "UPDATE", "INFO"}) {
        g->left.request(e.left, method, {}, {{"Refer-To", "<sip:carol@rightie-pbx.example>"}});
        EXPECT_EQ(g->left.expect("405").first(sip::HeaderId::allow), methods);
        g->right.request(e.right, method);
        EXPECT_EQ(g->right.expect("405").first(sip::HeaderId::allow), methods);
    }
    g->left.request(e.left, "JUGGLE");
    g->left.expect("501");
    g->right.request(e.right, "OPTIONS");
    EXPECT_EQ(g->right.expect("200").first(sip::HeaderId::allow), methods);
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u);
    EXPECT_EQ(g->core.calls().at(0).state, "answered");
    g->left_hangs_up(e);
}

TEST_F(Request, OfAnUnknownDialogIs481_RFC3261_12_2_2) {
    auto e = g->establish();
    for (const auto* method : {"BYE", "INVITE", "OPTIONS", "REFER"}) {
        auto other = e.left;
        other.call_id += "x";
        g->left.request(other, method);
        g->left.expect("481");
        other = e.left;
        other.local += "x";  // right Call-ID and our tag, but another's
        g->left.request(other, method);
        g->left.expect("481");
    }
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Request, ByeWithoutADialogIs481) {
    answer_to("BYE", "481");
}

TEST_F(Request, OutOfOrderWithinADialogIs500_RFC3261_12_2_2) {
    auto e = g->establish();
    auto old = e.left;
    old.cseq = 0;
    g->left.request(e.left, "OPTIONS");
    g->left.expect("200");
    g->left.request(old, "BYE");
    g->left.expect("500");
    EXPECT_EQ(g->core.status().calls, 1u);
    g->left_hangs_up(e);
}

TEST_F(Request, ThatRequiresAnExtensionIs420_RFC3261_8_2_2_3) {
    g->left.invite("+4930200", g->left.sdp(), {{"Require", "100rel"}, {"Require", "timer, x-y"}});
    EXPECT_EQ(g->left.expect("420").first(sip::HeaderId::unsupported), "100rel, timer, x-y");
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().legs, 0u);
    ASSERT_EQ(g->ends.size(), 1u) << "finally answered: it has its record";
    EXPECT_EQ(g->ends[0].status, 420);
    EXPECT_EQ(g->starts[0].callee, "+4930200");
}

TEST_F(Request, WithoutHopsLeftIs483_RFC3261_16_3) {
    for (const auto* none : {"0", "00"}) {
        g->left.max_forwards = none;
        g->left.invite("+4930200", g->left.sdp());
        g->left.expect("483");
    }
    EXPECT_EQ(g->right.waiting(), 0u);
    g->left.max_forwards = "1";
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_EQ(g->right.expect("INVITE").first(sip::HeaderId::max_forwards), "0");
}

TEST_F(Request, WithABodyThatIsNoSdpIs415_RFC3261_8_2_3) {
    const auto send = [&](std::string_view type, std::string_view more) {
        auto d = outside();
        g->left.send("INVITE sip:+4930200@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=" +
                     ("z9hG4bK-leftie-415-" + std::to_string(count)) + "\r\nFrom: " + d.local +
                     "\r\nTo: <sip:+4930200@198.51.100.1>\r\nCall-ID: " + d.call_id +
                     "\r\nCSeq: 1 INVITE\r\nContact: <sip:192.0.2.10>\r\nMax-Forwards: 70\r\nContent-Type: " +
                     std::string(type) + "\r\n" + std::string(more) + "Content-Length: 4\r\n\r\nbody");
    };
    send("text/plain", {});
    EXPECT_EQ(g->left.expect("415").first(sip::HeaderId::accept), "application/sdp");
    send("application/sdp", "Content-Encoding: gzip\r\n");
    EXPECT_TRUE(g->left.expect("415").has(sip::HeaderId::accept_encoding));
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Request, ThatCameByTwoWaysIs482TheSecondTime_RFC3261_8_2_2_2) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.expect("100");
    auto text = std::string(call.invite.text());
    const auto at = text.find("-branch-");
    text.replace(at, 8, "-Branch-");
    g->left.send(text);
    g->left.expect("482");
    g->right.expect("INVITE");
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Request, ThatIsRepeatedGetsTheSameAnswerOnce_RFC3261_17_2_1) {
    auto call = g->left.invite("+4930200", g->left.sdp());
    g->left.send(std::string(call.invite.text()));
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "100"));
    EXPECT_THAT(g->right.take_all(), ElementsAre("INVITE"));
    EXPECT_EQ(g->core.status().attempts, 1u);
}

TEST_F(Request, ThatIsNoSipIsAnsweredWherePossibleAndCounted) {
    const auto receive = [&](std::string_view text) {
        g->core.receive_sip(g->now, text, {sip::Transport::udp, 0, g->left.signaling});
    };
    receive("\r\n\r\n");  // a keep-alive
    EXPECT_EQ(g->core.status().malformed, 0u);
    receive("hello");
    receive(std::string("\0\xff\x7f\n", 4));
    receive(
        "INVITE sip:a@b SIP/7.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKleftie\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: leftie-bad\r\nCSeq: 1 INVITE\r\n\r\n");
    EXPECT_EQ(g->core.status().malformed, 3u);
    g->left.expect("505");
    EXPECT_EQ(g->left.waiting(), 0u);
}

TEST_F(Request, FloodOfWhatIsNoSipIsCountedAndNotAllOfItLogged) {
    std::size_t lines = 0;
    log::set_sink([&](log::Level, std::string_view, std::string_view) { ++lines; }, log::Level::info);
    for (int i = 0; i < 100'000; ++i) {
        g->core.receive_sip(g->now, "hello", {sip::Transport::udp, 0, g->left.signaling});
    }
    log::set_sink({}, log::Level::info);
    EXPECT_EQ(g->core.status().malformed, 100'000u);
    EXPECT_EQ(lines, log::Limit::lines);
    EXPECT_EQ(g->left.waiting(), 0u);
}

}  // namespace
}  // namespace causeway::call
