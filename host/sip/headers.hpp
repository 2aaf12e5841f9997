// Typed header values (RFC 3261 sections 20 and 25), parsed on demand from the text of a field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/sip/uri.hpp"

namespace causeway::sip {

enum class Method : std::uint8_t {
    invite,
    ack,
    bye,
    cancel,
    options,
    register_,
    prack,
    subscribe,
    notify,
    publish,
    info,
    refer,
    message,
    update,
    other,  // an extension: the name is in the message
};
Method parse_method(std::string_view token);  // case-sensitive (7.1)
std::string_view to_string(Method method);    // "other" has no name: do not call with it

// Header fields that Causeway looks at. `other` fields pass by their name, untouched.
enum class HeaderId : std::uint8_t {
    other,
    accept,
    accept_encoding,
    accept_language,
    alert_info,
    allow,
    also,
    authorization,
    call_id,
    call_info,
    contact,
    content_disposition,
    content_encoding,
    content_language,
    content_length,
    content_type,
    cseq,
    date,
    diversion,
    error_info,
    event,
    expires,
    from,
    history_info,
    in_reply_to,
    max_breadth,
    max_forwards,
    mime_version,
    min_expires,
    min_se,
    organization,
    p_asserted_identity,
    p_preferred_identity,
    path,
    priority,
    privacy,
    proxy_authenticate,
    proxy_authorization,
    proxy_require,
    rack,
    reason,
    record_route,
    refer_to,
    referred_by,
    replaces,
    reply_to,
    require,
    retry_after,
    route,
    rseq,
    server,
    service_route,
    session_expires,
    subject,
    subscription_state,
    supported,
    timestamp,
    to,
    unsupported,
    user_agent,
    via,
    warning,
    www_authenticate,
};
// Knows the compact forms (7.3.3): "v" is via, "i" is call_id.
HeaderId parse_header_name(std::string_view name);
std::string_view to_string(HeaderId id);  // long form, usual capitals: "Call-ID"

// From, To, Contact, Route, Record-Route, P-Asserted-Identity, ... : [display] <uri> ;params
struct NameAddr {
    std::string display;  // unquoted, unescaped; may be empty
    Uri uri;
    Params params;  // header parameters, behind the '>'

    static Result<NameAddr> parse(std::string_view text);
    std::string to_string() const;
    std::string_view tag() const { return params.get("tag"); }
};

// One Via value (20.42, RFC 3581).
struct Via {
    std::string transport;  // upper case: UDP, TCP, TLS, WS, WSS, ...
    std::string host;       // as written; IPv6 in brackets
    std::optional<std::uint16_t> port;
    Params params;

    static Result<Via> parse(std::string_view text);
    std::string to_string() const;
    std::string_view branch() const { return params.get("branch"); }
    // Begins with the magic cookie z9hG4bK (8.1.1.7), compared without case as elements in the field do.
    bool has_magic_cookie() const;
};

struct CSeq {
    std::uint32_t number = 0;  // below 2^31 (8.1.1.5)
    Method method = Method::other;
    std::string method_name;

    static Result<CSeq> parse(std::string_view text);
    std::string to_string() const;
};

}  // namespace causeway::sip
