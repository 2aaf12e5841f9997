// Several shards behind one listener, seen by a trunk that is one 4-tuple.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <thread>

#include "host/gateway/gateway.hpp"
#include "host/store/sqlite.hpp"
#include "tests/host/gateway/sip_peer.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

using namespace causeway;
using namespace causeway::gateway;
using std::chrono::seconds;
using testing::Each;
using testing::HasSubstr;

namespace {

constexpr std::uint8_t shard_count = 4;

class Shards : public testing::Test {
  protected:
    Shards() {
        config.shards = shard_count;
        config.listeners = {{"lo", *Endpoint::parse("127.0.0.1:0"), false}};
        config.core.listeners = {{sip::Transport::udp, "127.0.0.1", 0}};
        const auto loopback = *IpAddress::parse("127.0.0.1");
        config.core.media = {{loopback, loopback, 42200, 42399}};
        call::Trunk from, to;
        from.name = "from";
        from.target = caller.local();
        to.name = "to";
        to.target = callee.local();
        config.core.trunks = {from, to};
        config.core.routes = {{"2", "to", 0, ""}};
        config.cdr = {folder / "journal", folder / "cdr.sqlite", "", seconds(60), 0};
        config.control_socket = "";
        auto started = Gateway::start(config);
        EXPECT_TRUE(started) << started.error().what;
        gateway = std::move(*started);
        us = gateway->listeners()[0];
        thread = std::thread([this] { gateway->run(); });
    }
    ~Shards() override { end(); }
    void end() {
        gateway->stop();
        gateway->stop();  // at once
        if (thread.joinable()) thread.join();
    }
    // A call that the callee refuses, to its last ACK.
    void refused_call(int n) {
        const auto call_id = fmt::format("{}-{}@trunk", n, n * 7919);
        caller.send(us, caller.invite(us, "200", call_id));
        const auto invite = callee.receive();
        ASSERT_EQ(invite.method(), sip::Method::invite);
        callee.respond(us, invite, 486);
        ASSERT_EQ(callee.receive().method(), sip::Method::ack);
        const auto refusal = caller.receive_final();
        ASSERT_EQ(refusal.status(), 486);
        ASSERT_EQ(refusal.call_id(), call_id);
        caller.send(us, caller.ack_of(us, refusal));
    }
    std::vector<std::uint64_t> attempts() {
        std::vector<std::uint64_t> out;
        for (const auto& shard : gateway->status().shards) out.push_back(shard.core.attempts);
        return out;
    }

    TemporaryFolder folder;
    SipPeer caller, callee;
    Config config;
    std::unique_ptr<Gateway> gateway;
    Endpoint us;
    std::thread thread;
};

}  // namespace

TEST_F(Shards, ShareTheCallsOfOneTrunkEvenly) {
    constexpr int calls = 200;
    for (int n = 0; n < calls && !HasFatalFailure(); ++n) refused_call(n);
    const auto by_shard = attempts();
    ASSERT_EQ(by_shard.size(), shard_count);
    EXPECT_EQ(std::accumulate(by_shard.begin(), by_shard.end(), 0u), calls);
    std::string shares;
    for (const auto n : by_shard) shares += fmt::format(" {}", n);
    RecordProperty("attempts_by_shard", shares);
    EXPECT_THAT(by_shard, Each(testing::Ge(calls / shard_count * 3 / 4))) << shares;
    EXPECT_THAT(by_shard, Each(testing::Le(calls / shard_count * 5 / 4))) << shares;

    const auto status = gateway->status();
    EXPECT_EQ(status.core.calls, 0u);
    EXPECT_EQ(status.core.sip.stray_responses, 0u) << "a response met a shard that does not know its request";
    EXPECT_EQ(status.core.failed, calls);
    std::uint64_t handed_over = 0;
    for (const auto& shard : status.shards) handed_over += shard.handed_over;
    EXPECT_GT(handed_over, calls) << "the system gives all of one 4-tuple to one shard";
}

TEST_F(Shards, NameCallsUniquelyAndFindThem) {
    std::set<std::string> ringing;
    for (int n = 0; n < 12; ++n) {
        const auto call_id = fmt::format("ringing-{}", n);
        caller.send(us, caller.invite(us, "200", call_id));
        callee.respond(us, callee.receive(), 180);
        while (caller.receive().status() != 180) {
        }
        ringing.insert(call_id);
    }
    const auto calls = gateway->calls();
    ASSERT_EQ(calls.size(), ringing.size());
    std::set<std::string> seen;
    call::AttemptId last = 0;
    for (const auto& call : calls) {
        EXPECT_GT(call.info.id, last);
        last = call.info.id;
        seen.insert(call.info.incoming.call_id);
    }
    EXPECT_EQ(seen, ringing);
    EXPECT_EQ(gateway->status().core.calls, calls.size());
    for (const auto& call : calls) EXPECT_TRUE(gateway->hangup(call.info.id));
    EXPECT_FALSE(gateway->hangup(last + 1000));
    EXPECT_TRUE(gateway->calls().empty());
}

TEST_F(Shards, KeepOneJournalEachAndOneDatabase) {
    for (int n = 0; n < 40 && !HasFatalFailure(); ++n) refused_call(n);
    end();
    EXPECT_TRUE(std::filesystem::is_directory(folder / "journal/shard-3"));
    auto database = store::CdrDatabase::open(folder / "cdr.sqlite");
    ASSERT_TRUE(database);
    std::ostringstream csv;
    ASSERT_TRUE(database->export_csv(store::CdrDatabase::Table::cdr, csv));
    const auto text = csv.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 41);
    for (const auto* call_id : {"0-0@trunk", "39-308841@trunk"}) EXPECT_THAT(text, HasSubstr(call_id));
}

TEST_F(Shards, LimitOfCallsSpansThem) {
    // The fixture's gateway has room for all; this one for three.
    end();
    config.core.max_calls = 3;
    gateway = std::move(*Gateway::start(config));
    us = gateway->listeners()[0];
    thread = std::thread([this] { gateway->run(); });
    for (int n = 0; n < 3; ++n) {
        caller.send(us, caller.invite(us, "200", fmt::format("fits-{}", n)));
        EXPECT_EQ(callee.receive().method(), sip::Method::invite);
    }
    caller.send(us, caller.invite(us, "200", "too-many"));
    EXPECT_EQ(caller.receive_final().status(), 503);
}

TEST_F(Shards, LastCallOfAnyEndsAShutdown) {
    caller.send(us, caller.invite(us, "200", "last@test"));
    const auto invite = callee.receive();
    gateway->shutdown();
    EXPECT_TRUE(gateway->status().stopping);
    callee.respond(us, invite, 486);
    EXPECT_EQ(caller.receive_final().status(), 486);
    thread.join();
    EXPECT_EQ(gateway->status().core.calls, 0u);
}

TEST_F(Shards, ExcludeAnotherGatewayFromTheirPort) {
    Config other = config;
    other.listeners[0].local = us;
    other.cdr.directory = "";
    const auto second = Gateway::start(other);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().what, HasSubstr("Address already in use"));
}
