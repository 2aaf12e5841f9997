// Offer/answer (RFC 3264, RFC 6337 for where SIP carries it): who may speak next, and the rules every answer
// follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/sdp/session.hpp"

namespace causeway::sdp {

// One side of a session. Tracks what was offered and agreed; a failed change rolls back to what was agreed
// last.
class OfferAnswer {
  public:
    enum class State : std::uint8_t { idle, local_offer, remote_offer, stable };

    State state() const { return state_; }
    // False where it is not this side's turn (an offer while one is pending); nothing changes then.
    bool send_offer(Session offer);
    bool receive_offer(Session offer);
    // The answer must match the pending offer line by line (3264 6): number, type and protocol of the
    // m-lines, disabled lines stay so, a common codec on each live RTP line. The error says where not; state
    // is kept then. Directions that do not match are no error: what both allow is what counts.
    Result<void> send_answer(Session answer);
    Result<void> receive_answer(Session answer);
    // A pending offer is withdrawn or refused (488, 491, CANCEL): what was agreed stands.
    void rollback();

    // Agreed, or pending while an offer is open; null where there is none yet.
    const Session* local() const;
    const Session* remote() const;
    const Session* agreed_local() const { return agreed_local_ ? &*agreed_local_ : nullptr; }
    const Session* agreed_remote() const { return agreed_remote_ ? &*agreed_remote_ : nullptr; }

    friend constexpr State last_value(State) { return State::stable; }
    template <class A>
    void archive(A& a) {
        a(state_, agreed_local_, agreed_remote_, pending_);
        if constexpr (A::decodes) {
            const bool open = state_ == State::local_offer || state_ == State::remote_offer;
            const bool agreed = agreed_local_ && agreed_remote_;
            if (open != pending_.has_value() || (state_ == State::stable && !agreed)) {
                a.fail("an offer/answer that does not fit its state");
            }
        }
    }

  private:
    State state_ = State::idle;
    std::optional<Session> agreed_local_, agreed_remote_, pending_;
};

// Whether a new description of one side can take the place of the one before (3264 8): m-lines are never
// removed. Nothing is made of o=: peers behind a B2BUA of theirs change its session id, some forget to count
// the version; what changed is seen in the rest, and where nothing did nothing follows.
Result<void> check_reoffer(const Session& before, const Session& after);
// An m-line answered with port 0: type, protocol and formats copied (3264 6).
Media reject(const Media& offered);
// Codecs of `offered` that `ours` also has, in the offer's order, with the offer's payload types and our
// fmtp, which in an answer says what the answerer takes (3264 6.1).
std::vector<Codec> common_codecs(const std::vector<Codec>& offered, const std::vector<Codec>& ours);
// Direction of an answer to an offered direction when we are willing to do `ours` (3264 6.1).
Direction answer_direction(Direction offered, Direction ours);

}  // namespace causeway::sdp
