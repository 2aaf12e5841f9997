// How messages find their transactions, what is noted in a Via, and where responses go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- the top Via of requests (18.2.1, RFC 3581)

Via shown_via(std::string_view via, std::string_view from) {
    Bench b;
    b.layer.receive(b.now,
                    MessageBuilder::request(Method::options, "sip:us@192.0.2.1")
                        .add(HeaderId::via, via)
                        .add(HeaderId::from, "<sip:a@b>;tag=1")
                        .add(HeaderId::to, "<sip:us@192.0.2.1>")
                        .add(HeaderId::call_id, "c")
                        .add(HeaderId::cseq, "1 OPTIONS")
                        .build(),
                    Bench::hop(Transport::udp, from));
    return b.user.messages.at(0).via();
}

TEST(TransactionVia, NotesTheSourceWhereItIsNotTheSentBy_RFC3261_18_2_1) {
    EXPECT_EQ(shown_via("SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1", "192.0.2.9:6000").params.get("received"),
              "192.0.2.9");
    EXPECT_EQ(shown_via("SIP/2.0/UDP ua.example;branch=z9hG4bK1", "192.0.2.9:6000").params.get("received"),
              "192.0.2.9");
    EXPECT_FALSE(shown_via("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "192.0.2.9:6000").params.has("received"));
    EXPECT_FALSE(shown_via("SIP/2.0/UDP [2001:DB8::0:9];branch=z9hG4bK1", "[2001:db8::9]:5060")
                     .params.has("received"));
    EXPECT_EQ(
        shown_via("SIP/2.0/UDP [2001:db8::8];branch=z9hG4bK1", "[2001:db8::9]:5060").params.get("received"),
        "2001:db8::9");
}

TEST(TransactionVia, FillsRportAndThenAlwaysReceived_RFC3581_4) {
    const Via via = shown_via("SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK1", "192.0.2.9:6000");
    EXPECT_EQ(via.params.get("rport"), "6000");
    EXPECT_EQ(via.params.get("received"), "192.0.2.9");
}

TEST(TransactionVia, APeerCannotNoteASourceOfItsOwn_RFC3261_18_2_1) {
    const Via via =
        shown_via("SIP/2.0/UDP 192.0.2.9;received=198.51.100.1;rport=53;branch=z9hG4bK1", "192.0.2.9:6000");
    EXPECT_EQ(via.params.get("rport"), "6000");
    EXPECT_EQ(via.params.get("received"), "192.0.2.9");
}

// ---- where responses go

std::string response_goes_to(Transport transport, std::string_view sent_by_and_params) {
    Bench b(transport);
    b.peer.remote = *Endpoint::parse("192.0.2.9:6000");
    const std::string via = "SIP/2.0/" + std::string(to_string(transport)) + " ";
    b.receive(MessageBuilder::request(Method::options, "sip:us@192.0.2.1")
                  .add(HeaderId::via, via + std::string(sent_by_and_params) + ";branch=z9hG4bK1")
                  .add(HeaderId::from, "<sip:a@b>;tag=1")
                  .add(HeaderId::to, "<sip:us@192.0.2.1>")
                  .add(HeaderId::call_id, "c")
                  .add(HeaderId::cseq, "1 OPTIONS")
                  .build());
    b.answer(200);
    const auto& sent = b.wire.sent.at(0);
    EXPECT_EQ(sent.to.transport, transport);
    EXPECT_EQ(sent.to.listener, b.peer.listener);
    return sent.to.remote.to_string();
}

TEST(TransactionResponse, GoesToTheSourceAndThePortOfTheVia_RFC3261_18_2_2) {
    EXPECT_EQ(response_goes_to(Transport::udp, "10.0.0.5:5070"), "192.0.2.9:5070");
    EXPECT_EQ(response_goes_to(Transport::udp, "ua.example"), "192.0.2.9:5060");
}

TEST(TransactionResponse, GoesToTheSourcePortWithRport_RFC3581_4) {
    EXPECT_EQ(response_goes_to(Transport::udp, "10.0.0.5:5070;rport"), "192.0.2.9:6000");
}

TEST(TransactionResponse, GoesToMaddrFirst_RFC3261_18_2_2_RFC3581_4) {
    EXPECT_EQ(response_goes_to(Transport::udp, "10.0.0.5:5070;maddr=198.51.100.7;rport"),
              "198.51.100.7:5070");
    EXPECT_EQ(response_goes_to(Transport::udp, "10.0.0.5;maddr=198.51.100.7"), "198.51.100.7:5060");
    // A name needs DNS, which is not for this layer.
    EXPECT_EQ(response_goes_to(Transport::udp, "10.0.0.5:5070;maddr=host.example"), "192.0.2.9:5070");
}

TEST(TransactionResponse, StaysOnTheConnection_RFC3261_18_2_2) {
    EXPECT_EQ(response_goes_to(Transport::tcp, "10.0.0.5:5070;maddr=198.51.100.7"), "192.0.2.9:6000");
}

// ---- server transactions (17.2.3)

TEST(ServerMatching, BranchSentByAndMethodDecide_RFC3261_17_2_3) {
    Bench b;
    const auto request = [&](std::string_view method, std::string_view sent_by, std::string_view branch) {
        b.receive("" + std::string(method) + " sip:us@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP " +
                  std::string(sent_by) + ";branch=" + std::string(branch) +
                  "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:us@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 " +
                  std::string(method) + "\r\n\r\n");
    };
    request("OPTIONS", "ua.example:5070", "z9hG4bKa");
    request("OPTIONS", "UA.example:5070", "z9hG4bKa");  // the same: a host name has no case
    EXPECT_EQ(b.layer.size(), 1u);
    request("OPTIONS", "ua.example", "z9hG4bKa");       // another port
    request("OPTIONS", "ub.example:5070", "z9hG4bKa");  // another host
    request("OPTIONS", "ua.example:5070", "z9hG4bKb");  // another branch
    request("MESSAGE", "ua.example:5070", "z9hG4bKa");  // another method
    request("XTEND", "ua.example:5070", "z9hG4bKa");    // an extension
    request("YTEND", "ua.example:5070", "z9hG4bKa");    // another one
    EXPECT_EQ(b.layer.size(), 7u);
    EXPECT_THAT(b.user.events,
                ElementsAre("OPTIONS", "OPTIONS", "OPTIONS", "OPTIONS", "MESSAGE", "XTEND", "YTEND"));
    EXPECT_EQ(b.layer.counters().requests_in, 8u);
    EXPECT_EQ(b.layer.counters().retransmissions_in, 1u);
}

class OldBranches : public ::testing::TestWithParam<std::string_view> {};

TEST_P(OldBranches, RequestsOfRfc2543MatchByTheirHeaders_RFC3261_17_2_3) {
    Bench b;
    const std::string_view branch = GetParam();
    const Message invite = b.peer_request("INVITE", branch, {}, "");
    b.receive(invite);
    const auto id = b.user.last_id;
    b.receive(invite);
    EXPECT_EQ(b.layer.size(), 1u);
    const Message shown = b.user.messages.back();

    b.receive(b.peer_request("CANCEL", branch, {}, ""));
    EXPECT_THAT(b.user.events, ElementsAre("INVITE", "CANCEL"));
    EXPECT_EQ(b.layer.invite_of(b.user.messages.back()), id);
    b.answer(200);

    b.layer.respond(b.now, id, MessageBuilder::response_to(shown, 487, "u1").build());
    b.receive(b.peer_request("ACK", branch, "u1", ""));
    EXPECT_EQ(b.state(id), "confirmed");
    EXPECT_EQ(b.user.events.size(), 2u);

    b.receive(b.peer_request("BYE", branch, "u1", ""));  // differs in method
    EXPECT_EQ(b.user.events.back(), "BYE");
    b.answer(481);
    b.run_until(100000);
    EXPECT_EQ(b.layer.size(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Branches, OldBranches, ::testing::Values("", "1", "z9hG4bK"));

TEST(ServerMatching, AnotherCSeqIsAnotherTransactionOfRfc2543_RFC3261_17_2_3) {
    Bench b;
    for (const char* cseq : {"1", "2", "1"}) {
        b.receive(
            "INVITE sip:us@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: <sip:a@b>;tag=1\r\n"
            "To: <sip:us@192.0.2.1>\r\nCall-ID: c\r\nCSeq: " +
            std::string(cseq) + " INVITE\r\n\r\n");
    }
    EXPECT_EQ(b.layer.size(), 2u);
}

TEST(ServerMatching, WhatWeNotedInAViaTellsNoRequestsOfRfc2543Apart_RFC3261_17_2_3) {
    Bench b;
    const Message invite = *Message::parse(
        "INVITE sip:us@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;rport\r\nFrom: <sip:a@b>;tag=1\r\n"
        "To: <sip:us@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n");
    for (const char* source : {"192.0.2.9:5060", "192.0.2.9:6000", "192.0.2.10:6000"})  // a NAT moves it
        b.layer.receive(b.now, invite, Bench::hop(Transport::udp, source));
    EXPECT_EQ(b.layer.size(), 1u);
}

TEST(ServerMatching, ACancelIsATransactionOfItsOwnAndNamesItsInvite_RFC3261_9_2) {
    Bench b;
    b.receive(b.peer_request("INVITE"));
    const auto invite = b.user.last_id;
    const Message shown = b.user.messages.back();
    const Message cancel = b.peer_request("CANCEL");
    b.receive(cancel);
    const auto id = b.user.last_id;
    EXPECT_NE(id, invite);
    EXPECT_EQ(b.layer.describe(id), "server CANCEL, trying, z9hG4bKpeer");
    EXPECT_EQ(b.layer.invite_of(b.user.messages.back()), invite);
    b.answer(200);
    b.receive(cancel);
    EXPECT_EQ(b.wire.times("200").size(), 2u);
    EXPECT_EQ(b.state(invite), "proceeding");
    b.layer.respond(b.now, invite, MessageBuilder::response_to(shown, 487, "u1").build());
    EXPECT_EQ(b.layer.invite_of(cancel), invite);  // finished, but there: the CANCEL gets its 200 (9.2)
    b.receive(b.peer_request("ACK", "z9hG4bKpeer", "u1"));
    b.run_until(100000);
    EXPECT_EQ(b.layer.invite_of(cancel), std::nullopt);

    b.receive(b.peer_request("CANCEL", "z9hG4bKunknown"));
    EXPECT_EQ(b.user.events.back(), "CANCEL");
    EXPECT_EQ(b.layer.invite_of(b.user.messages.back()), std::nullopt);
}

TEST(ServerMatching, AnAckWithoutATransactionGoesUpAndMakesNone_RFC3261_17_2_3) {
    Bench b;
    b.receive(b.peer_request("ACK", "z9hG4bKack", "u1"));
    b.receive(b.peer_request("ACK", "z9hG4bKack", "u1"));
    EXPECT_THAT(b.user.events, ElementsAre("ack", "ack"));
    EXPECT_EQ(b.user.messages.back().via().params.get("rport"), "5060");
    EXPECT_EQ(b.layer.size(), 0u);
}

// ---- client transactions (17.1.3)

TEST(ClientMatching, BranchAndMethodOfTheCSeqDecide_RFC3261_17_1_3) {
    Bench b;
    b.request(Method::invite);
    b.request(Method::bye);
    b.respond(Method::bye, 200);
    EXPECT_THAT(b.user.events, ElementsAre("200"));
    EXPECT_EQ(b.user.messages.back().method(), Method::bye);

    // Right branch, wrong method.
    const Message good = b.response(Method::invite, 180);
    const std::string text(good.text());
    b.receive(std::string(text).replace(text.find("7 INVITE"), 8, "7 OPTIONS"));
    EXPECT_EQ(b.user.events.size(), 1u);
    b.receive(text);
    EXPECT_EQ(b.user.events.size(), 2u);
    EXPECT_EQ(b.layer.counters().stray_responses, 1u);
}

TEST(ClientMatching, ResponsesThatAreNotForUsAreDropped_RFC3261_18_1_2_8_1_3_3) {
    Bench b;
    b.request(Method::invite);
    const std::string text(b.response(Method::invite, 200).text());
    const auto with = [&](std::string_view what, std::string_view instead) {
        return std::string(text).replace(text.find(what), what.size(), instead);
    };
    b.receive(with("UDP 192.0.2.1:5060", "UDP 192.0.2.2:5060"));
    b.receive(with("UDP 192.0.2.1:5060", "UDP 192.0.2.1:5062"));
    b.receive(with("\r\nFrom:", "\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKbelow\r\nFrom:"));
    EXPECT_THAT(b.user.events, IsEmpty());
    EXPECT_EQ(b.layer.counters().stray_responses, 3u);
    EXPECT_EQ(b.layer.counters().responses_in, 3u);
    b.receive(with("UDP 192.0.2.1:5060", "UDP 192.0.2.1"));  // the default port
    EXPECT_THAT(b.user.events, ElementsAre("200"));
}

TEST(ClientMatching, OfStrayResponsesOnlyA2xxToInviteGoesUp_RFC3261_13_2_2_4) {
    Bench b;
    for (const Method method : {Method::invite, Method::bye}) {
        for (const int status : {180, 200, 299, 302, 486}) {
            Via via;
            via.transport = "UDP";
            via.host = "192.0.2.1";
            via.port = 5060;
            via.params.set("branch", "z9hG4bKgone");
            b.receive(MessageBuilder::response(status, "x")
                          .add(HeaderId::via, via.to_string())
                          .add(HeaderId::from, "<sip:a@b>;tag=1")
                          .add(HeaderId::to, "<sip:c@d>;tag=2")
                          .add(HeaderId::call_id, "c")
                          .add(HeaderId::cseq, "1 " + std::string(to_string(method)))
                          .build());
        }
    }
    EXPECT_THAT(b.user.events, ElementsAre("stray 200", "stray 299"));
    EXPECT_EQ(b.layer.counters().stray_responses, 10u);
}

// ---- outside transactions

TEST(Stateless, TheAckToA2xxHasABranchOfItsOwnAndIsSentAgainAsItWas_RFC3261_13_2_2_4) {
    Bench b;
    b.request(Method::invite);
    const auto ack = [&] {
        return MessageBuilder::request(Method::ack, "sip:bob@192.0.2.9")
            .add(HeaderId::from, "<sip:alice@atlanta.example>;tag=a1")
            .add(HeaderId::to, "<sip:bob@biloxi.example>;tag=b1")
            .add(HeaderId::call_id, "call-1")
            .add(HeaderId::cseq, "7 ACK");
    };
    const Message sent = b.layer.send_stateless(b.now, ack(), b.peer);
    b.layer.resend(b.now, sent, b.peer);
    ASSERT_EQ(b.wire.times("ACK").size(), 2u);
    EXPECT_EQ(b.wire.sent.at(1).message.text(), b.wire.sent.at(2).message.text());
    EXPECT_TRUE(sent.via().has_magic_cookie());
    EXPECT_NE(sent.via().branch(), b.wire.sent.at(0).message.via().branch());
    EXPECT_EQ(b.layer.size(), 1u);
    EXPECT_EQ(b.layer.counters().transport_errors, 0u);
    b.wire.refuse = true;
    b.layer.resend(b.now, sent, b.peer);
    EXPECT_EQ(b.layer.counters().transport_errors, 1u);
}

// ---- calling back

// Whatever a user does from inside a callback, the layer stays whole; sanitizers watch the rest.
TEST(Reentrancy, AUserMayCallTheLayerFromEveryCallback) {
    for (const Transport transport : {Transport::udp, Transport::tcp}) {
        Bench b(transport);
        int budget = 40;
        std::set<TransactionId> seen;
        b.user.hook = [&](Time now, TransactionId id, const std::string& event) {
            // An answer to each transaction is tried once, for a user that tries again on every refusal would
            // do so for ever.
            if (seen.insert(id).second)
                b.layer.respond(now, id,
                                MessageBuilder::response_to(b.peer_request("BYE"), 200, "u").build());
            for (const TransactionId each : seen) {
                b.layer.cancel(now, each);
                b.layer.describe(each);
                b.layer.sent_request(each);
            }
            if (--budget < 0) return;
            b.layer.request(now, MessageBuilder::request(Method::options, "sip:x@y"), b.peer);
            const auto invite = b.request(Method::invite);
            b.respond(Method::invite, budget % 2 == 0 ? 180 : 486);
            b.layer.cancel(now, invite);
            b.receive(b.peer_request("BYE", "z9hG4bK" + std::to_string(budget)));
            b.layer.advance(now);
            if (event == "timeout" || budget % 5 == 0) b.layer.transport_error(now, b.peer);
            if (event == "terminated") {
                EXPECT_EQ(b.layer.describe(id), "");
            }
        };
        b.receive(b.peer_request("INVITE"));
        b.request(Method::bye);
        b.respond(Method::bye, 200);
        b.wire.refuse = true;
        b.request(Method::bye);
        b.run_until(50);
        b.wire.refuse = false;
        b.run_until(1000000);
        EXPECT_LT(budget, 0);
        EXPECT_EQ(b.layer.size(), 0u);
        EXPECT_EQ(b.layer.next_timer(), std::nullopt);
    }
}

TEST(Reentrancy, EachTransactionTerminatesExactlyOnceThoughToldTwiceAtATime) {
    Bench b;
    b.user.hook = [&](Time now, TransactionId, const std::string& event) {
        if (event == "timeout") {
            b.layer.transport_error(now, b.peer);
            b.layer.advance(now);
        }
    };
    b.request(Method::invite);
    b.request(Method::bye);
    b.run_until(100000);
    EXPECT_EQ(std::count(b.user.events.begin(), b.user.events.end(), "terminated"), 2);
    EXPECT_EQ(b.layer.size(), 0u);
}

}  // namespace
}  // namespace causeway::sip
