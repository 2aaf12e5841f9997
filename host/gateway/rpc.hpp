// JSON-RPC 2.0 (jsonrpc.org/specification): one request as text in, its response as text out. Where the text
// travels is the control socket's business.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace causeway::gateway {

struct RpcError {
    enum Code : int {
        parse_error = -32700,
        invalid_request = -32600,
        method_not_found = -32601,
        invalid_params = -32602,
        refused = -32000,  // understood, and not possible: the message says why
    };
    int code = refused;
    std::string message;
};

class Rpc {
  public:
    // `params` is an object or null: by-name parameters only.
    using Method = std::function<tl::expected<nlohmann::json, RpcError>(const nlohmann::json& params)>;

    void add(std::string name, Method method) { methods_.emplace(std::move(name), std::move(method)); }

    // The response, or "" where none is due (notifications). Batches have at most max_batch requests. Never
    // throws, whatever the text.
    std::string handle(std::string_view text) const;
    static constexpr std::size_t max_batch = 16;

    // The response to a request that could not be read.
    static std::string error_response(const RpcError& error);

  private:
    // Null where no response is due.
    nlohmann::json answer(const nlohmann::json& request) const;

    std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace causeway::gateway
