// The gateway's core on a virtual clock, with two peers that a test speaks for: `left` and `right`, each on a
// trunk and a listener of its own. Every byte of both sides is kept.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "drivers/cpu/engine.hpp"
#include "host/call/core.hpp"
#include "tests/fakes/leaks.hpp"
#include "tests/fakes/media_network.hpp"
#include "tests/fakes/sip_peer.hpp"

namespace causeway::fakes {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Trunks "left" and "right"; what right is called for begins with +49, what left is called for with +33.
inline call::Config two_trunks() {
    const auto ip = [](const char* text) { return *IpAddress::parse(text); };
    call::Config c;
    c.listeners = {{sip::Transport::udp, "198.51.100.1", 5060}, {sip::Transport::udp, "198.51.100.2", 5060}};
    c.media = {{ip("198.51.100.9"), ip("198.51.100.9"), 20000, 20019}};
    call::Trunk left, right;
    left.name = "left";
    left.sources = {ip("192.0.2.10")};
    left.target = {ip("192.0.2.10"), 5060};
    right.name = "right";
    right.sources = {ip("203.0.113.20")};
    right.target = {ip("203.0.113.20"), 5060};
    right.listener = 1;
    c.trunks = {left, right};
    c.routes = {{"+49", "right", 0, ""}, {"+33", "left", 0, ""}};
    return c;
}

class Gateway final : public call::CoreOutput {
  public:
    explicit Gateway(const call::Config& config = two_trunks(), std::uint64_t seed = 1)
        : random(seed), engine(cpu::make_engine()), core(config, *engine, network, random, *this) {}

    SeededRandom random;
    std::unique_ptr<media::Engine> engine;
    media::fakes::RecordingNetwork network;
    Time now{Seconds(1000)};
    std::vector<call::CdrStart> starts;
    std::vector<call::CdrEnd> ends;
    bool journal_full = false;
    std::set<IpAddress> unreachable;                    // the transport refuses these
    std::function<void(std::string_view)> before_send;  // sees each message before its peer does
    call::Core core;

    Peer left = peer("leftie", "192.0.2.10:5060", "192.0.2.11:30000", "198.51.100.1:5060", 0);
    Peer right = peer("rightie", "203.0.113.20:5060", "203.0.113.21:40000", "198.51.100.2:5060", 1);
    Peer stranger = peer("stranger", "192.0.2.200:5060", "192.0.2.201:30000", "198.51.100.1:5060", 0);

    // The core's process ends and another begins, which has its sockets and nothing else.
    void replace(const call::Config& config = two_trunks(), call::CoreOptions options = {}) {
        std::destroy_at(&core);
        engine = cpu::make_engine();
        network.bound.clear();
        std::construct_at(&core, config, *engine, network, random, *this, options);
    }
    // With what the old core saved. The error is the new core's.
    Result<call::RestoreReport> restart(const call::Config& config = two_trunks()) {
        const Secret saved = core.save(now);
        replace(config);
        return core.restore(now, saved.view());
    }

    // Lets the time pass, firing each timer at its own deadline.
    void run(Duration duration) {
        const Time end = now + duration;
        while (true) {
            const auto next = core.next_timer();
            if (!next || *next > end) break;
            now = std::max(now, *next);
            core.advance(now);
        }
        now = end;
    }

    // One media datagram from `from` to the port that our SDP named.
    void media(const Endpoint& from, const Endpoint& to, ByteView bytes) {
        const media::Datagram datagram{to, from, bytes};
        core.receive_media(now, {&datagram, 1});
    }
    static Endpoint media_of(std::string_view sdp) {
        const auto session = sdp::Session::parse(sdp);
        if (!session || session->media.empty()) return {};
        const auto* c = session->connection_of(session->media[0]);
        return {IpAddress::parse(c->address).value_or(IpAddress()), session->media[0].port};
    }

