// [[profile]] tables: what is read, and what a profile may not touch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/gateway/config.hpp"

using namespace causeway;
using namespace causeway::gateway;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

// Six lines.
constexpr std::string_view minimal = R"([[listener]]
name = "lo"
address = "udp:127.0.0.1:5060"
[[media]]
address = "127.0.0.1"
ports = "20000-20099"
)";

std::vector<std::string> errors_behind_minimal(std::string_view more) {
    const auto config = parse_config(std::string(minimal) + std::string(more));
    std::vector<std::string> out;
    if (config) return out;
    for (const auto& error : config.error()) out.push_back(error.to_string("f"));
    return out;
}

// The only error of a profile "p" with that text behind its name, from line 9 on.
std::string error_of(std::string_view text) {
    const auto errors = errors_behind_minimal("[[profile]]\nname = \"p\"\n" + std::string(text) + "\n");
    return errors.size() == 1 ? errors[0] : testing::PrintToString(errors);
}

}  // namespace

TEST(ConfigProfiles, ReadsEveryKey) {
    const auto config = parse_config(std::string(minimal) + R"(
[[profile]]
name = "carrier"
codecs = ["PCMA/8000", "G722", "telephone-event"]
keep_attributes = ["ptime", "x-*"]
drop_attributes = ["maxptime"]
jitter_buffer_ms = 120
jitter_buffer_min_ms = 20
packet_ms = 30
[profile.in]
keep = ["P-Asserted-Identity", "X-*"]
drop = ["X-Debug", "Reason"]
[[profile.in.header]]
name = "X-Account"
on = "requests"
match = "id=*;*"
value = "$1 at $2 for $$5"
[[profile.in.number]]
of = "called"
prefix = "00"
strip = 2
prepend = "+"
[profile.out]
[[profile.out.number]]
prefix = "+"
strip = 1
[[profile.reply]]
from = 503
to = 500
reason = "No circuit"
[[profile]]
name = "plain"
[[trunk]]
name = "t"
target = "127.0.0.1:5080"
profile = "carrier"
)");
    ASSERT_TRUE(config) << config.error().front().to_string("f");
    call::Profile want;
    want.name = "carrier";
    want.sdp = {{{"PCMA", 8000}, {"G722", {}}, {"telephone-event", {}}}, {"ptime", "x-*"}, {"maxptime"}};
    want.sdp.jitter_buffer = {std::chrono::milliseconds(20), std::chrono::milliseconds(120)};
    want.sdp.packet = std::chrono::milliseconds(30);
    want.in.keep = {"P-Asserted-Identity", "X-*"};
    want.in.drop = {"X-Debug", "Reason"};
    want.in.headers = {{"X-Account", call::HeaderRule::On::requests, "id=*;*", "$1 at $2 for $$5"}};
    want.in.numbers = {{call::Party::called, "00", 2, "+"}};
    want.out.numbers = {{{}, "+", 1, ""}};
    want.replies = {{503, 500, "No circuit"}};
    call::Profile plain;
    plain.name = "plain";
    EXPECT_EQ(config->core.profiles, (std::vector{want, plain}));
    EXPECT_EQ(config->core.trunks[0].profile, "carrier");
}

TEST(ConfigProfiles, RefusesTimesOfPlayoutThatCannotBe) {
    EXPECT_THAT(error_of("jitter_buffer_ms = 301"), HasSubstr("f:9:20: profile.jitter_buffer_ms: expected"));
    EXPECT_THAT(error_of("jitter_buffer_ms = 50\njitter_buffer_min_ms = 51"),
                HasSubstr("f:10:24: profile.jitter_buffer_min_ms: expected"));
    EXPECT_THAT(error_of("jitter_buffer_min_ms = 50"), HasSubstr("expected only with jitter_buffer_ms"));
    EXPECT_THAT(error_of("packet_ms = 25"), HasSubstr("expected 10, 20, 30, 40, 50 or 60"));
    EXPECT_THAT(error_of("packet_ms = 70"), HasSubstr("f:9:13: profile.packet_ms: expected"));
}

