// A test with a call whose two sides want changes at the same time.
#pragma once

#include "tests/host/call/change_test.hpp"

namespace causeway::call {

// `near` is the peer of the leg under test, `far` that of the other leg, who wants changes.
class Glare : public ChangeTest, public ::testing::WithParamInterface<const char*> {
  protected:
    bool of_caller() const { return std::string_view(GetParam()) == "Caller"; }
    Peer& near() { return of_caller() ? g->left : g->right; }
    Peer& far() { return of_caller() ? g->right : g->left; }
    Peer::Dialog& near_dialog() { return of_caller() ? e.left : e.right; }
    Peer::Dialog& far_dialog() { return of_caller() ? e.right : e.left; }
    std::string hold(Peer& by) { return by.sdp({.direction = "sendonly", .version = ++version}); }
    std::string held(Peer& by) { return by.sdp({.direction = "recvonly", .version = ++version}); }
    std::string described(Peer& by, std::string_view direction) {
        return by.sdp({.direction = std::string(direction), .version = ++version});
    }
    std::string resume(Peer& by) { return by.sdp({.version = ++version}); }

    // `by` wants a change that its side alone knows of: 100 has come.
    sip::Message wants(Peer& by, Peer::Dialog& d) {
        auto request = by.request(d, "INVITE", hold(by));
        by.expect("100");
        return request;
    }
    // Our re-INVITE draws 491.
    sip::Message draws_491() {
        auto invite = near().expect("INVITE");
        near().respond(invite, 491);
        near().expect("ACK");
        return invite;
    }
    // How long until something comes to `near`; at most 5 s.
    Duration wait() {
        const Time start = g->now;
        while (near().waiting() == 0 && g->now < start + fakes::Seconds(5)) g->run(fakes::Millis(1));
        return g->now - start;
    }
    void taken(Peer& asked, Peer& asker, Peer::Dialog& d) {
        asked.respond(asked.expect("INVITE"), 200, {}, held(asked));
        asked.expect("ACK");
        asker.ack(d, asker.expect("200"));
    }
    void quiet() { EXPECT_EQ(near().waiting() + far().waiting(), 0u); }

    fakes::Gateway::Established e;
    int version = 1;
};
}  // namespace causeway::call
