// What crosses from one leg to the other, and what must not (topology hiding, RFC 5853 section 3.1). The
// numbers and names of the caller cross; hosts, addresses, tags, branches and Call-IDs of one side are never
// shown to the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/call/legs.hpp"
#include "host/sdp/session.hpp"

namespace causeway::call {

// What gives a leg away: texts that must not appear on the other side. Collected from what was received on
// that leg.
class Traces {
  public:
    void note(const sip::Message& received, const sip::Hop& from);
    void note(const sdp::Session& received);
    // Whether the text holds one of them, without case, or any IP address or SIP URI: whoever
    // it is of, it is none of ours.
    bool in(std::string_view text) const;

    template <class A>
    void archive(A& a) {
        a(texts_);
    }

  private:
    static constexpr std::size_t most = 256;
    void add(std::string_view text);
    std::vector<std::string> texts_;  // lower case, each of four characters or more
};

// Whether fields of that kind pass through.
bool crosses(sip::HeaderId id);
// Attributes that end at each leg: transport addresses and keys (ours take their place), and what describes a
// transport that we do not relay (ICE, multiplexing, header extensions, feedback of the other leg's RTCP); of
// a session also those that only make sense with them.
bool ends_here(std::string_view attribute);
bool ends_here_session(std::string_view attribute);

// Header fields that pass through: the caller's identity (P-Asserted-Identity, P-Preferred-Identity, with
// `host` in place of theirs; Privacy), what people and applications say to each other (Subject, Priority,
// ...), and unknown fields. A field that holds a trace of its leg stays behind.
ExtraHeaders crossing_headers(const sip::Message& received, const Traces& traces, std::string_view host);
// A party (From, To, ...) as the other side shall see it: display name and user kept, host replaced,
// parameters dropped. An anonymous host (RFC 3323 4.1.1.3) and a tel URI stay.
sip::NameAddr crossing_party(const sip::NameAddr& party, std::string_view host);
// A Reason field (RFC 3326) to carry on: its protocols, causes and texts but for what holds a trace.
std::string crossing_reason(const sip::Message& received, const Traces& traces);
// The status that the caller gets for a final response of the callee's side: redirections, challenges and
// complaints about our own request are ours to deal with, not the caller's (RFC 3261 16.7 step 6 for 503).
int crossing_status(int status);

}  // namespace causeway::call
