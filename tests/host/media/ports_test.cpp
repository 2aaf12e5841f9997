// Two ports as the two legs of a call, on a network of the test's own and a clock that it turns.
#include "host/media/ports.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "drivers/cpu/engine.hpp"
#include "drivers/cpu/srtp.hpp"
#include "host/base/text.hpp"
#include "host/rtp/rtcp.hpp"

namespace causeway::media {
namespace {

using namespace std::chrono_literals;

Endpoint at(const char* text) {
    return *Endpoint::parse(text);
}

struct Sent {
    Endpoint local, to;
    Bytes bytes;
};

class FakeNetwork final : public Network {
  public:
    bool bind(const Endpoint& local) override {
        if (refused.contains(local.port)) return false;
        return bound.insert(local).second;
    }
    void release(const Endpoint& local) override { bound.erase(local); }
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes) override {
        sent.push_back({local, to, Bytes(bytes.begin(), bytes.end())});
    }
    std::set<Endpoint> bound;
    std::set<std::uint16_t> refused;
    std::vector<Sent> sent;
};

const sdp::Codec pcmu{0, "PCMU", 8000, 1, ""};
const sdp::Codec events_a{101, "telephone-event", 8000, 1, "0-15"};
const sdp::Codec events_b{96, "telephone-event", 8000, 1, "0-15"};

class PortsTest : public testing::Test {
  protected:
    static constexpr std::uint16_t first_port = 20000, last_port = 20007;  // four pairs
    const Endpoint caller = at("192.0.2.10:4000"), callee = at("192.0.2.20:6000");

    PortsTest()
        : engine(cpu::make_engine()),
          ports(*engine, network,
                {{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("203.0.113.1"), first_port, last_port}},
                random) {}

    PortId open(const Endpoint& signaling) {
        PortOptions options;
        options.signaling_source = signaling.ip;
        return ports.open(now, options).value();
    }

    RemoteMedia plain(const Endpoint& remote, const sdp::Codec& events) {
        RemoteMedia r;
        r.rtp = remote;
        r.codecs = r.ours = {pcmu, events};
        return r;
    }

    // A call between `caller` and `callee`, plain on both sides.
    void connect() {
        a = open(caller);
        b = open(callee);
        ASSERT_TRUE(ports.set_remote(now, a, plain(caller, events_a)));
        ASSERT_TRUE(ports.set_remote(now, b, plain(callee, events_b)));
        ASSERT_TRUE(ports.join(now, a, b));
    }

    Endpoint local(PortId id) { return {*IpAddress::parse("10.0.0.1"), ports.advertised(id).port}; }
    Endpoint local_rtcp(PortId id) { return {local(id).ip, static_cast<std::uint16_t>(local(id).port + 1)}; }

    static Bytes packet(std::uint16_t sequence, std::string_view payload = "voice", std::uint8_t type = 0,
                        std::uint32_t ssrc = 0x1111) {
        Bytes out(rtp::header_size);
        rtp::write_header({type, false, sequence, sequence * 160U, ssrc}, out.data());
        out.insert(out.end(), payload.begin(), payload.end());
        return out;
    }

    void receive(const Endpoint& local, const Endpoint& from, const Bytes& bytes) {
        const Ports::Datagram d{local, from, bytes};
        ports.receive(now, {&d, 1});
    }

    // Sends one packet from the caller and returns what left for it; empty where nothing did.
    std::vector<Sent> speak(const Endpoint& from, std::uint16_t sequence, std::uint8_t type = 0) {
        network.sent.clear();
        receive(local(a), from, packet(sequence, "voice", type));
        return network.sent;
    }

    void run_until(Time end) {
        while (const auto next = ports.next_timer()) {
            if (*next > end) break;
            now = *next;
            ports.advance(now);
        }
        now = end;
    }

    Time now{};
    SeededRandom random{7};
    FakeNetwork network;
    std::unique_ptr<Engine> engine;
    Ports ports;
    PortId a, b;
};

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

class SecuredPorts : public PortsTest, public testing::WithParamInterface<sdp::SrtpSuite> {
  protected:
    // The caller's leg is secured, the callee's is plain.
    void SetUp() override {
        connect();
        auto remote = plain(caller, events_a);
        remote.receive_key = theirs;
        remote.send_key = ours;
        ASSERT_TRUE(ports.set_remote(now, a, remote));
        ASSERT_TRUE(ports.join(now, a, b));
    }
    const sdp::SrtpKey theirs = sdp::make_srtp_key(GetParam(), random);
    const sdp::SrtpKey ours = sdp::make_srtp_key(GetParam(), random);
    cpu::Srtp sender = cpu::Srtp::create(theirs, cpu::Srtp::Direction::outbound).value();
    cpu::Srtp receiver = cpu::Srtp::create(ours, cpu::Srtp::Direction::inbound).value();

    Bytes secured(std::uint16_t sequence, std::string_view payload) {
        Bytes out = packet(sequence, payload);
        EXPECT_TRUE(sender.protect(out));
        return out;
    }
};
INSTANTIATE_TEST_SUITE_P(Suites, SecuredPorts,
                         testing::Values(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
                                         sdp::SrtpSuite::aead_aes_128_gcm, sdp::SrtpSuite::aead_aes_256_gcm),
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

// RFC 3550 6.4.1: the round trip comes from the time that a report carries back.
TEST_F(PortsTest, RtcpEndsHereAndGivesRoundTripAndTheirView) {
    connect();
    speak(caller, 1);  // so that b has something to report as a sender
    network.sent.clear();
    run_until(now + 8s);
    std::optional<rtp::RtcpCompound> ours;
    Time sent_at{};
    for (const auto& s : network.sent) {
        if (!ours && s.local == local_rtcp(b)) ours = rtp::RtcpCompound::parse(s.bytes);
    }
    ASSERT_TRUE(ours && ours->sender) << "an SR, for b has sent";
    EXPECT_FALSE(ours->cname.empty());

    // The callee answers 30 ms after it got the report, which took 20 ms; its own takes 20 ms more.
    rtp::RtcpCompound theirs;
    theirs.sender_ssrc = 0x2222;
    rtp::ReportBlock block;
    block.ssrc = ours->sender_ssrc;
    block.cumulative_lost = 3;
    block.jitter = 80;  // 10 ms
    block.last_sr = static_cast<std::uint32_t>(ours->sender->ntp >> 16);
    block.delay_since_last_sr = 65536 * 30 / 1000;
    theirs.reports.push_back(block);
    theirs.cname = "them";
    sent_at =
        Time{} + Duration(static_cast<std::int64_t>(ours->sender->ntp >> 32) * 1'000'000'000 +
                          static_cast<std::int64_t>((ours->sender->ntp & 0xFFFFFFFF) * 1'000'000'000 >> 32));
    now = sent_at + 70ms;
    network.sent.clear();
    receive(local_rtcp(b), {callee.ip, static_cast<std::uint16_t>(callee.port + 1)}, theirs.to_bytes());
    EXPECT_TRUE(network.sent.empty()) << "reports do not cross";
    const auto report = ports.report(b);
    EXPECT_EQ(report.rtcp_received, 1U);
    EXPECT_EQ(report.remote_lost, 3);
    EXPECT_EQ(report.remote_jitter, 10ms);
    ASSERT_TRUE(report.round_trip);
    EXPECT_NEAR(static_cast<double>(to_ms(*report.round_trip)), 40, 1);
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
