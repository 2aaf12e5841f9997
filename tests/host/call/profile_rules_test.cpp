// The rules of profiles, one by one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/call/profile.hpp"
#include "host/sip/uri.hpp"

namespace causeway::call {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

ExtraHeaders fields() {
    return {{"Via", "SIP/2.0/UDP 192.0.2.1"},
            {"P-Asserted-Identity", "<sip:030100@h>"},
            {"Subject", "Lunch"},
            {"X-A", "1"},
            {"x-b", "2"}};
}

std::vector<std::string> names_after(const MessageRules& rules) {
    auto f = fields();
    apply(rules, true, f);
    std::vector<std::string> out;
    for (const auto& [name, value] : f) out.push_back(name);
    return out;
}

std::string changed(std::string_view match, std::string_view value, std::string_view text) {
    MessageRules rules;
    rules.headers = {{"X-A", HeaderRule::On::all, std::string(match), std::string(value)}};
    ExtraHeaders f{{"x-a", std::string(text)}};
    apply(rules, true, f);
    return f.at(0).second;
}

TEST(ProfileFields, KeepAndDropDecideByNameAndBeginning) {
    EXPECT_THAT(names_after({}), ElementsAre("Via", "P-Asserted-Identity", "Subject", "X-A", "x-b"));
    EXPECT_THAT(names_after({.keep = {"X-*"}}), ElementsAre("Via", "X-A", "x-b"));
    EXPECT_THAT(names_after({.keep = {"X-*", "s"}}), ElementsAre("Via", "Subject", "X-A", "x-b"));
    EXPECT_THAT(names_after({.keep = {"X-*"}, .drop = {"X-B"}}), ElementsAre("Via", "X-A"));
    EXPECT_THAT(names_after({.drop = {"*"}}), ElementsAre("Via")) << "what rules may not name stays";
}

TEST(ProfileHeader, WithMatchChangesWhatFits) {
    EXPECT_EQ(changed("a;*;c", "<$1>", "a;b;c"), "<b>");
    EXPECT_EQ(changed("a;*;c", "<$1>", "a;b;d"), "a;b;d");
    EXPECT_EQ(changed("*=*", "$2=$1", "a=b=c"), "b=c=a") << "each '*' as short as fits";
    EXPECT_EQ(changed("*", "$$$1$1", "x"), "$xx");
    EXPECT_EQ(changed("x", "y", "x"), "y");
    EXPECT_EQ(changed("x", "y", "xx"), "xx");
    EXPECT_EQ(changed("aa*aa", "y", "aaa"), "aaa") << "pieces do not overlap";
    EXPECT_EQ(changed("*ab*ab*", "$1|$2|$3", "ababab"), "||ab");
}

TEST(ProfileHeader, DoesNotGrowWithoutBounds) {
    const std::string twice = "$1$1", text(4000, 'x');
    EXPECT_EQ(changed("*", twice, text), text);
}

TEST(ProfileHeader, WithoutMatchSetsOneField) {
    MessageRules rules;
    rules.headers = {{"X-A", HeaderRule::On::requests, {}, "9"}};
    ExtraHeaders none, several{{"X-A", "1"}, {"Subject", "s"}, {"x-a", "2"}}, response{{"X-A", "1"}};
    apply(rules, true, none);
    apply(rules, true, several);
    apply(rules, false, response);
    EXPECT_THAT(none, ElementsAre(Pair("X-A", "9")));
    EXPECT_THAT(several, ElementsAre(Pair("X-A", "9"), Pair("Subject", "s")));
    EXPECT_THAT(response, ElementsAre(Pair("X-A", "1"))) << "a rule for requests";
}

TEST(ProfileHeader, OfWhatIsEachLegsOwnDoesNothing) {
    MessageRules rules;
    rules.headers = {{"Via", HeaderRule::On::all, {}, "x"}, {"Contact", HeaderRule::On::all, {}, "<sip:x>"}};
    auto f = fields();
    apply(rules, true, f);
    EXPECT_EQ(f, fields());
}

TEST(ProfileNumber, LongestPrefixDecides) {
    MessageRules rules;
    rules.numbers = {{{}, "0", 1, "+49"}, {{}, "00", 2, "+"}, {Party::called, "110", 0, "9"}};
    EXPECT_EQ(apply(rules, Party::called, "030100"), "+4930100");
    EXPECT_EQ(apply(rules, Party::called, "0049-30.100"), "+4930100");
    EXPECT_EQ(apply(rules, Party::called, "110"), "9110");
    EXPECT_EQ(apply(rules, Party::calling, "110"), "110");
    EXPECT_EQ(apply(rules, Party::called, "+1-2"), "+1-2") << "no rule: as it was";
    EXPECT_EQ(apply(rules, Party::called, "alice"), "alice");
    EXPECT_EQ(apply(rules, Party::called, "0alice"), "0alice");
    EXPECT_EQ(apply(rules, Party::calling, ""), "");
    rules.numbers = {{{}, "", 99, ""}};
    EXPECT_EQ(apply(rules, Party::called, "123"), "123") << "a number is left";
}

TEST(ProfileNumber, InUrisTakesItsParametersAlong_RFC3261_19_1_6) {
    MessageRules rules;
    rules.numbers = {{{}, "0", 1, "+49"}};
    const auto after = [&](std::string_view text) {
        auto uri = sip::Uri::parse(text).value();
        apply(rules, Party::calling, uri);
        return uri.to_string();
    };
    EXPECT_EQ(after("sip:030;phone-context=+1@h"), "sip:+4930@h");
    EXPECT_EQ(after("sip:9;phone-context=+1@h"), "sip:9;phone-context=+1@h");
    EXPECT_EQ(after("tel:0-30;phone-context=example.com"), "tel:+4930");
    EXPECT_EQ(after("sip:anonymous@anonymous.invalid"), "sip:anonymous@anonymous.invalid");
}

TEST(ProfileNumber, ReachesIdentities_RFC3325) {
    MessageRules rules;
    rules.numbers = {{Party::calling, "0", 1, "+49"}};
    ExtraHeaders f{{"P-Asserted-Identity", "\"A\" <sip:030100@h>"},
                   {"p-preferred-identity", "tel:030100"},
                   {"Subject", "030100"},
                   {"P-Asserted-Identity", "not an address"}};
    apply(rules, true, f);
    EXPECT_EQ(f[0].second, "\"A\" <sip:+4930100@h>");
    EXPECT_EQ(f[1].second, "<tel:+4930100>");
    EXPECT_EQ(f[2].second, "030100");
    EXPECT_EQ(f[3].second, "not an address");
}

sdp::Session session(std::string_view media) {
    return sdp::Session::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
                               std::string(media))
        .value();
}
constexpr std::string_view audio =
    "m=audio 30000 RTP/AVP 0 8 9 96 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=maxptime:40\r\na=crypto:1 X\r\na=sendonly\r\n";

