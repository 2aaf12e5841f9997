#include "host/sip/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    const Message request = *Message::parse(invite);
    const Message response = MessageBuilder::response_to(request, 180, "abc").build();
    EXPECT_EQ(response.status(), 180);
    EXPECT_EQ(response.reason(), "Ringing");
    EXPECT_EQ(response.to().tag(), "abc");
    EXPECT_EQ(response.values(HeaderId::via), request.values(HeaderId::via));
    EXPECT_TRUE(Message::parse(response.text()));
}

TEST(Message, ReplacesTheTopViaOnly) {
    const Message request = *Message::parse(invite);
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

}  // namespace
}  // namespace causeway::sip
