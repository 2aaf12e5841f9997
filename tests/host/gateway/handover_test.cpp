// What two processes say to each other when one takes over from the other. The new one is a gateway on a
// thread here, or a script that ends at some step; the daemon's own restart is tests/e2e/restart_test.py.
#include "host/gateway/handover.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "host/base/text.hpp"
#include "host/gateway/gateway.hpp"
#include "host/net/sip_udp.hpp"
#include "tests/host/gateway/sip_peer.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

namespace causeway::gateway {
namespace {

using testing::HasSubstr;

const Facts facts{2, "/var/lib/causeway/cdr", "/run/causeway/control.sock"};

struct Ends {
    Channel old_end, new_end;
};
Ends ends() {
    auto made = Channel::pair();
    EXPECT_TRUE(made);
    return {std::move(made->first), Channel(std::move(made->second))};
}

File udp_socket() {
    return File(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

TEST(Handover, CarriesStateAndMoreSocketsThanOnePacketTakes) {
    auto [old_end, new_end] = ends();
    SeededRandom random(5);
    Bytes large(3 << 20);
    random.fill(large);
    const Secret state{ByteView(large)};
    const Time at = Time{} + std::chrono::seconds(77);
    std::vector<File> sockets;
    for (std::size_t i = 0; i < Channel::most_files + 50; ++i) sockets.push_back(udp_socket());
    const File lock = udp_socket(), control = udp_socket();

    Result<Taken> taken = fail("not yet");
    std::thread other([&, channel = &new_end] { taken = take_over(*channel, facts); });
    ASSERT_TRUE(old_end.send(Channel::Kind::facts, to_bytes(facts).view()));
    ASSERT_TRUE(old_end.expect(Channel::Kind::hello));
    std::vector<HeldShard> shards(2);
    for (auto& shard : shards) {
        shard.at = at;
        shard.state = state;
        shard.journal_instance = "0123456789abcdef";
        shard.journal_lock = lock.fd();
    }
    for (const auto& s : sockets) shards[1].media.push_back(s.fd());
    shards[0].sip.push_back(sockets[0].fd());
    const auto sent = hand_over(old_end, shards, control.fd());
    other.join();
    ASSERT_TRUE(sent) << sent.error().what;
    ASSERT_TRUE(taken) << taken.error().what;
    ASSERT_EQ(taken->shards.size(), 2u);
    EXPECT_TRUE(taken->shards[0].state == state);
    EXPECT_TRUE(taken->shards[1].state == state);
    EXPECT_EQ(taken->shards[1].at, at) << "both have the same clock";
    EXPECT_EQ(taken->shards[0].sip.size(), 1u);
    EXPECT_EQ(taken->shards[0].media.size(), 0u);
    EXPECT_EQ(taken->shards[1].media.size(), sockets.size());
    for (const auto& s : taken->shards[1].media) EXPECT_TRUE(net::SipUdp::bound_to(s.fd()));
    EXPECT_EQ(taken->shards[1].journal_instance, "0123456789abcdef");
    EXPECT_TRUE(taken->shards[1].journal_lock);
    EXPECT_TRUE(taken->control);
}

TEST(Handover, IsRefusedWhereWhatMustStayHasChanged) {
    const auto refused = [](const Facts& theirs) {
        auto [old_end, new_end] = ends();
        EXPECT_TRUE(old_end.send(Channel::Kind::facts, to_bytes(theirs).view()));
        const auto taken = take_over(new_end, facts);
        return taken ? std::string() : taken.error().what;
    };
    EXPECT_THAT(refused({3, facts.cdr_directory, facts.control_socket}),
                HasSubstr("gateway.shards: 3 run, 2"));
    EXPECT_THAT(refused({2, "", facts.control_socket}), HasSubstr("cdr.directory"));
}

TEST(Handover, OfAnotherVersionIsRefused) {
    auto [old_end, new_end] = ends();
    auto bytes = to_bytes(facts);
    Bytes other(bytes.view().begin(), bytes.view().end());
    ++other[7];
    ASSERT_TRUE(old_end.send(Channel::Kind::facts, other));
    const auto taken = take_over(new_end, facts);
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().what, HasSubstr("version"));
}

TEST(Handover, TheReasonOfTheOtherSideIsHeard) {
    auto [old_end, new_end] = ends();
    ASSERT_TRUE(new_end.send(Channel::Kind::failed, as_bytes("no disk")));
    const auto hello = old_end.expect(Channel::Kind::hello);
    ASSERT_FALSE(hello);
    EXPECT_EQ(hello.error().what, "no disk");
    ASSERT_TRUE(new_end.send(Channel::Kind::done));
    EXPECT_THAT(old_end.expect(Channel::Kind::ready).error().what,
                HasSubstr("\"done\" instead of \"ready\""));
}

TEST(Handover, TheEndOfTheOtherSideIsNoticed) {
    auto made = Channel::pair();
    made->second = File();
    EXPECT_THAT(made->first.expect(Channel::Kind::hello).error().what, HasSubstr("has ended"));
    EXPECT_THAT(made->first.send(Channel::Kind::go).error().what, HasSubstr("has ended"));
}

TEST(Handover, AReportIsReadAsItWasWritten) {
    const auto again = read_report(to_bytes(call::RestoreReport{5, 1, 2, 3}).view());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->carried, 5u);
    EXPECT_EQ(again->failed, 3u);
    EXPECT_FALSE(read_report({}));
}

// ---- whole gateways

class HandoverOfGateway : public testing::Test {
  protected:
    HandoverOfGateway() {
        config.listeners = {{"lo", *Endpoint::parse("127.0.0.1:0"), false}};
        config.core.listeners = {{sip::Transport::udp, "127.0.0.1", 0}};
        const auto loopback = *IpAddress::parse("127.0.0.1");
        config.core.media = {{loopback, loopback, 42300, 42319}};
        call::Trunk from, to;
        from.name = "from";
        from.target = caller.local();
        to.name = "to";
        to.target = callee.local();
        config.core.trunks = {from, to};
        config.core.routes = {{"2", "to", 0, ""}};
        config.cdr = {folder / "journal", folder / "cdr.sqlite", folder / "cdr.csv", std::chrono::seconds(60),
                      0};
        config.control_socket = folder / "socket";
    }
    // A call that the callee refuses: through both sides of the gateway, and recorded.
    void call_through(const Endpoint& us, std::string_view call_id) {
        caller.send(us, caller.invite(us, "200", call_id));
        const auto invite = callee.receive();
        ASSERT_EQ(invite.method(), sip::Method::invite);
        callee.respond(us, invite, 486);
        const auto refused = caller.receive_final();
        EXPECT_EQ(refused.status(), 486);
        EXPECT_EQ(refused.call_id(), call_id);
        caller.send(us, caller.ack_of(us, refused));
        EXPECT_EQ(callee.receive().method(), sip::Method::ack);
    }
    std::size_t records(std::string_view call_id) const {
        std::ifstream in(config.cdr.csv);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        std::size_t n = 0;
        for (auto at = text.find(call_id); at != std::string::npos; at = text.find(call_id, at + 1)) ++n;
        return n;
    }

