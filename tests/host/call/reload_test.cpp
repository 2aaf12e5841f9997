// A configuration that changes while calls run.
#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using namespace fakes;

struct Reload : CallTest {
    Config config = two_trunks();
};

TEST_F(Reload, NewCallsGoByTheNewRoutes) {
    config.routes = {{"+49", "right", 3, "0049"}};
    g->core.reconfigure(config);
    g->left.invite("+4930200", g->left.sdp({}));
    g->left.expect("100");
    EXPECT_EQ(sip::Uri::parse(g->right.expect("INVITE").request_uri())->user, "004930200");
}

TEST_F(Reload, RunningCallSurvivesTheLossOfItsTrunks) {
    auto call = g->establish();
    config.trunks.clear();
    config.routes.clear();
    g->core.reconfigure(config);

    // Requests within the call go on, new calls do not.
    g->left.request(call.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    g->right.respond(g->right.expect("INVITE"), 200, {},
                     g->right.sdp({.direction = "recvonly", .version = 2}));
    g->right.expect("ACK");
    g->left.ack(call.left, g->left.expect("200"));

    g->left.invite("+4930200", g->left.sdp({}));
    g->left.expect("100");
    EXPECT_EQ(g->left.expect("403").status(), 403);
    g->left_hangs_up(call);
}

TEST_F(Reload, LowerLimitRefusesNewCallsAndKeepsOld) {
    auto call = g->establish();
    config.max_calls = 1;
    g->core.reconfigure(config);
    g->left.invite("+4930200", g->left.sdp({}));
    g->left.expect("100");
    g->left.expect("503");
    g->left_hangs_up(call);
}

}  // namespace
}  // namespace causeway::call
