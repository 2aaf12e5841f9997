#include "host/sip/headers.hpp"

#include <algorithm>
#include <array>

#include "host/base/text.hpp"
#include "host/sip/grammar.hpp"

namespace causeway::sip {

// ---- methods

namespace {

constexpr std::array<std::string_view, 14> method_names{"INVITE",   "ACK",   "BYE",       "CANCEL", "OPTIONS",
                                                        "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH",
                                                        "INFO",     "REFER", "MESSAGE",   "UPDATE"};

}  // namespace

Method parse_method(std::string_view token) {
    const auto it = std::find(method_names.begin(), method_names.end(), token);
    return static_cast<Method>(it - method_names.begin());  // behind the last one stands `other`
}

std::string_view to_string(Method method) {
    const auto index = static_cast<std::size_t>(method);
    return index < method_names.size() ? method_names[index] : std::string_view();
}

// ---- name-addr

namespace {

// The <uri> at `open` and the parameters behind it, or an addr-spec without brackets where `open` is npos:
// then what follows a ';' belongs to the header, and ',' and '?' cannot stand in the URI (20.10).
Result<NameAddr> parse_address(std::string_view text, std::size_t open, std::string display) {
    std::string_view uri_text, params_text;
    if (open == std::string_view::npos) {
        const std::size_t end = std::min(text.find(';'), text.size());
        uri_text = grammar::trim_lws(text.substr(0, end));
        if (uri_text.find_first_of(",?") != std::string_view::npos)
            return fail("address: URI with ',' or '?' needs angle brackets");
        params_text = text.substr(end);
    } else {
        const std::size_t close = text.find('>', open);
        if (close == std::string_view::npos) return fail("address: '<' without '>'");
        uri_text = text.substr(open + 1, close - open - 1);
        params_text = text.substr(close + 1);
    }
    auto uri = Uri::parse(uri_text);
    if (!uri) return tl::make_unexpected(uri.error());
    auto params = Params::parse(params_text);
    if (!params) return tl::make_unexpected(params.error());
    return NameAddr{std::move(display), std::move(*uri), std::move(*params)};
}

}  // namespace

Result<NameAddr> NameAddr::parse(std::string_view text) {
    text = grammar::trim_lws(text);
    std::string display;
    const auto* const mark =
        std::find_if(text.begin(), text.end(), [](char c) { return c == '<' || c == '"' || c == ';'; });
    auto open = static_cast<std::size_t>(mark - text.begin());
    if (text.starts_with('"')) {
        const std::size_t end = grammar::quoted_end(text, 0);
        if (end == std::string_view::npos) return fail("address: quote is not closed");
        display = grammar::unquote(text.substr(0, end));
        open = grammar::skip_lws(text, end);
        if (open == text.size() || text[open] != '<') return fail("address: '<' expected behind the name");
    } else if (open < text.size() && text[open] == '<') {
        display = grammar::trim_lws(text.substr(0, open));
        if (!grammar::all(display, grammar::display)) return fail("address: display name needs quotes");
    } else {
        open = std::string_view::npos;
    }
    return parse_address(text, open, std::move(display));
}

std::string NameAddr::to_string() const {
    std::string out;
    if (!display.empty()) out = grammar::quote(display) + ' ';
    out += '<';
    out += uri.to_string();
    out += '>';
    out += params.to_string();
    return out;
}

// ---- Via

namespace {

// A token and the '/' behind it, with the white space that may stand around both; moves `pos` behind them.
bool skip_token_and_slash(std::string_view text, std::size_t& pos) {
    const std::size_t begin = grammar::skip_lws(text, pos);
    pos = grammar::run_end(text, begin, grammar::token);
    if (pos == begin) return false;
    pos = grammar::skip_lws(text, pos);
    return pos < text.size() && text[pos++] == '/';
}

}  // namespace

Result<Via> Via::parse(std::string_view text) {
    Via via;
    std::size_t pos = 0;
    if (!skip_token_and_slash(text, pos) || !skip_token_and_slash(text, pos))
        return fail("Via: protocol expected, such as SIP/2.0/UDP");
    std::size_t begin = grammar::skip_lws(text, pos);
    pos = grammar::run_end(text, begin, grammar::token);
    via.transport = text.substr(begin, pos - begin);
    for (char& c : via.transport)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    begin = grammar::skip_lws(text, pos);
    if (via.transport.empty() || begin == pos) return fail("Via: white space expected behind the transport");

    if (begin < text.size() && text[begin] == '[') {
        pos = text.find(']', begin);
        if (pos == std::string_view::npos) return fail("Via: '[' without ']'");
        ++pos;
    } else {
        pos = grammar::run_end(text, begin, grammar::host);
    }
    via.host = text.substr(begin, pos - begin);
    if (!grammar::is_host(via.host)) return fail("Via: bad host");

    pos = grammar::skip_lws(text, pos);
    if (pos < text.size() && text[pos] == ':') {
        begin = grammar::skip_lws(text, pos + 1);
        pos = grammar::run_end(text, begin, grammar::token);
        via.port = parse_number<std::uint16_t>(text.substr(begin, pos - begin));
        if (!via.port) return fail("Via: bad port");
    }
    auto params = Params::parse(text.substr(pos));
    if (!params) return fail("Via: " + params.error().what);
    via.params = std::move(*params);
    return via;
}

std::string Via::to_string() const {
    std::string out = "SIP/2.0/" + transport + ' ' + host;
    if (port) out += ':' + std::to_string(*port);
    return out + params.to_string();
}

bool Via::has_magic_cookie() const {
    return istarts_with(branch(), "z9hG4bK");
}

// ---- CSeq

Result<CSeq> CSeq::parse(std::string_view text) {
    const std::size_t digits_end = std::min(text.find_first_of(" \t"), text.size());
    const auto number = parse_number<std::uint32_t>(text.substr(0, digits_end));
    if (!number || *number >= 0x80000000u) return fail("CSeq: number below 2^31 expected");
    CSeq out;
    out.number = *number;
    out.method_name = grammar::trim_lws(text.substr(digits_end));
    if (out.method_name.empty() || !grammar::all(out.method_name, grammar::token))
        return fail("CSeq: method expected");
    out.method = parse_method(out.method_name);
    return out;
}

std::string CSeq::to_string() const {
    return std::to_string(number) + ' ' + method_name;
}

}  // namespace causeway::sip
