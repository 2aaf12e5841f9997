// The lexical ground that the SIP parsers share (RFC 3261 section 25.1): character classes, linear white
// space, quoted strings, %-escapes and lists of values. Private to host/sip.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::sip::grammar {

// Classes of characters, one bit each. Bytes above 127 count as text in the lenient classes (user, value,
// display), for UTF-8 there breaks no structure.
enum CharClass : std::uint8_t {
    token = 1,       // token
    unreserved = 2,  // unreserved: alphanum and mark
    user = 4,        // user, and "#", which phones send unescaped
    password = 8,    // password
    host = 16,       // hostname, and "_", which some host names have
    value = 32,      // any parameter value or name that stands unquoted: structure is excluded
    display = 64     // display-name without quotes: token and LWS
};
constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&table](std::string_view chars, int classes) {
        for (const char c : chars) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(classes);
    };
    constexpr std::string_view alphanum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    mark(alphanum, token | unreserved | user | password | host | display);
    mark("-.!%*_+`'~", token | display);
    mark("-_.!~*'()", unreserved | user | password);
    mark("&=+$,;?/#", user);
    mark("&=+$,", password);
    mark("-._", host);
    mark(" \t", display);
    for (int c = 0x21; c < 0x100; ++c)
        if (c != 0x7f) table[static_cast<std::size_t>(c)] |= value;
    for (const char c : std::string_view(";,\"<>?@\\"))
        table[static_cast<unsigned char>(c)] &= static_cast<std::uint8_t>(~value);
    for (std::size_t c = 0x80; c < 0x100; ++c) table[c] |= user | display;
    return table;
}
inline constexpr auto classes = make_classes();

inline bool is(char c, CharClass cls) {
    return (classes[static_cast<unsigned char>(c)] & cls) != 0;
}
// The end of the run of characters of a class that begins at `pos`.
inline std::size_t run_end(std::string_view text, std::size_t pos, CharClass cls) {
    while (pos < text.size() && is(text[pos], cls)) ++pos;
    return pos;
}
inline bool all(std::string_view text, CharClass cls) {
    return run_end(text, 0, cls) == text.size();
}

inline bool is_lws(char c) {
    return c == ' ' || c == '\t';
}
inline std::size_t skip_lws(std::string_view text, std::size_t pos) {
    while (pos < text.size() && is_lws(text[pos])) ++pos;
    return pos;
}
// Without the spaces and tabs at both ends.
inline std::string_view trim_lws(std::string_view text) {
    while (!text.empty() && is_lws(text.back())) text.remove_suffix(1);
    text.remove_prefix(skip_lws(text, 0));
    return text;
}

// For a '"' at `pos`: the position behind the closing quote, npos where there is none.
std::size_t quoted_end(std::string_view text, std::size_t pos);
// The text of a quoted string (quotes included) without quotes and backslashes, and back. CR and LF, which no
// quoted string can hold, become spaces.
std::string unquote(std::string_view quoted);
std::string quote(std::string_view text);

// Appends the text with each %HH replaced by its character. False where an escape is broken or a character is
// not of the class.
bool unescape(std::string_view text, CharClass allowed, std::string& out);
// Every character that is not of the class as %HH.
std::string escape(std::string_view text, CharClass allowed);
// The same for text that is escaped already: leaves its escapes alone.
std::string escape_rest(std::string_view text, CharClass allowed);
// Whether every '%' begins a whole escape.
bool escapes_are_whole(std::string_view text);
// Decodes the escapes of unreserved characters only, and writes the others with capitals: two texts that
// are equal then mean the same (19.1.4).
std::string normalize_escapes(std::string_view text);

// "name", "192.0.2.1" or "[2001:db8::1]".
bool is_host(std::string_view text);

// Takes the next value off a list: up to a comma outside quotes and <>, trimmed. False at the end; empty
// values are passed over.
bool next_value(std::string_view& rest, std::string_view& value);
// Where the first value of a list ends: position of the comma, or the size.
std::size_t value_end(std::string_view text);

}  // namespace causeway::sip::grammar
