#include "drivers/net/udp.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <string>
#include <tuple>

namespace causeway::net {
namespace {

// Opens the first free port on that address from `from` on.
Endpoint open_any(UdpSockets& sockets, const char* ip, std::uint16_t from) {
    for (std::uint16_t port = from; port < from + 1000; ++port) {
        const Endpoint e{*IpAddress::parse(ip), port};
        if (sockets.open(e)) return e;
    }
    ADD_FAILURE() << "no free port on " << ip;
    return {};
}

// Datagrams as they come until `count` are there; gives up when nothing comes for five seconds.
std::vector<std::tuple<Endpoint, Endpoint, std::string>> collect(UdpSockets& sockets, std::size_t count,
                                                                 std::size_t limit = 256) {
    std::vector<std::tuple<Endpoint, Endpoint, std::string>> out;
    while (out.size() < count) {
        pollfd wait{sockets.descriptor(), POLLIN, 0};
        if (::poll(&wait, 1, 5000) != 1) break;
        for (const auto& d : sockets.receive(limit)) out.emplace_back(d.local, d.from, as_text(d.bytes));
    }
    return out;
}

class UdpOverLoopback : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Families, UdpOverLoopback, testing::Values("127.0.0.1", "::1"),
                         [](const auto& param) { return param.index == 0 ? "IPv4" : "IPv6"; });

TEST_P(UdpOverLoopback, BatchesKeepTheirOrderSourceAndContent) {
    UdpSockets here, there;
    const auto a = open_any(here, GetParam(), 41000);
    const auto b = open_any(here, GetParam(), 42000);
    const auto c = open_any(there, GetParam(), 43000);
    std::map<Endpoint, std::vector<std::string>> sent;
    for (int i = 0; i < 150; ++i) {  // more than one system call's worth
        const auto& from = i % 3 == 0 ? a : b;
        const auto text = "packet " + std::to_string(i);
        here.send(from, c, as_bytes(text));
        sent[from].push_back(text);
    }
    here.flush();
    EXPECT_EQ(here.counters().sent, 150U);
    std::map<Endpoint, std::vector<std::string>> got;
    for (auto& [local, from, text] : collect(there, 150)) {
        EXPECT_EQ(local, c);
        got[from].push_back(text);
    }
    EXPECT_EQ(got, sent);
}

TEST(UdpSockets, ReceiveTakesNoMoreThanItIsAskedFor) {
    UdpSockets sockets;
    const auto a = open_any(sockets, "127.0.0.1", 41000);
    for (int i = 0; i < 10; ++i) sockets.send(a, a, as_bytes("x"));
    sockets.flush();
    pollfd wait{sockets.descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 5000), 1);
    EXPECT_LE(sockets.receive(3).size(), 3U);
    EXPECT_GE(collect(sockets, 7, 3).size(), 7U);
}

TEST(UdpSockets, AnOpenPortIsRefusedWithTheReason) {
    UdpSockets first, second;
    const auto a = open_any(first, "127.0.0.1", 41000);
    const auto again = second.open(a);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().what.find(a.to_string()), std::string::npos) << again.error().what;
    first.close(a);
    EXPECT_EQ(first.size(), 0U);
    EXPECT_TRUE(second.open(a));
}

TEST(UdpSockets, SendingFromAClosedPortOrAcrossFamiliesIsCounted) {
    UdpSockets sockets;
    const auto a = open_any(sockets, "127.0.0.1", 41000);
    sockets.send(a, {*IpAddress::parse("::1"), 9}, as_bytes("x"));
    sockets.close(a);
    sockets.send(a, a, as_bytes("x"));
    sockets.flush();
    EXPECT_EQ(sockets.counters().send_failed, 2U);
}

TEST(UdpSockets, AnOversizedDatagramIsDroppedAndCounted) {
    UdpSockets sockets;
    const auto a = open_any(sockets, "127.0.0.1", 41000);
    sockets.send(a, a, as_bytes(std::string(4000, 'x')));
    sockets.send(a, a, as_bytes("fits"));
    sockets.flush();
    const auto got = collect(sockets, 1);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(std::get<2>(got[0]), "fits");
    EXPECT_EQ(sockets.counters().truncated, 1U);
}

// Several sockets are read into one space, one behind the other, and a dropped datagram leaves no room that
// the next socket would take from the one behind it.
TEST(UdpSockets, AnOversizedDatagramDoesNotMixUpThoseOfOtherSockets) {
    UdpSockets sender, sockets;
    const auto from = open_any(sender, "127.0.0.1", 45000);
    std::map<Endpoint, std::string> expected;
    for (int i = 0; i < 8; ++i) {
        const auto to = open_any(sockets, "127.0.0.1", 41000);
        expected[to] = "for " + to.to_string();
        sender.send(from, to, as_bytes(std::string(4000, 'x')));
        sender.send(from, to, as_bytes(expected[to]));
    }
    sender.flush();
    std::map<Endpoint, std::string> got;
    for (auto& [local, source, text] : collect(sockets, expected.size())) got[local] = text;
    EXPECT_EQ(got, expected);
    EXPECT_EQ(sockets.counters().truncated, expected.size());
}

TEST(UdpSockets, APortThatRefusesDoesNotStopTheSocket) {
    UdpSockets sockets;
    const auto a = open_any(sockets, "127.0.0.1", 41000);
    UdpSockets gone;
    const auto closed = open_any(gone, "127.0.0.1", 44000);
    gone.close(closed);
    for (int i = 0; i < 3; ++i) {  // draws ICMP port unreachable
        sockets.send(a, closed, as_bytes("x"));
        sockets.flush();
    }
    sockets.send(a, a, as_bytes("still here"));
    sockets.flush();
    // The pending error may have swallowed one send: it is reported there, then gone.
    if (sockets.counters().send_failed > 0) {
        sockets.send(a, a, as_bytes("still here"));
        sockets.flush();
    }
    EXPECT_GE(collect(sockets, 1).size(), 1U);
}

}  // namespace
}  // namespace causeway::net
