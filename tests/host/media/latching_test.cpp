// Who is heard and sent to: attacks on plain and secured ports, and the moves that are no attack.
#include "tests/host/media/ports_fixture.hpp"

namespace causeway::media {
namespace {

const Endpoint stranger = at("198.51.100.66:4000");
const Endpoint neighbour = at("192.0.2.10:5555");  // behind the caller's address

class Latching : public PortsTest {
  protected:
    void SetUp() override { connect(); }
    // Where the callee's voice goes.
    Endpoint heard_by() {
        network.sent.clear();
        receive(local(b), callee, packet(++from_callee));
        return network.sent.size() == 1 ? network.sent[0].to : Endpoint{};
    }
    void agree(const RemoteMedia& remote) { ASSERT_TRUE(ports.set_remote(now, a, remote)); }
    std::uint16_t from_callee = 0;
};

TEST_F(Latching, TwoSourcesInOneBatchAreNotBothHeard) {
    const Bytes first = packet(1, "caller"), second = packet(2, "thief");
    const Datagram batch[] = {
        {local(a), {caller.ip, 61234}, first}, {local(a), neighbour, second}, {local(a), stranger, second}};
    network.sent.clear();
    ports.receive(now, batch);
    ASSERT_EQ(network.sent.size(), 1u);
    EXPECT_EQ(as_text(rtp::Packet::parse(network.sent[0].bytes)->payload), "caller");
    EXPECT_EQ(ports.report(a).dropped_source, 2u);
    EXPECT_EQ(heard_by(), (Endpoint{caller.ip, 61234}));
}

TEST_F(Latching, NoiseFromTheRightAddressDoesNotDecide) {
    receive(local(a), neighbour, Bytes(40, 0));                    // no RTP
    receive(local(a), neighbour, packet(1, "voice", 8));           // not agreed
    receive(local(a), neighbour, rtp::RtcpCompound{}.to_bytes());  // RTCP here
    EXPECT_EQ(heard_by(), caller);
    EXPECT_EQ(speak(caller, 1).size(), 1u);
    EXPECT_EQ(ports.report(a).dropped_malformed, 2u);
}

TEST_F(Latching, RtcpIsLatchedByItself) {
    const Endpoint rtcp{caller.ip, 7001};
    EXPECT_EQ(speak(Endpoint{caller.ip, 61234}, 1).size(), 1u);
    const Bytes report = rtp::RtcpCompound{}.to_bytes();
    receive(local_rtcp(a), rtcp, report);
    receive(local_rtcp(a), stranger, report);
    receive(local_rtcp(a), {caller.ip, 7003}, report);
    EXPECT_EQ(ports.report(a).rtcp_received, 1u);
    EXPECT_EQ(ports.report(a).dropped_source, 2u);
    network.sent.clear();
    run_until(now + 5s);
    for (const auto& s : network.sent) {
        if (s.local != local_rtcp(a)) continue;
        EXPECT_EQ(s.to, rtcp);
    }
}

// The last packets to the old port come after the offer that names the new one, from the very address that
// signalling comes from.
TEST_F(Latching, PacketsStillOnTheirWayDoNotHoldBackAMove) {
    EXPECT_EQ(speak(caller, 1).size(), 1u);
    const Endpoint moved{caller.ip, 8000};
    agree(plain(moved, events_a));
    EXPECT_EQ(heard_by(), moved) << "at once, without waiting for a packet";
    EXPECT_TRUE(speak(caller, 2).empty());
    EXPECT_EQ(heard_by(), moved);
    EXPECT_EQ(speak(moved, 3).size(), 1u);
    now += 1500ms;
    EXPECT_TRUE(speak(caller, 4).empty());
}

TEST_F(Latching, APeerWhoseDescriptionChangesButNotItsSourceIsLearnedAgain) {
    const Endpoint translated{caller.ip, 61234};
    EXPECT_EQ(speak(translated, 1).size(), 1u);
    agree(plain(at("10.1.1.1:9000"), events_a));
    EXPECT_TRUE(speak(translated, 2).empty());
    now += Latch::draining;
    EXPECT_EQ(speak(translated, 3).size(), 1u);
    EXPECT_EQ(heard_by(), translated);
}

// Early media: the caller, behind NAT, is silent until the call is answered.
TEST_F(Latching, ThoseNotYetHeardAreLearnedWhenTheAnswerConfirmsTheirAddress) {
    now += 20s;
    const Endpoint translated{caller.ip, 61234};
    EXPECT_TRUE(speak(translated, 1).empty());
    agree(plain(caller, events_a));
    EXPECT_EQ(speak(translated, 2).size(), 1u);
    now += 20s;
    agree(plain(caller, events_a));
    EXPECT_TRUE(speak(neighbour, 3).empty()) << "heard now: confirming opens nothing";
    EXPECT_EQ(speak(translated, 4).size(), 1u);
}

TEST_F(Latching, HoldOfOldSendsNothingAndMakesNothing_RFC3264_8_4) {
    EXPECT_EQ(speak(caller, 1).size(), 1u);
    auto held = plain({IpAddress{}, 4000}, events_a);
    agree(held);
    EXPECT_EQ(heard_by(), Endpoint{});
    EXPECT_EQ(ports.report(a).packets_sent, 0u);
    EXPECT_EQ(speak(caller, 2).size(), 1u) << "music on hold may come";
    agree(plain(caller, events_a));
    EXPECT_EQ(heard_by(), caller);
}

TEST_F(Latching, ARejectedLineIsSilentBothWays) {
    agree({.rtp = {},
           .rtcp = {},
           .receive_key = {},
           .send_key = {},
           .codecs = {},
           .ours = {},
           .direction = sdp::Direction::inactive});
    EXPECT_EQ(heard_by(), Endpoint{});
    EXPECT_TRUE(speak(caller, 1).empty());
    EXPECT_EQ(ports.report(a).dropped_direction, 1u);
    network.sent.clear();
    run_until(now + 20s);
    for (const auto& s : network.sent) EXPECT_NE(s.local, local_rtcp(a));
}

// Forks: the caller is joined with one branch, then with another.
TEST_F(Latching, JoiningWithAnotherPartsFromTheFirst) {
    EXPECT_EQ(heard_by(), caller);
    const auto first = rtp::Packet::parse(network.sent[0].bytes)->header;
    const PortId c = open(callee);
    const Endpoint other = at("192.0.2.20:6100");
    ASSERT_TRUE(ports.set_remote(now, c, plain(other, events_b)));
    ASSERT_TRUE(ports.join(now, a, c));
    EXPECT_EQ(heard_by(), Endpoint{}) << "the first branch is not heard any more";
    network.sent.clear();
    receive(local(c), other, packet(40000, "voice", 0, 0x3333));
    ASSERT_EQ(network.sent.size(), 1u);
    const auto second = rtp::Packet::parse(network.sent[0].bytes)->header;
    EXPECT_EQ(second.ssrc, first.ssrc);
    EXPECT_EQ(second.sequence, static_cast<std::uint16_t>(first.sequence + 1));
    EXPECT_EQ(speak(caller, 1).at(0).to, other);
    EXPECT_EQ(ports.status().engine.paths, 2u);
    ASSERT_TRUE(ports.set_remote(now, b, plain(callee, events_b)));
    EXPECT_EQ(ports.status().engine.paths, 2u) << "a branch left alone stays alone";
}

TEST_F(Latching, FormatsOfOneEncodingAreMatchedByTheirParameters) {
    const sdp::Codec low{97, "H264", 90000, 1, "packetization-mode=0"};
    const sdp::Codec high{98, "H264", 90000, 1, "packetization-mode=1"};
    auto theirs = plain(caller, events_a);
    theirs.codecs = theirs.ours = {low, high};
    auto others = plain(callee, events_b);
    others.codecs = others.ours = {{100, "h264", 90000, 1, "packetization-mode=1"}, pcmu};
    agree(theirs);
    ASSERT_TRUE(ports.set_remote(now, b, others));
    EXPECT_EQ(rtp::Packet::parse(speak(caller, 1, 98).at(0).bytes)->header.payload_type, 100);
    EXPECT_EQ(rtp::Packet::parse(speak(caller, 2, 97).at(0).bytes)->header.payload_type, 100);
    network.sent.clear();
    receive(local(b), callee, packet(1, "voice", 100));
    EXPECT_EQ(rtp::Packet::parse(network.sent.at(0).bytes)->header.payload_type, 98);
}

class SecuredLatching : public SecuredPorts {};
INSTANTIATE_TEST_SUITE_P(Suites, SecuredLatching, testing::Values(sdp::SrtpSuite::aead_aes_128_gcm));

TEST_P(SecuredLatching, ALatePacketDoesNotMoveThePeerBack) {
    const auto moved = at("198.51.100.7:7000");
    const Bytes late = secured(1, "voice");
    receive(local(a), caller, secured(2, "voice"));
    receive(local(a), moved, secured(3, "voice"));
    receive(local(a), caller, late);
    EXPECT_EQ(ports.report(a).remote, moved);
    EXPECT_EQ(ports.report(a).packets_received, 3u) << "heard it is";
    receive(local(a), caller, secured(4, "voice"));
    EXPECT_EQ(ports.report(a).remote, caller);
}

TEST_P(SecuredLatching, RtcpMovesByAnAuthenticPacketOnly) {
    rtp::RtcpCompound report;
    report.cname = "longer than a tag and an index";
    Bytes sealed = report.to_bytes();
    receive(local_rtcp(a), stranger, sealed);
    ASSERT_TRUE(sender.protect_rtcp(sealed));
    const auto moved = at("198.51.100.7:7001");
    receive(local_rtcp(a), moved, sealed);
    receive(local_rtcp(a), stranger, sealed);
    EXPECT_EQ(ports.report(a).rtcp_received, 1u);
    EXPECT_EQ(ports.report(a).dropped_unauthentic, 1u);
    EXPECT_EQ(ports.report(a).dropped_replayed, 1u);
    network.sent.clear();
    run_until(now + 5s);
    bool seen = false;
    for (const auto& s : network.sent) {
        if (s.local != local_rtcp(a)) continue;
        EXPECT_EQ(s.to, moved);
        seen = true;
    }
    EXPECT_TRUE(seen);
}

TEST_P(SecuredLatching, AKeyThatCannotBeUsedLeavesTheCallAsItWas) {
    receive(local(a), caller, secured(1, "voice"));
    auto bad = plain(at("198.51.100.7:7000"), events_a);
    bad.receive_key = sdp::make_srtp_key(GetParam(), random);  // good, and not taken without the other
    bad.send_key = {sdp::SrtpSuite::aead_aes_256_gcm, ours.key_salt};
    EXPECT_FALSE(ports.set_remote(now, a, bad));
    network.sent.clear();
    receive(local(a), caller, secured(2, "voice"));
    EXPECT_EQ(network.sent.size(), 1u);
    EXPECT_EQ(ports.report(a).remote, caller);
}

}  // namespace
}  // namespace causeway::media
