#include "host/base/log_limit.hpp"
#include "tests/host/media/ports_fixture.hpp"

namespace causeway::media {
namespace {

TEST_F(PortsTest, RelaysThePayloadUnderNumbersOfItsOwn) {
    connect();
    const auto out = speak(caller, 500);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].local, local(b));
    EXPECT_EQ(out[0].to, callee);
    const auto p = rtp::Packet::parse(out[0].bytes);
    ASSERT_TRUE(p);
    EXPECT_EQ(as_text(p->payload), "voice");
    EXPECT_NE(p->header.ssrc, 0x1111U) << "the SSRC of one leg is not shown to the other";
    const auto next = rtp::Packet::parse(speak(caller, 501)[0].bytes)->header;
    EXPECT_EQ(next.sequence, static_cast<std::uint16_t>(p->header.sequence + 1));
    EXPECT_EQ(next.timestamp, p->header.timestamp + 160);
    EXPECT_EQ(ports.report(a).codec, "PCMU/8000");
    EXPECT_EQ(ports.report(a).packets_received, 2U);
    EXPECT_EQ(ports.report(b).packets_sent, 2U);
}

TEST_F(PortsTest, PayloadTypesAreMappedByEncodingAndOthersDropped) {
    connect();
    const auto out = speak(caller, 1, events_a.payload_type);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(rtp::Packet::parse(out[0].bytes)->header.payload_type, events_b.payload_type);
    EXPECT_TRUE(speak(caller, 2, 8).empty()) << "PCMA was not agreed";
    EXPECT_EQ(ports.report(a).dropped_payload_type, 1U);
    EXPECT_EQ(ports.report(a).codec, "") << "telephone-event is not what the call speaks";
}

// RTP bleed and injection: nobody but the latched source is heard, and nobody else is sent the other side's
// voice.
TEST_F(PortsTest, StrangersAreNeitherHeardNorSentTo) {
    connect();
    const auto stranger = at("198.51.100.66:4000");
    EXPECT_TRUE(speak(stranger, 1).empty());
    EXPECT_EQ(ports.report(a).dropped_source, 1U);
    ASSERT_EQ(speak(caller, 2).size(), 1U);
    EXPECT_TRUE(speak(stranger, 3).empty());
    network.sent.clear();
    receive(local(b), callee, packet(9));
    ASSERT_EQ(network.sent.size(), 1U);
    EXPECT_EQ(network.sent[0].to, caller);
    EXPECT_EQ(ports.report(a).dropped_source, 2U);
}

TEST_F(PortsTest, BeforeADescriptionNothingIsHeard) {
    a = open(caller);
    EXPECT_TRUE(speak(caller, 1).empty());
    EXPECT_EQ(ports.report(a).dropped_source, 1U);
    EXPECT_EQ(ports.report(a).packets_received, 0U);
}

TEST_F(PortsTest, APeerBehindNatIsAnsweredWhereItSendsFrom) {
    connect();
    const Endpoint translated{caller.ip, 61234};  // the signalling address, another port
    ASSERT_EQ(speak(translated, 1).size(), 1U);
    network.sent.clear();
    receive(local(b), callee, packet(1));
    ASSERT_EQ(network.sent.size(), 1U);
    EXPECT_EQ(network.sent[0].to, translated);
}

