// A whole gateway in this process, between a caller and a callee that the test plays: how it starts, what it
// records, how it drains and stops.
#include "host/gateway/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "host/gateway/cdr_records.hpp"
#include "tests/host/gateway/sip_peer.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

using namespace causeway;
using namespace causeway::gateway;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

namespace {

class GatewayTest : public testing::Test {
  protected:
    GatewayTest() {
        config.listeners = {{"lo", *Endpoint::parse("127.0.0.1:0"), false}};
        config.core.listeners = {{sip::Transport::udp, "127.0.0.1", 0}};
        const auto loopback = *IpAddress::parse("127.0.0.1");
        config.core.media = {{loopback, loopback, 42000, 42099}};
        call::Trunk from, to;
        from.name = "from";
        from.target = caller.local();
        to.name = "to";
        to.target = callee.local();
        config.core.trunks = {from, to};
        config.core.routes = {{"2", "to", 0, ""}};
        config.cdr = {folder / "journal", folder / "cdr.sqlite", folder / "cdr.csv", seconds(60), 0};
        config.control_socket = folder / "socket";
    }
    ~GatewayTest() override {
        if (gateway) gateway->stop();
        if (gateway) gateway->stop();  // at once
        if (thread.joinable()) thread.join();
    }
    void start() {
        auto started = Gateway::start(config);
        ASSERT_TRUE(started) << started.error().what;
        gateway = std::move(*started);
        us = gateway->listeners()[0];
        thread = std::thread([this] { gateway->run(); });
    }
    // A call that rings at the callee.
    sip::Message ringing_call(std::string_view call_id) {
        caller.send(us, caller.invite(us, "200", call_id));
        auto invite = callee.receive();
        EXPECT_EQ(invite.method(), sip::Method::invite);
        callee.respond(us, invite, 180);
        EXPECT_EQ(caller.receive().status(), 100);
        EXPECT_EQ(caller.receive().status(), 180);
        return invite;
    }
    std::string csv() const {
        std::ifstream in(config.cdr.csv);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryFolder folder;
    SipPeer caller, callee;
    Config config;
    std::unique_ptr<Gateway> gateway;
    Endpoint us;
    std::thread thread;
};

}  // namespace

TEST_F(GatewayTest, RecordsAnAttemptAndImportsItBeforeItIsGone) {
    start();
    auto invite = ringing_call("busy@test");
    callee.respond(us, invite, 486);
    EXPECT_EQ(caller.receive_final().status(), 486);
    gateway->stop();
    thread.join();
    EXPECT_THAT(csv(), HasSubstr("busy@test"));
    EXPECT_THAT(csv(), HasSubstr(",486,"));
    EXPECT_FALSE(std::filesystem::exists(config.control_socket));
}

TEST_F(GatewayTest, RefusesStrangersAndRecordsThat) {
    start();
    SipPeer stranger;
    stranger.send(us, stranger.invite(us, "200", "stranger@test"));
    EXPECT_EQ(stranger.receive_final().status(), 403);
    EXPECT_EQ(gateway->status().core.unknown_source, 1u);
    gateway->stop();
    thread.join();
    EXPECT_THAT(csv(), HasSubstr("stranger@test"));
}

TEST_F(GatewayTest, RefusesCallsThatItHasNoDiskToRecord) {
    config.cdr.reserve_octets = 1ull << 60;
    start();
    caller.send(us, caller.invite(us, "200", "unrecorded@test"));
    EXPECT_EQ(caller.receive_final().status(), 503);
}

TEST_F(GatewayTest, SaysWhichListenerFindsItsPortInUse) {
    config.listeners[0].local = caller.local();
    const auto started = Gateway::start(config);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().what,
              fmt::format("listener \"lo\" ({}): Address already in use", caller.local().to_string()));
}

TEST_F(GatewayTest, SeveralGatewaysShareAProcessButNoJournalAndNoSocket) {
    start();
    const auto second = Gateway::start(config);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().what, HasSubstr("cdr.directory"));
    config.cdr.directory = "";  // keeps no records
    const auto third = Gateway::start(config);
    ASSERT_FALSE(third);
    EXPECT_THAT(third.error().what, HasSubstr("another process answers there"));
    config.control_socket = "";
    EXPECT_TRUE(Gateway::start(config));
}

