#include "host/sip/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

namespace causeway::sip {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view invite =
    "INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n"
    "Via: SIP/2.0/TCP [2001:db8::9:1]:5070;branch=z9hG4bKa, SIP/2.0/TLS c.example.com;branch=z9hG4bKb\r\n"
    "Max-Forwards: 70\r\n"
    "t: Bob <sip:bob@biloxi.com>\r\n"
    "From: \"Alice, A.\" <sip:alice@atlanta.com>;tag=1928301774\r\n"
    "i: a84b4c76e66710@pc33.atlanta.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "k: 100rel, timer\r\n"
    "Supported: replaces\r\n"
    "X-Odd: one\r\n two\r\n"
    "Contact: <sip:alice@pc33.atlanta.com>\r\n"
    "Content-Type: application/sdp\r\n"
    "l: 4\r\n"
    "\r\n"
    "v=0\n rest that is cut";

// The message, which must be one.
Message read(std::string_view text) {
    auto parsed = Message::parse(text);
    if (!parsed) throw std::invalid_argument(parsed.error().reason);
    return *parsed;
}

TEST(Message, ReadsARequest) {
    const auto parsed = Message::parse(invite);
    ASSERT_TRUE(parsed) << parsed.error().reason;
    const Message& m = *parsed;
    EXPECT_TRUE(m.is_request());
    EXPECT_EQ(m.method(), Method::invite);
    EXPECT_EQ(m.request_uri(), "sip:bob@biloxi.com");
    EXPECT_EQ(m.via().branch(), "z9hG4bK776asdhds");
    EXPECT_EQ(m.from().display, "Alice, A.");
    EXPECT_EQ(m.from().tag(), "1928301774");
    EXPECT_EQ(m.to().uri.user, "bob");
    EXPECT_EQ(m.call_id(), "a84b4c76e66710@pc33.atlanta.com");
    EXPECT_EQ(m.cseq().number, 314159u);
    EXPECT_THAT(m.values(HeaderId::via), ElementsAre("SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds",
                                                     "SIP/2.0/TCP [2001:db8::9:1]:5070;branch=z9hG4bKa",
                                                     "SIP/2.0/TLS c.example.com;branch=z9hG4bKb"));
    EXPECT_THAT(m.values(HeaderId::supported), ElementsAre("100rel", "timer", "replaces"));
    EXPECT_TRUE(m.lists(HeaderId::supported, "TIMER"));
    EXPECT_EQ(m.first("x-odd"), "one two");
    EXPECT_EQ(m.body(), "v=0\n");
}

TEST(Message, AnswersARequest) {
    const Message request = read(invite);
    const Message response = MessageBuilder::response_to(request, 180, "abc").build();
    EXPECT_EQ(response.status(), 180);
    EXPECT_EQ(response.reason(), "Ringing");
    EXPECT_EQ(response.to().tag(), "abc");
    EXPECT_EQ(response.values(HeaderId::via), request.values(HeaderId::via));
    EXPECT_TRUE(Message::parse(response.text()));
}

TEST(Message, ReplacesTheTopViaOnly) {
    const Message request = read(invite);
    Via via = request.via();
    via.params.set("received", "192.0.2.1");
    const Message noted = request.with_top_via(via);
    EXPECT_EQ(noted.via().params.get("received"), "192.0.2.1");
    const auto again = Message::parse(noted.text());
    ASSERT_TRUE(again) << again.error().reason;
    EXPECT_EQ(again->via().params.get("received"), "192.0.2.1");
    ASSERT_EQ(again->fields().size(), noted.fields().size());
    for (std::size_t i = 0; i < noted.fields().size(); ++i) {
        EXPECT_EQ(noted.fields()[i].name, again->fields()[i].name);
        EXPECT_EQ(noted.fields()[i].value, again->fields()[i].value);
    }
    EXPECT_EQ(noted.body(), request.body());
}

TEST(Message, CopiesShareTheBufferAndOutliveTheOriginal) {
    std::optional<Message> original = read(invite);
    const Message copy = *original;
    EXPECT_EQ(copy.text().data(), original->text().data());
    original.reset();
    EXPECT_EQ(copy.call_id(), "a84b4c76e66710@pc33.atlanta.com");
    EXPECT_EQ(copy.first(HeaderId::contact), "<sip:alice@pc33.atlanta.com>");
}

TEST(Message, FindsFieldsByNameInAnyFormAndTellsAbsentFromEmpty) {
    const Message m = read(
        "OPTIONS sip:u@h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <sip:a@h>;tag=1\r\nt: <sip:b@h>\r\ni: 1\r\nCSeq: "
        "1 "
        "OPTIONS\r\nSubject:\r\nx-Y: 1\r\nX-y: 2\r\n\r\n");
    EXPECT_EQ(m.first("VIA"), "SIP/2.0/UDP h");
    EXPECT_EQ(m.first("X-Y"), "1");
    EXPECT_TRUE(m.has(HeaderId::subject));
    EXPECT_EQ(m.first(HeaderId::subject), "");
    EXPECT_FALSE(m.has(HeaderId::contact));
    EXPECT_TRUE(m.values(HeaderId::contact).empty());
    EXPECT_EQ(m.fields().back().name, "X-y");
}

TEST(Message, SplitsValuesAtTopLevelCommasOnly_Rfc3261Section7_3_1) {
    const Message m = read(
        "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: "
        "1\r\nCSeq: 1 "
        "REGISTER\r\nContact: \"a, \\\", b\" <sip:x,y@h>;q=1 ,<sip:c@h>\r\nm: sip:d@h\r\n"
        "Allow: ,INVITE,,ACK ,\r\n\r\n");
    EXPECT_THAT(m.values(HeaderId::contact),
                ElementsAre("\"a, \\\", b\" <sip:x,y@h>;q=1", "<sip:c@h>", "sip:d@h"));
    EXPECT_THAT(m.values(HeaderId::allow), ElementsAre("INVITE", "ACK"));
    EXPECT_TRUE(m.lists(HeaderId::allow, "ack"));
    EXPECT_FALSE(m.lists(HeaderId::allow, "AC"));
}

// ---- salvage

TEST(Salvage, GivesWhatAnAnswerNeedsThoughTheFieldsAreBroken) {
    const std::string_view broken =
        "INVITE sip:user@example.com SIP/7.0\r\n"
        "Via: SIP/7.0/UDP 192.0.2.15:5070;;,;,,\r\n"
        "From: \"unbalanced <sip:a@h>;tag=1\r\n"
        "To: <sip:b@h>\r\n"
        "Call-ID: x\r\n"
        "CSeq: 7 INVITE\r\n"
        "Foobar roobar\r\n\r\n";
    EXPECT_EQ(Message::parse(broken).error().status, 505);
    const auto m = Message::salvage(broken);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->method(), Method::invite);
    EXPECT_EQ(m->via().host, "192.0.2.15");
    EXPECT_EQ(m->via().port, 5070);
    EXPECT_EQ(m->cseq().number, 7u);
    const Message answer = MessageBuilder::response_to(*m, 505, "local").build();
    EXPECT_EQ(answer.status(), 505);
    EXPECT_EQ(answer.reason(), "Version Not Supported");
    EXPECT_EQ(answer.first(HeaderId::from), "\"unbalanced <sip:a@h>;tag=1");
    EXPECT_EQ(answer.first(HeaderId::to), "<sip:b@h>;tag=local");
    EXPECT_EQ(answer.first(HeaderId::via), "SIP/7.0/UDP 192.0.2.15:5070;;,;,,");
}

