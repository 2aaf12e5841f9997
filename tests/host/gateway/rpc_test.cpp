// JSON-RPC 2.0: the examples of its specification, and requests that are none.
#include "host/gateway/rpc.hpp"

#include <gtest/gtest.h>

using namespace causeway::gateway;
using nlohmann::json;

namespace {

Rpc sample() {
    Rpc rpc;
    rpc.add("subtract", [](const json& p) -> tl::expected<json, RpcError> {
        if (!p.contains("a") || !p["a"].is_number_integer()) {
            return tl::make_unexpected(RpcError{RpcError::invalid_params, "a: expected a number"});
        }
        return p["a"].get<int>() - p.value("b", 0);
    });
    rpc.add("octets", [](const json&) { return json("caf\xe9\n"); });
    return rpc;
}

json ask(const std::string& text) {
    const std::string response = sample().handle(text);
    EXPECT_EQ(response.find('\n'), std::string::npos) << "a response is one line";
    return response.empty() ? json() : json::parse(response);
}

int code_of(const std::string& text) {
    const json response = ask(text);
    EXPECT_EQ(response.at("jsonrpc"), "2.0");
    return response.at("error").at("code");
}

}  // namespace

TEST(Rpc, AnswersWithTheIdOfTheRequest) {
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"subtract","params":{"a":42,"b":23},"id":"x"})"),
              json::parse(R"({"jsonrpc":"2.0","result":19,"id":"x"})"));
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"subtract","params":{"a":1},"id":null})")["result"], 1);
}

TEST(Rpc, NotificationsGetNoResponseNotEvenAnError) {
    EXPECT_EQ(sample().handle(R"({"jsonrpc":"2.0","method":"subtract","params":{"a":1}})"), "");
    EXPECT_EQ(sample().handle(R"({"jsonrpc":"2.0","method":"foobar"})"), "");
    EXPECT_EQ(sample().handle(R"([{"jsonrpc":"2.0","method":"foobar"}])"), "");
}

TEST(Rpc, SaysWhatIsWrongByTheCodesOfTheSpecification) {
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":"foobar,"params":"bar")"), RpcError::parse_error);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":1,"params":"bar"})"), RpcError::invalid_request);
    EXPECT_EQ(code_of(R"({"method":"subtract","id":1})"), RpcError::invalid_request);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":"subtract","id":{}})"), RpcError::invalid_request);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":"nothing","id":1})"), RpcError::method_not_found);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":"subtract","params":[1],"id":1})"),
              RpcError::invalid_params);
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","method":"subtract","params":{},"id":1})"),
              RpcError::invalid_params);
    EXPECT_EQ(code_of("[]"), RpcError::invalid_request);
    EXPECT_EQ(code_of("7"), RpcError::invalid_request);
    EXPECT_EQ(code_of(""), RpcError::parse_error);
}

TEST(Rpc, AnswersBatchesOneByOneAndBoundsThem) {
    const json responses = ask(
        R"([{"jsonrpc":"2.0","method":"subtract","params":{"a":5},"id":1},1,{"jsonrpc":"2.0","method":"subtract"},
            {"jsonrpc":"2.0","method":"none","id":2}])");
    ASSERT_EQ(responses.size(), 3u);
    EXPECT_EQ(responses[0]["result"], 5);
    EXPECT_EQ(responses[1]["error"]["code"], RpcError::invalid_request);
    EXPECT_EQ(responses[2]["id"], 2);
    json many = json::array();
    for (std::size_t i = 0; i <= Rpc::max_batch; ++i) many.push_back(1);
    EXPECT_EQ(code_of(many.dump()), RpcError::invalid_request);
}

TEST(Rpc, RepairsTextThatIsNotUtf8) {
    EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"octets","id":1})")["result"], "caf\uFFFD\n");
    EXPECT_EQ(code_of("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\",\"id\":1}"), RpcError::parse_error);
}

TEST(Rpc, DeepNestingIsRefusedWithoutHarm) {
    EXPECT_EQ(code_of(std::string(60'000, '[')), RpcError::parse_error);
    const json responses = ask(std::string(30'000, '[') + std::string(30'000, ']'));  // a batch of one
    EXPECT_EQ(responses.at(0).at("error").at("code"), RpcError::invalid_request);
}
