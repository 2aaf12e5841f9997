#include "host/sip/shard.hpp"

#include <array>

#include "host/base/text.hpp"

namespace causeway::sip {
namespace {

constexpr std::string_view mark = "cw";
constexpr std::string_view branch_mark = "z9hG4bKcw";
constexpr std::string_view hex = "0123456789abcdef";

// FNV-1a: the same in every process, so that a call keeps its shard over a restart.
std::uint32_t hash(std::string_view text) {
    std::uint32_t h = 2166136261u;
    for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 16777619u;
    return h ^ (h >> 16);
}

// The value of a header parameter, as far as its token goes: what stands in quotes or <> has none.
std::string_view parameter(std::string_view value, std::string_view name) {
    bool quoted = false, bracketed = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '<' || c == '>')) {
            bracketed = c == '<';
        } else if (!quoted && !bracketed && c == ';') {
            const auto [key, rest] = split_once(value.substr(i + 1), '=');
            if (!iequals(trim(key), name)) continue;
            const auto token = trim(rest);
            return token.substr(0, token.find_first_of("; \t,\r\n"));
        }
    }
    return {};
}

struct Fields {
    std::string_view via, to, call_id;  // the first of each
};

Fields find_fields(std::string_view message) {
    Fields f;
    auto at = message.find('\n');
    while (at != std::string_view::npos && (f.via.empty() || f.to.empty() || f.call_id.empty())) {
        const auto begin = at + 1;
        // A line that begins with white space goes on with the last (7.3.1).
        for (at = message.find('\n', begin); at != std::string_view::npos && at + 1 < message.size() &&
                                             (message[at + 1] == ' ' || message[at + 1] == '\t');) {
            at = message.find('\n', at + 1);
        }
        const auto line = message.substr(begin, at == std::string_view::npos ? at : at - begin);
        if (trim(line).empty()) break;
        const auto [raw_name, value] = split_once(line, ':');
        const auto name = trim(raw_name);
        const auto is = [&](std::string_view full, std::string_view compact) {
            return iequals(name, full) || iequals(name, compact);
        };
        if (f.via.empty() && is("via", "v")) f.via = trim(value);
        if (f.to.empty() && is("to", "t")) f.to = trim(value);
        if (f.call_id.empty() && is("call-id", "i")) f.call_id = trim(value);
    }
    return f;
}

}  // namespace

std::string mint_token(Random& random, std::uint8_t shard, std::size_t octets) {
    std::string token(mark);
    token += hex[shard >> 4];
    token += hex[shard & 15];
    return token += random.token(octets);
}

std::optional<std::uint8_t> shard_of_token(std::string_view token) {
    if (token.substr(0, branch_mark.size()) == branch_mark)
        token.remove_prefix(branch_mark.size() - mark.size());
    if (token.size() <= mark.size() + 2 || token.substr(0, mark.size()) != mark) return std::nullopt;
    const auto high = hex.find(token[mark.size()]), low = hex.find(token[mark.size() + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint8_t>(high << 4 | low);
}

std::optional<std::uint8_t> shard_of_message(std::string_view message, std::uint8_t count) {
    const bool response = message.substr(0, 4) == "SIP/";
    const Fields f = find_fields(message);
    for (const auto token :
         std::array{response ? parameter(f.via, "branch") : parameter(f.to, "tag"), f.call_id}) {
        if (const auto number = shard_of_token(token); number && *number < count) return number;
    }
    if (f.call_id.empty()) return std::nullopt;
    return static_cast<std::uint8_t>(hash(f.call_id) % count);
}

}  // namespace causeway::sip
