#include "host/call/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/base/text.hpp"
#include "host/call/crossing.hpp"
#include "host/sip/uri.hpp"

namespace causeway::call {
namespace {

constexpr std::size_t longest_value = 4096;  // octets; $1 may stand in a value many times

void note(RuleNotes* notes, std::string text) {
    if (notes != nullptr) notes->push_back(std::move(text));
}

// "X-*" or a whole name; a name in its compact form is the same field.
bool names(std::string_view pattern, std::string_view name) {
    if (!pattern.empty() && pattern.back() == '*') {
        return istarts_with(name, pattern.substr(0, pattern.size() - 1));
    }
    if (iequals(pattern, name)) return true;
    const auto id = sip::parse_header_name(pattern);
    return id != sip::HeaderId::other && id == sip::parse_header_name(name);
}

bool any_names(const std::vector<std::string>& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return names(p, name); });
}

bool keeps(const std::vector<std::string>& keep, const std::vector<std::string>& drop,
           std::string_view name) {
    return (keep.empty() || any_names(keep, name)) && !any_names(drop, name);
}

// What each '*' of the pattern stands for; nothing where the text does not fit.
std::optional<std::vector<std::string_view>> fit(std::string_view pattern, std::string_view text) {
    const auto pieces = split(pattern, '*');
    std::vector<std::string_view> out;
    if (pieces.size() == 1) return text == pattern ? std::optional(out) : std::nullopt;
    if (!text.starts_with(pieces.front())) return std::nullopt;
    text.remove_prefix(pieces.front().size());
    for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
        const auto at = text.find(pieces[i]);
        if (at == std::string_view::npos) return std::nullopt;
        out.push_back(text.substr(0, at));
        text.remove_prefix(at + pieces[i].size());
    }
    if (!text.ends_with(pieces.back())) return std::nullopt;
    out.push_back(text.substr(0, text.size() - pieces.back().size()));
    return out;
}

std::string filled(std::string_view value, const std::vector<std::string_view>& captures) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '$' || i + 1 == value.size()) {
            out += value[i];
            continue;
        }
        const char c = value[++i];
        const auto index = static_cast<std::size_t>(c - '1');
        if (c == '$') out += '$';
        if (c >= '1' && c <= '9' && index < captures.size()) out += captures[index];
    }
    return out;
}

void change(const HeaderRule& rule, ExtraHeaders& fields, RuleNotes* notes) {
    for (auto& [name, value] : fields) {
        if (!names(rule.name, name)) continue;
        const auto captures = fit(*rule.match, value);
        if (!captures) continue;
        auto changed = filled(rule.value, *captures);
        if (changed == value || changed.size() > longest_value) continue;
        note(notes, fmt::format("header: {}: \"{}\" is \"{}\"", name, value, changed));
        value = std::move(changed);
    }
}

void set(const HeaderRule& rule, ExtraHeaders& fields, RuleNotes* notes) {
    const auto same = [&](const auto& field) { return names(rule.name, field.first); };
    const auto value = filled(rule.value, {});
    const auto first = std::find_if(fields.begin(), fields.end(), same);
    note(notes, fmt::format("header: {} is set to \"{}\"", rule.name, value));
    if (first == fields.end()) {
        fields.emplace_back(rule.name, value);
        return;
    }
    first->second = value;
    fields.erase(std::remove_if(first + 1, fields.end(), same), fields.end());
}

bool is_telephone_number(std::string_view user) {
    return user.find_first_of("0123456789") != std::string_view::npos &&
           user.find_first_not_of("+0123456789-.()*#") == std::string_view::npos;
}

bool is_format_or_direction(std::string_view attribute) {
    static constexpr std::array<std::string_view, 6> names_of{"rtpmap",   "fmtp",     "sendrecv",
                                                              "sendonly", "recvonly", "inactive"};
    return std::any_of(names_of.begin(), names_of.end(), [&](auto n) { return iequals(n, attribute); });
}

// What only goes with a codec and carries no call of its own.
bool is_companion(const sdp::Codec& codec) {
    return iequals(codec.name, "telephone-event") || iequals(codec.name, "CN");
}

std::vector<sdp::Codec> allowed(const SdpRules& rules, const std::vector<sdp::Codec>& codecs) {
    std::vector<sdp::Codec> out;
    for (const auto& rule : rules.codecs) {
        for (const auto& codec : codecs) {
            const bool fits =
                iequals(rule.name, codec.name) && (!rule.clock_rate || *rule.clock_rate == codec.clock_rate);
            if (fits && std::find(out.begin(), out.end(), codec) == out.end()) out.push_back(codec);
        }
    }
    return out;
}

std::string list(const std::vector<sdp::Codec>& codecs) {
    std::string out;
    for (const auto& c : codecs) out += fmt::format("{}{}/{}", out.empty() ? "" : ", ", c.name, c.clock_rate);
    return out.empty() ? "none" : out;
}

void keep_attributes(const SdpRules& rules, std::vector<sdp::Attribute>& attributes, RuleNotes* notes) {
    std::erase_if(attributes, [&](const sdp::Attribute& a) {
        const bool drop =
            is_attribute_for_rules(a.name) && !keeps(rules.keep_attributes, rules.drop_attributes, a.name);
        if (drop) note(notes, fmt::format("attributes: a={} dropped", a.name));
        return drop;
    });
}

}  // namespace

