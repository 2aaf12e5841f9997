#include "host/call/profile_trial.hpp"

#include <fmt/format.h>

#include "host/base/text.hpp"
#include "host/sip/message.hpp"

namespace causeway::call {
namespace {

constexpr std::string_view sdp_type = "application/sdp";

// As a datagram would be: CRLF, no empty lines in front, the body to its end.
std::string datagram(std::string_view text) {
    std::string out;
    bool head = true;
    const auto lines = split(text, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto line = lines[i];
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (out.empty() && line.empty()) continue;
        if (i + 1 == lines.size() && line.empty()) break;  // what was behind the last line end
        if (line.empty()) head = false;
        const auto name = trim(split_once(line, ':').first);
        if (head && sip::parse_header_name(name) == sip::HeaderId::content_length) continue;
        out.append(line).append("\r\n");
    }
    if (head) out += "\r\n";
    return out;
}

struct Parts {
    std::string uri;  // of a request
    int status = 0;   // of a response
    std::string reason;
    ExtraHeaders fields;
    std::string type, body;
};

Parts parts_of(const sip::Message& m) {
    Parts p{std::string(m.request_uri()), m.status(), std::string(m.reason()), {}, {}, std::string(m.body())};
    for (const auto& f : m.fields()) {
        if (f.id == sip::HeaderId::content_type && !p.body.empty()) {
            p.type = f.value;
        } else {
            p.fields.emplace_back(f.name, f.value);
        }
    }
    return p;
}

std::string written(const sip::Message& m, const Parts& p) {
    auto out = m.is_request() ? sip::MessageBuilder::request(m.method_name(), p.uri)
                              : sip::MessageBuilder::response(p.status, p.reason);
    for (const auto& [name, value] : p.fields) out.add(name, value);
    if (!p.body.empty()) out.body(p.type, p.body);
    return std::string(out.build().text());
}

// The number in an address field.
void change_party(const MessageRules& rules, Party party, std::string& field, RuleNotes& notes) {
    auto address = sip::NameAddr::parse(field);
    if (!address) return;
    const auto before = address->uri.user;
    apply(rules, party, address->uri, &notes);
    if (address->uri.user != before) field = address->to_string();
}

void change_parties(const MessageRules& rules, Parts& p, RuleNotes& notes) {
    if (auto uri = sip::Uri::parse(p.uri)) {
        const auto before = uri->user;
        apply(rules, Party::called, *uri, &notes);
        if (uri->user != before) p.uri = uri->to_string();
    }
    for (auto& [name, value] : p.fields) {
        const auto id = sip::parse_header_name(name);
        if (id == sip::HeaderId::to) change_party(rules, Party::called, value, notes);
        if (id == sip::HeaderId::from) change_party(rules, Party::calling, value, notes);
    }
}

}  // namespace

Result<ProfileTrial> try_profile(const Profile& profile, bool received, std::string_view text) {
    const auto parsed = sip::Message::parse(datagram(text));
    if (!parsed) return fail("no SIP message: " + parsed.error().reason);
    const sip::Message& m = *parsed;
    const MessageRules& rules = received ? profile.in : profile.out;
    Parts p = parts_of(m);
    ProfileTrial trial{written(m, p), {}, {}};

    apply(rules, m.is_request(), p.fields, &trial.notes);
    if (m.is_request()) change_parties(rules, p, trial.notes);
    const auto* reply = received ? reply_rule(profile, m.status()) : nullptr;
    if (reply != nullptr) {
        p.status = reply->to;
        p.reason = reply->reason.empty() ? sip::reason_phrase(reply->to) : reply->reason;
        trial.notes.push_back(fmt::format("reply: {} is {} {}", m.status(), p.status, p.reason));
    }
    if (istarts_with(p.type, sdp_type)) {
        auto session = sdp::Session::parse(p.body);
        if (!session) return fail("SDP: " + session.error().what);
        const auto before = *session;
        if (auto cut = apply(profile.sdp, *session, &trial.notes); !cut) {
            trial.notes.push_back("refused with 488: " + cut.error().what);
            return trial;
        }
        if (*session != before) p.body = session->to_string();
    }
    trial.after = written(m, p);
    return trial;
}

}  // namespace causeway::call
