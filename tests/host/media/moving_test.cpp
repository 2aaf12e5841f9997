// Ports that go on under other LocalPorts of the same process, in the middle of their streams.
#include <gtest/gtest.h>

#include "tests/host/media/ports_fixture.hpp"

namespace causeway::media {
namespace {

constexpr auto suite = sdp::SrtpSuite::aead_aes_128_gcm;

class MovingPorts : public PortsTest {
  protected:
    // The caller's leg is secured, the callee's is plain; caller's packets 1, 2 and 4 have passed.
    void SetUp() override {
        connect();
        auto remote = plain(caller, events_a);
        remote.receive_key = theirs;
        remote.send_key = ours;
        ASSERT_TRUE(ports.set_remote(now, a, remote));
        ASSERT_TRUE(ports.join(now, a, b));
        for (const std::uint16_t i : {1, 2, 4}) say(ports, network, i);
        ASSERT_EQ(heard.size(), 3U);
    }
    void move() {
        auto first = ports.detach(now, a), second = ports.detach(now, b);
        ASSERT_TRUE(first && second);
        EXPECT_EQ(network.bound.size(), 4U) << "sockets are not closed";
        a = there.attach(std::move(*first)).value();
        b = there.attach(std::move(*second)).value();
        ASSERT_TRUE(there.join(now, a, b));
    }
    Bytes sealed(std::uint16_t sequence) {
        Bytes out = packet(sequence);
        EXPECT_TRUE(sender.protect(out));
        return out;
    }
    // The caller's packet, and what the callee hears of it.
    void say(LocalPorts& at_ports, fakes::RecordingNetwork& net, std::uint16_t sequence) {
        net.sent.clear();
        const Bytes bytes =
            sequence < packets.size() && !packets[sequence].empty() ? packets[sequence] : sealed(sequence);
        packets.resize(std::max<std::size_t>(packets.size(), sequence + 1U));
        packets[sequence] = bytes;
        const Datagram d{at_ports.local(a), caller, bytes};
        at_ports.receive(now, {&d, 1});
        for (const Sent& s : net.sent) {
            EXPECT_EQ(s.to, callee);
            heard.push_back(rtp::Packet::parse(s.bytes)->header);
        }
        now += 20ms;
    }

    const sdp::SrtpKey theirs = sdp::make_srtp_key(suite, random);
    const sdp::SrtpKey ours = sdp::make_srtp_key(suite, random);
    cpu::Srtp sender = cpu::Srtp::create(theirs, cpu::Srtp::Direction::outbound).value();
    cpu::Srtp receiver = cpu::Srtp::create(ours, cpu::Srtp::Direction::inbound).value();
    std::vector<Bytes> packets;  // of the caller, by sequence number
    std::vector<rtp::Header> heard;

    fakes::RecordingNetwork other_network;
    std::unique_ptr<Engine> other_engine = cpu::make_engine();
    LocalPorts there{*other_engine, other_network, pool, random, LocalPorts::draw_ntp_zero(random)};
};

TEST_F(MovingPorts, GoOnWithNumbersTimestampsAndReplayWindows) {
    move();
    say(there, other_network, 5);
    say(there, other_network, 3);  // late
    say(there, other_network, 2);  // again
    say(there, other_network, 6);
    ASSERT_EQ(heard.size(), 6U);
    const std::uint16_t first = heard[0].sequence;
    const std::uint32_t begun = heard[0].timestamp;
    const std::uint16_t expected[] = {1, 2, 4, 5, 3, 6};
    for (std::size_t i = 0; i < heard.size(); ++i) {
        EXPECT_EQ(heard[i].ssrc, heard[0].ssrc);
        EXPECT_EQ(static_cast<std::uint16_t>(heard[i].sequence - first), expected[i] - 1) << i;
        EXPECT_EQ(heard[i].timestamp - begun, 160U * (expected[i] - 1U)) << i;
    }
    const auto report = there.report(a);
    EXPECT_EQ(report.packets_received, 6U);
    EXPECT_EQ(report.packets_lost, 0);
    EXPECT_EQ(report.dropped_replayed, 1U);
    EXPECT_EQ(report.remote, caller);
    EXPECT_EQ(there.report(b).packets_sent, 6U);
}

TEST_F(MovingPorts, WhatGoesOutSecuredIsDecryptedOnAndOn) {
    for (std::uint16_t i = 0; i < 4; ++i) {
        auto& net = i < 2 ? network : other_network;
        auto& at_ports = i < 2 ? ports : there;
        if (i == 2) move();
        net.sent.clear();
        const Bytes bytes = packet(static_cast<std::uint16_t>(100 + i), "answer", 0, 0x2222);
        const Datagram d{at_ports.local(b), callee, bytes};
        at_ports.receive(now, {&d, 1});
        ASSERT_EQ(net.sent.size(), 1U);
        EXPECT_EQ(receiver.unprotect(net.sent[0].bytes), cpu::Srtp::Outcome::ok) << i;
        now += 20ms;
    }
}

TEST_F(MovingPorts, ReportsGoOnAndThePairIsGivenBackWhereTheCallEnds) {
    const auto due = ports.next_timer();
    ASSERT_TRUE(due);
    move();
    EXPECT_FALSE(ports.next_timer());
    EXPECT_EQ(there.next_timer(), due);
    EXPECT_EQ(ports.status().ports_in_use, 0U);
    EXPECT_EQ(ports.status().engine.ingresses + ports.status().engine.egresses, 0U);
    EXPECT_EQ(pool.taken(), 2U);
    there.close(now, a);
    there.close(now, b);
    EXPECT_EQ(pool.taken(), 0U);
    EXPECT_TRUE(other_network.bound.empty());
    EXPECT_FALSE(there.next_timer());
}

TEST_F(MovingPorts, AreThoseThatConvertNothing) {
    EXPECT_TRUE(ports.is_movable(a));
    auto remote = plain(callee, events_b);
    remote.codecs = remote.ours = {{8, "PCMA", 8000, 1, ""}};
    ASSERT_TRUE(ports.set_remote(now, b, remote));
    EXPECT_FALSE(ports.is_movable(a));
    EXPECT_FALSE(ports.is_movable(b));
    remote = plain(callee, events_b);
    ASSERT_TRUE(ports.set_remote(now, b, remote));
    EXPECT_TRUE(ports.is_movable(b));
    ports.close(now, b);
    EXPECT_FALSE(ports.is_movable(b));
}

TEST_F(MovingPorts, WhoseSocketsCannotBeHadAreClosed) {
    auto moving = ports.detach(now, a);
    ASSERT_TRUE(moving);
    other_network.bound.insert(moving->state.local);
    EXPECT_FALSE(there.attach(std::move(*moving)));
    EXPECT_EQ(pool.taken(), 1U);
    EXPECT_FALSE(ports.detach(now, a));
}

}  // namespace
}  // namespace causeway::media
