#include "host/gateway/config_profiles.hpp"

#include <algorithm>

#include "host/base/text.hpp"
#include "host/gateway/config_values.hpp"

namespace causeway::gateway {
namespace {

using Table = ConfigReader::Table;

constexpr std::string_view a_field =
    "a header field that crosses, not what each leg has of its own (such as Via or Contact), nor From or To";
constexpr std::string_view an_attribute =
    "an SDP attribute that crosses, not one of formats, directions, addresses or keys";
constexpr std::string_view a_number = "digits, '+', '*' and '#'";

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "-.!%_`'~";  // RFC 3261 section 25.1, without the '*' and '+' of rules
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [&](char c) {
        const char lower = ascii_lower(c);
        return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
               marks.find(c) != std::string_view::npos;
    });
}

// A whole name, which rules must be allowed to name, or "*" behind the beginning of one.
template <class Allowed>
std::optional<std::string> parse_pattern(std::string_view text, Allowed allowed) {
    if (text == "*") return std::string(text);
    const bool open = text.ends_with('*');
    if (!is_token(open ? text.substr(0, text.size() - 1) : text)) return std::nullopt;
    if (!open && !allowed(text)) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_field_pattern(std::string_view text) {
    return parse_pattern(text, call::is_field_for_rules);
}

std::optional<std::string> parse_attribute_pattern(std::string_view text) {
    return parse_pattern(text, call::is_attribute_for_rules);
}

// Reason stands in requests that end a call: it passes or not, and is not set.
std::optional<std::string> parse_field(std::string_view text) {
    if (!is_token(text) || !call::is_field_for_rules(text) || iequals(text, "Reason")) return std::nullopt;
    return std::string(text);
}

std::optional<call::CodecRule> parse_codec(std::string_view text) {
    const auto slash = text.find('/');
    call::CodecRule rule{std::string(text.substr(0, slash)), {}};
    if (!is_token(rule.name)) return std::nullopt;
    if (slash == std::string_view::npos) return rule;
    rule.clock_rate = parse_number<std::uint32_t>(text.substr(slash + 1));
    if (!rule.clock_rate || *rule.clock_rate == 0) return std::nullopt;
    return rule;
}

std::optional<std::string> parse_digits(std::string_view text) {
    if (text.size() > 64 || text.find_first_not_of("+*#0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    return std::string(text);
}

// The inner value may be "of both".
std::optional<std::optional<call::Party>> parse_party(std::string_view text) {
    using Both = std::optional<call::Party>;
    if (text == "both") return std::optional<Both>(std::in_place, std::nullopt);
    if (text == "called") return std::optional<Both>(std::in_place, call::Party::called);
    if (text == "calling") return std::optional<Both>(std::in_place, call::Party::calling);
    return std::nullopt;
}

std::optional<call::HeaderRule::On> parse_on(std::string_view text) {
    if (text == "all") return call::HeaderRule::On::all;
    if (text == "requests") return call::HeaderRule::On::requests;
    if (text == "responses") return call::HeaderRule::On::responses;
    return std::nullopt;
}

template <class T>
std::vector<T> values(const std::vector<Located<T>>& located) {
    std::vector<T> out;
    for (const auto& l : located) out.push_back(l.value);
    return out;
}

call::HeaderRule header_rule(Table& t) {
    constexpr std::string_view line = "1 to 256 printable characters";
    const auto name = t.text("name", a_field, parse_field, true);
    const auto on = t.text("on", "\"all\", \"requests\" or \"responses\"", parse_on);
    const auto match = t.text("match", line, parse_line);
    const auto value = t.text("value", line, parse_line, true);
    t.done();
    call::HeaderRule rule;
    if (name) rule.name = name->value;
    if (on) rule.on = on->value;
    if (match) rule.match = match->value;
    if (!value) return rule;
    rule.value = value->value;
    const auto stars = match ? call::wildcards(match->value) : 0;
    if (const auto highest = call::highest_reference(rule.value); !highest || *highest > stars) {
        t.error(
            "value", value->at,
            fmt::format("expected $$ or the number of a '*' of \"match\" behind each $, of which it has {}",
                        stars));
    }
    return rule;
}

call::NumberRule number_rule(Table& t) {
    const auto of = t.text("of", "\"both\", \"called\" or \"calling\"", parse_party);
    const auto prefix = t.text("prefix", a_number, parse_digits, true);
    const auto strip = t.number("strip", 0, 64);
    const auto prepend = t.text("prepend", a_number, parse_digits);
    t.done();
    call::NumberRule rule;
    if (of) rule.of = of->value;
    if (prefix) rule.prefix = prefix->value;
    if (strip) rule.strip = strip->value;
    if (prepend) rule.prepend = prepend->value;
    return rule;
}

call::MessageRules message_rules(Table t) {
    call::MessageRules rules;
    rules.keep = values(t.texts("keep", a_field, parse_field_pattern));
    rules.drop = values(t.texts("drop", a_field, parse_field_pattern));
    for (Table& inner : t.tables("header")) rules.headers.push_back(header_rule(inner));
    for (Table& inner : t.tables("number")) rules.numbers.push_back(number_rule(inner));
    t.done();
    return rules;
}

call::ReplyRule reply_rule(Table& t, const std::vector<call::ReplyRule>& before) {
    const auto from = t.number("from", 300, 699, true);
    const auto to = t.number("to", 400, 699, true);
    const auto reason = t.text("reason", "1 to 256 printable characters", parse_line);
    t.done();
    call::ReplyRule rule;
    if (from) rule.from = static_cast<int>(from->value);
    if (to) rule.to = static_cast<int>(to->value);
    if (reason) rule.reason = reason->value;
    if (from &&
        std::any_of(before.begin(), before.end(), [&](const auto& r) { return r.from == rule.from; })) {
        t.error("from", from->at, fmt::format("expected a new one, {} stands above", rule.from));
    }
    // Challenges are answered by whom they are for; the caller has no credentials of ours.
    if (rule.to == 401 || rule.to == 407) {
        t.error("to", to->at,
                fmt::format("expected a status that ends the attempt, {} asks for credentials", rule.to));
    }
    return rule;
}

}  // namespace

std::vector<call::Profile> read_profiles(ConfigReader& reader) {
    std::vector<call::Profile> out;
    for (Table& t : reader.tables("profile")) {
        call::Profile p;
        const auto name = t.text("name", "a name of letters, digits, '.', '_', '-'", parse_name, true);
        const auto codecs =
            t.texts("codecs", "an RTP payload format as \"NAME\" or \"NAME/RATE\"", parse_codec);
        const auto transcode =
            t.texts("transcode", "PCMU, PCMA, G722, L16, L16/16000, G726-16 to -40 or AAL2-G726-16 to -40",
                    media::parse_speech);
        using Ms = std::chrono::milliseconds;
        const auto most = static_cast<std::uint64_t>(to_ms(media::DelayBounds::most));
        const auto delay = t.number("jitter_buffer_ms", 0, most);
        const auto least = t.number("jitter_buffer_min_ms", 0, delay ? delay->value : most);
        if (delay) p.sdp.jitter_buffer = {Ms(least ? least->value : 0), Ms(delay->value)};
        if (least && !delay)
            t.error("jitter_buffer_min_ms", least->at, "expected only with jitter_buffer_ms");
        if (const auto packet = t.number("packet_ms", 10, 60)) {
            if (packet->value % 10 != 0)
                t.error("packet_ms", packet->at, "expected 10, 20, 30, 40, 50 or 60");
            p.sdp.packet = Ms(packet->value);
        }
        p.sdp.keep_attributes = values(t.texts("keep_attributes", an_attribute, parse_attribute_pattern));
        p.sdp.drop_attributes = values(t.texts("drop_attributes", an_attribute, parse_attribute_pattern));
        p.in = message_rules(t.table("in"));
        p.out = message_rules(t.table("out"));
        for (Table& inner : t.tables("reply")) p.replies.push_back(reply_rule(inner, p.replies));
        t.done();

        if (name) p.name = name->value;
        if (name && std::any_of(out.begin(), out.end(), [&](const auto& o) { return o.name == p.name; })) {
            t.error("name", name->at, fmt::format("expected a new one, \"{}\" stands above", p.name));
        }
        for (const auto& speech : transcode) {
            if (std::find(p.sdp.transcode.begin(), p.sdp.transcode.end(), speech.value) !=
                p.sdp.transcode.end()) {
                t.error("transcode", speech.at, "expected each once");
            }
            p.sdp.transcode.push_back(speech.value);
        }
        for (const auto& codec : codecs) {
            if (std::find(p.sdp.codecs.begin(), p.sdp.codecs.end(), codec.value) != p.sdp.codecs.end()) {
                t.error("codecs", codec.at, "expected each format once");
            }
            p.sdp.codecs.push_back(codec.value);
        }
        out.push_back(std::move(p));
    }
    return out;
}

}  // namespace causeway::gateway