bool is_field_for_rules(std::string_view name) {
    static constexpr std::array<std::string_view, 5> of_one_peer{
        "Authentication-Info", "Proxy-Authentication-Info", "Security-Client", "Security-Server",
        "Security-Verify"};
    if (std::any_of(of_one_peer.begin(), of_one_peer.end(), [&](auto n) { return iequals(n, name); })) {
        return false;
    }
    const auto id = sip::parse_header_name(name);
    return crosses(id) || id == sip::HeaderId::reason;
}

bool is_attribute_for_rules(std::string_view name) {
    return !ends_here_session(name) && !is_format_or_direction(name);
}

std::size_t wildcards(std::string_view pattern) {
    return static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '*'));
}

std::optional<std::size_t> highest_reference(std::string_view value) {
    std::size_t highest = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '$') continue;
        if (++i == value.size()) return std::nullopt;
        if (value[i] == '$') continue;
        if (value[i] < '1' || value[i] > '9') return std::nullopt;
        highest = std::max(highest, static_cast<std::size_t>(value[i] - '0'));
    }
    return highest;
}

bool passes(const MessageRules& rules, std::string_view name) {
    return keeps(rules.keep, rules.drop, name) || !is_field_for_rules(name);
}

void apply(const MessageRules& rules, bool is_request, ExtraHeaders& fields, RuleNotes* notes) {
    std::erase_if(fields, [&](const auto& field) {
        const bool drop = !passes(rules, field.first);
        if (drop) note(notes, fmt::format("fields: {} dropped", field.first));
        return drop;
    });
    for (const HeaderRule& rule : rules.headers) {
        if (rule.on != HeaderRule::On::all && (rule.on == HeaderRule::On::requests) != is_request) continue;
        if (!is_field_for_rules(rule.name)) continue;
        rule.match ? change(rule, fields, notes) : set(rule, fields, notes);
    }
    if (rules.numbers.empty()) return;
    for (auto& [name, value] : fields) {
        const auto id = sip::parse_header_name(name);
        if (id != sip::HeaderId::p_asserted_identity && id != sip::HeaderId::p_preferred_identity) continue;
        auto party = sip::NameAddr::parse(value);
        if (!party) continue;
        const auto before = party->uri.user;
        apply(rules, Party::calling, party->uri, notes);
        if (party->uri.user != before) value = party->to_string();
    }
}

std::string apply(const MessageRules& rules, Party party, std::string_view number, RuleNotes* notes) {
    if (!is_telephone_number(number)) return std::string(number);
    const auto digits = sip::strip_visual_separators(number);
    const NumberRule* best = nullptr;
    for (const NumberRule& r : rules.numbers) {
        if ((r.of && *r.of != party) || !digits.starts_with(r.prefix)) continue;
        if (best == nullptr || r.prefix.size() > best->prefix.size()) best = &r;
    }
    if (best == nullptr) return std::string(number);
    auto out = best->prepend + digits.substr(std::min(best->strip, digits.size()));
    if (out.empty()) return std::string(number);
    if (out != number) {
        note(notes, fmt::format("number: {} number {} is {} by prefix \"{}\"",
                                party == Party::called ? "called" : "calling", number, out, best->prefix));
    }
    return out;
}

void apply(const MessageRules& rules, Party party, sip::Uri& uri, RuleNotes* notes) {
    if (!uri.is_sip() && !uri.is_tel()) return;
    // A SIP user may be a telephone-subscriber with parameters (RFC 3261 19.1.6), which are those of the
    // number that it was.
    const auto number = std::string_view(uri.user).substr(0, uri.user.find(';'));
    auto changed = apply(rules, party, number, notes);
    if (changed == number) return;
    uri.user = std::move(changed);
    if (uri.is_tel() && uri.user.front() == '+') uri.params.erase("phone-context");
}

Result<void> apply(const SdpRules& rules, sdp::Session& session, RuleNotes* notes) {
    if (rules == SdpRules{}) return {};
    keep_attributes(rules, session.attributes, notes);
    bool was_live = false, is_live = false;
    for (auto& m : session.media) {
        keep_attributes(rules, m.attributes, notes);
        const auto codecs = m.rejected() ? std::vector<sdp::Codec>() : m.codecs();
        if (codecs.empty()) continue;
        was_live = true;
        const auto left = rules.codecs.empty() ? codecs : allowed(rules, codecs);
        const bool companions_only = std::all_of(left.begin(), left.end(), is_companion) &&
                                     !std::all_of(codecs.begin(), codecs.end(), is_companion);
        if (left.empty() || companions_only) {
            note(notes, fmt::format("codecs: {} disabled, of {} none is allowed", m.type, list(codecs)));
            m.port = 0;
            continue;
        }
        is_live = true;
        if (left == codecs) continue;
        note(notes, fmt::format("codecs: {} is {}", list(codecs), list(left)));
        m.set_codecs(left);
    }
    if (was_live && !is_live) return fail("no codec that the profile allows");
    return {};
}

const ReplyRule* reply_rule(const Profile& profile, int status) {
    const auto found = std::find_if(profile.replies.begin(), profile.replies.end(),
                                    [&](const ReplyRule& r) { return r.from == status; });
    return found == profile.replies.end() ? nullptr : &*found;
}

}  // namespace causeway::call
