// Connections against peers that are raw sockets, on one io_context.
#include "host/net/sip_tcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <list>

using namespace causeway;
using namespace causeway::net;
using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string options(std::string_view call_id, const Endpoint& from, std::size_t body = 0) {
    std::string text = "OPTIONS sip:gw@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP " + from.to_string() +
                       ";branch=z9hG4bK" + std::string(call_id) +
                       "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n" + "Call-ID: " + std::string(call_id) +
                       "\r\nCSeq: 1 OPTIONS\r\nContent-Length: " + std::to_string(body) + "\r\n\r\n";
    return text.append(body, 'x');
}
std::string ok(std::string_view call_id, const Endpoint& via) {
    return "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP " + via.to_string() + ";branch=z9hG4bK" +
           std::string(call_id) +
           "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: " + std::string(call_id) +
           "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
}

class SipTcpTest : public testing::Test {
  protected:
    struct Peer {
        explicit Peer(boost::asio::io_context& io) : socket(io) {}
        tcp::socket socket;
        std::array<char, 65536> buffer;
        std::string heard;
        bool closed = false;

        void listen() {
            socket.async_read_some(boost::asio::buffer(buffer), [this](error_code error, std::size_t n) {
                heard.append(buffer.data(), n);
                if (error) {
                    closed = true;
                } else {
                    listen();
                }
            });
        }
        void say(std::string_view text) {
            error_code error;
            boost::asio::write(socket, boost::asio::buffer(text), error);
        }
        Endpoint local() const {
            return *Endpoint::parse("127.0.0.1:" + std::to_string(socket.local_endpoint().port()));
        }
    };

    void start(TcpLimits limits = {}, const char* address = "127.0.0.1:0") {
        tcp_ = std::make_unique<SipTcp>(
            io,
            SipTcp::Handlers{[this](std::string_view m, const sip::Hop& from) { got.emplace_back(m, from); },
                             [this](const sip::Hop& to, std::string_view why) {
                                 lost.emplace_back(to, std::string(why));
                             }},
            limits);
        const auto bound = tcp_->open(3, *Endpoint::parse(address));
        ASSERT_TRUE(bound) << bound.error().what;
        us = *bound;
        tcp_->start();
    }
    Peer& connect() {
        Peer& peer = peers.emplace_back(io);
        error_code error;
        peer.socket.connect({boost::asio::ip::make_address(us.ip.to_string()), us.port}, error);
        EXPECT_FALSE(error) << error.message();
        peer.listen();
        return peer;
    }
    // A peer that waits for our connection.
    struct Server {
        explicit Server(boost::asio::io_context& io)
            : acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)), peer(io) {}
        tcp::acceptor acceptor;
        Peer peer;
        int accepted = 0;
        void accept() {
            acceptor.async_accept(peer.socket, [this](error_code error) {
                if (error) return;
                ++accepted;
                peer.listen();
            });
        }
        Endpoint local() const {
            return *Endpoint::parse("127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()));
        }
    };
    // Runs until `done` holds; the limit only ends a test that fails.
    template <class Done>
    bool run_until(Done done) {
        const auto limit = std::chrono::steady_clock::now() + seconds(10);
        while (!done() && std::chrono::steady_clock::now() < limit) io.run_one_for(seconds(1));
        return done();
    }
    static sip::Hop hop(const Endpoint& remote) { return {sip::Transport::tcp, 3, remote}; }

    boost::asio::io_context io;
    std::unique_ptr<SipTcp> tcp_;
    Endpoint us;
    std::list<Peer> peers;
    std::vector<std::pair<std::string, sip::Hop>> got;
    std::vector<std::pair<sip::Hop, std::string>> lost;
};

}  // namespace

TEST_F(SipTcpTest, MessagesInPiecesNameListenerAndConnection_RFC3261_18_3) {
    start();
    Peer& peer = connect();
    const auto first = options("a", peer.local(), 3), second = options("b", peer.local());
    peer.say(first.substr(0, 40));
    ASSERT_TRUE(run_until([&] { return tcp_->connections() == 1; }));
    peer.say(first.substr(40) + second);
    ASSERT_TRUE(run_until([&] { return got.size() == 2; }));
    EXPECT_EQ(got[0], std::pair(first, hop(peer.local())));
    EXPECT_EQ(got[1].first, second);
}