TEST(ConfigProfiles, RefusesWhatEachLegHasOfItsOwn) {
    for (const std::string name : {"Via",
                                   "v",
                                   "Contact",
                                   "Record-Route",
                                   "Route",
                                   "Call-ID",
                                   "i",
                                   "CSeq",
                                   "Max-Forwards",
                                   "From",
                                   "To",
                                   "Content-Length",
                                   "content-type",
                                   "Authorization",
                                   "Proxy-Authorization",
                                   "WWW-Authenticate",
                                   "Proxy-Authenticate",
                                   "Authentication-Info",
                                   "Require",
                                   "Supported",
                                   "Path",
                                   "History-Info"}) {
        for (const std::string list : {"keep", "drop"}) {
            EXPECT_THAT(error_of("[profile.in]\n" + list + " = [\"X-A\", \"" + name + "\"]"),
                        HasSubstr("f:10:16: profile.in." + list + ": expected a header field that crosses"));
        }
        EXPECT_THAT(error_of("[[profile.out.header]]\nname = \"" + name + "\"\nvalue = \"x\""),
                    HasSubstr("f:10:8: profile.out.header.name: expected a header field that crosses"));
    }
    for (const std::string name : {"crypto", "rtcp", "candidate", "fingerprint", "setup", "rtpmap", "fmtp",
                                   "sendonly", "inactive", "group"}) {
        EXPECT_THAT(error_of("drop_attributes = [\"" + name + "\"]"),
                    HasSubstr("f:9:20: profile.drop_attributes: expected an SDP attribute that crosses"));
    }
}

TEST(ConfigProfiles, RefusesValuesThatMakeNoSense) {
    EXPECT_THAT(error_of("[profile.in]\nkeep = [\"X*Y\"]"), HasSubstr("f:10:9: profile.in.keep: expected"));
    EXPECT_THAT(error_of("[profile.in]\nkeep = [\"X Y\"]"), HasSubstr("got \"X Y\""));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\"\nmatch = \"*\"\nvalue = \"$2\""),
                HasSubstr("f:12:9: profile.in.header.value: expected $$ or the number of a '*'"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\"\nvalue = \"$1\""),
                HasSubstr("of which it has 0"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\"\nmatch = \"*\"\nvalue = \"5$\""),
                HasSubstr("of which it has 1"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\"\nvalue = \"a\\r\\nVia: b\""),
                HasSubstr("f:11:9: profile.in.header.value: expected 1 to 256 printable characters"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\""), HasSubstr("value: expected 1 to 256"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"Reason\"\nvalue = \"x\""), HasSubstr("f:10:8:"));
    EXPECT_THAT(error_of("[[profile.in.header]]\nname = \"X-A\"\nvalue = \"x\"\non = \"INVITE\""),
                HasSubstr("expected \"all\", \"requests\" or \"responses\""));
    EXPECT_THAT(error_of("[[profile.in.number]]\nprefix = \"0 49\""), HasSubstr("f:10:10:"));
    EXPECT_THAT(error_of("[[profile.in.number]]\nstrip = 2"), HasSubstr("prefix: expected digits"));
    EXPECT_THAT(error_of("[[profile.in.number]]\nprefix = \"\"\nof = \"all\""), HasSubstr("\"called\""));
    EXPECT_THAT(error_of("codecs = [\"PCMA/fast\"]"), HasSubstr("f:9:11: profile.codecs: expected an RTP"));
    EXPECT_THAT(error_of("codecs = [\"PCMA\", \"PCMA\"]"), HasSubstr("expected each format once"));
    EXPECT_THAT(error_of("[[profile.reply]]\nfrom = 200\nto = 500"), HasSubstr("f:10:8: profile.reply.from"));
    EXPECT_THAT(error_of("[[profile.reply]]\nfrom = 500\nto = 302"), HasSubstr("f:11:6: profile.reply.to"));
    EXPECT_THAT(error_of("[[profile.reply]]\nfrom = 403\nto = 401"), HasSubstr("asks for credentials"));
    EXPECT_THAT(error_of("[[profile.reply]]\nfrom = 403"), HasSubstr("to: expected a whole number"));
    EXPECT_THAT(error_of("[[profile.reply]]\nfrom = 486\nto = 500\n[[profile.reply]]\nfrom = 486\nto = 503"),
                HasSubstr("f:13:8: profile.reply.from: expected a new one, 486 stands above"));
    EXPECT_THAT(error_of("[profile.in]\nkeeps = []"),
                HasSubstr("f:10:1: profile.in.keeps: expected one of drop, header, keep, number"));
    EXPECT_THAT(error_of("[[profile.in]]\nkeep = []"),
                HasSubstr("profile.in: expected one table [profile.in]"));
    EXPECT_THAT(error_of("reply = 5"), HasSubstr("f:9:9: profile.reply: expected tables [[profile.reply]]"));
}

TEST(ConfigProfiles, RefusesNamesThatStandTwiceAndNamesThatStandNowhere) {
    EXPECT_THAT(
        errors_behind_minimal("[[profile]]\nname = \"p\"\n[[profile]]\nname = \"p\"\n"
                              "[[trunk]]\nname = \"t\"\nsources = [\"127.0.0.2\"]\nprofile = \"q\"\n"),
        ElementsAre("f:10:8: profile.name: expected a new one, \"p\" stands above",
                    "f:14:11: trunk.profile: expected the name of a [[profile]], there is no \"q\""));
}
