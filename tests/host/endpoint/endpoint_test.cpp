#include "host/endpoint/endpoint.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/endpoint_pair.hpp"

namespace causeway::endpoint {
namespace {

using namespace std::chrono_literals;
using fakes::EndpointPair;
using Kind = Event::Kind;

Bytes phrase(std::size_t octets, unsigned seed) {
    SeededRandom random(seed);
    Bytes out(octets);
    random.fill(out);
    return out;
}

CallId incoming(const EndpointPair& pair) {
    const auto* e = pair.find(pair.callee_events, Kind::incoming);
    return e == nullptr ? CallId{} : e->call;
}

void expect_all_over(EndpointPair& pair) {
    pair.run(60s);  // lingering transactions end
    EXPECT_EQ(pair.caller->live_calls() + pair.callee->live_calls(), 0U);
    EXPECT_EQ(pair.caller->transactions() + pair.callee->transactions(), 0U);
    EXPECT_EQ(pair.caller_side.open_ports + pair.callee_side.open_ports, 0);
}

// A call with voice both ways; true where both sides hear what the other said.
bool talk(EndpointPair& pair) {
    const auto call = pair.call();
    pair.run(2s);
    const auto answered = incoming(pair);
    if (!pair.caller->confirmed(call) || !pair.callee->confirmed(answered)) return false;
    const auto from_caller = phrase(1700, 1), from_callee = phrase(1601, 2);
    pair.caller->play(pair.now, call, from_caller);
    pair.callee->play(pair.now, answered, from_callee);
    pair.run(1s);
    const bool heard = pair.callee->media(answered)->recorded() == from_caller &&
                       pair.caller->media(call)->recorded() == from_callee;
    pair.caller->hang_up(pair.now, call);
    pair.run(1s);
    return heard && pair.find(pair.caller_events, Kind::ended) && pair.find(pair.callee_events, Kind::ended);
}

TEST(Endpoint, VoiceArrivesBitForBitBothWays) {
    EndpointPair pair({}, {});
    EXPECT_TRUE(talk(pair));
    EXPECT_EQ(pair.find(pair.caller_events, Kind::progress)->status, 180);
    expect_all_over(pair);
}

class SecuredEndpoint : public testing::TestWithParam<sdp::SrtpSuite> {};
INSTANTIATE_TEST_SUITE_P(Suites, SecuredEndpoint,
                         testing::Values(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
                                         sdp::SrtpSuite::aead_aes_128_gcm, sdp::SrtpSuite::aead_aes_256_gcm,
                                         sdp::SrtpSuite::aes_256_cm_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_256_cm_hmac_sha1_32),
                         [](const auto& suite) { return std::string(sdp::to_string(suite.param)); });

TEST_P(SecuredEndpoint, SpeaksSrtp) {
    Options options;
    options.srtp = call::SrtpMode::mandatory;
    options.suites = {GetParam()};
    EndpointPair pair(options, options);
    EXPECT_TRUE(talk(pair));
    expect_all_over(pair);
}

TEST(Endpoint, SecuredAndPlainDoNotMeet) {
    Options secured;
    secured.srtp = call::SrtpMode::mandatory;
    EndpointPair pair(secured, {});
    pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.find(pair.caller_events, Kind::failed)->status, 488);
    expect_all_over(pair);
}

TEST(Endpoint, LateOffer) {
    Options late;
    late.late_offer = true;
    EndpointPair pair(late, {});
    EXPECT_TRUE(talk(pair));
    expect_all_over(pair);
}

TEST(Endpoint, EarlyMediaBeforeTheAnswer) {
    EndpointPair pair({}, {});
    pair.callee->set_policy(AnswerPolicy{183, 200, 3s});
    const auto call = pair.call();
    pair.run(1s);
    const auto tone = phrase(320, 3);
    pair.callee->play(pair.now, incoming(pair), tone);
    pair.run(1s);
    EXPECT_FALSE(pair.caller->confirmed(call));
    EXPECT_EQ(pair.caller->media(call)->recorded(), tone);
    pair.run(2s);
    EXPECT_TRUE(pair.caller->confirmed(call));
    pair.callee->hang_up(pair.now, incoming(pair));
    expect_all_over(pair);
}

TEST(Endpoint, RejectsAndGivesUp) {
    EndpointPair busy({}, {});
    busy.callee->set_policy(AnswerPolicy{180, 486, 0s});
    busy.call();
    busy.run(1s);
    EXPECT_EQ(busy.find(busy.caller_events, Kind::failed)->status, 486);
    expect_all_over(busy);

    EndpointPair given_up({}, {});
    given_up.callee->set_policy(AnswerPolicy{180, 0, 0s});
    const auto call = given_up.call();
    given_up.run(1s);
    given_up.caller->hang_up(given_up.now, call);
    given_up.run(1s);
    EXPECT_EQ(given_up.find(given_up.callee_events, Kind::failed)->status, 487);
    expect_all_over(given_up);
}

TEST(Endpoint, WithoutAMediaPortCallsAreRefused) {
    EndpointPair pair({}, {});
    pair.callee_side.no_ports = true;
    pair.call();
    pair.run(1s);
    EXPECT_EQ(pair.find(pair.caller_events, Kind::failed)->status, 503);
    expect_all_over(pair);
}

TEST(Endpoint, HoldsAndResumes) {
    EndpointPair pair({}, {});
    const auto call = pair.call();
    pair.run(1s);
    ASSERT_TRUE(pair.caller->change_direction(pair.now, call, sdp::Direction::sendonly));
    pair.run(1s);
    EXPECT_EQ(pair.find(pair.callee_events, Kind::changed)->text, "recvonly");
    pair.callee->play(pair.now, incoming(pair), phrase(160, 4));
    pair.run(1s);
    EXPECT_TRUE(pair.caller->media(call)->recorded().empty()) << "on hold";
    ASSERT_TRUE(pair.caller->change_direction(pair.now, call, sdp::Direction::sendrecv));
    pair.run(1s);
    EXPECT_EQ(pair.caller->media(call)->recorded(), phrase(160, 4));
    pair.caller->hang_up(pair.now, call);
    expect_all_over(pair);
}

// RFC 3261 14.2: a re-INVITE without an offer is answered with one; its ACK brings the answer.
TEST(Endpoint, OffersWhereAskedTo) {
    EndpointPair pair({}, {});
    const auto call = pair.call();
    pair.run(1s);
    const auto& trace = pair.caller->trace();
    const auto invite = sip::Message::parse(trace.front().text).value();
    std::string ok;
    for (const auto& t : trace) {
        if (!t.sent && t.text.rfind("SIP/2.0 200", 0) == 0) ok = t.text;
    }
    const auto answered = sip::Message::parse(ok).value();
    const auto send = [&](const std::string& method, const std::string& body) {
        const std::string type = body.empty() ? "" : "Content-Type: application/sdp\r\n";
        pair.callee->receive_sip(
            pair.now,
            method + " sip:callee@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-" +
                method + "\r\nMax-Forwards: 70\r\nFrom: " + std::string(answered.first(sip::HeaderId::from)) +
                "\r\nTo: " + std::string(answered.first(sip::HeaderId::to)) + "\r\nCall-ID: " +
                std::string(invite.call_id()) + "\r\nCSeq: " + std::to_string(invite.cseq().number + 1) +
                " " + method + "\r\nContact: <sip:caller@192.0.2.1:5060>\r\n" + type +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
            *causeway::Endpoint::parse("192.0.2.1:5060"));
    };
    send("INVITE", "");
    const auto offered = sip::Message::parse(pair.callee->trace().back().text).value();
    EXPECT_EQ(offered.status(), 200);
    EXPECT_TRUE(sdp::Session::parse(offered.body()));
    send("ACK", std::string(invite.body()));
    pair.run(40s);
    EXPECT_TRUE(pair.callee->confirmed(incoming(pair)));
    pair.caller->hang_up(pair.now, call);
    expect_all_over(pair);
}

TEST(Endpoint, RefusesChangesWhereToldTo) {
    Options stubborn;
    stubborn.accept_changes = false;
    EndpointPair pair({}, stubborn);
    const auto call = pair.call();
    pair.run(1s);
    pair.caller->change_direction(pair.now, call, sdp::Direction::inactive);
    pair.run(1s);
    EXPECT_EQ(pair.find(pair.caller_events, Kind::refused)->status, 488);
    EXPECT_TRUE(pair.caller->confirmed(call));
    pair.caller->hang_up(pair.now, call);
    expect_all_over(pair);
}

// RFC 4733: each digit is heard once, however often its packets are repeated.
TEST(Endpoint, DigitsArriveOnceEach) {
    EndpointPair pair({}, {});
    const auto call = pair.call();
    pair.run(1s);
    pair.caller->send_digits(pair.now, call, "1122#");
    pair.run(2s);
    std::string heard;
    for (const auto& e : pair.callee_events) {
        if (e.kind == Kind::digit) heard += e.text;
    }
    EXPECT_EQ(heard, "1122#");
    pair.caller->hang_up(pair.now, call);
    expect_all_over(pair);
}

// UDP loses messages: whichever one SIP message is lost, the call comes about, is heard and ends.
TEST(Endpoint, AnyOneLostMessageIsSurvived) {
    int messages = 0;
    {
        EndpointPair pair({}, {});
        ASSERT_TRUE(talk(pair));
        messages = pair.sip_messages;
    }
    ASSERT_GE(messages, 6);
    for (int lost = 0; lost < messages; ++lost) {
        EndpointPair pair({}, {});
        pair.drop = [&](int number) { return number == lost; };
        EXPECT_TRUE(talk(pair)) << "message " << lost;
        expect_all_over(pair);
    }
}

}  // namespace
}  // namespace causeway::endpoint
