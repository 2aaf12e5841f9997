// Media threads over loopback: streams go on while the calls that they belong to are moved from thread to
// thread.
#include "host/gateway/media_threads.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <map>

#include "drivers/cpu/srtp.hpp"
#include "host/rtp/packet.hpp"

namespace causeway::gateway {
namespace {

using media::PortId;
using std::chrono::milliseconds;
using std::chrono::seconds;

const IpAddress loopback = *IpAddress::parse("127.0.0.1");
const sdp::Codec pcmu{0, "PCMU", 8000, 1, ""};

// Of one direction: what a peer sends, and what the other one hears of it.
struct Stream {
    Endpoint from, to;  // the sender's and the gateway's sockets
    Endpoint heard_at;  // the other peer's socket
    std::optional<cpu::Srtp> seal, open;
    std::uint32_t sent = 0;
    std::vector<rtp::Header> heard;
    std::vector<std::uint32_t> serials;
};

class MediaThreadsTest : public testing::TestWithParam<net::UdpBackend> {
  protected:
    struct Call {
        PortId a, b;
        Stream there, back;
    };

    void SetUp() override {
        if (const auto works = net::try_udp_backend(GetParam()); !works) GTEST_SKIP() << works.error().what;
        threads.start();
    }
    void TearDown() override { threads.stop(); }

    Endpoint peer() {
        while (next_peer < 44800) {
            const Endpoint e{loopback, next_peer};
            next_peer += 2;  // the one above is for RTCP
            if (peers.open(e)) return e;
        }
        ADD_FAILURE() << "no free port";
        return {};
    }
    PortId open(const std::string& call_id) {
        media::PortOptions options;
        options.call_id = call_id;
        options.signaling_source = loopback;
        const auto id = ports.open(net::now() - seconds(60), options);
        EXPECT_TRUE(id) << id.error().what;
        return id.value_or(PortId{});
    }
    // Secured on the caller's side where that is wanted.
    Call connect(const std::string& call_id, bool secured) {
        Call call;
        call.a = open(call_id);
        call.b = open(call_id);
        const Endpoint caller = peer(), callee = peer();
        media::RemoteMedia remote;
        remote.codecs = remote.ours = {pcmu};
        remote.rtp = callee;
        EXPECT_TRUE(ports.set_remote(net::now(), call.b, remote));
        if (secured) {
            const auto suite = sdp::SrtpSuite::aes_cm_128_hmac_sha1_80;
            remote.receive_key = sdp::make_srtp_key(suite, random);
            remote.send_key = sdp::make_srtp_key(suite, random);
            call.there.seal =
                std::move(*cpu::Srtp::create(remote.receive_key, cpu::Srtp::Direction::outbound));
            call.back.open = std::move(*cpu::Srtp::create(remote.send_key, cpu::Srtp::Direction::inbound));
        }
        remote.rtp = caller;
        EXPECT_TRUE(ports.set_remote(net::now(), call.a, remote));
        EXPECT_TRUE(ports.join(net::now(), call.a, call.b));
        call.there.from = call.back.heard_at = caller;
        call.back.from = call.there.heard_at = callee;
        call.there.to = ports.advertised(call.a);
        call.back.to = ports.advertised(call.b);
        return call;
    }
    void speak(Stream& s) {
        Bytes packet(rtp::header_size + 4);
        // It wraps on the way.
        const auto sequence = static_cast<std::uint16_t>(65000 + s.sent);
        rtp::write_header({0, false, sequence, s.sent * 160, s.from.port}, packet.data());
        store_be32(&packet[rtp::header_size], s.sent++);
        if (s.seal) {
            ASSERT_TRUE(s.seal->protect(packet));
        }
        peers.send(s.from, s.to, packet);
    }
    void hear(const std::map<Endpoint, Stream*>& streams) {
        for (const auto& d : peers.receive()) {
            const auto found = streams.find(d.local);
            if (found == streams.end()) continue;
            Stream& s = *found->second;
            Bytes bytes(d.bytes.begin(), d.bytes.end());
            if (s.open) {
                ASSERT_EQ(s.open->unprotect(bytes), cpu::Srtp::Outcome::ok) << "packet " << s.heard.size();
            }
            const auto packet = rtp::Packet::parse(bytes);
            ASSERT_TRUE(packet && packet->payload.size() == 4);
            s.heard.push_back(packet->header);
            s.serials.push_back(load_be32(packet->payload.data()));
        }
    }
    // False where nothing comes any more.
    bool wait_for_packets() {
        pollfd wait{peers.descriptor(), POLLIN, 0};
        return ::poll(&wait, 1, 2000) == 1;
    }
    static void check_whole(const Stream& s) {
        ASSERT_EQ(s.serials.size(), s.sent);
        for (std::uint32_t i = 0; i < s.sent; ++i) {
            ASSERT_EQ(s.serials[i], i) << "lost, doubled or out of order";
            ASSERT_EQ(s.heard[i].ssrc, s.heard[0].ssrc);
            ASSERT_EQ(s.heard[i].sequence, static_cast<std::uint16_t>(s.heard[0].sequence + i));
            ASSERT_EQ(s.heard[i].timestamp, s.heard[0].timestamp + 160 * i);
        }
    }

