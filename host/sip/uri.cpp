#include "host/sip/uri.hpp"

#include <algorithm>
#include <array>

#include "host/base/ip.hpp"
#include "host/base/text.hpp"
#include "host/sip/grammar.hpp"

namespace causeway::sip {

namespace {

// Far beyond what anyone needs; comparing URIs takes the square of it.
constexpr std::size_t max_params = 100;

// What the parsers of parts return: why the text was refused, or nothing. They fill in an object of their
// caller's, for moving these about would cost more than parsing.
using Refusal = const char*;

// ---- parameters

Refusal read_params(std::string_view text, std::vector<Param>& all) {
    std::size_t pos = grammar::skip_lws(text, 0);
    if (pos < text.size()) all.reserve(4);
    while (pos < text.size()) {
        if (text[pos] != ';') return "parameters: ';' expected";
        const std::size_t name_begin = grammar::skip_lws(text, pos + 1);
        pos = name_begin;
        while (pos < text.size() && text[pos] != '=' && grammar::is(text[pos], grammar::value)) ++pos;
        if (pos == name_begin) return "parameters: name is missing";
        if (all.size() == max_params) return "parameters: too many";
        Param& param = all.emplace_back();
        param.name = text.substr(name_begin, pos - name_begin);
        pos = grammar::skip_lws(text, pos);
        if (pos == text.size() || text[pos] != '=') continue;

        const std::size_t value_begin = grammar::skip_lws(text, pos + 1);
        if (value_begin < text.size() && text[value_begin] == '"')
            pos = grammar::quoted_end(text, value_begin);
        else
            pos = grammar::run_end(text, value_begin, grammar::value);
        if (pos == std::string_view::npos) return "parameters: quote is not closed";
        if (pos == value_begin) return "parameters: value is missing behind '='";
        param.value.emplace(text.substr(value_begin, pos - value_begin));
        pos = grammar::skip_lws(text, pos);
    }
    return nullptr;
}

}  // namespace

Result<Params> Params::parse(std::string_view text) {
    Result<Params> params;
    if (const Refusal refusal = read_params(text, params->all)) params = fail(refusal);
    return params;
}

namespace {

template <class Params>
auto find_param(Params& all, std::string_view name) {
    return std::find_if(all.begin(), all.end(), [name](const Param& p) { return iequals(p.name, name); });
}

}  // namespace

bool Params::has(std::string_view name) const {
    return find_param(all, name) != all.end();
}

std::string_view Params::get(std::string_view name) const {
    const auto it = find_param(all, name);
    return it != all.end() && it->value ? std::string_view(*it->value) : std::string_view();
}

void Params::set(std::string_view name, std::optional<std::string> value) {
    const auto it = find_param(all, name);
    if (it != all.end())
        it->value = std::move(value);
    else
        all.push_back({std::string(name), std::move(value)});
}

void Params::erase(std::string_view name) {
    std::erase_if(all, [name](const Param& p) { return iequals(p.name, name); });
}

std::string Params::to_string() const {
    std::string out;
    for (const Param& param : all) {
        out += ';';
        out += param.name;
        if (!param.value) continue;
        out += '=';
        const std::string& value = *param.value;
        const bool quoted = value.starts_with('"') && grammar::quoted_end(value, 0) == value.size();
        if (quoted || (!value.empty() && grammar::all(value, grammar::value)))
            out += value;
        else
            out += grammar::quote(value);
    }
    return out;
}

// ---- URI

namespace {

Refusal read_sip(std::string_view rest, Uri& uri) {
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        std::string_view user = rest.substr(0, at);
        if (const std::size_t colon = user.find(':'); colon != std::string_view::npos) {
            if (!grammar::unescape(user.substr(colon + 1), grammar::password, uri.password.emplace()))
                return "URI: bad character or escape in the password";
            user = user.substr(0, colon);
        }
        if (user.empty()) return "URI: user is empty";
        if (!grammar::unescape(user, grammar::user, uri.user))
            return "URI: bad character or escape in the user";
        rest.remove_prefix(at + 1);
    }

    std::size_t host_end = 0;
    if (rest.starts_with('[')) {
        host_end = rest.find(']');
        if (host_end == std::string_view::npos) return "URI: '[' without ']'";
        ++host_end;
    } else {
        host_end = grammar::run_end(rest, 0, grammar::host);
    }
    uri.host = rest.substr(0, host_end);
    if (!grammar::is_host(uri.host)) return "URI: bad host";
    rest.remove_prefix(host_end);

    if (rest.starts_with(':')) {
        const std::size_t port_end = std::min(rest.find_first_of(";?"), rest.size());
        uri.port = parse_number<std::uint16_t>(rest.substr(1, port_end - 1));
        if (!uri.port) return "URI: bad port";
        rest.remove_prefix(port_end);
    }
    if (rest.empty()) return nullptr;
    if (!grammar::escapes_are_whole(rest)) return "URI: bad escape in the parameters or headers";
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        uri.headers = rest.substr(question + 1);
        if (uri.headers.empty()) return "URI: nothing behind '?'";
        rest = rest.substr(0, question);
    }
    if (const Refusal refusal = read_params(rest, uri.params.all)) return refusal;
    for (Param& param : uri.params.all)
        if (param.name.find('%') != std::string::npos) param.name = grammar::normalize_escapes(param.name);
    return nullptr;
}

bool is_visual_separator(char c) {
    return c == '-' || c == '.' || c == '(' || c == ')';
}

