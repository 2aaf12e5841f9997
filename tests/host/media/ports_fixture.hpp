// Two ports as the two legs of a call, on a network of the test's own and a clock that it turns.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "drivers/cpu/engine.hpp"
#include "drivers/cpu/srtp.hpp"
#include "host/base/text.hpp"
#include "host/media/local_ports.hpp"
#include "host/rtp/rtcp.hpp"
#include "tests/fakes/media_network.hpp"

namespace causeway::media {

using namespace std::chrono_literals;
using Sent = fakes::RecordingNetwork::Sent;

inline Endpoint at(const char* text) {
    return *Endpoint::parse(text);
}

inline const sdp::Codec pcmu{0, "PCMU", 8000, 1, ""};
inline const sdp::Codec events_a{101, "telephone-event", 8000, 1, "0-15"};
inline const sdp::Codec events_b{96, "telephone-event", 8000, 1, "0-15"};

class PortsTest : public testing::Test {
  protected:
    static constexpr std::uint16_t first_port = 20000, last_port = 20007;  // four pairs
    const Endpoint caller = at("192.0.2.10:4000"), callee = at("192.0.2.20:6000");

    PortsTest()
        : engine(cpu::make_engine()),
          pool({{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("203.0.113.1"), first_port, last_port}},
               random),
          ports(*engine, network, pool, random, LocalPorts::draw_ntp_zero(random)) {}

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
        const Datagram d{local, from, bytes};
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
    fakes::RecordingNetwork network;
    std::unique_ptr<Engine> engine;
    PortPool pool;
    LocalPorts ports;
    PortId a, b;
};

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
}  // namespace causeway::media
