#include "host/sip/uri.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace causeway::sip {
namespace {

Uri uri(std::string_view text) {
    auto parsed = Uri::parse(text);
    EXPECT_TRUE(parsed) << text << ": " << parsed.error().what;
    return parsed ? *parsed : Uri{};
}

std::string why_refused(std::string_view text) {
    const auto parsed = Uri::parse(text);
    return parsed ? "not refused" : parsed.error().what;
}

TEST(Uri, TakesAllPartsApart_Rfc3261Section19_1_1) {
    const Uri u =
        uri("SIPS:al%69ce:se%3Acret@Atlanta.example:5071;transport=tcp;lr?Subject=a%20b&Priority=x");
    EXPECT_EQ(u.scheme, "sips");
    EXPECT_EQ(u.user, "alice");
    EXPECT_EQ(u.password, "se:cret");
    EXPECT_EQ(u.host, "Atlanta.example");
    EXPECT_EQ(u.port, 5071);
    EXPECT_EQ(u.params.get("Transport"), "tcp");
    EXPECT_TRUE(u.params.has("lr"));
    EXPECT_EQ(u.params.get("lr"), "");
    EXPECT_EQ(u.headers, "Subject=a%20b&Priority=x");
    EXPECT_EQ(u.to_string(),
              "sips:alice:se%3Acret@Atlanta.example:5071;transport=tcp;lr?Subject=a%20b&Priority=x");
}

TEST(Uri, EscapesInTheUserWhatTheGrammarForbidsThere) {
    Uri u = uri("sip:example.com");
    u.user = std::string("a@b:c\r\n%\0d", 10) + "\xc3\xa9#(;)";
    EXPECT_EQ(u.to_string(), "sip:a%40b%3Ac%0D%0A%25%00d%C3%A9%23(;)@example.com");
    EXPECT_EQ(uri(u.to_string()).user, u.user);
}

TEST(Uri, KeepsStructureCharactersOutOfParametersThatAreSet) {
    Uri u = uri("sip:example.com;a=x%20y");
    u.params.set("b", "1;lr>\r\n");
    EXPECT_EQ(u.to_string(), "sip:example.com;a=x%20y;b=1%3Blr%3E%0D%0A");
}

TEST(Uri, ReadsEscapedParameterNames_Rfc4475Section3_1_1_3) {
    const Uri u = uri("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31");
    EXPECT_EQ(u.user, "caller");
    EXPECT_TRUE(u.params.has("lr"));
    EXPECT_EQ(u.params.get("name"), "v%61lue%25%34%31");
    EXPECT_TRUE(u.equivalent(uri("sip:caller@host5.example.net;lr;name=value%2541")));
    EXPECT_FALSE(
        u.equivalent(uri("sip:caller@host5.example.net;lr;name=valueA")));  // decoded once, not twice
}

TEST(Uri, ReadsIpv6References_Rfc5118) {
    const Uri with_port = uri("sip:u@[2001:db8::10]:5070;maddr=[2001:db8::1]");
    EXPECT_EQ(with_port.host, "[2001:db8::10]");
    EXPECT_EQ(with_port.port, 5070);
    EXPECT_EQ(with_port.params.get("maddr"), "[2001:db8::1]");
    // Section 4.3: port-like digits inside the brackets belong to the address.
    EXPECT_FALSE(uri("sip:[2001:db8::10:5070]").port);
    EXPECT_EQ(uri("sip:[::ffff:192.0.2.10]").host, "[::ffff:192.0.2.10]");
    EXPECT_TRUE(uri("sip:[2001:DB8::1]").equivalent(uri("sip:[2001:db8:0:0::1]")));
    // Section 4.2: without brackets. Section 4.10: one colon too many.
    EXPECT_EQ(why_refused("sip:2001:db8::10"), "URI: bad port");
    EXPECT_EQ(why_refused("sip:[2001:db8:::192.0.2.1]"), "URI: bad host");
    EXPECT_EQ(why_refused("sip:[192.0.2.1]"), "URI: bad host");
    EXPECT_EQ(why_refused("sip:[2001:db8::1"), "URI: '[' without ']'");
}

TEST(Uri, ReadsUnusualUsersThatTheGrammarAllows_Rfc4475) {
    const Uri odd =
        uri("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
            "@example.com");
    EXPECT_EQ(odd.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    EXPECT_EQ(odd.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    EXPECT_EQ(odd.host, "example.com");
    const Uri semi = uri("sip:user;par=u%40example.net@example.com");
    EXPECT_EQ(semi.user, "user;par=u@example.net");
    EXPECT_TRUE(semi.params.empty());
    EXPECT_EQ(semi.to_string(), "sip:user;par=u%40example.net@example.com");
    EXPECT_EQ(uri("sip:sips%3Auser%40example.com@example.net").user, "sips:user@example.com");
    EXPECT_EQ(uri("sip:null-%00-null@example.com").user, std::string("null-\0-null", 11));
}

TEST(Uri, RefusesWhatIsMalformed) {
    for (const std::string_view text : {"",
                                        "sip",
                                        "sip:",
                                        "sip:@example.com",
                                        "sip:u@",
                                        "sip:u@h:",
                                        "sip:u@h:70000",
                                        "sip:u@h:-1",
                                        "sip:u@h;",
                                        "sip:u@h;;lr",
                                        "sip:u@h;=1",
                                        "sip:u@h;a=",
                                        "sip:u@h?",
                                        "sip:%zz@h",
                                        "sip:u%4@h",
                                        "sip:u@h;a=%4",
                                        "sip:u@h;a=b?c=%",
                                        "sip: u@h",
                                        "sip:u@h; lr",
                                        "sip:u@h\t",
                                        "<sip:u@h>",
                                        "sip:\"u\"@h",
                                        "sip:u@h^x",
                                        ":u@h",
                                        "1sip:u@h",
                                        "s ip:u@h",
                                        "http:",
                                        "sip:u@h;a=b@c",
                                        "tel:",
                                        "tel:+",
                                        "tel:+12ab",
                                        "tel:()",
                                        "tel:x"})
        EXPECT_FALSE(Uri::parse(text)) << text;
    std::string many = "sip:h";
    for (int i = 0; i < 101; ++i) many += ";a";
    EXPECT_EQ(why_refused(many), "parameters: too many");
}

TEST(Uri, KeepsOtherSchemesAsTheyAre) {
    for (const std::string_view text :
         {"soap.beep://192.0.2.103:3002", "nobodyknowsthisscheme:totallyopaquecontent", "isbn:2983792873",
          "urn:service:sos", "http://www.example.com/?a=b;c"}) {
        EXPECT_FALSE(uri(text).is_sip());
        EXPECT_EQ(uri(text).to_string(), text);
    }
}

TEST(Uri, ReadsTelephoneNumbers_Rfc3966) {
    const Uri u = uri("tel:+1-(201).555-0123;ext=4;phone-context=x");
    EXPECT_EQ(u.user, "+1-(201).555-0123");
    EXPECT_EQ(u.params.get("ext"), "4");
    EXPECT_EQ(strip_visual_separators(u.user), "+12015550123");
    EXPECT_EQ(u.to_string(), "tel:+1-(201).555-0123;ext=4;phone-context=x");
    EXPECT_EQ(uri("tel:*31#7042;phone-context=example.com").user, "*31#7042");
}

TEST(Uri, ComparesTelephoneNumbers_Rfc3966Section5) {
    const auto same = [](std::string_view a, std::string_view b) { return uri(a).equivalent(uri(b)); };
    EXPECT_TRUE(same("tel:+1-201-555-0123", "TEL:+12015550123"));
    EXPECT_TRUE(same("tel:7042;phone-context=+1-914;ext=1", "tel:70-42;EXT=1;phone-context=+1914"));
    EXPECT_TRUE(same("tel:7042;phone-context=Example.com", "tel:7042;phone-context=example.com"));
    EXPECT_FALSE(same("tel:+12015550123", "tel:12015550123"));
    EXPECT_FALSE(same("tel:+1201555", "tel:+1201555;ext=1"));
    EXPECT_FALSE(same("tel:7042;phone-context=a.com", "tel:7042;phone-context=b.com"));
    EXPECT_FALSE(same("tel:+12015550123", "sip:+12015550123@example.com"));
}

struct Pair {
    std::string_view a, b;
    bool equal;
};

class UriComparison : public testing::TestWithParam<Pair> {};

TEST_P(UriComparison, FollowsRfc3261Section19_1_4) {
    const auto& [a, b, equal] = GetParam();
    EXPECT_EQ(uri(a).equivalent(uri(b)), equal) << a << "\n" << b;
    EXPECT_EQ(uri(b).equivalent(uri(a)), equal) << b << "\n" << a;
}

INSTANTIATE_TEST_SUITE_P(
    ExamplesOfTheRfc, UriComparison,
    testing::Values(Pair{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp",
                         true},
                    Pair{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
                    Pair{"sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true},
                    Pair{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
                    Pair{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true},
                    Pair{"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                         "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true},
                    Pair{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
                    Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
                    Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
                    Pair{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
                    Pair{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
                    Pair{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
                    Pair{"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false}));

INSTANTIATE_TEST_SUITE_P(
    RulesOfTheRfc, UriComparison,
    testing::Values(Pair{"sip:a@h", "sips:a@h", false}, Pair{"sip:a@h", "sip:h", false},
                    Pair{"sip:a@h", "sip:a:@h", false}, Pair{"sip:a@h;maddr=x", "sip:a@h", false},
                    Pair{"sip:a@h;user=phone", "sip:a@h", false}, Pair{"sip:a@h;ttl=1", "sip:a@h", false},
                    Pair{"sip:a@h;method=INVITE", "sip:a@h", false},
                    Pair{"sip:a@h;lr", "sip:a@h;lr=on", false}, Pair{"sip:a@h;x=%41", "sip:a@h;X=a", true},
                    Pair{"sip:a@h;x=a%2fb", "sip:a@h;x=a%2Fb", true},
                    Pair{"sip:a@h?A=1&a=1", "sip:a@h?a=1&a=1", true},
                    Pair{"sip:a@h?A=1&B=1", "sip:a@h?a=1&a=1", false}));

TEST(Params, ReadsWhiteSpaceQuotesAndValuesOfHeaders) {
    const auto params =
        Params::parse(" ; a = \"x;\\\"y\" ;\tb;received=2001:db8::9:1 ; c=[2001:db8::1] ; d=QQ==");
    ASSERT_TRUE(params) << params.error().what;
    EXPECT_EQ(params->get("A"), "\"x;\\\"y\"");
    EXPECT_TRUE(params->has("b"));
    EXPECT_EQ(params->get("received"), "2001:db8::9:1");
    EXPECT_EQ(params->get("c"), "[2001:db8::1]");
    EXPECT_EQ(params->get("d"), "QQ==");
    EXPECT_EQ(params->to_string(), ";a=\"x;\\\"y\";b;received=2001:db8::9:1;c=[2001:db8::1];d=QQ==");
    for (const std::string_view text :
         {";", "a=b", ";a;;b", ";a=\"x", ";a=\"x\"y", ";a=x y", ";a,b", ";a=b?c"})
        EXPECT_FALSE(Params::parse(text)) << text;
}

TEST(Params, AreSetAndErasedByNameWithoutCase) {
    Params params = *Params::parse(";A=1;b");
    params.set("a", "2");
    params.set("c", std::nullopt);
    params.set("d", "two words\"");
    params.erase("B");
    EXPECT_EQ(params.to_string(), ";A=2;c;d=\"two words\\\"\"");
}

}  // namespace
}  // namespace causeway::sip