    TemporaryFolder folder;
    SipPeer caller, callee;
    Config config;
};

// A successor that follows the protocol up to a step, and ends there.
constexpr const char* successor = R"(
import socket, sys
steps, step, report = ("facts", "hello", "shard", "all", "ready", "go"), sys.argv[1], bytes.fromhex(sys.argv[2])
FACTS, HELLO, SHARD, ALL, READY, GO, DONE, FAILED = 0, 1, 2, 6, 7, 8, 9, 10
channel = socket.socket(fileno=3)

def heard(kind):
    while channel.recv(65536)[0] != kind:
        pass

def said(name, packet):
    channel.send(packet)
    if step == name:
        sys.exit(0)

if step == "start":
    sys.exit(0)
heard(FACTS)
if step == "facts":
    sys.exit(0)
if step == "wrong order":
    said(step, bytes([DONE]))
said("hello", bytes([HELLO]))
if step == "shard":
    heard(SHARD)
    sys.exit(0)
heard(ALL)
if step == "all":
    sys.exit(0)
if step == "reason":
    said(step, bytes([FAILED]) + b"the disk is full")
if step == "no report":
    said(step, bytes([READY]) + report[:-1])
said("ready", bytes([READY]) + report)
heard(GO)
sys.exit(0)
)";

class SuccessorEnds : public HandoverOfGateway,
                      public testing::WithParamInterface<std::pair<std::string, std::string>> {};

TEST_P(SuccessorEnds, AndTheOldOneServesOnWithItsCallsAndRecords) {
    const auto& [step, reason] = GetParam();
    const std::string report = to_hex(to_bytes(call::RestoreReport{}).view());
    auto started = Gateway::start(config, {}, {{"/usr/bin/python3", "-c", successor, step, report}, {}});
    ASSERT_TRUE(started) << started.error().what;
    Gateway& gateway = **started;
    std::thread runs([&] { gateway.run(); });
    const Endpoint us = gateway.listeners()[0];
    caller.send(us, caller.invite(us, "200", "rings@test"));
    const auto invite = callee.receive();
    callee.respond(us, invite, 180);
    while (caller.receive().status() != 180) {
    }

    const auto done = gateway.restart();
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().what, HasSubstr(reason));

    EXPECT_EQ(gateway.calls().size(), 1u);
    callee.respond(us, invite, 486);
    const auto refused = caller.receive_final();
    EXPECT_EQ(refused.status(), 486);
    EXPECT_EQ(refused.call_id(), "rings@test");
    caller.send(us, caller.ack_of(us, refused));
    EXPECT_EQ(callee.receive().method(), sip::Method::ack);
    call_through(us, "next@test");
    gateway.stop();
    runs.join();
    EXPECT_EQ(records("rings@test"), 1u);
    EXPECT_EQ(records("next@test"), 1u);
}

