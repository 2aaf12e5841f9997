// Media sockets over loopback: ports in pairs, datagrams in batches.
#include "host/gateway/media_network.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/fakes/own_network.hpp"

using namespace causeway;
using namespace causeway::gateway;

namespace {

struct Received {
    Endpoint local, from;
    std::string bytes;
};

class MediaNetworkTest : public testing::TestWithParam<net::UdpBackend> {
  protected:
    void SetUp() override {
        if (const auto why = fakes::cannot_test(GetParam(), own_network_); !why.empty()) GTEST_SKIP() << why;
    }
    // An even port with its pair free.
    Endpoint bind_any() {
        for (std::uint16_t port = 42200; port < 42400; port = static_cast<std::uint16_t>(port + 2)) {
            const Endpoint e{*IpAddress::parse("127.0.0.1"), port};
            if (network.bind(e)) return e;
        }
        ADD_FAILURE() << "no free pair of ports";
        return {};
    }
    bool run_until(std::size_t count) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (received.size() < count && std::chrono::steady_clock::now() < limit) {
            io.run_one_for(std::chrono::seconds(1));
        }
        return received.size() == count;
    }
    static Endpoint above(Endpoint e) {
        ++e.port;
        return e;
    }

    fakes::OwnNetwork own_network_;
    boost::asio::io_context io;
    std::vector<Received> received;
    MediaNetwork network{io, {GetParam()}, [this](std::span<const media::Datagram> batch) {
                             for (const auto& d : batch) {
                                 received.push_back({d.local, d.from, std::string(as_text(d.bytes))});
                             }
                         }};
};

INSTANTIATE_TEST_SUITE_P(Backends, MediaNetworkTest, testing::ValuesIn(fakes::udp_backends),
                         [](const auto& p) { return fakes::name_of(p.param); });

}  // namespace

TEST_P(MediaNetworkTest, BindsRtpAndRtcpAndCarriesBoth) {
    const auto a = bind_any(), b = bind_any();
    network.start();
    network.send(a, b, as_bytes("rtp"));
    network.send(above(a), above(b), as_bytes("rtcp"));
    network.flush();
    ASSERT_TRUE(run_until(2));
    const auto& rtp = received[received[0].bytes == "rtp" ? 0 : 1];
    const auto& rtcp = received[received[0].bytes == "rtp" ? 1 : 0];
    EXPECT_EQ(rtp.local, b);
    EXPECT_EQ(rtp.from, a);
    EXPECT_EQ(rtcp.local, above(b));
    EXPECT_EQ(rtcp.bytes, "rtcp");
}

TEST_P(MediaNetworkTest, ReadsOnAfterMoreThanABatchHasWaited) {
    const auto a = bind_any(), b = bind_any();
    network.start();
    for (int round = 0; round < 2; ++round) {  // again once the sockets have been empty
        for (int i = 0; i < 100; ++i) network.send(a, b, as_bytes(std::to_string(i)));
        network.flush();
        ASSERT_TRUE(run_until(static_cast<std::size_t>(100 * (round + 1))));
        EXPECT_EQ(received.back().bytes, "99");
    }
}

TEST_P(MediaNetworkTest, APairOfWhichOneIsTakenIsRefusedWhole) {
    const auto a = bind_any();
    MediaNetwork other(io, {GetParam()}, [](auto) {});
    if (GetParam() != net::UdpBackend::range) {  // two by range do not see each other
        EXPECT_FALSE(other.bind(a));
    }
    network.release(a);
    ASSERT_TRUE(other.bind(a));
    other.release(a);

    net::UdpSockets blocker;
    ASSERT_TRUE(blocker.open(above(a)));
    EXPECT_FALSE(other.bind(a));
    EXPECT_TRUE(blocker.open(a)) << "the RTP port was not given back";
}
