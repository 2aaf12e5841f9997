// Who may send to a socket of a port. A stranger who guesses a port must neither be heard (injection) nor be
// sent the other side's voice (bleed), yet a peer behind NAT sends from an address that nobody has told us.
//
//   secured   whoever sends a packet that authenticates with a fresh index is the peer; it may move
//   plain     the negotiated source; or, within the learning window, the first one that the learning rule
//             lets in. Whoever is accepted first stays, until a new offer/answer names another address; but
//             within the window the negotiated source takes the stream back from one that was learned
//
// The window is 3 s at most from a description that names an address, and from one that names it again while
// nobody has been heard: a caller that stays silent during early media is learned when the call is answered.
// An offer/answer that names another address starts over, but for a second the source of before is not
// learned: its last packets are still on their way, and they often come from the very address that signalling
// does.
//
// A port number that serves a new call at once does not learn the source of the call before, which may not
// have seen the end of that yet.
//
// One for RTP and one for RTCP of each port.
#pragma once

#include <optional>

#include "host/base/ip.hpp"
#include "host/base/time.hpp"

namespace causeway::media {

enum class Learning : std::uint8_t {
    off,                // only the negotiated source
    signaling_address,  // any port of the address that signalling comes from, for the learning window
    any,                // any source, for the learning window
};
constexpr Learning last_value(Learning) {
    return Learning::any;
}

class Latch {
  public:
    static constexpr Duration learning_window = std::chrono::seconds(3);
    static constexpr Duration draining = std::chrono::seconds(1);
    // After a call, for its source. Shorter than the learning window: a peer that calls again from the same
    // port is late, not lost.
    static constexpr Duration lingering = std::chrono::seconds(2);

    Latch() = default;
    Latch(Learning learning, IpAddress signaling_source)
        : learning_(learning), signaling_(signaling_source) {}

    // `source` of the call before on this port number is not learned until then.
    void avoid(const Endpoint& source, Time until) {
        avoided_ = source;
        avoided_until_ = until;
    }
    // A description of the remote side took effect. The same address again keeps the source.
    void negotiate(Time now, const Endpoint& remote, bool secured);
    // Whether a datagram from there is worth looking at.
    bool admits(Time now, const Endpoint& from) const;
    // Plain, and that is not the source yet: a good datagram from there that is admitted decides, and must do
    // so before another source is asked for.
    bool undecided(const Endpoint& from) const { return !secured_ && latched_ != from; }
    bool secured() const { return secured_; }
    // A datagram that was admitted proved to be good: valid, and authentic and fresh where secured. True
    // where it made a source of `from` that was none.
    bool accepted(Time now, const Endpoint& from);
    // Where to send (symmetric RTP, RFC 4961): the latched source, else the negotiated address. Nothing where
    // none is known.
    std::optional<Endpoint> target() const;
    // Who sends, or is expected to: of no use to a later call.
    std::optional<Endpoint> source() const { return latched_ ? latched_ : named_; }

    template <class A>
    void archive(A& a) {
        a(learning_, signaling_, negotiated_, named_, latched_, former_, secured_, learning_ends_,
          draining_ends_, avoided_, avoided_until_);
    }

  private:
    bool learns(Time now, const Endpoint& from) const;

    Learning learning_ = Learning::off;
    IpAddress signaling_;
    std::optional<Endpoint> negotiated_;  // where they want to be sent to, now
    std::optional<Endpoint> named_;       // the last address that a description named
    std::optional<Endpoint> latched_;
    std::optional<Endpoint> former_;  // the source before an offer/answer moved it
    bool secured_ = false;
    Time learning_ends_{}, draining_ends_{};
    std::optional<Endpoint> avoided_;  // the source of the call before on this port number
    Time avoided_until_{};
};

}  // namespace causeway::media
