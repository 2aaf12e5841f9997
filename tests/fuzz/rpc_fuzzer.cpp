// A line of the control socket, answered by the real methods of a gateway: the answer is JSON of one line.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "host/gateway/control.hpp"

using namespace causeway;
using namespace causeway::gateway;

static std::unique_ptr<Gateway> start() {
    Config config;
    const auto loopback = *IpAddress::parse("127.0.0.1");
    config.listeners = {{"lo", *Endpoint::parse("127.0.0.1:0"), false}};
    config.core.listeners = {{sip::Transport::udp, "127.0.0.1", 0}};
    config.core.media = {{loopback, loopback, 42400, 42499}};
    call::Profile profile;
    profile.name = "p";
    profile.in.drop = {"X-Drop*"};
    profile.in.headers = {{"Subject", call::HeaderRule::On::all, "*;*", "$2$1$1"}};
    profile.in.numbers = {{{}, "0", 1, "+49"}};
    profile.sdp = {{{"PCMA", {}}}, {}, {"x-*"}};
    profile.replies = {{603, 486, {}}};
    config.core.profiles = {profile};
    config.cdr.directory.clear();
    config.control_socket.clear();
    auto gateway = Gateway::start(config);
    if (!gateway) std::abort();
    return std::move(*gateway);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto gateway = start();
    static const auto rpc = [] {
        Rpc made;
        add_control_methods(made, *gateway);
        return made;
    }();
    const auto answer = rpc.handle({reinterpret_cast<const char*>(data), size});
    if (answer.empty()) return 0;
    if (answer.find('\n') != std::string::npos || !nlohmann::json::accept(answer)) std::abort();
    return 0;
}