    // A call from left to right that both have answered and acknowledged.
    struct Established {
        Peer::Dialog left, right;
        std::string to_left, to_right;  // what the gateway described to each
    };
    Established establish(const Description& offer = {}, const Description& answer = {}) {
        Established e;
        e.left = left.invite("+4930200", left.sdp(offer));
        left.expect("100");
        const auto invite = right.expect("INVITE");
        e.to_right = invite.body();
        e.right = right.dialog_of(invite);
        right.respond(e.right, 200, right.sdp(answer));
        right.expect("ACK");
        const auto ok = left.expect("200");
        e.to_left = ok.body();
        left.ack(e.left, ok);
        return e;
    }
    void left_hangs_up(Established& e) {
        left.request(e.left, "BYE");
        left.expect("200");
        right.respond(right.expect("BYE"), 200);
    }

    // What must be true after all calls: nothing is left, and nothing of one side was shown to the other.
    void expect_clean() {
        before_send = nullptr;  // what it refers to ended with the test's body
        for (const auto& c : core.calls()) core.hangup(now, c.id);
        run(std::chrono::minutes(10));
        const auto s = core.status();
        EXPECT_EQ(s.calls, 0u);
        EXPECT_EQ(s.legs, 0u);
        EXPECT_EQ(s.transactions, 0u);
        EXPECT_EQ(s.media.ports_in_use, 0u);
        EXPECT_EQ(s.media.engine.ingresses, 0u);
        EXPECT_EQ(s.media.engine.egresses, 0u);
        EXPECT_EQ(s.media.engine.paths, 0u);
        EXPECT_TRUE(network.bound.empty());
        EXPECT_FALSE(core.next_timer()) << "a timer is left";
        expect_one_record_per_attempt();
        expect_hidden(left, right);
        expect_hidden(right, left);
    }

    static Secrets secrets_of(const Peer& peer) {
        Secrets secrets;
        for (const auto* messages : {&peer.sent, &peer.received}) {
            for (const auto& m : *messages) secrets.read(m);
        }
        secrets.add(peer.name + "-");
        secrets.add("pbx." + peer.name);
        secrets.add(peer.signaling.ip.to_string());
        secrets.add(peer.media.ip.to_string());
        secrets.add(peer.gateway.ip.to_string());
        secrets.forget("198.51.100.9");  // our media address is the same on both sides
        return secrets;
    }
    // Nothing of `hidden` in any byte that `reader` got.
    static void expect_hidden(const Peer& hidden, const Peer& reader) {
        const auto secrets = secrets_of(hidden);
        for (const auto& m : reader.received) {
            EXPECT_EQ(secrets.found_in(m), std::vector<std::string>{})
                << "of " << hidden.name << " shown to " << reader.name << " in:\n"
                << m;
        }
    }

    // ---- call::CoreOutput
    bool send(const sip::Hop& to, std::string_view message) override {
        if (unreachable.count(to.remote.ip) != 0) return false;
        if (before_send) before_send(message);
        for (Peer* p : {&left, &right, &stranger}) {
            if (p->signaling == to.remote) p->receive(message);
        }
        return true;
    }
    bool start(const call::CdrStart& record) override {
        if (journal_full) return false;
        starts.push_back(record);
        return true;
    }
    void end(const call::CdrEnd& record) override { ends.push_back(record); }

  private:
    Peer peer(std::string name, const char* signaling, const char* media, const char* gateway,
              std::uint16_t listener) {
        return {std::move(name), *Endpoint::parse(signaling), *Endpoint::parse(media),
                *Endpoint::parse(gateway), [this, listener](const Peer& p, std::string_view text) {
                    core.receive_sip(now, text, {sip::Transport::udp, listener, p.signaling});
                }};
    }
    void expect_one_record_per_attempt() const {
        std::map<call::AttemptId, int> open;
        for (const auto& s : starts) EXPECT_EQ(++open[s.attempt], 1) << "second start of " << s.attempt;
        for (const auto& e : ends) EXPECT_EQ(--open[e.attempt], 0) << "end without start of " << e.attempt;
        for (const auto& [id, count] : open) EXPECT_EQ(count, 0) << "no end of " << id;
    }
};

// A test with a gateway that must be clean afterwards.
class CallTest : public ::testing::Test {
  protected:
    void TearDown() override {
        if (!HasFailure()) g->expect_clean();
    }
    // Another configuration; before the first message.
    void configure(call::Config config) { g = std::make_unique<Gateway>(std::move(config)); }
    std::unique_ptr<Gateway> g = std::make_unique<Gateway>();
};

}  // namespace causeway::fakes