TEST_F(PortsTest, DirectionsGovernBothWays) {
    connect();
    auto held = plain(caller, events_a);
    held.direction = sdp::Direction::recvonly;  // the caller may send, nothing goes to it
    ASSERT_TRUE(ports.set_remote(now, a, held));
    ASSERT_TRUE(ports.join(now, a, b));
    EXPECT_EQ(speak(caller, 1).size(), 1U);
    network.sent.clear();
    receive(local(b), callee, packet(1));
    EXPECT_TRUE(network.sent.empty());
    EXPECT_EQ(ports.report(a).packets_sent, 0U) << "what is not sent takes no number";

    held.direction = sdp::Direction::sendonly;
    ASSERT_TRUE(ports.set_remote(now, a, held));
    ASSERT_TRUE(ports.join(now, a, b));
    EXPECT_TRUE(speak(caller, 2).empty());
    EXPECT_EQ(ports.report(a).dropped_direction, 1U);
    network.sent.clear();
    receive(local(b), callee, packet(2));
    EXPECT_EQ(network.sent.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Suites, SecuredPorts,
                         testing::Values(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
                                         sdp::SrtpSuite::aead_aes_128_gcm, sdp::SrtpSuite::aead_aes_256_gcm,
                                         sdp::SrtpSuite::aes_256_cm_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_256_cm_hmac_sha1_32),
                         [](const auto& suite) { return std::string(sdp::to_string(suite.param)); });

TEST_P(SecuredPorts, RandomTrafficCrossesBitForBit) {
    for (std::uint16_t i = 0; i < 300; ++i) {
        const std::string payload = random.token(1 + random.below(200));
        network.sent.clear();
        receive(local(a), caller,
                secured(static_cast<std::uint16_t>(65400 + i), payload));  // across the wrap
        ASSERT_EQ(network.sent.size(), 1U);
        EXPECT_EQ(as_text(rtp::Packet::parse(network.sent[0].bytes)->payload), payload);

        network.sent.clear();
        receive(local(b), callee, packet(i, payload));
        ASSERT_EQ(network.sent.size(), 1U);
        EXPECT_EQ(as_text(network.sent[0].bytes).find(payload), std::string::npos) << "in the clear";
        ASSERT_EQ(receiver.unprotect(network.sent[0].bytes), cpu::Srtp::Outcome::ok);
        EXPECT_EQ(as_text(rtp::Packet::parse(network.sent[0].bytes)->payload), payload);
    }
    const auto report = ports.report(a);
    EXPECT_EQ(report.suite, GetParam());
    EXPECT_EQ(report.packets_received, 300U);
    EXPECT_EQ(report.packets_lost, 0);
}

TEST_P(SecuredPorts, ForgedReplayedAndPlainPacketsStopHere) {
    const Bytes good = secured(1, "voice");
    Bytes forged = secured(2, "voice");
    forged.back() ^= 1;
    const auto stranger = at("198.51.100.66:4000");
    network.sent.clear();
    receive(local(a), stranger, packet(1, std::string(40, 'p')));  // plain
    receive(local(a), stranger, forged);
    EXPECT_TRUE(network.sent.empty());
    receive(local(a), caller, good);
    EXPECT_EQ(network.sent.size(), 1U);
    receive(local(a), stranger, good);  // replayed from elsewhere: must not move the latch
    EXPECT_EQ(network.sent.size(), 1U);
    const auto report = ports.report(a);
    EXPECT_EQ(report.dropped_unauthentic, 2U);
    EXPECT_EQ(report.dropped_replayed, 1U);
    EXPECT_EQ(report.remote, caller);
    const auto status = ports.status();
    EXPECT_EQ(status.dropped_unauthentic, 2U);
    EXPECT_EQ(status.dropped_replayed, 1U);
    EXPECT_EQ(status.dropped, 3U);
}

TEST_F(PortsTest, FloodsAreCountedByKindAndSomeOfThemLogged) {
    PortOptions options;
    options.call_id = "a@b";
    options.signaling_source = caller.ip;
    const auto port = ports.open(now, options).value();
    ASSERT_TRUE(ports.set_remote(now, port, plain(caller, events_a)));
    receive(local(port), caller, packet(1));
    std::vector<std::string> lines;
    log::set_sink([&](log::Level, std::string_view call_id,
                      std::string_view text) { lines.push_back(fmt::format("{} {}", call_id, text)); },
                  log::Level::info);
    for (std::uint16_t i = 0; i < 10'000; ++i) {
        receive(local(port), at("198.51.100.66:4000"), packet(i));
        receive(local(port), caller, Bytes{0x80, 0, 0});
    }
    log::set_sink({}, log::Level::info);
    const auto status = ports.status();
    EXPECT_EQ(status.dropped_source, 10'000U);
    EXPECT_EQ(status.dropped_malformed, 10'000U);
    ASSERT_EQ(lines.size(), 2 * log::Limit::lines);
    const auto where = "a@b media " + local(port).to_string() + ": RTP from ";
    EXPECT_EQ(lines[0], where + "198.51.100.66:4000 dropped: the source is not the peer");
    EXPECT_EQ(lines[1], where + "192.0.2.10:4000 dropped: no RTP or RTCP");
}

TEST_P(SecuredPorts, ThePeerMayMoveByAFreshPacket) {
    const auto moved = at("198.51.100.7:7000");
    receive(local(a), caller, secured(1, "voice"));
    receive(local(a), moved, secured(2, "voice"));
    network.sent.clear();
    receive(local(b), callee, packet(1));
    ASSERT_EQ(network.sent.size(), 1U);
    EXPECT_EQ(network.sent[0].to, moved);
}

TEST_P(SecuredPorts, TheSameKeysAgainChangeNothing) {
    const Bytes old = secured(1, "voice");
    receive(local(a), caller, old);
    auto remote = plain(caller, events_a);
    remote.receive_key = theirs;
    remote.send_key = ours;
    ASSERT_TRUE(ports.set_remote(now, a, remote));
    ASSERT_TRUE(ports.join(now, a, b));
    network.sent.clear();
    receive(local(a), caller, old);
    EXPECT_TRUE(network.sent.empty()) << "the replay window stays (RFC 3711 3.3.1)";
    receive(local(a), caller, secured(2, "voice"));
    EXPECT_EQ(network.sent.size(), 1U);
}

TEST_P(SecuredPorts, RtcpIsSecuredToo) {
    receive(local(a), caller, secured(1, "voice"));
    network.sent.clear();
    run_until(now + 10s);
    bool seen = false;
    for (auto& s : network.sent) {
        if (s.local != local_rtcp(a)) continue;
        EXPECT_EQ(s.to.port, caller.port + 1);
        ASSERT_EQ(receiver.unprotect_rtcp(s.bytes), cpu::Srtp::Outcome::ok);
        ASSERT_TRUE(rtp::RtcpCompound::parse(s.bytes));
        seen = true;
    }
    EXPECT_TRUE(seen);
}

TEST_F(PortsTest, LossShowsInTheFiguresAndInTheReport) {
    connect();
    for (const std::uint16_t sequence : {10, 11, 14, 15, 13, 17})
        speak(caller, sequence);  // 12 and 16 are missing
    EXPECT_EQ(ports.report(a).packets_lost, 2);
    EXPECT_EQ(ports.report(a).packets_received, 6U);
}

TEST_F(PortsTest, CloseSaysByeAndGivesEverythingBack) {
    connect();
    speak(caller, 1);
    network.sent.clear();
    const auto last = ports.close(now, b);
    EXPECT_EQ(last.packets_sent, 1U);
    ASSERT_EQ(network.sent.size(), 1U);
    EXPECT_EQ(rtp::RtcpCompound::parse(network.sent[0].bytes)->bye.size(), 1U);
    network.sent.clear();
    EXPECT_TRUE(speak(caller, 2).empty()) << "the other leg is gone";
    ports.close(now, a);
    ports.close(now, a);  // again: nothing
    const auto status = ports.status();
    EXPECT_EQ(status.ports_in_use, 0U);
    EXPECT_EQ(status.engine.ingresses + status.engine.egresses + status.engine.paths, 0U);
    EXPECT_TRUE(network.bound.empty());
    EXPECT_FALSE(ports.next_timer());
    speak(caller, 3);  // a late packet meets nobody
}

TEST_F(PortsTest, ExhaustionIsAnErrorThatSaysSoAndPasses) {
    network.refused = {20002};  // somebody else sits there
    std::vector<PortId> open_ports;
    for (int i = 0; i < 3; ++i) open_ports.push_back(open(caller));
    PortOptions options;
    const auto none = ports.open(now, options);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().what.find("exhausted"), std::string::npos) << none.error().what;
    ports.close(now, open_ports[1]);
    EXPECT_TRUE(ports.open(now, options));
}

}  // namespace
}  // namespace causeway::media
