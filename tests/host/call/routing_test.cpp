// Where calls go and as which number.
#include <gmock/gmock.h>

#include "host/call/routing.hpp"
#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Routing : public CallTest {
  protected:
    void routes(std::vector<Route> r) {
        auto config = fakes::two_trunks();
        config.routes = std::move(r);
        configure(std::move(config));
    }
    std::string called_at_right(std::string_view uri) {
        g->left.invite_uri(uri, g->left.sdp());
        return std::string(g->right.expect("INVITE").request_uri());
    }
};

TEST_F(Routing, TakesTheLongestPrefixAndAmongEqualsTheFirst) {
    routes(
        {{"", "left", 0, ""}, {"+49", "left", 0, ""}, {"+4930", "right", 0, ""}, {"+4930", "left", 0, ""}});
    EXPECT_EQ(called_at_right("sip:+4930200@198.51.100.1"), "sip:+4930200@203.0.113.20");
}

TEST_F(Routing, StripsAndPrepends) {
    routes({{"00", "right", 2, "+"}});
    EXPECT_EQ(called_at_right("sip:004930200@198.51.100.1"), "sip:+4930200@203.0.113.20");
}

TEST_F(Routing, StripsNoMoreThanThereIs) {
    routes({{"9", "right", 5, "0"}});
    EXPECT_EQ(called_at_right("sip:91@198.51.100.1"), "sip:0@203.0.113.20");
}

TEST_F(Routing, KnowsTelUris_RFC3966) {
    EXPECT_EQ(called_at_right("tel:+49-30-(200)"), "sip:+4930200@203.0.113.20");
}

TEST_F(Routing, KnowsTelephoneNumbersInSipUris_RFC3261_19_1_6) {
    EXPECT_EQ(called_at_right("sip:+49-30-200;phone-context=x@198.51.100.1;user=phone"),
              "sip:+4930200@203.0.113.20");
}

TEST_F(Routing, WithoutARouteIs404) {
    g->left.invite("+1212555", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "404"));
    EXPECT_EQ(g->starts.at(0).callee, "+1212555");
    EXPECT_EQ(g->starts.at(0).target_trunk, "");
}

TEST_F(Routing, ToATrunkThatOnlyReceivesIs404) {
    auto config = fakes::two_trunks();
    config.trunks[1].target = {};
    configure(std::move(config));
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "404"));
}

TEST_F(Routing, OfAnotherSchemeIs416_RFC3261_8_2_2_1) {
    g->left.invite_uri("im:bob@198.51.100.1", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("416"));
    EXPECT_EQ(g->starts.at(0).callee, "bob@198.51.100.1");
}

TEST_F(Routing, RingsExtensionsAtTheirContactBeforeAnyRoute) {
    auto config = fakes::two_trunks();
    config.routes.push_back({"", "left", 0, ""});
    config.extensions = {{"200", "right", *Endpoint::parse("203.0.113.20:5060")}, {"201", "right", {}}};
    configure(std::move(config));
    EXPECT_EQ(called_at_right("sip:200@198.51.100.1"), "sip:200@203.0.113.20");
    EXPECT_EQ(called_at_right("sip:201@198.51.100.1"), "sip:201@203.0.113.20");
}

TEST_F(Routing, NamesTheTrunksDomainInsteadOfItsAddress) {
    auto config = fakes::two_trunks();
    config.trunks[1].domain = "carrier.example";
    configure(std::move(config));
    g->left.invite("+4930200", g->left.sdp());
    const auto invite = g->right.expect("INVITE");
    EXPECT_EQ(invite.request_uri(), "sip:+4930200@carrier.example");
    EXPECT_EQ(invite.to().uri.to_string(), "sip:+4930200@carrier.example");
    EXPECT_EQ(invite.from().uri.to_string(), "sip:+4930100@carrier.example");
}

TEST_F(Routing, GoesFromRightToLeftAsWell) {
    g->right.invite("+331200", g->right.sdp());
    g->right.expect("100");
    const auto invite = g->left.expect("INVITE");
    EXPECT_EQ(invite.request_uri(), "sip:+331200@192.0.2.10");
    EXPECT_EQ(invite.via().host, "198.51.100.1") << "from the listener of that trunk";
    EXPECT_EQ(g->starts.at(0).source_trunk, "right");
}

TEST(Router, TellsTrunksOfOneAddressApartByPortAndListener) {
    auto config = fakes::two_trunks();
    const auto ip = *IpAddress::parse("192.0.2.10");
    Trunk second = config.trunks[0];
    second.name = "second";
    second.target.port = 5070;
    Trunk third = config.trunks[0];
    third.name = "third";
    third.target.port = 5080;
    third.listener = 1;
    config.trunks.push_back(second);
    config.trunks.push_back(third);
    const Router router(config);
    const auto source = [&](std::uint16_t port, std::uint16_t listener) {
        const Trunk* t = router.source({sip::Transport::udp, listener, {ip, port}});
        return t == nullptr ? "" : t->name;
    };
    EXPECT_EQ(source(5060, 0), "left");
    EXPECT_EQ(source(5070, 0), "second");
    EXPECT_EQ(source(40000, 0), "left");
    EXPECT_EQ(source(40000, 1), "third");
    EXPECT_EQ(router.source({sip::Transport::udp, 0, *Endpoint::parse("192.0.2.99:5060")}), nullptr);
}

}  // namespace
}  // namespace causeway::call