    SeededRandom random{3};
    MediaThreads threads{2, {GetParam()}, {{loopback, loopback, 42600, 42799}}};
    ShardMedia ports{threads};
    net::UdpSockets peers;
    std::uint16_t next_peer = 43800;
};

INSTANTIATE_TEST_SUITE_P(Backends, MediaThreadsTest,
                         testing::Values(net::UdpBackend::epoll, net::UdpBackend::io_uring),
                         [](const auto& p) { return p.index == 0 ? "epoll" : "io_uring"; });

TEST_P(MediaThreadsTest, EveryPacketArrivesOnceAndInOrderWhileCallsAreMoved) {
    std::vector<Call> calls;
    for (int i = 0; i < 6; ++i) calls.push_back(connect("call-" + std::to_string(i), i % 2 == 0));
    std::map<Endpoint, Stream*> streams;
    for (Call& c : calls) {
        streams[c.there.heard_at] = &c.there;
        streams[c.back.heard_at] = &c.back;
    }
    std::uint64_t sent = 0, heard = 0;
    const auto count = [&] {
        heard = 0;
        for (const auto& [at, s] : streams) heard += s->heard.size();
        return heard;
    };
    // Each round sends, and moves a call while that is on its way.
    for (std::size_t round = 0; round < 240 && !HasFatalFailure(); ++round) {
        for (Call& c : calls) {
            for (int i = 0; i < 3; ++i) {
                speak(c.there);
                speak(c.back);
                sent += 2;
            }
        }
        peers.flush();
        const Call& c = calls[round % calls.size()];
        const std::size_t to = 1 - ports.thread_of(c.a);
        const auto moved = ports.move(net::now(), round % 4 < 2 ? c.a : c.b, to);
        ASSERT_TRUE(moved) << moved.error().what;
        ASSERT_EQ(ports.thread_of(c.a), to);
        ASSERT_EQ(ports.thread_of(c.b), to);
        hear(streams);
        while (count() + 60 < sent && !HasFatalFailure()) {  // no socket is to overflow
            if (!wait_for_packets()) break;
            hear(streams);
        }
    }
    while (count() < sent && !HasFatalFailure() && wait_for_packets()) hear(streams);
    for (Call& c : calls) {
        check_whole(c.there);
        check_whole(c.back);
    }
    std::uint64_t in = 0, out = 0, moved_in = 0, moved_out = 0;
    for (const auto& t : threads.status()) {
        EXPECT_EQ(t.ports.dropped, 0U);
        EXPECT_EQ(t.sockets.send_failed, 0U);
        in += t.ports.packets_in;
        out += t.ports.packets_out;
        moved_in += t.moved_in;
        moved_out += t.moved_out;
    }
    EXPECT_EQ(in, sent);
    EXPECT_EQ(out, sent);
    EXPECT_EQ(moved_in, 480U);
    EXPECT_EQ(moved_out, 480U);
    for (Call& c : calls) {
        for (const auto& [id, received, spoken] :
             {std::tuple{c.a, c.there.sent, c.back.sent}, {c.b, c.back.sent, c.there.sent}}) {
            const auto report = ports.report(id);
            EXPECT_EQ(report.packets_received, received);
            EXPECT_EQ(report.packets_lost, 0);
            EXPECT_EQ(report.packets_sent, spoken);
            EXPECT_EQ(ports.close(net::now(), id).packets_received, received);
        }
    }
    for (const auto& t : threads.status()) {
        EXPECT_EQ(t.ports.ports_in_use, 0U);
        EXPECT_EQ(t.ports.engine.ingresses + t.ports.engine.egresses + t.ports.engine.paths, 0U);
    }
    EXPECT_EQ(threads.pool().taken(), 0U);
}

TEST_P(MediaThreadsTest, PortsOfACallAreOnOneThreadAndCallsOnAll) {
    const auto a = open("one"), b = open("two"), c = open("one"), d = open("two");
    EXPECT_EQ(ports.thread_of(a), ports.thread_of(c));
    EXPECT_EQ(ports.thread_of(b), ports.thread_of(d));
    EXPECT_NE(ports.thread_of(a), ports.thread_of(b));
    for (const auto id : {a, b, c, d}) ports.close(net::now(), id);
}

TEST_P(MediaThreadsTest, WhoIsJoinedComesToOneThread) {
    const auto a = open("one"), b = open("two");
    ASSERT_NE(ports.thread_of(a), ports.thread_of(b));
    const auto advertised = ports.advertised(b);
    ASSERT_TRUE(ports.join(net::now(), a, b));
    EXPECT_EQ(ports.thread_of(b), ports.thread_of(a));
    EXPECT_EQ(ports.advertised(b), advertised);
    EXPECT_EQ(ports.close(net::now(), b).local, advertised);
    EXPECT_FALSE(ports.join(net::now(), a, b)) << "closed";
    EXPECT_FALSE(ports.move(net::now(), b, 0));
    ports.close(net::now(), a);
}

TEST_P(MediaThreadsTest, CallsOfABusyThreadAreMovedToAnIdleOne) {
    std::vector<Call> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(connect("call-" + std::to_string(i), false));
    for (const Call& c : calls) ASSERT_TRUE(ports.move(net::now() - seconds(60), c.a, 0));
    std::map<Endpoint, Stream*> streams;
    for (Call& c : calls) streams[c.there.heard_at] = &c.there;
    const Time end = net::now() + seconds(10);
    Time next = net::now();
    const auto on_the_other = [&] {
        return std::count_if(calls.begin(), calls.end(),
                             [&](const Call& c) { return ports.thread_of(c.a) == 1; });
    };
    while (on_the_other() == 0 && net::now() < end) {
        for (Call& c : calls) speak(c.there);
        peers.flush();
        wait_for_packets();
        hear(streams);
        if (net::now() < next) continue;
        ports.spread(next);
        next += milliseconds(200);
    }
    EXPECT_GE(on_the_other(), 1);
    EXPECT_LT(on_the_other(), 4) << "not all";
    for (const Call& c : calls) {
        ports.close(net::now(), c.a);
        ports.close(net::now(), c.b);
    }
}

TEST_P(MediaThreadsTest, HeldThreadsLeaveWhatComesInTheSockets) {
    Call call = connect("call", true);
    std::map<Endpoint, Stream*> streams{{call.there.heard_at, &call.there}};
    speak(call.there);
    peers.flush();
    while (call.there.heard.empty() && !HasFatalFailure()) {
        wait_for_packets();
        hear(streams);
    }
    threads.hold();
    const auto before = ports.save(call.a);
    for (int i = 0; i < 20; ++i) speak(call.there);
    peers.flush();
    EXPECT_EQ(ports.report(call.a).packets_received, 1U);
    EXPECT_EQ(ports.descriptors().size(), 4U);
    EXPECT_EQ(ports.save(call.a)->ingress.keys[0].sources, before->ingress.keys[0].sources);
    threads.resume();
    while (call.there.heard.size() < 21 && !HasFatalFailure() && wait_for_packets()) hear(streams);
    check_whole(call.there);
    ports.close(net::now(), call.a);
    ports.close(net::now(), call.b);
}

}  // namespace
}  // namespace causeway::gateway