TEST(Salvage, IsRefusedWhereNothingCanBeAnswered) {
    EXPECT_FALSE(Message::salvage(""));
    EXPECT_FALSE(Message::salvage("INVITE sip:h SIP/2.0\r\nFrom: <sip:a@h>\r\n\r\n"));
    EXPECT_FALSE(Message::salvage("ACK sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n"));
    EXPECT_FALSE(Message::salvage("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n\r\n"));
    EXPECT_FALSE(Message::salvage("INVITE sip:h SIP/2.0\r\nVia: what\r\n\r\n"));
}

// ---- responses

TEST(ResponseTo, CopiesWhatRfc3261Section8_2_6_2Says) {
    const Message request = read(invite);
    const Message m = MessageBuilder::response_to(request, 404, "tag9", "No such user").build();
    EXPECT_EQ(m.reason(), "No such user");
    EXPECT_EQ(m.method(), Method::invite);
    EXPECT_EQ(m.first(HeaderId::from), request.first(HeaderId::from));
    EXPECT_EQ(m.call_id(), request.call_id());
    EXPECT_EQ(m.cseq().number, request.cseq().number);
    EXPECT_FALSE(m.has(HeaderId::contact));
    EXPECT_FALSE(m.has(HeaderId::max_forwards));
    EXPECT_EQ(m.first(HeaderId::content_length), "0");
    EXPECT_EQ(MessageBuilder::response_to(request, 100, "").build().to().tag(), "");
}

