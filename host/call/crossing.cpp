#include "host/call/crossing.hpp"

#include <algorithm>
#include <array>

#include "host/base/text.hpp"

namespace causeway::call {
namespace {

bool is_anonymous(std::string_view host) {
    return iequals(host, "anonymous.invalid");
}

// An IP address among the words of a text, with or without a port.
bool holds_address(std::string_view text) {
    constexpr std::string_view characters = "0123456789abcdefABCDEF.:";
    while (!text.empty()) {
        const auto begin = text.find_first_of(characters);
        if (begin == std::string_view::npos) return false;
        text.remove_prefix(begin);
        const auto word = text.substr(0, text.find_first_not_of(characters));
        text.remove_prefix(word.size());
        if (IpAddress::parse(word) || IpAddress::parse(split_once(word, ':').first)) return true;
    }
    return false;
}

}  // namespace

bool crosses(sip::HeaderId id) {
    switch (id) {
        case sip::HeaderId::other:
        case sip::HeaderId::p_asserted_identity:
        case sip::HeaderId::p_preferred_identity:
        case sip::HeaderId::privacy:
        case sip::HeaderId::subject:
        case sip::HeaderId::priority:
        case sip::HeaderId::organization:
        case sip::HeaderId::accept_language:
        case sip::HeaderId::alert_info:
        case sip::HeaderId::call_info:
        case sip::HeaderId::error_info:
        case sip::HeaderId::retry_after:
            return true;
        default:
            return false;
    }
}

bool ends_here(std::string_view attribute) {
    static constexpr std::array<std::string_view, 24> ending{"candidate",
                                                             "remote-candidates",
                                                             "end-of-candidates",
                                                             "ice-ufrag",
                                                             "ice-pwd",
                                                             "ice-lite",
                                                             "ice-options",
                                                             "ice-mismatch",
                                                             "rtcp",
                                                             "rtcp-mux",
                                                             "rtcp-mux-only",
                                                             "rtcp-rsize",
                                                             "rtcp-xr",
                                                             "crypto",
                                                             "fingerprint",
                                                             "setup",
                                                             "connection",
                                                             "key-mgmt",
                                                             "zrtp-hash",
                                                             "ssrc",
                                                             "ssrc-group",
                                                             "msid",
                                                             "extmap",
                                                             "tool"};
    return std::any_of(ending.begin(), ending.end(), [&](auto e) { return iequals(e, attribute); });
}

// Session attributes that only make sense with what ends here.
bool ends_here_session(std::string_view attribute) {
    return ends_here(attribute) || iequals(attribute, "group") || iequals(attribute, "msid-semantic") ||
           iequals(attribute, "identity");
}

void Traces::add(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    if (text.size() < 4) return;  // too short to tell from chance, and to tell anyone anything
    auto lower = to_lower(text);
    if (std::find(texts_.begin(), texts_.end(), lower) != texts_.end()) return;
    // Each change of a long call brings a branch: of the later half the oldest goes.
    if (texts_.size() >= most) texts_.erase(texts_.begin() + most / 2);
    texts_.push_back(std::move(lower));
}

void Traces::note(const sip::Message& m, const sip::Hop& from) {
    add(from.remote.ip.to_string());
    add(m.call_id());
    // Call-IDs often end in @host.
    add(split_once(m.call_id(), '@').second);
    for (const auto* party : {&m.from(), &m.to()}) {
        add(party->tag());
        if (!is_anonymous(party->uri.host)) add(party->uri.host);
    }
    if (const auto uri = sip::Uri::parse(m.request_uri())) add(uri->host);
    for (const auto value : m.values(sip::HeaderId::via)) {
        const auto via = sip::Via::parse(value);
        if (!via) continue;
        add(via->host);
        add(via->branch());
        add(via->params.get("received"));
    }
    for (const auto id : {sip::HeaderId::contact, sip::HeaderId::record_route, sip::HeaderId::route,
                          sip::HeaderId::p_asserted_identity, sip::HeaderId::p_preferred_identity}) {
        for (const auto value : m.values(id)) {
            if (const auto address = sip::NameAddr::parse(value);
                address && !is_anonymous(address->uri.host)) {
                add(address->uri.host);
            }
        }
    }
}

void Traces::note(const sdp::Session& s) {
    add(s.origin.address);
    if (s.connection) add(s.connection->address);
    for (const auto& m : s.media) {
        if (m.connection) add(m.connection->address);
    }
}

bool Traces::in(std::string_view text) const {
    const auto lower = to_lower(text);
    if (holds_address(text) || lower.find("sip:") != std::string::npos ||
        lower.find("sips:") != std::string::npos) {
        return true;
    }
    return std::any_of(texts_.begin(), texts_.end(),
                       [&](const std::string& t) { return lower.find(t) != std::string::npos; });
}

sip::NameAddr crossing_party(const sip::NameAddr& party, std::string_view host) {
    sip::NameAddr out;
    out.display = party.display;
    if (party.uri.is_tel()) {
        out.uri = party.uri;
        return out;
    }
    out.uri.scheme = "sip";
    out.uri.user = party.uri.user;
    out.uri.host = is_anonymous(party.uri.host) ? party.uri.host : std::string(host);
    return out;
}

ExtraHeaders crossing_headers(const sip::Message& received, const Traces& traces, std::string_view host) {
    ExtraHeaders out;
    for (const sip::Field& field : received.fields()) {
        if (field.id == sip::HeaderId::p_asserted_identity ||
            field.id == sip::HeaderId::p_preferred_identity) {
            continue;  // below, value by value
        }
        if (!crosses(field.id)) continue;
        if (!traces.in(field.name) && !traces.in(field.value)) {
            out.emplace_back(std::string(field.name), std::string(field.value));
        }
    }
    for (const auto id : {sip::HeaderId::p_asserted_identity, sip::HeaderId::p_preferred_identity}) {
        for (const auto value : received.values(id)) {
            const auto party = sip::NameAddr::parse(value);
            if (party)
                out.emplace_back(std::string(sip::to_string(id)), crossing_party(*party, host).to_string());
        }
    }
    return out;
}

std::string crossing_reason(const sip::Message& received, const Traces& traces) {
    std::string out;
    for (const auto value : received.values(sip::HeaderId::reason)) {
        if (traces.in(value)) continue;
        if (!out.empty()) out += ", ";
        out += value;
    }
    return out;
}

int crossing_status(int status) {
    if (status < 400) return 480;
    switch (status) {
        case 401:
        case 402:
        case 407:
            return 403;
        case 400:
        case 405:
        case 413:
        case 414:
        case 415:
        case 416:
        case 420:
        case 421:
        case 423:
        case 481:
        case 482:
        case 483:
        case 485:
        case 487:
        case 491:
        case 493:
        case 501:
        case 503:
        case 505:
        case 513:
            return 500;
        default:
            return status;
    }
}

}  // namespace causeway::call
