// SIP sockets over loopback: what comes in, what goes out, and what the network refuses.
#include "host/net/sip_udp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

using namespace causeway;
using namespace causeway::net;
using std::chrono::seconds;

namespace {

// A transport that writes down what its handlers are told.
struct Peer {
    explicit Peer(boost::asio::io_context& io)
        : udp(io, {[this](std::string_view d, const sip::Hop& from) { received.emplace_back(d, from); },
                   [this](const sip::Hop& to, std::string_view) { unreachable.push_back(to); }}) {}

    SipUdp udp;
    std::uint16_t listeners = 0;
    std::vector<std::pair<std::string, sip::Hop>> received;
    std::vector<sip::Hop> unreachable;
};

class SipUdpTest : public testing::Test {
  protected:
    // Runs until `done` holds; the limit only ends a test that fails.
    template <class Done>
    bool run_until(Done done) {
        const auto limit = std::chrono::steady_clock::now() + seconds(5);
        while (!done() && std::chrono::steady_clock::now() < limit) io.run_one_for(seconds(1));
        return done();
    }
    Endpoint open(Peer& peer, const char* address) {
        const auto bound = peer.udp.open(peer.listeners++, *Endpoint::parse(address));
        EXPECT_TRUE(bound) << bound.error().what;
        return bound.value_or(Endpoint{});
    }
    boost::asio::io_context io;
};

}  // namespace

TEST_F(SipUdpTest, DatagramsNameTheListenerAndTheSource) {
    Peer a(io), b(io);
    const auto a0 = open(a, "127.0.0.1:0");
    open(b, "127.0.0.1:0");
    const auto b1 = open(b, "127.0.0.1:0");
    ASSERT_NE(b1.port, 0);
    a.udp.start();
    b.udp.start();
    ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, b1}, "hello"));
    ASSERT_TRUE(run_until([&] { return !b.received.empty(); }));
    EXPECT_EQ(b.received[0].first, "hello");
    EXPECT_EQ(b.received[0].second, (sip::Hop{sip::Transport::udp, 1, a0}));
    ASSERT_TRUE(b.udp.send(b.received[0].second, "back"));
    ASSERT_TRUE(run_until([&] { return !a.received.empty(); }));
    EXPECT_EQ(a.received[0].second.remote, b1);
}

TEST_F(SipUdpTest, CarriesTheLargestDatagramOfUdp) {
    Peer a(io), b(io);
    open(a, "127.0.0.1:0");
    const auto to = open(b, "127.0.0.1:0");
    b.udp.start();
    std::string large(65507, 'x');
    large.back() = 'y';
    ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, to}, large));
    ASSERT_TRUE(run_until([&] { return !b.received.empty(); }));
    EXPECT_EQ(b.received[0].first, large);
    EXPECT_FALSE(a.udp.send({sip::Transport::udp, 0, to}, large + "z"));  // more than UDP has
    EXPECT_EQ(a.udp.counters().refused, 1u);
}

TEST_F(SipUdpTest, ReadsMoreDatagramsThanFitOneTurn) {
    Peer a(io), b(io);
    open(a, "127.0.0.1:0");
    const auto to = open(b, "127.0.0.1:0");
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, to}, std::to_string(i)));
    b.udp.start();
    ASSERT_TRUE(run_until([&] { return b.received.size() == 200; }));
    EXPECT_EQ(b.received.back().first, "199");
}

TEST_F(SipUdpTest, SpeaksIpv6) {
    Peer a(io), b(io);
    const auto from = a.udp.open(0, *Endpoint::parse("[::1]:0"));
    if (!from) GTEST_SKIP() << "no IPv6 here: " << from.error().what;
    const auto to = open(b, "[::1]:0");
    b.udp.start();
    ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, to}, "six"));
    ASSERT_TRUE(run_until([&] { return !b.received.empty(); }));
    EXPECT_EQ(b.received[0].second.remote, *from);
}

// RFC 3261 18.4: ICMP errors are transport errors of the destination they are about, and of no other.
TEST_F(SipUdpTest, ReportsAPortWhereNobodyListensAndGoesOnSending) {
    Peer a(io), b(io), gone(io);
    open(a, "127.0.0.1:0");
    const auto to = open(b, "127.0.0.1:0");
    const auto nobody = open(gone, "127.0.0.1:0");
    gone.udp.close();
    a.udp.start();
    b.udp.start();
    ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, nobody}, "lost"));
    // The error of the first message waits in the socket and must not be taken for one of these.
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, to}, "found"));
    ASSERT_TRUE(run_until([&] { return !a.unreachable.empty() && b.received.size() == 3; }));
    EXPECT_THAT(a.unreachable, testing::ElementsAre(sip::Hop{sip::Transport::udp, 0, nobody}));
}

TEST_F(SipUdpTest, RefusesAnAddressInUseInTheSystemsWords) {
    Peer a(io), b(io);
    const auto taken = open(a, "127.0.0.1:0");
    const auto refused = b.udp.open(0, taken);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "Address already in use");
}

TEST_F(SipUdpTest, RefusesHopsThatItDoesNotHave) {
    Peer a(io);
    const auto self = open(a, "127.0.0.1:0");
    EXPECT_FALSE(a.udp.send({sip::Transport::udp, 1, self}, "x"));
    EXPECT_FALSE(a.udp.send({sip::Transport::tcp, 0, self}, "x"));
}

TEST_F(SipUdpTest, MayBeDestroyedWithDatagramsWaiting) {
    Peer a(io);
    open(a, "127.0.0.1:0");
    {
        Peer b(io);
        const auto to = open(b, "127.0.0.1:0");
        b.udp.start();
        ASSERT_TRUE(a.udp.send({sip::Transport::udp, 0, to}, "late"));
    }
    io.run_for(seconds(5));  // runs out at once: nothing is pending
    EXPECT_TRUE(io.stopped());
}