// RFC 3966 section 3. A local number without phone-context is taken as it is: many senders leave it out.
Refusal read_tel(std::string_view rest, Uri& uri) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    uri.user = rest.substr(0, end);
    const bool global = uri.user.starts_with('+');
    bool has_digit = false;
    for (const char c : std::string_view(uri.user).substr(global ? 1 : 0)) {
        const char lower = ascii_lower(c);
        const bool digit = c >= '0' && c <= '9';
        const bool local_digit = (lower >= 'a' && lower <= 'f') || c == '*' || c == '#';
        if (!digit && !is_visual_separator(c) && (global || !local_digit))
            return "tel URI: bad character in the number";
        has_digit = has_digit || digit || local_digit;
    }
    if (!has_digit) return "tel URI: no digits";
    return read_params(rest.substr(end), uri.params.all);
}

Refusal read_uri(std::string_view text, Uri& uri) {
    for (const char c : text)
        if ((c >= 0 && c <= ' ') || c == 0x7f || c == '<' || c == '>' || c == '"')
            return "URI: white space, control character, quote or angle bracket in it";
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return "URI: no scheme";
    uri.scheme = to_lower(text.substr(0, colon));
    const auto scheme_char = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    };
    if (uri.scheme.empty() || uri.scheme[0] < 'a' || uri.scheme[0] > 'z' ||
        !std::all_of(uri.scheme.begin(), uri.scheme.end(), scheme_char))
        return "URI: bad scheme";

    const std::string_view rest = text.substr(colon + 1);
    if (uri.is_sip()) return read_sip(rest, uri);
    if (uri.is_tel()) return read_tel(rest, uri);
    if (rest.empty()) return "URI: nothing behind the scheme";
    uri.opaque = rest;
    return nullptr;
}

bool same_value(std::string_view a, std::string_view b) {
    return iequals(grammar::normalize_escapes(a), grammar::normalize_escapes(b));
}

bool same_param(const Param& a, const Param& b) {
    return a.value.has_value() == b.value.has_value() && (!a.value || same_value(*a.value, *b.value));
}

bool same_host(std::string_view a, std::string_view b) {
    if (iequals(a, b)) return true;
    const auto ip_a = IpAddress::parse(a), ip_b = IpAddress::parse(b);
    return ip_a && ip_b && *ip_a == *ip_b;
}

// Every parameter of `a` that `b` has too is the same there; those that count even when they stand on one
// side only (19.1.4) are on both.
bool params_agree(const Params& a, const Params& b) {
    constexpr std::array<std::string_view, 5> never_ignored{"user", "ttl", "method", "maddr", "transport"};
    return std::all_of(a.all.begin(), a.all.end(), [&](const Param& param) {
        const auto other = find_param(b.all, param.name);
        if (other != b.all.end()) return same_param(param, *other);
        return std::none_of(never_ignored.begin(), never_ignored.end(),
                            [&](std::string_view name) { return iequals(name, param.name); });
    });
}

// "a=b&c=d", in any order (19.1.4).
bool same_headers(std::string_view a, std::string_view b) {
    if (a == b) return true;
    auto left = split(a, '&'), right = split(b, '&');
    return left.size() == right.size() && left.size() <= max_params &&
           std::is_permutation(left.begin(), left.end(), right.begin(), same_value);
}

bool same_tel_params(const Params& a, const Params& b) {
    return a.all.size() == b.all.size() && std::all_of(a.all.begin(), a.all.end(), [&](const Param& param) {
               const auto other = find_param(b.all, param.name);
               if (other == b.all.end()) return false;
               if (iequals(param.name, "phone-context") && param.value && param.value->starts_with('+') &&
                   other->value)
                   return strip_visual_separators(*param.value) == strip_visual_separators(*other->value);
               return same_param(param, *other);
           });
}

}  // namespace

Result<Uri> Uri::parse(std::string_view text) {
    Result<Uri> uri;
    if (const Refusal refusal = read_uri(text, *uri)) uri = fail(refusal);
    return uri;
}

std::string Uri::to_string() const {
    std::string out = scheme + ':';
    if (is_tel()) return out + user + params.to_string();
    if (!is_sip()) return out + opaque;
    if (!user.empty()) {
        out += grammar::escape(user, grammar::user);
        if (password) {
            out += ':';
            out += grammar::escape(*password, grammar::password);
        }
        out += '@';
    }
    out += host;
    if (port) out += ':' + std::to_string(*port);
    for (const Param& param : params.all) {
        out += ';';
        out += grammar::escape_rest(param.name, grammar::value);
        if (param.value) {
            out += '=';
            out += grammar::escape_rest(*param.value, grammar::value);
        }
    }
    if (!headers.empty()) {
        out += '?';
        out += headers;
    }
    return out;
}

bool Uri::equivalent(const Uri& other) const {
    if (scheme != other.scheme) return false;
    if (is_tel())
        return iequals(strip_visual_separators(user), strip_visual_separators(other.user)) &&
               same_tel_params(params, other.params);
    if (!is_sip()) return opaque == other.opaque;
    return user == other.user && password == other.password && port == other.port &&
           same_host(host, other.host) && params_agree(params, other.params) &&
           params_agree(other.params, params) && same_headers(headers, other.headers);
}

std::string strip_visual_separators(std::string_view number) {
    std::string out;
    out.reserve(number.size());
    for (const char c : number)
        if (!is_visual_separator(c)) out += c;
    return out;
}

}  // namespace causeway::sip
