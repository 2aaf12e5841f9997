// The control socket as its clients see it: over a real socket, with clients that send garbage, too much, or
// nothing, and that do not read.
#include "host/gateway/control_socket.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "host/gateway/rpc.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

using namespace causeway;
using namespace causeway::gateway;
namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class ControlSocketTest : public testing::Test {
  protected:
    ControlSocketTest() {
        rpc.add("echo", [](const nlohmann::json& p) { return p; });
        rpc.add("long", [](const nlohmann::json&) { return std::string(8 << 20, 'x'); });
    }
    auto open(ControlLimits limits = {}) {
        return ControlSocket::open(
            io, path, [this](std::string_view line) { return rpc.handle(line); }, limits);
    }
    void start(ControlLimits limits = {}) {
        auto opened = open(limits);
        ASSERT_TRUE(opened) << opened.error().what;
        control = std::move(*opened);
    }
    // What the server sends until `lines` lines have come or it disconnects.
    std::string talk(const std::string& request, int lines) {
        local::socket client(io);
        client.connect(local::endpoint(path.native()));
        boost::system::error_code ignored;
        asio::write(client, asio::buffer(request), ignored);
        return read(client, lines);
    }
    std::string read(local::socket& client, int lines) {
        client.non_blocking(true);
        std::string got;
        const auto limit = std::chrono::steady_clock::now() + seconds(10);
        while (std::count(got.begin(), got.end(), '\n') < lines && std::chrono::steady_clock::now() < limit) {
            io.restart();
            io.poll();
            char buffer[4096];
            boost::system::error_code error;
            const auto size = client.read_some(asio::buffer(buffer), error);
            if (error && error != asio::error::would_block) {
                disconnected = true;
                break;
            }
            got.append(buffer, size);
        }
        return got;
    }

    asio::io_context io;
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "socket";
    Rpc rpc;
    std::unique_ptr<ControlSocket> control;
    bool disconnected = false;
};

}  // namespace

TEST_F(ControlSocketTest, AnswersLineByLineHoweverTheyArrive) {
    start();
    EXPECT_EQ(talk("{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":{\"a\":1},\"id\":1}\r\n\n"
                   "{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":2}\n",
                   2),
              "{\"id\":1,\"jsonrpc\":\"2.0\",\"result\":{\"a\":1}}\n{\"id\":2,\"jsonrpc\":\"2.0\",\"result\":"
              "null}\n");
}

TEST_F(ControlSocketTest, GarbageGetsAnErrorAndTheConnectionLives) {
    start();
    const auto got = talk(
        std::string("\0\xff\x01 GET / HTTP/1.1\n{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":3}\n", 61),
        2);
    EXPECT_NE(got.find("\"code\":-32700"), std::string::npos) << got;
    EXPECT_NE(got.find("\"id\":3"), std::string::npos) << got;
    EXPECT_FALSE(disconnected);
}

TEST_F(ControlSocketTest, ARequestWithoutEndIsRefusedAndDisconnected) {
    start();
    const auto got = talk(std::string(70'000, 'x'), 2);
    EXPECT_NE(got.find("too long"), std::string::npos) << got;
    EXPECT_TRUE(disconnected);
    EXPECT_EQ(control->clients(), 0u);
}

TEST_F(ControlSocketTest, ClientsThatIdleOrDoNotReadAreDisconnected) {
    start({.clients = 32, .request = 1000, .idle = milliseconds(30), .write = milliseconds(30)});
    local::socket idle(io), greedy(io);
    idle.connect(local::endpoint(path.native()));
    greedy.connect(local::endpoint(path.native()));
    asio::write(greedy, asio::buffer(std::string("{\"jsonrpc\":\"2.0\",\"method\":\"long\",\"id\":1}\n")));
    while (control->clients() < 2) io.run_one();
    while (control->clients() > 0) io.run_one();  // ends by the limits, or by the test's own
}

TEST_F(ControlSocketTest, MoreClientsThanAllowedAreTurnedAway) {
    start({.clients = 1, .request = 1000, .idle = seconds(60), .write = seconds(60)});
    local::socket first(io);
    first.connect(local::endpoint(path.native()));
    while (control->clients() < 1) io.run_one();
    EXPECT_EQ(talk("", 1), "");
    EXPECT_TRUE(disconnected);
    first.close();
    while (control->clients() > 0) io.run_one();
    EXPECT_EQ(talk("{}\n", 1).substr(0, 10), "{\"error\":{");
}

TEST_F(ControlSocketTest, IsItsOwnersAloneAndGoesWithTheDaemon) {
    start();
    struct stat s {};
    ASSERT_EQ(::stat(path.c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0600u);
    control.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ControlSocketTest, TakesTheSocketOfADeadProcessOnly) {
    start();
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().what.find("another process answers there"), std::string::npos);
    control.reset();
    {
        local::acceptor dead(io, local::endpoint(path.native()));  // closed without removing its file
    }
    EXPECT_TRUE(open());
    std::ofstream(path) << "precious";
    EXPECT_FALSE(open());
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ControlSocketTest, MayBeClosedByARequest) {
    start();
    rpc.add("close", [this](const nlohmann::json&) {
        control.reset();
        return nlohmann::json();
    });
    talk("{\"jsonrpc\":\"2.0\",\"method\":\"close\",\"id\":1}\n", 1);
    EXPECT_TRUE(disconnected);
}
