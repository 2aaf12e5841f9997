// What one socket for all ports does besides what every back end does.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>

#include "drivers/net/udp_header.hpp"
#include "tests/drivers/net/traffic.hpp"
#include "tests/fakes/own_network.hpp"

namespace causeway::net {
namespace {

const IpAddress loopback = *IpAddress::parse("127.0.0.1");

class UdpRange : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto why = fakes::cannot_test(UdpBackend::range, network_); !why.empty()) {
            GTEST_SKIP() << why;
        }
    }
    void send(const Endpoint& to, const char* text) {
        if (peer.size() == 0) peer_at = open_any(peer, "127.0.0.1", 45000);
        peer.send(peer_at, to, as_bytes(text));
        peer.flush();
    }
    // The next datagram.
    static std::string text(UdpSockets& sockets) {
        const auto got = collect(sockets, 1);
        return got.size() == 1 ? std::get<2>(got[0]) : "nothing";
    }

    UdpSockets peer;  // plain ones
    Endpoint peer_at;

  private:
    fakes::OwnNetwork network_;
};
constexpr UdpOptions range{UdpBackend::range};

TEST_F(UdpRange, AThousandPortsTakeFewDescriptors) {
    const auto descriptors = [] {
        const std::filesystem::directory_iterator all("/proc/self/fd");
        return std::distance(begin(all), end(all));
    };
    send({loopback, 9}, "");  // opens the peer
    const auto before = descriptors();
    UdpSockets sockets(range);
    std::set<Endpoint> open, heard;
    for (int i = 0; i < 1000; ++i) open.insert(open_any(sockets, "127.0.0.1", 20000));
    EXPECT_LE(descriptors() - before, 5) << "an epoll, a socket, a raw socket, a link of BPF";
    for (const auto& e : open) send(e, "x");
    for (const auto& [local, from, text] : collect(sockets, open.size())) heard.insert(local);
    EXPECT_EQ(heard, open);
}

// As each thread has: parts of one range.
TEST_F(UdpRange, SeveralHavePortsOfTheirOwnOnOneAddress) {
    UdpSockets even(range), odd(range);
    for (std::uint16_t port = 20000; port < 20010; ++port) {
        ASSERT_TRUE((port % 2 == 0 ? even : odd).open({loopback, port}));
    }
    for (std::uint16_t port = 20000; port < 20010; ++port) send({loopback, port}, "x");
    for (auto* sockets : {&even, &odd}) {
        const auto got = collect(*sockets, 5);
        ASSERT_EQ(got.size(), 5U);
        for (const auto& [local, from, text] : got) EXPECT_EQ(local.port % 2 == 0, sockets == &even);
    }
}

// docs/operation.md says how many.
TEST_F(UdpRange, WhereTheSystemTakesNoMoreProgramsTheErrorSaysSo) {
    std::vector<std::unique_ptr<UdpSockets>> all;
    for (std::uint16_t i = 0; i < 64; ++i) {
        all.push_back(std::make_unique<UdpSockets>(range));
        const auto opened = all.back()->open({loopback, static_cast<std::uint16_t>(20000 + i)});
        ASSERT_TRUE(opened) << i << opened.error().what;
    }
    UdpSockets more(range);
    const auto opened = more.open({loopback, 21000});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().what.find("attaching the BPF program"), std::string::npos)
        << opened.error().what;
    EXPECT_TRUE(more.descriptors().empty());
}

TEST_F(UdpRange, PortsThatAreNotOpenAreOthers) {
    UdpSockets sockets(range), other;
    const auto theirs = open_any(other, "127.0.0.1", 20000);
    const auto ours = open_any(sockets, "127.0.0.1", 20000);
    EXPECT_NE(ours, theirs) << "what is bound is not taken away";
    send(theirs, "theirs");
    send(ours, "ours");
    EXPECT_EQ(text(other), "theirs");
    EXPECT_EQ(text(sockets), "ours");
}

TEST_F(UdpRange, WhoBindsAnOpenPortGetsNothingUntilItIsClosed) {
    UdpSockets sockets(range), other;
    const auto port = open_any(sockets, "127.0.0.1", 20000);
    ASSERT_TRUE(other.open(port)) << "the system does not know that it is taken";
    send(port, "ours");
    EXPECT_EQ(text(sockets), "ours");
    sockets.close(port);
    send(port, "theirs");
    EXPECT_EQ(text(other), "theirs");
    EXPECT_FALSE(sockets.open(port));
}