std::string codecs_of(const sdp::Session& s) {
    std::string out;
    for (const auto& c : s.media.at(0).codecs()) out += (out.empty() ? "" : " ") + c.name;
    return out;
}

TEST(ProfileSdp, CodecsAreThoseAllowedInThatOrder) {
    auto s = session(audio);
    ASSERT_TRUE(apply(SdpRules{{{"OPUS", {}}, {"telephone-event", 8000}, {"PCMA", 8000}}, {}, {}}, s));
    EXPECT_EQ(codecs_of(s), "opus telephone-event PCMA");
    EXPECT_EQ(s.media[0].codecs()[0].fmtp, "useinbandfec=1");
    EXPECT_TRUE(s.media[0].has_attribute("crypto"));
    const auto before = session(audio);
    s = before;
    ASSERT_TRUE(apply(SdpRules{}, s));
    EXPECT_EQ(s, before);
}

TEST(ProfileSdp, RateCounts) {
    auto s = session(audio);
    EXPECT_FALSE(apply(SdpRules{{{"opus", 8000}}, {}, {}}, s));
}

TEST(ProfileSdp, WithoutACodecLeftIsRefused) {
    auto s = session(audio);
    EXPECT_FALSE(apply(SdpRules{{{"G729", {}}, {"telephone-event", {}}}, {}, {}}, s))
        << "digits alone are no call";
    s = session("m=audio 0 RTP/AVP 0\r\n");
    EXPECT_TRUE(apply(SdpRules{{{"G729", {}}}, {}, {}}, s)) << "nothing was to flow";
    s = session("m=image 30000 udptl t38\r\n");
    EXPECT_TRUE(apply(SdpRules{{{"G729", {}}}, {}, {}}, s)) << "no RTP";
    EXPECT_EQ(s.media[0].port, 30000);
}

TEST(ProfileSdp, DisablesALineWithoutACodecBesideOthers) {
    auto s = session(std::string(audio) + "m=video 30002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n");
    ASSERT_TRUE(apply(SdpRules{{{"PCMU", {}}}, {}, {}}, s));
    EXPECT_EQ(s.media[0].port, 30000);
    EXPECT_EQ(s.media[1].port, 0);
    EXPECT_THAT(s.media[1].formats, ElementsAre("97")) << "a rejected line has formats (RFC 3264 6)";
}

TEST(ProfileSdp, AttributesAreThoseKept) {
    auto s = session(audio);
    ASSERT_TRUE(apply(SdpRules{{}, {"maxptime"}, {}}, s));
    EXPECT_TRUE(s.media[0].has_attribute("maxptime"));
    EXPECT_FALSE(s.media[0].has_attribute("ptime"));
    for (const auto* own : {"crypto", "sendonly", "rtpmap", "fmtp"}) {
        EXPECT_TRUE(s.media[0].has_attribute(own)) << own;
    }
    s = session("a=x-one:1\r\na=tool:t\r\n" + std::string(audio) + "a=x-two\r\n");
    ASSERT_TRUE(apply(SdpRules{{}, {}, {"x-*"}}, s));
    EXPECT_FALSE(s.media[0].has_attribute("x-two"));
    EXPECT_TRUE(s.media[0].has_attribute("ptime"));
    EXPECT_EQ(s.attributes, (std::vector<sdp::Attribute>{{"tool", "t"}}));
}

TEST(ProfileReply, IsFoundByStatus) {
    Profile p;
    p.replies = {{603, 486, ""}, {503, 500, "No circuit"}};
    ASSERT_NE(reply_rule(p, 503), nullptr);
    EXPECT_EQ(reply_rule(p, 503)->reason, "No circuit");
    EXPECT_EQ(reply_rule(p, 486), nullptr);
}

}  // namespace
}  // namespace causeway::call
