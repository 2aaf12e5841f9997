// The media side of one leg: each m-line anchored on a port of ours, and the SDP that says so. What one leg
// received goes in, what may be said of it on the other leg comes out: our addresses, our keys, their codecs,
// directions and attributes; nothing that tells where the other side is.
//
// Both legs of a call have an Anchor. A description travels  a.take_offer(x) ► b.make_offer(x) ►
// b.take_answer(y) ► a.make_answer(y) ► join(a, b), and the other way round when the callee makes the offer.
// So does every later change. An open offer has lines of its own: ports and keys in use stay as they are
// until the answer is agreed, and what the offer opened is freed when it comes to nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/call/cdr.hpp"
#include "host/call/config.hpp"
#include "host/call/crossing.hpp"
#include "host/call/saved.hpp"
#include "host/sdp/crypto.hpp"
#include "host/sdp/offer_answer.hpp"

namespace causeway::call {

// Why a description was not taken, as the status that answers it (488, 503).
struct Refusal {
    int status = 488;
    std::string why;
};
template <class T>
using Taken = tl::expected<T, Refusal>;

class Anchor {
  public:
    // `trunk` gives the SRTP policy, `rules` say what may be described to it; all references outlive the
    // anchor.
    Anchor(const Trunk& trunk, const SdpRules& rules, media::Ports& ports, Random& random,
           media::PortOptions options);
    Anchor(const Anchor&) = delete;
    Anchor& operator=(const Anchor&) = delete;

    // Their offer, the first or a change (RFC 3264 8). Opens a port for each new live RTP m-line, and chooses
    // the key line of secured ones (RFC 4568 5.1.2). Where it is refused, what was agreed stands.
    Taken<void> take_offer(Time now, const sdp::Session& offer);
    // Our offer, made of what the other leg offered.
    Taken<sdp::Session> make_offer(Time now, sdp::Session theirs, const Traces& traces);
    // Their answer. A preview (SDP in an unreliable provisional response, RFC 6337 3.1.1) starts media but
    // agrees nothing. Refused before it is agreed (the offer is still open then), or else for want of
    // resources.
    Taken<void> take_answer(Time now, const sdp::Session& answer, bool preview);
    // Our answer, made of what the other leg answered. The same again for a preview and the 2xx.
    Taken<sdp::Session> make_answer(Time now, sdp::Session theirs, const Traces& traces, bool preview);
    // What was agreed, as our offer: for a peer that has changed where nobody else has, by taking `accepted`,
    // an offer of ours. Lines that it brought remain, disabled (RFC 3264 8).
    Taken<sdp::Session> repeat_offer(const sdp::Session& accepted);
    // The pending offer came to nothing: what was agreed stands.
    void rollback(Time now);

    const sdp::OfferAnswer& agreement() const { return agreement_; }
    // Joins the m-lines of both legs, path by path.
    static Taken<void> join(Time now, Anchor& a, Anchor& b);
    // Frees ports, keys and contexts; the figures of each m-line come back, those taken out of use first.
    std::vector<CdrMedia> close(Time now, std::string_view leg);
    std::vector<CdrMedia> figures(std::string_view leg) const;

    // An open offer over what was agreed: no state to save.
    bool is_changing() const { return !lines_.empty() && !open_.empty(); }
    SavedAnchor save() const;
    // On a fresh anchor. On error it is to be closed.
    Result<void> restore(const SavedAnchor& saved);

  private:
    struct Line {
        std::string type;
        std::optional<media::PortId> port;  // none: rejected
        std::vector<sdp::Crypto> offered;   // our lines of a pending offer
        std::optional<sdp::Crypto> ours;    // our line in use
        sdp::SrtpKey theirs;                // their key in use
    };
    Taken<void> open_port(Time now, Line& line, const sdp::Media& media);
    Taken<void> choose_key(Line& line, const sdp::Media& offered);
    Taken<void> take_key(Line& line, const sdp::Media& answered);
    bool can_convert(const sdp::Codec& codec) const;
    void add_convertible(sdp::Media& line, const std::vector<sdp::Codec>& more) const;
    bool agreed_live(std::size_t line) const;
    std::vector<sdp::Codec> agreed_codecs(std::size_t line) const;
    void open_offer(std::size_t lines);
    void keep_lines(sdp::Session& offer, const sdp::Session& before);
    void commit(Time now);
    std::vector<Line>& lines() { return open_.empty() ? lines_ : open_; }
    Taken<void> set_remote(Time now, const sdp::Session& local, const sdp::Session& remote);
    sdp::Session frame(const sdp::Session& theirs, const Traces& traces) const;
    sdp::Media anchored(const Line& line, const sdp::Media& theirs, const sdp::Session& session,
                        const Traces& traces) const;
    std::string offered_protocol(std::size_t line) const;
    void number(sdp::Session& session);
    std::vector<sdp::SrtpSuite> suites() const;

    const Trunk& trunk_;
    const SdpRules& rules_;
    media::Ports& ports_;
    Random& random_;
    media::PortOptions options_;
    sdp::OfferAnswer agreement_;
    std::uint64_t session_id_ = 0, version_ = 0;
    std::string last_body_;  // of the last description made, without its o= line: the version counts changes
    std::vector<Line> lines_;       // as agreed
    std::vector<Line> open_;        // as an open offer would have them; empty where there is none
    std::vector<CdrMedia> closed_;  // of lines taken out of use; leg not filled in
};

}  // namespace causeway::call