TEST_F(UdpRange, WhoConnectsFromAnOpenPortGetsWhatItsPeerSends) {
    UdpSockets sockets(range);
    const auto port = open_any(sockets, "127.0.0.1", 20000);
    send({loopback, 9}, "");  // opens the peer
    UdpSockets other, second;
    ASSERT_TRUE(other.open(port));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(peer_at.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(other.descriptors().at(0), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    send(port, "from its peer");
    const auto stranger = open_any(second, "127.0.0.1", 46000);
    second.send(stranger, port, as_bytes("from another"));
    second.flush();
    EXPECT_EQ(text(other), "from its peer");
    EXPECT_EQ(text(sockets), "from another");
}

TEST_F(UdpRange, WhatWaitsForAPortThatIsClosedIsDroppedAndCounted) {
    UdpSockets sockets(range);
    const auto a = open_any(sockets, "127.0.0.1", 20000), b = open_any(sockets, "127.0.0.1", 20000);
    send(a, "late");
    send(b, "good");
    sockets.close(a);
    EXPECT_EQ(text(sockets), "good");
    EXPECT_EQ(sockets.counters().closed, 1U);
    EXPECT_EQ(sockets.counters().received, 1U);
}

// The address of each answer is the one that routing chooses, as with sockets bound to all addresses.
TEST_F(UdpRange, OfAllAddresses) {
    for (const char* any : {"0.0.0.0", "::"}) {
        const auto here = *IpAddress::parse(std::string_view(any) == "::" ? "::1" : "127.0.0.1");
        UdpSockets sockets(range), other;
        const auto local = open_any(sockets, any, 20000);
        const auto remote = open_any(other, here.to_string().c_str(), 30000);
        other.send(remote, {here, local.port}, as_bytes("in"));
        other.flush();
        const auto in = collect(sockets, 1);
        ASSERT_EQ(in.size(), 1U) << any;
        EXPECT_EQ(in[0], std::tuple(local, remote, std::string("in")));
        for (int i = 0; i < 2; ++i) {
            sockets.send(local, remote, as_bytes("out"));
            sockets.flush();
            const auto out = collect(other, 1);
            ASSERT_EQ(out.size(), 1U) << any;
            EXPECT_EQ(out[0], std::tuple(remote, Endpoint{here, local.port}, std::string("out")));
        }
    }
}

TEST_F(UdpRange, WhatDoesNotFitTheInterfaceCountsAsNotSent) {
    ASSERT_EQ(fakes::OwnNetwork::set_mtu(1500), "");
    UdpSockets sockets(range);
    const auto port = open_any(sockets, "127.0.0.1", 20000);
    for (const std::size_t size : {1473U, 1472U}) {
        sockets.send(port, port, as_bytes(std::string(size, 'x')));
    }
    sockets.flush();
    EXPECT_EQ(text(sockets).size(), 1472U);
    EXPECT_EQ(sockets.counters().sent, 1U);
    EXPECT_EQ(sockets.counters().send_failed, 1U);
}

// The system drops what has a wrong checksum.
TEST_F(UdpRange, ChecksumsAreRightForEveryLength_RFC768) {
    for (const char* ip : {"127.0.0.1", "::1"}) {
        UdpSockets sockets(range), other;
        const auto from = open_any(sockets, ip, 20000), to = open_any(other, ip, 30000);
        std::vector<std::string> sent, got;
        for (int size = 0; size < 100; ++size) {
            std::string payload;
            for (int i = 0; i < size; ++i) payload += static_cast<char>(i * 37 + size * 251);
            sockets.send(from, to, as_bytes(payload));
            sent.push_back(payload);
        }
        sockets.flush();
        for (const auto& [local, source, payload] : collect(other, sent.size())) got.push_back(payload);
        EXPECT_EQ(got, sent) << ip;
    }
}

TEST(UdpHeader, AChecksumThatComesOutAsNoneIsSentAsAllOnes_RFC768) {
    const Endpoint from{loopback, 20000}, to{loopback, 30000};
    std::array<std::uint8_t, 2> payload{};
    // One's complement: with a checksum C for zeros, the payload C makes it 0.
    const auto without = udp_header(from, to, 0, payload);
    payload = {without.octets[26], without.octets[27]};
    const auto with = udp_header(from, to, 0, payload);
    EXPECT_EQ(load_be16(with.octets.data() + 26), 0xffff);
}

// ---- another process takes over

TEST_F(UdpRange, NothingIsLostWhenAnotherTakesOverAndTheFirstEnds) {
    for (const auto after : fakes::udp_backends) {
        auto first = std::make_unique<UdpSockets>(range);
        const auto a = open_any(*first, "127.0.0.1", 20000), b = open_any(*first, "127.0.0.1", 20000);
        first->pause();
        send(a, "while it stands still");
        UdpSockets next({after});
        ASSERT_TRUE(next.open(a));
        if (after == UdpBackend::range) send(a, "while both are there");
        send(b, "for a port that ends");
        first.reset();
        send(a, "afterwards");
        std::set<std::string> heard;
        for (const auto& [local, from, text] : collect(next, after == UdpBackend::range ? 3 : 2)) {
            EXPECT_EQ(local, a);
            EXPECT_EQ(from, peer_at);
            heard.insert(text);
        }
        std::set<std::string> expected{"while it stands still", "afterwards"};
        if (after == UdpBackend::range) expected.insert("while both are there");
        EXPECT_EQ(heard, expected) << fakes::name_of(after);
    }
}

// Also what strangers sent, and what came to all addresses.
TEST_F(UdpRange, WhatIsPassedOnSaysWhoSentIt) {
    for (const char* text_of_any : {"127.0.0.1", "0.0.0.0", "::1", "::"}) {
        const auto any = *IpAddress::parse(text_of_any);
        const Endpoint stranger{*IpAddress::parse(any.is_v6() ? "2001:db8::1" : "192.0.2.1"), 4000};
        auto first = std::make_unique<UdpSockets>(range);
        const auto local = open_any(*first, text_of_any, 20000);
        first->pause();
        const Endpoint to{*IpAddress::parse(any.is_v6() ? "::1" : "127.0.0.1"), local.port};
        const auto header = udp_header(stranger, to, 0, as_bytes("hello"));
        Bytes whole(header.octets.begin(), header.octets.begin() + static_cast<std::ptrdiff_t>(header.size));
        for (const char c : std::string("hello")) whole.push_back(static_cast<std::uint8_t>(c));
        const int raw = ::socket(any.is_v6() ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW);
        sockaddr_in to4{};
        to4.sin_family = AF_INET;
        to4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in6 to6{};
        to6.sin6_family = AF_INET6;
        to6.sin6_addr = in6addr_loopback;
        const auto* name =
            any.is_v6() ? reinterpret_cast<sockaddr*>(&to6) : reinterpret_cast<sockaddr*>(&to4);
        EXPECT_EQ(::sendto(raw, whole.data(), whole.size(), 0, name, any.is_v6() ? sizeof to6 : sizeof to4),
                  static_cast<ssize_t>(whole.size()));
        ::close(raw);
        UdpSockets next(range);
        ASSERT_TRUE(next.open(local));
        first.reset();
        const auto got = collect(next, 1);
        ASSERT_EQ(got.size(), 1U) << text_of_any;
        EXPECT_EQ(got[0], std::tuple(local, stranger, std::string("hello")));
    }
}

TEST_F(UdpRange, TheFirstGoesOnWhereTheOtherFails) {
    UdpSockets first(range);
    const auto a = open_any(first, "127.0.0.1", 20000);
    first.pause();
    {
        UdpSockets next(range);
        ASSERT_TRUE(next.open(a));
    }
    first.resume();
    send(a, "still");
    EXPECT_EQ(text(first), "still");
}

TEST_F(UdpRange, ASocketOfBeforeIsReadToTheEnd) {
    auto first = std::make_unique<UdpSockets>();
    const auto a = open_any(*first, "127.0.0.1", 20000), b = open_any(*first, "127.0.0.1", 20000);
    send(a, "waits");
    UdpSockets next(range);
    for (const int fd : first->descriptors()) ASSERT_TRUE(next.inherit(::dup(fd)));
    ASSERT_TRUE(next.open(a));
    ASSERT_TRUE(next.open(b));
    first.reset();
    EXPECT_EQ(next.descriptors().size(), 1U) << "where nothing waits it is let go";
    EXPECT_EQ(text(next), "waits");
    send(a, "here");
    EXPECT_EQ(text(next), "here");
    send(b, "there");
    EXPECT_EQ(text(next), "there");
}

// ---- privileges

TEST_F(UdpRange, WithoutACapabilityTheErrorNamesIt) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> all{};
    ASSERT_EQ(::syscall(SYS_capget, &header, all.data()), 0);
    for (const auto& [bit, name] :
         {std::pair{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_NET_RAW, "CAP_NET_RAW"}}) {
        auto fewer = all;
        fewer[static_cast<std::size_t>(bit) / 32].effective &= ~(1U << bit % 32);
        ASSERT_EQ(::syscall(SYS_capset, &header, fewer.data()), 0);
        const auto works = try_udp_backend(UdpBackend::range);
        ASSERT_EQ(::syscall(SYS_capset, &header, all.data()), 0);
        ASSERT_FALSE(works);
        EXPECT_NE(works.error().what.find(name), std::string::npos) << works.error().what;
    }
}

}  // namespace
}  // namespace causeway::net
