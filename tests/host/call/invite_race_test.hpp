// A test with a call from left to right that is being set up, and races for the states on its way.
#pragma once

#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {

class InviteRace : public fakes::CallTest {
  protected:
    void SetUp() override {
        call = g->left.invite("+4930200", g->left.sdp());
        g->left.expect("100");
        invite = g->right.expect("INVITE");
        callee = g->right.dialog_of(invite, "rightie-one");
    }
    void ring() {
        g->right.respond(callee, 180);
        g->left.learn(call, g->left.expect("180"));
    }
    // The callee answers; our 2xx to the caller is not acknowledged yet.
    sip::Message answer() {
        g->right.respond(callee, 200, g->right.sdp());
        g->right.expect("ACK");
        auto ok = g->left.expect("200");
        g->left.learn(call, ok);
        return ok;
    }
    // Our BYE to `peer`, answered.
    static void bye_to(fakes::Peer& peer) { peer.respond(peer.expect("BYE"), 200); }
    void transport_fails(const fakes::Peer& towards) {
        const std::uint16_t listener = &towards == &g->left ? 0 : 1;
        g->core.sip_transport_error(g->now, {sip::Transport::udp, listener, towards.signaling});
    }
    fakes::Peer::Dialog call, callee;
    sip::Message invite;
};

}  // namespace causeway::call
