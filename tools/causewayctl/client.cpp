#include "tools/causewayctl/client.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace causeway::ctl {
namespace {

using nlohmann::json;
namespace asio = boost::asio;
using local = asio::local::stream_protocol;

constexpr auto patience = std::chrono::seconds(10);
constexpr std::size_t longest_answer = 64 << 20;  // octets

}  // namespace

tl::expected<json, Failure> Client::call(const std::string& method, json params) const {
    const auto failure = [&](std::string_view why, bool is_gone) {
        return tl::make_unexpected(
            Failure{true, fmt::format("control socket {}: {}", socket_, why), is_gone});
    };
    const auto unreachable = [&](std::string_view why) { return failure(why, false); };
    const auto gone = [&](std::string_view why) { return failure(why, true); };
    asio::io_context io;
    local::socket socket(io);
    boost::system::error_code error;
    if (socket_.size() >= local::endpoint().capacity() - offsetof(sockaddr_un, sun_path)) {
        return unreachable("the path is too long");
    }
    socket.connect(local::endpoint(socket_), error);
    if (error) return gone(error.message());

    const std::string request =
        json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}.dump(
            -1, ' ', false, json::error_handler_t::replace) +
        "\n";
    std::string answer;
    bool done = false;
    asio::async_write(socket, asio::buffer(request), [&](boost::system::error_code written, std::size_t) {
        if (written) {
            error = written;
            done = true;
            return;
        }
        asio::async_read_until(socket, asio::dynamic_buffer(answer, longest_answer), '\n',
                               [&](boost::system::error_code read, std::size_t) {
                                   error = read;
                                   done = true;
                               });
    });
    io.run_for(patience);
    if (!done) return unreachable("no answer within 10 s");
    if (error == asio::error::eof) return gone("disconnected without an answer");
    if (error) return gone(error.message());

    const json response = json::parse(answer, nullptr, false);
    if (!response.is_object()) return unreachable("the answer is no JSON-RPC");
    if (const auto refused = response.find("error"); refused != response.end() && refused->is_object()) {
        return tl::make_unexpected(Failure{false, refused->value("message", "refused")});
    }
    const auto result = response.find("result");
    if (result == response.end()) return unreachable("the answer is no JSON-RPC");
    return *result;
}

}  // namespace causeway::ctl