TEST(ResponseTo, KeepsATagThatIsThere) {
    const Message request = read(
        "BYE sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: sip:b@h ; tag = "
        "2\r\nCall-ID: "
        "1\r\nCSeq: 1 BYE\r\n\r\n");
    const Message m = MessageBuilder::response_to(request, 200, "other").build();
    EXPECT_EQ(m.first(HeaderId::to), "sip:b@h ; tag = 2");
}

TEST(ResponseTo, CopiesRecordRouteAndTimestampOnlyWhereTheyBelong) {
    const auto request = [](std::string method) {
        return read(method + " sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: " +
                    "<sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 " + method +
                    "\r\nRecord-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\nTimestamp: 54\r\n\r\n");
    };
    const auto routes = [&](std::string method, int status) {
        return MessageBuilder::response_to(request(method), status, "t")
            .build()
            .values(HeaderId::record_route)
            .size();
    };
    EXPECT_EQ(routes("INVITE", 100), 0u);
    EXPECT_EQ(routes("INVITE", 101), 2u);
    EXPECT_EQ(routes("INVITE", 200), 2u);
    EXPECT_EQ(routes("INVITE", 302), 0u);
    EXPECT_EQ(routes("SUBSCRIBE", 200), 2u);
    EXPECT_EQ(routes("BYE", 200), 0u);
    EXPECT_EQ(MessageBuilder::response_to(request("INVITE"), 100, "").build().first(HeaderId::timestamp),
              "54");
    EXPECT_FALSE(MessageBuilder::response_to(request("INVITE"), 200, "t").build().has(HeaderId::timestamp));
}

// ---- building

MessageBuilder options() {
    MessageBuilder builder = MessageBuilder::request(Method::options, "sip:u@h");
    builder.add(HeaderId::from, "<sip:a@h>;tag=1").add(HeaderId::to, "<sip:b@h>").add(HeaderId::call_id, "1");
    builder.add(HeaderId::cseq, "1 OPTIONS").prepend(HeaderId::via, "SIP/2.0/UDP h;branch=z9hG4bKa");
    return builder;
}

TEST(Builder, WritesFieldsInOrderAndTheLengthOfTheBody) {
    const Message m = options().add("X-Own", "1").body("text/plain", "a\r\nb").build();
    EXPECT_EQ(m.text(),
              "OPTIONS sip:u@h SIP/2.0\r\n"
              "Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
              "From: <sip:a@h>;tag=1\r\n"
              "To: <sip:b@h>\r\n"
              "Call-ID: 1\r\n"
              "CSeq: 1 OPTIONS\r\n"
              "X-Own: 1\r\n"
              "Content-Type: text/plain\r\n"
              "Content-Length: 4\r\n\r\n"
              "a\r\nb");
    EXPECT_EQ(m.body(), "a\r\nb");
}

TEST(Builder, LetsNoValueWriteALineOfItsOwn) {
    const std::string evil("x\r\nVia: SIP/2.0/UDP evil\r\n\r\n\0body", 33);
    const Message m = options().add(HeaderId::subject, evil).add("X-Other", "\nFrom: <sip:evil@h>").build();
    const auto again = Message::parse(m.text());
    ASSERT_TRUE(again) << again.error().reason;
    EXPECT_EQ(again->first(HeaderId::subject), "x  Via: SIP/2.0/UDP evil     body");
    EXPECT_EQ(again->first("X-Other"), "From: <sip:evil@h>");
    EXPECT_EQ(again->values(HeaderId::via).size(), 1u);
    EXPECT_EQ(again->body(), "");

    const Message start = MessageBuilder::response(200, "OK\r\nVia: SIP/2.0/UDP evil").build();
    EXPECT_FALSE(start.has(HeaderId::via));
    EXPECT_EQ(start.reason(), "OK  Via: SIP/2.0/UDP evil");
    EXPECT_FALSE(MessageBuilder::request("X", "sip:h\nVia: SIP/2.0/UDP evil").build().has(HeaderId::via));
    EXPECT_FALSE(MessageBuilder::request("X\nVia:", "sip:h").build().has(HeaderId::via));
}

TEST(Builder, LeavesOutNamesThatAreNoTokensAndLengthsThatAreNotItsOwn) {
    const Message m = options().add("Evil: x\r\nVia", "1").add("", "2").add("l", "99").build();
    EXPECT_EQ(m.fields().size(), 6u);
    EXPECT_EQ(m.first(HeaderId::content_length), "0");
}

TEST(Builder, HasPhrasesForStatusCodes) {
    EXPECT_EQ(reason_phrase(180), "Ringing");
    EXPECT_EQ(reason_phrase(481), "Call/Transaction Does Not Exist");
    EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace causeway::sip
