// A SIP message (RFC 3261 section 7). The text stands once in a shared immutable buffer; fields are views
// into it, found when the message is parsed, in order, unknown ones included. Copying a Message shares the
// buffer. Folded lines (7.3.1) are unfolded in the buffer, so that a value is one line.
//
// Parsing is strict on structure and lenient where RFC 4475 says to be. The headers that every message must
// have (top Via, From, To, Call-ID, CSeq) are checked and typed at once; the rest on demand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/sip/headers.hpp"

namespace causeway::sip {

// Why a message was refused. `status` is what a server answers to a request (400, 505, ...); 0 means that not
// even a response can be formed (no Via, a response, an ACK): drop it and count.
struct ParseError {
    int status = 0;
    std::string reason;  // for the reason phrase and the log
};

struct Field {
    HeaderId id;
    std::string_view name;   // as written
    std::string_view value;  // trimmed, unfolded
};

class Message {
  public:
    // One datagram (18.3): Content-Length, where present, cuts the body; one that promises more than there
    // is, is an error. Leading empty lines are skipped (7.5).
    static tl::expected<Message, ParseError> parse(std::string_view datagram);
    // Best effort for an error response to a request that parse() refused: the fields that could be found.
    static std::optional<Message> salvage(std::string_view datagram);

    bool is_request() const { return status_ == 0; }
    // Of a request its method, of a response that of its CSeq.
    Method method() const { return cseq_.method; }
    std::string_view method_name() const { return cseq_.method_name; }
    std::string_view request_uri() const { return request_uri_; }  // text; empty for a response
    int status() const { return status_; }                         // 0 for a request
    std::string_view reason() const { return reason_; }

    const Via& via() const { return via_; }  // the topmost
    const NameAddr& from() const { return from_; }
    const NameAddr& to() const { return to_; }
    std::string_view call_id() const { return call_id_; }
    const CSeq& cseq() const { return cseq_; }

    const std::vector<Field>& fields() const { return fields_; }
    bool has(HeaderId id) const;
    // Value of the first field of that name; empty where there is none (has() tells absent from empty).
    std::string_view first(HeaderId id) const;
    std::string_view first(std::string_view name) const;
    // All values of a list header (Via, Route, Contact, Supported, ...), fields in order, split at top-level
    // commas.
    std::vector<std::string_view> values(HeaderId id) const;
    // Whether a token list (Supported, Require, Allow) names it, without case.
    bool lists(HeaderId id, std::string_view token) const;

    std::string_view body() const { return body_; }
    // The whole text as sent or as received after unfolding.
    std::string_view text() const { return buffer_ ? std::string_view(*buffer_) : std::string_view(); }

    // The same message with its topmost Via, if it has one, replaced: how a receiver notes `received` and
    // `rport` (18.2.1, RFC 3581).
    Message with_top_via(const Via& via) const;

    // Its text. Read as a built one is (MessageBuilder::build), so that what we made is not refused.
    template <class A>
    void archive(A& a) {
        std::string whole(text());
        a(whole);
        if constexpr (A::decodes) *this = whole.empty() ? Message() : built(std::move(whole));
    }

  private:
    friend class MessageParser;
    friend class MessageBuilder;
    static Message built(std::string text);
    std::shared_ptr<const std::string> buffer_;
    std::string_view request_uri_, reason_, call_id_, body_;
    int status_ = 0;
    Via via_;
    NameAddr from_, to_;
    CSeq cseq_;
    std::vector<Field> fields_;
};

// Makes messages. Fields come out in the order added; Content-Length is written by build(). Values with CR,
// LF or NUL would let a peer write headers of ours, so such characters are replaced by spaces.
//
// A field whose name is no token is left out; so is Content-Length.
class MessageBuilder {
  public:
    static MessageBuilder request(Method method, std::string_view uri);
    static MessageBuilder request(std::string_view method, std::string_view uri);
    static MessageBuilder response(int status, std::string_view reason);
    // Via fields, From, To, Call-ID, CSeq copied as 8.2.6.2 says; `to_tag` is added where To has none and it
    // is not empty. Record-Route is copied for 101..299 to requests that make dialogs (12.1.1). Empty reason:
    // the usual phrase.
    static MessageBuilder response_to(const Message& request, int status, std::string_view to_tag,
                                      std::string_view reason = {});

    MessageBuilder& add(HeaderId id, std::string_view value);
    MessageBuilder& add(std::string_view name, std::string_view value);
    // In front of all fields: for Via.
    MessageBuilder& prepend(HeaderId id, std::string_view value);
    MessageBuilder& body(std::string_view content_type, std::string_view text);

    // A built message may be read like a received one. Where a value added is malformed (it may be a peer's,
    // and a salvaged request is answered with its own fields), what could not be typed reads as empty.
    Message build() const;

  private:
    std::string start_line_, headers_, body_;
};

// "Ringing" for 180 and so on (section 21 and its extensions); "Unknown" for a code without a phrase of its
// own.
std::string_view reason_phrase(int status);

}  // namespace causeway::sip
