#include "host/base/ip.hpp"

#include <gtest/gtest.h>

namespace causeway {
namespace {

TEST(IpAddress, ParsesBothFamilies) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->to_string(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:DB8:0::1")->to_string(), "2001:db8::1");
    EXPECT_EQ(IpAddress::parse("[2001:db8::1]")->to_uri_host(), "[2001:db8::1]");
    EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
    EXPECT_NE(*IpAddress::parse("::"), *IpAddress::parse("0.0.0.0"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
    for (const auto* bad :
         {"", "256.0.0.1", "1.2.3", "example.com", "[192.0.2.1]", "[::1", "::1%eth0", "1:2"}) {
        EXPECT_FALSE(IpAddress::parse(bad)) << bad;
    }
}

TEST(Endpoint, RoundTripsAndNeedsAPort) {
    for (const auto* text : {"192.0.2.1:5060", "[2001:db8::1]:5061"}) {
        const auto e = Endpoint::parse(text);
        ASSERT_TRUE(e) << text;
        EXPECT_EQ(e->to_string(), text);
    }
    for (const auto* bad : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "::1:5060", ":5060", ""}) {
        EXPECT_FALSE(Endpoint::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace causeway
