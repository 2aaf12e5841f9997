#include "host/gateway/rpc.hpp"

namespace causeway::gateway {
namespace {

using nlohmann::json;

json error_object(json id, const RpcError& error) {
    return {{"jsonrpc", "2.0"},
            {"id", std::move(id)},
            {"error", {{"code", error.code}, {"message", error.message}}}};
}

// One line, whatever octets peers have put into the values.
std::string line(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace

std::string Rpc::error_response(const RpcError& error) {
    return line(error_object(nullptr, error));
}

json Rpc::answer(const json& request) const {
    if (!request.is_object()) return error_object(nullptr, {RpcError::invalid_request, "not an object"});
    const auto member = [&](const char* name) {
        const auto found = request.find(name);
        return found == request.end() ? json() : *found;
    };
    const bool notification = !request.contains("id");
    const json id = member("id"), version = member("jsonrpc"), method = member("method"),
               params = member("params");
    if (!id.is_string() && !id.is_number() && !id.is_null()) {
        return error_object(nullptr, {RpcError::invalid_request, "id: expected a string, a number or null"});
    }
    if (version != "2.0") return error_object(id, {RpcError::invalid_request, "jsonrpc: expected \"2.0\""});
    if (!method.is_string())
        return error_object(id, {RpcError::invalid_request, "method: expected a string"});

    const auto found = methods_.find(method.get_ref<const std::string&>());
    tl::expected<json, RpcError> result;
    if (found == methods_.end()) {
        result = tl::make_unexpected(RpcError{RpcError::method_not_found, "no such method"});
    } else if (!params.is_object() && !params.is_null()) {
        result = tl::make_unexpected(RpcError{RpcError::invalid_params, "params: expected an object"});
    } else {
        result = found->second(params);
    }
    if (notification) return nullptr;
    if (!result) return error_object(id, result.error());
    return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(*result)}};
}

std::string Rpc::handle(std::string_view text) const {
    const json request = json::parse(text, nullptr, false);
    if (request.is_discarded()) return error_response({RpcError::parse_error, "not JSON"});
    if (!request.is_array()) {
        const json response = answer(request);
        return response.is_null() ? std::string() : line(response);
    }
    if (request.empty() || request.size() > max_batch) {
        return error_response({RpcError::invalid_request, "a batch has 1 to 16 requests"});
    }
    json responses = json::array();
    for (const json& one : request) {
        if (json response = answer(one); !response.is_null()) responses.push_back(std::move(response));
    }
    return responses.empty() ? std::string() : line(responses);
}

}  // namespace causeway::gateway
