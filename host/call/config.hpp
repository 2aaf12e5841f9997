// What the call layer is told: listeners, media ranges, profiles, trunks, extensions and routes. Plain
// values; the gateway reads them from TOML, tests and the world write them down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/ip.hpp"
#include "host/call/profile.hpp"
#include "host/media/port_pool.hpp"
#include "host/media/ports.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::call {

enum class SrtpMode : std::uint8_t {
    off,        // plain RTP; secured offers are refused with 488
    optional,   // takes what it is offered; offers RTP/AVP with a=crypto (RFC 8643)
    mandatory,  // offers RTP/SAVP; plain offers are refused with 488
};
constexpr SrtpMode last_value(SrtpMode) {
    return SrtpMode::mandatory;
}

// A peer: where its requests come from and where ours go.
struct Trunk {
    std::string name;
    std::vector<IpAddress> sources;  // requests from these addresses are this trunk's
    Endpoint target;                 // where requests go; port 0: receives only
    sip::Transport transport = sip::Transport::udp;
    std::uint16_t listener = 0;  // index: which of our listeners talks to it
    SrtpMode srtp = SrtpMode::off;
    // Offered and accepted, in order of preference. Empty: any, and the engine's first four are offered.
    std::vector<sdp::SrtpSuite> suites;
    media::Learning learning = media::Learning::signaling_address;
    std::string domain;   // host of From, To and Request-URI towards it; empty: the target address
    std::string profile;  // name; empty: none
    template <class A>
    void archive(A& a) {
        a(name, sources, target, transport, listener, srtp, suites, learning, domain, profile);
    }
    bool operator==(const Trunk&) const = default;
};

// A number of our own that rings at a fixed contact.
struct Extension {
    std::string number;
    std::string trunk;                // whose settings apply
    std::optional<Endpoint> contact;  // where it rings; absent: the trunk's target
    bool operator==(const Extension&) const = default;
};

// Longest matching prefix of the called number wins; among equals the first.
struct Route {
    std::string prefix;  // "" matches all
    std::string trunk;
    std::size_t strip = 0;  // characters taken off the front
    std::string prepend;
    bool operator==(const Route&) const = default;
};

struct Config {
    std::vector<sip::Listener> listeners;
    std::vector<media::PortRange> media;
    std::vector<Profile> profiles;
    std::vector<Trunk> trunks;
    std::vector<Extension> extensions;
    std::vector<Route> routes;
    sip::TimerValues timers;
    Duration no_answer = std::chrono::seconds(180);  // ringing ends with 408 then (timer C, RFC 3261 16.6)
    std::size_t max_calls = 10000;
    std::string user_agent = "Causeway";
    bool operator==(const Config&) const = default;
};

}  // namespace causeway::call