TEST_F(SipTcpTest, AnswersByTheConnectionOfTheRequest_RFC3261_18_2_2) {
    start();
    Peer& peer = connect();
    peer.say(options("a", *Endpoint::parse("127.0.0.1:9")));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; }));
    const auto answer = ok("a", *Endpoint::parse("127.0.0.1:9"));
    tcp_->send(got[0].second, answer);
    ASSERT_TRUE(run_until([&] { return peer.heard == answer; }));
    EXPECT_EQ(tcp_->counters().opened, 0u);
}

TEST_F(SipTcpTest, AnswersToTheSentByWhereTheConnectionIsGone_RFC3261_18_2_2) {
    start();
    Server server(io);
    server.accept();
    Peer& peer = connect();
    peer.say(options("a", server.local()));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; }));
    peer.socket.close();
    ASSERT_TRUE(run_until([&] { return tcp_->connections() == 0; }));
    tcp_->send(got[0].second, ok("a", server.local()));
    ASSERT_TRUE(run_until([&] { return server.peer.heard == ok("a", server.local()); }));
}

TEST_F(SipTcpTest, OpensOneConnectionAndKeepsToIt) {
    start();
    Server server(io);
    server.accept();
    std::string said;
    for (const auto* id : {"a", "b", "c"}) {
        said += options(id, us);
        tcp_->send(hop(server.local()), options(id, us));
    }
    ASSERT_TRUE(run_until([&] { return server.peer.heard == said; }));
    server.peer.say(ok("a", us));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; }));
    EXPECT_EQ(got[0].second, hop(server.local()));
    EXPECT_EQ(tcp_->counters().opened, 1u);
    EXPECT_EQ(server.accepted, 1);
    EXPECT_EQ(tcp_->counters().sent, 3u);
}

TEST_F(SipTcpTest, SaysWhichHopCannotBeReached_RFC3261_18_4) {
    start();
    Endpoint nobody;
    {
        const Server gone(io);
        nobody = gone.local();
    }
    // It names a port where nobody listens either.
    auto request = options("a", us);
    request.replace(request.find("127.0.0.1"), 9, "127.0.0.1:9");
    tcp_->send(hop(nobody), request);
    EXPECT_TRUE(lost.empty()) << "never from inside send()";
    ASSERT_TRUE(run_until([&] { return !lost.empty(); }));
    EXPECT_THAT(lost, ElementsAre(std::pair(hop(nobody), std::string("Connection refused"))));
    EXPECT_EQ(tcp_->counters().failed, 2u);
    EXPECT_EQ(tcp_->connections(), 0u);
}

TEST_F(SipTcpTest, RequestWithoutItsConnectionGoesWhereItSays) {
    start();
    Server server(io);
    server.accept();
    Peer& peer = connect();
    peer.say(options("a", peer.local()));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; }));
    peer.socket.close();
    ASSERT_TRUE(run_until([&] { return tcp_->connections() == 0; }));
    auto bye = options("b", us);
    bye.replace(bye.find("sip:gw@127.0.0.1"), 16, "sip:a@" + server.local().to_string());
    tcp_->send(got[0].second, bye);
    ASSERT_TRUE(run_until([&] { return server.peer.heard == bye; }));
}

TEST_F(SipTcpTest, ResetInMidCallLosesWhatWasSent) {
    start();
    Server server(io);
    server.accept();
    tcp_->send(hop(server.local()), options("a", us));
    ASSERT_TRUE(run_until([&] { return !server.peer.heard.empty(); }));
    server.peer.socket.set_option(boost::asio::socket_base::linger(true, 0));  // RST, not FIN
    server.peer.socket.close();
    ASSERT_TRUE(run_until([&] { return !lost.empty(); }));
    EXPECT_EQ(lost[0].first, hop(server.local()));
}

TEST_F(SipTcpTest, StreamThatIsNoSipIsClosedAndCounted) {
    start();
    Peer& peer = connect();
    peer.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return peer.closed; }));
    EXPECT_EQ(tcp_->counters().broken, 1u);
    EXPECT_TRUE(got.empty());
    EXPECT_TRUE(lost.empty());
}

