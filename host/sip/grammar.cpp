#include "host/sip/grammar.hpp"

#include "host/base/ip.hpp"
#include "host/base/text.hpp"

namespace causeway::sip::grammar {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The character that the escape at `pos` stands for; -1 where there is no whole escape.
int escaped_char(std::string_view text, std::size_t pos) {
    if (text[pos] != '%' || pos + 2 >= text.size()) return -1;
    const int high = hex_digit(text[pos + 1]), low = hex_digit(text[pos + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_escape(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

}  // namespace

std::size_t quoted_end(std::string_view text, std::size_t pos) {
    for (++pos; pos < text.size(); ++pos) {
        if (text[pos] == '"') return pos + 1;
        if (text[pos] == '\\') ++pos;
    }
    return std::string_view::npos;
}

std::string unquote(std::string_view quoted) {
    std::string out;
    out.reserve(quoted.size());
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '\\' && i + 2 < quoted.size()) ++i;
        out += quoted[i];
    }
    return out;
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    out.reserve(text.size() + 2);
    for (const char c : text) {
        const bool control = (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f;
        if (c == '\r' || c == '\n') {
            out += ' ';
            continue;
        }
        if (c == '"' || c == '\\' || control) out += '\\';
        out += c;
    }
    out += '"';
    return out;
}

bool unescape(std::string_view text, CharClass allowed, std::string& out) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t plain_end = run_end(text, i, allowed);
        out.append(text, i, plain_end - i);
        i = plain_end;
        if (i == text.size()) break;
        const int c = escaped_char(text, i);
        if (c < 0) return false;
        out += static_cast<char>(c);
        i += 3;
    }
    return true;
}

std::string escape(std::string_view text, CharClass allowed) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is(c, allowed) && static_cast<unsigned char>(c) < 0x80 && c != '#')
            out += c;
        else
            append_escape(out, c);
    }
    return out;
}

std::string escape_rest(std::string_view text, CharClass allowed) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is(text[i], allowed) || escaped_char(text, i) >= 0)
            out += text[i];
        else
            append_escape(out, text[i]);
    }
    return out;
}

bool escapes_are_whole(std::string_view text) {
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
        if (escaped_char(text, at) < 0) return false;
    return true;
}

std::string normalize_escapes(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int c = escaped_char(text, i);
        if (c < 0) {
            out += text[i];
            continue;
        }
        if (is(static_cast<char>(c), unreserved))
            out += static_cast<char>(c);
        else
            append_escape(out, static_cast<char>(c));
        i += 2;
    }
    return out;
}

bool is_host(std::string_view text) {
    if (text.starts_with('[')) {
        const auto ip = IpAddress::parse(text);
        return ip && ip->is_v6();
    }
    return !text.empty() && all(text, host);
}

std::size_t value_end(std::string_view text) {
    bool in_brackets = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' && !in_brackets) {
            i = quoted_end(text, i);
            if (i == std::string_view::npos) return text.size();
            --i;
        } else if (c == '<') {
            in_brackets = true;
        } else if (c == '>') {
            in_brackets = false;
        } else if (c == ',' && !in_brackets) {
            return i;
        }
    }
    return text.size();
}

bool next_value(std::string_view& rest, std::string_view& value) {
    while (!rest.empty()) {
        const std::size_t end = value_end(rest);
        value = trim_lws(rest.substr(0, end));
        rest.remove_prefix(end < rest.size() ? end + 1 : end);
        if (!value.empty()) return true;
    }
    return false;
}

}  // namespace causeway::sip::grammar
