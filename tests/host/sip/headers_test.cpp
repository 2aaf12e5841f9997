#include "host/sip/headers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway::sip {
namespace {

template <class T>
T parsed(std::string_view text) {
    auto result = T::parse(text);
    EXPECT_TRUE(result) << text << ": " << result.error().what;
    return result ? *result : T{};
}

TEST(HeaderNames, AreFoundInAnyCaseAndEachIdByItsOwnName) {
    for (int i = 1; i <= static_cast<int>(HeaderId::www_authenticate); ++i) {
        const auto id = static_cast<HeaderId>(i);
        std::string name(to_string(id));
        EXPECT_EQ(parse_header_name(name), id) << name;
        for (char& c : name) c = static_cast<char>(std::toupper(c));
        EXPECT_EQ(parse_header_name(name), id) << name;
        EXPECT_EQ(parse_header_name(name + "x"), HeaderId::other);
    }
    EXPECT_EQ(to_string(HeaderId::call_id), "Call-ID");
    EXPECT_EQ(parse_header_name(""), HeaderId::other);
    EXPECT_EQ(parse_header_name("C%6Fntact"), HeaderId::other);  // RFC 4475 3.1.1.5: no escapes in names
}

TEST(HeaderNames, KnowCompactForms_Rfc3261Section7_3_3) {
    const std::pair<std::string_view, HeaderId> forms[] = {
        {"c", HeaderId::content_type}, {"e", HeaderId::content_encoding}, {"f", HeaderId::from},
        {"i", HeaderId::call_id},      {"k", HeaderId::supported},        {"l", HeaderId::content_length},
        {"m", HeaderId::contact},      {"s", HeaderId::subject},          {"t", HeaderId::to},
        {"v", HeaderId::via},          {"r", HeaderId::refer_to},         {"b", HeaderId::referred_by},
        {"o", HeaderId::event},        {"x", HeaderId::session_expires},  {"V", HeaderId::via},
        {"u", HeaderId::other}};
    for (const auto& [name, id] : forms) EXPECT_EQ(parse_header_name(name), id) << name;
}

TEST(Methods, AreCaseSensitive_Rfc3261Section7_1) {
    EXPECT_EQ(parse_method("INVITE"), Method::invite);
    EXPECT_EQ(parse_method("UPDATE"), Method::update);
    EXPECT_EQ(parse_method("Invite"), Method::other);
    EXPECT_EQ(parse_method("RE%47IST%45R"), Method::other);
    EXPECT_EQ(to_string(Method::register_), "REGISTER");
}

TEST(NameAddr, ReadsQuotedNamesWithEscapes_Rfc3261Section25_1) {
    const auto a = parsed<NameAddr>("\"J \\\"Rosen\\\\berg, <x>\"<sip:j@example.com;lr>;tag=98asjd8;q=0.3");
    EXPECT_EQ(a.display, "J \"Rosen\\berg, <x>");
    EXPECT_EQ(a.uri.user, "j");
    EXPECT_TRUE(a.uri.params.has("lr"));
    EXPECT_EQ(a.tag(), "98asjd8");
    EXPECT_EQ(a.params.get("q"), "0.3");
    EXPECT_EQ(a.to_string(), "\"J \\\"Rosen\\\\berg, <x>\" <sip:j@example.com;lr>;tag=98asjd8;q=0.3");
}

TEST(NameAddr, ReadsTokensAsName) {
    EXPECT_EQ(parsed<NameAddr>("caller<sip:c@example.com>;tag=323").display, "caller");
    EXPECT_EQ(parsed<NameAddr>("token1~` token2'+_\ttoken3*%!.- <sip:m@example.com>").display,
              "token1~` token2'+_\ttoken3*%!.-");
    EXPECT_EQ(parsed<NameAddr>("J\xc3\xbcrgen <sip:j@example.com>").to_string(),
              "\"J\xc3\xbcrgen\" <sip:j@example.com>");
}

TEST(NameAddr, TakesParametersOfAnAddrSpecAsTheHeaders_Rfc3261Section20_10) {
    const auto a = parsed<NameAddr>("sip:vivekg@example.com ;   tag    = 1918181833n");
    EXPECT_TRUE(a.uri.params.empty());
    EXPECT_EQ(a.tag(), "1918181833n");
    EXPECT_EQ(a.to_string(), "<sip:vivekg@example.com>;tag=1918181833n");
    const auto quoted = parsed<NameAddr>("sip:a@example.com;x=\"<sip:b>\"");
    EXPECT_EQ(quoted.uri.user, "a");
}

TEST(NameAddr, RefusesWhatIsMalformed) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "no scheme"},
        {"*", "no scheme"},
        {"\"Bob <sip:b@example.com>", "quote is not closed"},
        {"\"Bob\\\" <sip:b@example.com>", "quote is not closed"},
        {"\"Bob\" x <sip:b@example.com>", "'<' expected"},
        {"\"Bob\"", "'<' expected"},
        {"Bell, Alexander <sip:a@example.com>", "needs quotes"},
        {"a@b <sip:a@example.com>", "needs quotes"},
        {"<sip:b@example.com", "without '>'"},
        {"< sip:b@example.com >", "white space"},
        {"<>", "no scheme"},
        {"<sip:b@example.com> x", "';' expected"},
        {"<sip:b@example.com>;;;;", "name is missing"},
        {"sip:b@example.com?Route=%3Csip:x%3E", "needs angle brackets"},
        {"sip:b,c@example.com", "needs angle brackets"},
        {"sip:user;par=1@example.com;tag=2", "';' expected"},
        {";tag=1", "no scheme"},
    };
    for (const auto& [text, reason] : cases) {
        const auto result = NameAddr::parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_NE(result.error().what.find(reason), std::string::npos) << text << ": " << result.error().what;
    }
}

