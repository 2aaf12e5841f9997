// SIP, SIPS and tel URIs (RFC 3261 section 19.1 and 25.1, RFC 3966) as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

namespace causeway::sip {

// ";name=value" or ";name". Names compare without case; values keep their text.
struct Param {
    std::string name;
    std::optional<std::string> value;
};

class Params {
  public:
    // Parses ";a=b;c" (LWS around separators allowed, quoted values kept with their quotes).
    static Result<Params> parse(std::string_view text);
    bool has(std::string_view name) const;
    // Empty where the parameter is absent or has no value.
    std::string_view get(std::string_view name) const;
    void set(std::string_view name, std::optional<std::string> value);  // replaces or appends
    void erase(std::string_view name);
    std::string to_string() const;  // with the leading ';' where there is anything
    bool empty() const { return all.empty(); }

    std::vector<Param> all;  // in the order of the text
};

// For scheme "sip" and "sips": user, password, host, port, params, headers. For "tel": user holds the number
// as written (visual separators included), params the rest, host is empty. Any other scheme: `opaque` is all
// behind the colon.
struct Uri {
    std::string scheme;                   // lower case
    std::string user;                     // unescaped
    std::optional<std::string> password;  // unescaped; its use is not recommended (19.1.1)
    std::string host;                     // as written; IPv6 in brackets
    std::optional<std::uint16_t> port;
    Params params;
    std::string headers;  // the text behind '?', as written
    std::string opaque;

    static Result<Uri> parse(std::string_view text);
    std::string to_string() const;  // escapes what 25.1 demands
    bool is_sip() const { return scheme == "sip" || scheme == "sips"; }
    bool is_tel() const { return scheme == "tel"; }
    // Comparison of 19.1.4 (sip, sips) and RFC 3966 section 5 (tel).
    bool equivalent(const Uri& other) const;
};

// The digits of a tel or sip user number without visual separators (RFC 3966: "-", ".", "(", ")"); keeps a
// leading '+'.
std::string strip_visual_separators(std::string_view number);

}  // namespace causeway::sip
