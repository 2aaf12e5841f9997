// Small text helpers that parsers of line protocols share. ASCII only, no locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway {

constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
std::string to_lower(std::string_view text);
// Equal but for ASCII case.
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);
// Without leading and trailing spaces, tabs, CR and LF.
std::string_view trim(std::string_view text);
// Text before and after the first `separator`; the second half is empty where there is none.
std::pair<std::string_view, std::string_view> split_once(std::string_view text, char separator);
// The pieces between separators; empty pieces are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// A whole decimal number: no sign, no space, nothing behind it, and within the range of T.
template <class T>
std::optional<T> parse_number(std::string_view text) {
    static_assert(std::is_unsigned_v<T>);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::string to_hex(std::span<const std::uint8_t> bytes);
// Base64 with padding (RFC 4648 section 4).
std::string to_base64(std::span<const std::uint8_t> bytes);
// Nothing where the text is not base64. Missing padding is accepted: SDP keys come both ways.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace causeway