TEST(NameAddr, CannotBeBrokenOutOfByItsName) {
    NameAddr a = parsed<NameAddr>("<sip:a@example.com>");
    a.display = "x\" <sip:evil@example.com>\r\nVia: y\\";
    const auto again = parsed<NameAddr>(a.to_string());
    EXPECT_EQ(again.display, "x\" <sip:evil@example.com>  Via: y\\");
    EXPECT_EQ(again.uri.user, "a");
}

TEST(Via, ReadsWhiteSpaceWhereverItMayStand_Rfc3261Section20_42) {
    const Via v =
        parsed<Via>("SIP  / 2.0\t/ tcp     spindle.example.com : 5070  ; branch  =   z9hG4bK9ikj8 ; rport");
    EXPECT_EQ(v.transport, "TCP");
    EXPECT_EQ(v.host, "spindle.example.com");
    EXPECT_EQ(v.port, 5070);
    EXPECT_EQ(v.branch(), "z9hG4bK9ikj8");
    EXPECT_TRUE(v.params.has("rport"));
    EXPECT_EQ(v.to_string(), "SIP/2.0/TCP spindle.example.com:5070;branch=z9hG4bK9ikj8;rport");
}

TEST(Via, ReadsIpv6_Rfc5118Section4_5) {
    const Via v =
        parsed<Via>("SIP/2.0/UDP [2001:db8::9:1]:5061;received=2001:db8::9:255;branch=z9hG4bKas3-111");
    EXPECT_EQ(v.host, "[2001:db8::9:1]");
    EXPECT_EQ(v.port, 5061);
    EXPECT_EQ(v.params.get("received"), "2001:db8::9:255");
    EXPECT_FALSE(parsed<Via>("SIP/2.0/UDP [2001:db8::9:1]").port);
    EXPECT_EQ(parsed<Via>("SIP/2.0/UDP h;received=[2001:db8::9:255]").params.get("received"),
              "[2001:db8::9:255]");
    EXPECT_FALSE(Via::parse("SIP/2.0/UDP 2001:db8::9:1;branch=z9hG4bKas3-111"));
}

TEST(Via, KnowsTheMagicCookieWithoutCase_Rfc3261Section8_1_1_7) {
    EXPECT_TRUE(parsed<Via>("SIP/2.0/UDP h;branch=Z9HG4BKx").has_magic_cookie());
    EXPECT_FALSE(parsed<Via>("SIP/2.0/UDP h;branch=390skdjuw").has_magic_cookie());
    EXPECT_FALSE(parsed<Via>("SIP/2.0/UDP h").has_magic_cookie());
}

TEST(Via, RefusesWhatIsMalformed) {
    for (const std::string_view text :
         {"", "SIP/2.0", "SIP/2.0/", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 UDP h", "//UDP h",
          "SIP/2.0/UDP ;branch=x", "SIP/2.0/UDP h:", "SIP/2.0/UDP h:0x", "SIP/2.0/UDP h:99999",
          "SIP/2.0/UDP h junk", "SIP/2.0/UDP h;;", "SIP/2.0/UDP [h]", "SIP/2.0/UDP[::1]"})
        EXPECT_FALSE(Via::parse(text)) << text;
}

TEST(CSeq, ReadsNumberAndMethod_Rfc3261Section20_16) {
    const auto c = parsed<CSeq>("0009   INVITE");
    EXPECT_EQ(c.number, 9u);
    EXPECT_EQ(c.method, Method::invite);
    EXPECT_EQ(c.to_string(), "9 INVITE");
    EXPECT_EQ(parsed<CSeq>("2147483647\tX").method_name, "X");
    for (const std::string_view text :
         {"", "1", "INVITE", "-1 INVITE", "+1 INVITE", "1INVITE", "1 IN VITE", "1 IN:VITE",
          "2147483648 INVITE", "36893488147419103232 REGISTER", "1 INVITE,"})
        EXPECT_FALSE(CSeq::parse(text)) << text;
}

}  // namespace
}  // namespace causeway::sip