TEST_F(SipTcpTest, PingsGetPongs_RFC5626_4_4_1) {
    start();
    Peer& peer = connect();
    peer.say("\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return peer.heard == "\r\n"; }));
    EXPECT_TRUE(got.empty());
}

TEST_F(SipTcpTest, PeersThatStallAreClosed) {
    TcpLimits limits;
    limits.message = milliseconds(50);
    limits.first = milliseconds(60);
    start(limits);
    Peer& silent = connect();
    Peer& slow = connect();
    slow.say("OPTIONS sip:");
    Peer& good = connect();
    good.say(options("a", good.local()));
    ASSERT_TRUE(run_until([&] { return silent.closed && slow.closed; }));
    EXPECT_FALSE(good.closed);
    EXPECT_EQ(tcp_->connections(), 1u);
    EXPECT_EQ(tcp_->counters().stalled, 1u) << "who says nothing is not stalled, but gone";
}

TEST_F(SipTcpTest, PeerThatDoesNotReadIsClosedWhenItsQueueIsFull) {
    TcpLimits limits;
    limits.queue = 200'000;
    start(limits);
    Server server(io);
    error_code error;
    server.acceptor.set_option(boost::asio::socket_base::receive_buffer_size(4096), error);
    server.acceptor.async_accept(server.peer.socket, [](error_code) {});  // and never reads
    const auto to = hop(server.local());
    std::size_t octets = 0;
    while (lost.empty() && octets < (64u << 20)) {
        tcp_->send(to, options("a", us, 60'000));
        octets += 60'000;
        io.poll();
    }
    ASSERT_FALSE(lost.empty());
    EXPECT_EQ(lost[0], std::pair(to, std::string("does not read")));
    EXPECT_EQ(tcp_->counters().stalled, 1u);
    EXPECT_EQ(tcp_->connections(), 0u);
}

TEST_F(SipTcpTest, ConnectionsAreBoundedPerPeerAndInAll) {
    TcpLimits limits;
    limits.per_peer = 2;
    start(limits);
    Peer& a = connect();
    Peer& b = connect();
    Peer& c = connect();
    ASSERT_TRUE(run_until([&] { return c.closed; }));
    EXPECT_FALSE(a.closed || b.closed);
    EXPECT_EQ(tcp_->counters().refused, 1u);
    a.socket.close();
    ASSERT_TRUE(run_until([&] { return tcp_->connections() == 1; }));
    Peer& d = connect();
    d.say(options("d", d.local()));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; })) << "there is room again";

    limits.connections = 1;
    start(limits);
    connect();
    ASSERT_TRUE(run_until([&] { return tcp_->connections() == 1; }));
    const auto elsewhere = *Endpoint::parse("127.0.0.1:9");
    tcp_->send(hop(elsewhere), options("e", us));
    ASSERT_TRUE(run_until([&] { return !lost.empty(); }));
    EXPECT_EQ(lost[0], std::pair(hop(elsewhere), std::string("there are too many connections")));
}

TEST_F(SipTcpTest, WithoutDescriptorsItWaitsAndGoesOn) {
    start();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    Peer& peer = peers.emplace_back(io);
    peer.socket.open(tcp::v4());
    io.poll();  // Asio's own descriptors are open
    rlimit none = before;
    none.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    error_code error;
    peer.socket.connect({boost::asio::ip::address_v4::loopback(), us.port}, error);
    const bool refused = run_until([&] { return tcp_->counters().refused == 1; });
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(refused) << error.message();
    peer.listen();
    peer.say(options("a", peer.local()));
    EXPECT_TRUE(run_until([&] { return got.size() == 1; })) << "it is taken from the queue a second later";
    EXPECT_EQ(tcp_->counters().refused, 1u) << "it did not spin";
}

TEST_F(SipTcpTest, SpeaksIpv6) {
    error_code error;
    tcp::acceptor probe(io);
    probe.open(tcp::v6(), error);
    if (!error) probe.bind({boost::asio::ip::address_v6::loopback(), 0}, error);
    if (error) GTEST_SKIP() << "no IPv6 here: " << error.message();
    start({}, "[::1]:0");
    Peer& peer = connect();
    peer.say(options("six", *Endpoint::parse("[::1]:9")));
    ASSERT_TRUE(run_until([&] { return got.size() == 1; }));
    EXPECT_TRUE(got[0].second.remote.ip.is_v6());
    tcp_->send(got[0].second, "\r\n");
    EXPECT_TRUE(run_until([&] { return peer.heard == "\r\n"; }));
}

TEST_F(SipTcpTest, RefusesAnAddressInUseInTheSystemsWords) {
    start();
    const auto refused = tcp_->open(4, us);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "Address already in use");
}

TEST_F(SipTcpTest, MayBeDestroyedWithWorkUnderWay) {
    start();
    Peer& peer = connect();
    peer.say("OPTIONS");
    run_until([&] { return tcp_->connections() == 1; });
    tcp_->send(hop(*Endpoint::parse("127.0.0.1:9")), options("a", us));
    tcp_.reset();
    EXPECT_TRUE(run_until([&] { return peer.closed; }));
    EXPECT_TRUE(lost.empty());
}
