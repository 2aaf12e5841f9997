// A profile tried on messages as they stand in files.
#include "host/call/profile_trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::call {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view invite = R"(INVITE sip:004930200@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1
From: "Alice" <sip:030100@pbx.example>;tag=a
To: <sip:004930200@192.0.2.1>
Call-ID: c1
CSeq: 1 INVITE
Contact: <sip:030100@192.0.2.9>
Subject: Lunch
X-Debug: 1
Content-Type: application/sdp
Content-Length: 7

v=0
o=- 1 1 IN IP4 192.0.2.9
s=-
c=IN IP4 192.0.2.9
t=0 0
m=audio 30000 RTP/AVP 0 8
)";

constexpr std::string_view refusal =
    "SIP/2.0 603 Decline\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2\r\nFrom: <sip:0@a>;tag=a\r\n"
    "To: <sip:0@b>;tag=b\r\nCall-ID: c2\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

Profile sample() {
    Profile p;
    p.in.drop = {"X-*", "Via"};
    p.in.headers = {{"Subject", HeaderRule::On::requests, "L*", "l$1"}};
    p.in.numbers = {{{}, "00", 2, "+"}, {{}, "0", 1, "+49"}};
    p.out.numbers = {{Party::called, "00", 0, "7"}};
    p.sdp.codecs = {{"PCMA", {}}};
    p.replies = {{603, 486, "Busy"}};
    return p;
}

TEST(ProfileTrial, ShowsAReceivedRequest) {
    const auto t = try_profile(sample(), true, invite);
    ASSERT_TRUE(t) << t.error().what;
    EXPECT_THAT(t->before, HasSubstr("INVITE sip:004930200@192.0.2.1 SIP/2.0\r\nVia: "));
    EXPECT_THAT(t->before, HasSubstr("m=audio 30000 RTP/AVP 0 8\r\n"));
    EXPECT_THAT(t->after, HasSubstr("INVITE sip:+4930200@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9"));
    EXPECT_THAT(t->after, HasSubstr("From: \"Alice\" <sip:+4930100@pbx.example>;tag=a\r\n"));
    EXPECT_THAT(t->after, HasSubstr("To: <sip:+4930200@192.0.2.1>\r\n"));
    EXPECT_THAT(t->after, HasSubstr("Contact: <sip:030100@192.0.2.9>\r\n"));
    EXPECT_THAT(t->after, HasSubstr("Subject: lunch\r\n"));
    EXPECT_THAT(t->after, Not(HasSubstr("X-Debug")));
    EXPECT_THAT(t->after, HasSubstr("m=audio 30000 RTP/AVP 8\r\n"));
    EXPECT_THAT(t->notes, ElementsAre("fields: X-Debug dropped", "header: Subject: \"Lunch\" is \"lunch\"",
                                      "number: called number 004930200 is +4930200 by prefix \"00\"",
                                      "number: calling number 030100 is +4930100 by prefix \"0\"",
                                      "number: called number 004930200 is +4930200 by prefix \"00\"",
                                      "codecs: PCMU/8000, PCMA/8000 is PCMA/8000"));
}

TEST(ProfileTrial, ShowsARequestThatIsSent) {
    const auto t = try_profile(sample(), false, invite);
    ASSERT_TRUE(t);
    EXPECT_THAT(t->after, HasSubstr("INVITE sip:7004930200@192.0.2.1 SIP/2.0\r\n"));
    EXPECT_THAT(t->after, HasSubstr("<sip:030100@pbx.example>"));
    EXPECT_THAT(t->after, HasSubstr("X-Debug: 1\r\n"));
}

TEST(ProfileTrial, ShowsRepliesOfTheTrunkOnly) {
    EXPECT_THAT(try_profile(sample(), true, refusal)->after, HasSubstr("SIP/2.0 486 Busy\r\n"));
    const auto sent = try_profile(sample(), false, refusal);
    EXPECT_EQ(sent->after, sent->before);
    EXPECT_THAT(sent->notes, IsEmpty());
}

TEST(ProfileTrial, SaysWhatWouldBeRefused) {
    Profile p;
    p.sdp.codecs = {{"G729", {}}};
    const auto t = try_profile(p, true, invite);
    ASSERT_TRUE(t);
    EXPECT_EQ(t->after, "");
    EXPECT_EQ(t->notes.back(), "refused with 488: no codec that the profile allows");
}

TEST(ProfileTrial, SaysWhatIsNoMessage) {
    EXPECT_THAT(try_profile({}, true, "hello").error().what, HasSubstr("no SIP message: "));
    EXPECT_THAT(try_profile({}, true, "").error().what, HasSubstr("no SIP message: "));
    EXPECT_THAT(try_profile({}, true, std::string(invite) + "q=1\n").error().what, HasSubstr("SDP: "));
}

}  // namespace
}  // namespace causeway::call
