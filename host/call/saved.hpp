// Calls as values: what Core::save() writes and Core::restore() reads. Only what a call needs to go on; what
// transactions owe is left to the dialogs (see Legs::restore).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/call/cdr.hpp"
#include "host/call/crossing.hpp"
#include "host/call/legs.hpp"
#include "host/sdp/crypto.hpp"
#include "host/sdp/offer_answer.hpp"

namespace causeway::call {

struct SavedLine {
    std::string type;
    std::optional<media::PortState> port;
    std::vector<sdp::Crypto> offered;
    std::optional<sdp::Crypto> ours;
    sdp::SrtpKey theirs;
    template <class A>
    void archive(A& a) {
        a(type, port, offered, ours, theirs);
    }
};

struct SavedAnchor {
    media::PortOptions options;
    sdp::OfferAnswer agreement;
    std::uint64_t session_id = 0, version = 0;
    std::string last_body;
    bool first_offer = false;  // the lines are those of an open offer, and none is agreed
    std::vector<SavedLine> lines;
    std::vector<CdrMedia> closed;
    template <class A>
    void archive(A& a) {
        a(options, agreement, session_id, version, last_body, first_offer, lines, closed);
        if constexpr (A::decodes) {
            for (const auto* session : {agreement.local(), agreement.remote(), agreement.agreed_local()}) {
                if (session != nullptr && session->media.size() > lines.size())
                    a.fail("an m-line without a line");
            }
        }
    }
};

struct SavedSide {
    Leg leg;
    std::uint32_t trunk = 0;  // index into the saved trunks
    Traces traces;
    std::optional<SavedAnchor> media;
    template <class A>
    void archive(A& a) {
        a(leg, trunk, traces, media);
    }
};

// What becomes of a call.
enum class Fate : std::uint8_t {
    carried,     // it was answered: it goes on
    changing,    // a re-INVITE was under way: nobody could tell how that ended, so both legs get a BYE
    unanswered,  // 503 to the caller, CANCEL to the callee
};
constexpr Fate last_value(Fate) {
    return Fate::unanswered;
}

struct SavedCall {
    Fate fate = Fate::unanswered;
    CdrStart start;
    std::optional<Time> ringing, answered;
    bool recorded = false, late_offer = false;
    std::string answer;
    SavedSide caller, callee;
    template <class A>
    void archive(A& a) {
        a(fate, start, ringing, answered, recorded, late_offer, answer, caller, callee);
        if constexpr (A::decodes) {
            for (const auto* s : {&caller, &callee}) {
                if (fate == Fate::unanswered) continue;
                if (s->leg.dialog() == nullptr) a.fail("a leg without its dialog");
                if (fate == Fate::carried && !s->media) a.fail("a leg without its media");
            }
        }
    }
};

}  // namespace causeway::call