INSTANTIATE_TEST_SUITE_P(Handover, SuccessorEnds,
                         testing::Values(std::pair("start", "has ended"), std::pair("facts", "has ended"),
                                         std::pair("wrong order", "\"done\" instead of \"hello\""),
                                         std::pair("hello", "has ended"), std::pair("shard", "has ended"),
                                         std::pair("all", "has ended"),
                                         std::pair("reason", "the disk is full"),
                                         std::pair("no report", "state"), std::pair("ready", "has ended"),
                                         std::pair("go", "has ended")),
                         [](const auto& tested) {
                             std::string name = tested.param.first;
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

// The other side: an old shard that stands still, and a new gateway that is given its state, or part of it.
class StateArrives : public HandoverOfGateway {
  protected:
    StateArrives() {
        config.cdr.directory.clear();
        config.control_socket.clear();
        shards.push_back(std::make_unique<Shard>(
            0, shards, net::UdpOptions{}, nullptr, load, no_records,
            [](const sip::Hop&, const std::string&) {}, [] {}));
        us = *shards[0]->listen(0, config.listeners[0].local);
        config.core.listeners[0].port = us.port;
        shards[0]->configure(config.core, 1);
        shards[0]->start();
    }
    ~StateArrives() override { shards[0]->stop(); }

    // Hands the shard over with that state instead of its own. The error of the gateway that takes it, and
    // what it tells the old process.
    std::pair<std::string, std::string> refusal(ByteView state, HeldShard& held) {
        auto pair = Channel::pair();
        Channel& channel = pair->first;
        Result<std::unique_ptr<Gateway>> taken = fail("not yet");
        std::thread other([&] { taken = Gateway::start(config, {}, {{}, std::move(pair->second)}); });
        const Facts ours{1, "", ""};
        EXPECT_TRUE(channel.send(Channel::Kind::facts, to_bytes(ours).view()));
        EXPECT_TRUE(channel.expect(Channel::Kind::hello));
        held.state = Secret(state);
        std::ignore = hand_over(channel, std::span(&held, 1), -1);
        const auto ready = channel.expect(Channel::Kind::ready);
        pair->first = Channel(File());  // ends a gateway that was ready
        other.join();
        return {taken ? "" : taken.error().what, ready ? "" : ready.error().what};
    }

    Shard::Shards shards;
    call::Load load;
    std::unique_ptr<CdrWriter> no_records;
    Endpoint us;
};

TEST_F(StateArrives, WholeItIsTakenUpAndServesFromTheSameSockets) {
    std::promise<bool> outcome;
    HeldShard held = shards[0]->hold(outcome.get_future()).get();
    caller.send(us, caller.invite(us, "200", "waits@test"));  // nobody reads the socket now
    auto pair = Channel::pair();
    Result<std::unique_ptr<Gateway>> taken = fail("not yet");
    std::thread other([&] { taken = Gateway::start(config, {}, {{}, std::move(pair->second)}); });
    EXPECT_TRUE(pair->first.send(Channel::Kind::facts, to_bytes(Facts{1, "", ""}).view()));
    EXPECT_TRUE(pair->first.expect(Channel::Kind::hello));
    EXPECT_TRUE(hand_over(pair->first, std::span(&held, 1), -1));
    EXPECT_TRUE(pair->first.expect(Channel::Kind::ready));
    EXPECT_TRUE(pair->first.send(Channel::Kind::go));
    EXPECT_TRUE(pair->first.expect(Channel::Kind::done));
    outcome.set_value(true);
    other.join();
    ASSERT_TRUE(taken) << taken.error().what;
    EXPECT_EQ((*taken)->listeners()[0], us);
    std::thread runs([&] { (*taken)->run(); });
    const auto invite = callee.receive();
    EXPECT_EQ(invite.method(), sip::Method::invite);
    callee.respond(us, invite, 486);
    EXPECT_EQ(caller.receive_final().status(), 486);
    (*taken)->stop();
    (*taken)->stop();
    runs.join();
}

TEST_F(StateArrives, CutShortOrOfAnotherVersionItIsRefusedAndTheOldOneServesOn) {
    std::promise<bool> outcome;
    HeldShard held = shards[0]->hold(outcome.get_future()).get();
    const Secret whole = held.state;
    Bytes other(whole.view().begin(), whole.view().end());
    ++other[7];
    const auto size = whole.size();
    for (const ByteView state : {whole.view().first(0), whole.view().first(1), whole.view().first(size / 2),
                                 whole.view().first(size - 1), ByteView(other)}) {
        const auto [error, told] = refusal(state, held);
        EXPECT_NE(error, "") << state.size() << " of " << size << " octets";
        EXPECT_EQ(told, error);
    }
    outcome.set_value(false);
    call_through(us, "on@test");
}

}  // namespace
}  // namespace causeway::gateway