TEST_F(GatewayTest, AnswersBeforeWhileAndAfterItRuns) {
    auto started = Gateway::start(config);
    ASSERT_TRUE(started);
    EXPECT_EQ((*started)->status().listeners[0].name, "lo");
    gateway = std::move(*started);
    us = gateway->listeners()[0];
    EXPECT_NE(us.port, 0);
    thread = std::thread([this] { gateway->run(); });
    ringing_call("three@test");
    const auto calls = gateway->calls();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].info.incoming.trunk, "from");
    EXPECT_FALSE(gateway->hangup(calls[0].info.id + 1));
    EXPECT_TRUE(gateway->hangup(calls[0].info.id));
    EXPECT_EQ(caller.receive_final().status(), 480);
    EXPECT_EQ(callee.receive().method(), sip::Method::cancel);
    gateway->stop();
    gateway->stop();
    thread.join();
    EXPECT_EQ(gateway->status().core.attempts, 1u);
}

TEST_F(GatewayTest, ShutdownLetsCallsEndAndTakesNoNewOnes) {
    start();
    auto invite = ringing_call("last@test");
    gateway->shutdown();
    caller.send(us, caller.invite(us, "200", "late@test"));
    EXPECT_EQ(caller.receive_final().status(), 503);
    EXPECT_TRUE(gateway->status().stopping);
    callee.respond(us, invite, 486);
    sip::Message final_response = caller.receive_final();
    while (final_response.call_id() == "late@test")
        final_response = caller.receive_final();  // its retransmissions
    EXPECT_EQ(final_response.status(), 486);
    thread.join();
}

TEST_F(GatewayTest, ShutdownHangsUpWhatOutlastsItsLimit) {
    config.drain_limit = milliseconds(1);
    start();
    const auto invite = ringing_call("endless@test");
    gateway->shutdown();
    EXPECT_EQ(callee.receive().method(), sip::Method::cancel);
    EXPECT_EQ(caller.receive_final().status(), 480);
    thread.join();  // the callee never answers: 2 s
}

TEST_F(GatewayTest, DrainRefusesCallsAndGoesOn) {
    start();
    gateway->drain();
    caller.send(us, caller.invite(us, "200", "drained@test"));
    EXPECT_EQ(caller.receive_final().status(), 503);
    EXPECT_TRUE(gateway->status().core.draining);
    EXPECT_FALSE(gateway->status().stopping);
}

// A clock that is set while a call runs must not falsify its duration: one offset serves the whole attempt.
TEST(CdrRecords, TimesOfAnAttemptKeepTheirDistances) {
    const Time begin{seconds(1000)};
    const WallOffset offset = seconds(1'700'000'000) + milliseconds(1);
    call::CdrStart start;
    start.attempt = 7;
    start.at = begin;
    start.caller = "100";
    call::CdrEnd end;
    end.attempt = 7;
    end.at = begin + milliseconds(5500);
    end.answered = begin + milliseconds(1250);
    end.by = call::Ended::callee;
    end.media.resize(1);
    end.media[0].leg = "caller";
    end.media[0].figures.jitter = std::chrono::microseconds(1500);
    end.media[0].figures.suite = sdp::SrtpSuite::aead_aes_128_gcm;
    end.media[0].figures.dropped_direction = 5;
    end.media[0].figures.dropped_rtcp = 6;
    end.media[0].figures.rtcp_implausible = 7;
    end.media[0].figures.ssrc_collisions = 8;
    end.media[0].figures.late = 9;
    end.media[0].figures.concealed = std::chrono::milliseconds(40);
    end.media[0].figures.playout_delay = std::chrono::milliseconds(60);
    const auto s = to_store(start, offset);
    const auto e = to_store(end, offset);
    EXPECT_EQ(s.start_time.time_since_epoch(), milliseconds(1'700'001'000'001));
    EXPECT_EQ(e.end_time - s.start_time, milliseconds(5500));
    EXPECT_EQ(*e.answer_time - s.start_time, milliseconds(1250));
    EXPECT_FALSE(e.ring_time);
    EXPECT_EQ(e.ended_by, "callee");
    EXPECT_EQ(e.media[0].jitter_us, 1500);
    EXPECT_EQ(e.media[0].suite, "AEAD_AES_128_GCM");
    EXPECT_EQ(e.media[0].dropped_direction, 5);
    EXPECT_EQ(e.media[0].dropped_rtcp, 6);
    EXPECT_EQ(e.media[0].rtcp_implausible, 7);
    EXPECT_EQ(e.media[0].ssrc_collisions, 8);
    EXPECT_EQ(e.media[0].late, 9);
    EXPECT_EQ(e.media[0].concealed_us, 40000);
    EXPECT_EQ(e.media[0].playout_delay_us, 60000);
}
