// What holds in every run, whatever the weather.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "host/rtp/packet.hpp"
#include "tests/world/model/world.hpp"

namespace causeway::world {

void World::problem(std::string what) {
    note("PROBLEM: " + what);
    if (report_.problems.empty()) describe_all();
    report_.problems.push_back(std::move(what));
}

void World::describe_all() {
    for (const auto& c : core_->calls()) {
        const auto leg = [](const call::LegInfo& l) {
            return fmt::format("{} {} {}", l.trunk, l.state, l.call_id);
        };
        report_.state.push_back(fmt::format("gateway: call {} {}: {}; {}", c.id, c.state, leg(c.incoming),
                                            c.outgoing ? leg(*c.outgoing) : "no leg there"));
    }
    for (const Peer& p : peers_) {
        for (auto& line : p.phone->describe()) report_.state.push_back(std::move(line));
    }
}

// ----------------------------------------------------------------------------------------------------
// records

bool World::start(const call::CdrStart& record) {
    note(fmt::format("record {} begins: {} -> {}", record.attempt, record.source_trunk, record.target_trunk));
    if (lost(weather_.no_record)) {
        ++report_.unrecorded;
        unrecorded_.insert(record.attempt);
        if (!record.target_call_id.empty()) unrecorded_calls_.insert(record.target_call_id);
        return false;
    }
    unrecorded_.erase(record.attempt);
    if (++records_[record.attempt] != 1) problem(fmt::format("record {} begins twice", record.attempt));
    return true;
}

void World::end(const call::CdrEnd& record) {
    note(fmt::format("record {} ends: {} {}", record.attempt, record.status, record.reason));
    if (++records_[record.attempt] != 2) problem(fmt::format("record {} ends unbegun", record.attempt));
    if (record.ringing && *record.ringing > record.answered.value_or(record.at))
        problem("rang after the end");
    if (record.answered && *record.answered > record.at) problem("answered after the end");
    if (record.answered && record.status != 200) problem(fmt::format("answered, and yet {}", record.status));
    if (!record.answered && record.status < 300) problem("not answered, and yet no failure");
}

// ---------------------------------------------------------------------------------------------------- any
// time

void World::check_now() {
    const auto s = core_->status();
    if (s.media.ports_in_use > 4 * s.calls) problem("more ports than the calls can have");
    if (s.media.engine.ingresses != s.media.ports_in_use || s.media.engine.egresses != s.media.ports_in_use ||
        s.media.engine.paths > s.media.ports_in_use) {
        problem("contexts and ports do not match");
    }
    if (sockets_.bound.size() != 2 * s.media.ports_in_use) problem("sockets and ports do not match");
    if (s.calls > s.legs) problem("a call without a leg");
    if (report_.events % 1024 != 0) return;
    for (const auto& call : core_->calls()) {
        const bool rings = call.state == "trying" || call.state == "ringing";
        if (rings && now_ - call.started > config_.no_answer + Seconds(5)) problem("a call rings too long");
    }
}

// The record comes before the call.
void World::check_recorded(std::string_view message) {
    constexpr std::string_view field = "\r\nCall-ID: ";
    const auto at = message.find(field);
    if (unrecorded_calls_.empty() || at == std::string_view::npos) return;
    const auto value = message.substr(at + field.size(), message.find("\r\n", at + 2) - at - field.size());
    if (unrecorded_calls_.count(std::string(value)) != 0) problem("a call goes out that is not on record");
}

bool World::gets_through() const {
    const bool proper = std::all_of(peers_.begin(), peers_.end(), [](const Peer& p) {
        return p.habits().slow + p.habits().no_ack + p.habits().wrong_tag == 0;
    });
    return proper && weather_.sip_loss <= 5 &&
           weather_.mangled + weather_.outages + weather_.breaks + weather_.crashes + report_.restarts == 0;
}

bool World::changes_are_answered() const {
    return gets_through() && weather_.sip_loss + weather_.operators == 0 && !weather_.drain &&
           std::all_of(peers_.begin(), peers_.end(), [](const Peer& p) {
               return p.habits().forgetful + p.habits().second_answer + p.habits().storm == 0;
           });
}

// Every packet of media that the gateway sends.
void World::check_sent(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    if (sockets_.bound.count(local) == 0) problem("media from a socket that is not bound");
    // It goes where somebody described himself, never to where a stranger is; a changed copy of a description
    // may name any place.
    const Peer* peer = peer_at(to.ip);
    const bool described = peer != nullptr && peer->phone->has_media(to);
    if (!described && weather_.mangled == 0) problem("media to " + to.to_string() + ", which nobody named");
    // One number, one packet: the same index under the same key would give the key stream away (RFC
    // 3711 9.1). RTCP has an index of its own, which the phones check.
    const auto packet = rtp::Packet::parse(bytes);
    if (local.port % 2 != 0 || !packet) return;
    const auto text = std::hash<std::string_view>{}(as_text(bytes));
    const auto [at, fresh] = sent_[{local, packet->header.ssrc}].emplace(packet->header.sequence, text);
    if (!fresh) {
        problem(fmt::format("sequence number {} of SSRC {:08x} goes out a second time from {}{}",
                            packet->header.sequence, packet->header.ssrc, local.to_string(),
                            at->second == text ? "" : ", with other content"));
    }
}

// ---------------------------------------------------------------------------------------------------- the
// end

void World::check_end() {
    const auto s = core_->status();
    const auto zero = [&](std::size_t value, const std::string& what) {
        if (value != 0) problem(fmt::format("{} {} left", value, what));
    };
    zero(s.calls, "calls");
    zero(s.legs, "legs of the gateway");
    zero(s.transactions, "transactions of the gateway");
    zero(s.media.ports_in_use, "media ports");
    zero(s.media.engine.ingresses + s.media.engine.egresses + s.media.engine.paths, "media contexts");
    zero(sockets_.bound.size(), "sockets");
    if (core_->next_timer()) problem("a timer is left");
    for (const Peer& p : peers_) {
        zero(p.phone->calls(), "calls of " + p.habits().name);
        zero(p.phone->legs(), "legs of " + p.habits().name);
        zero(p.phone->transactions(), "transactions of " + p.habits().name);
    }
    if (records_.size() + unrecorded_.size() != s.attempts) problem("attempts without record");
    for (const auto& [id, state] : records_) {
        if (state != 2) problem(fmt::format("record {} does not end", id));
    }
    check_shown();
    if (gets_through()) {
        for (const Peer& p : peers_) {
            zero(p.phone->counters().unacknowledged, "answers of " + p.habits().name + " without ACK");
            if (weather_.sip_loss == 0) zero(p.phone->forks(), "second answers of " + p.habits().name);
        }
    }
    if (weather_.mangled == 0) {
        for (const Peer& p : peers_) {
            const auto& c = p.phone->counters();
            // A request that is no SIP is refused with its own header fields, broken as they are; and a
            // changed copy of an INVITE may make a fork.
            zero(c.unreadable, "bad messages");
            zero(c.misplaced, "packets from another port than named");
            // A changed copy of a description may take the keys out of it: what is secret then passes as
            // plain.
            for (const auto& why : c.corrupt) problem("heard " + why);
            for (const auto& why : c.unusable) problem(p.habits().name + " " + why);
            if (weather_.media_repeat == 0) zero(c.replayed, "packets under an index that came before");
            if (weather_.fair()) zero(c.forged, "packets that do not authenticate");
        }
    }
    for (const Peer& speaker : peers_) {
        for (const Peer& listener : peers_) check_heard(*speaker.phone, *listener.phone);
    }
}

// Nothing of one peer's side is shown to another (topology hiding).
void World::check_shown() {
    for (const Peer& reader : peers_) {
        for (const Peer& owner : peers_) {
            if (&reader == &owner) continue;
            for (const auto& message : reader.told) {
                for (const auto& secret : owner.secrets.found_in(message)) {
                    problem(fmt::format("{} of {} shown to {} in:\n{}", secret, owner.habits().name,
                                        reader.habits().name, message));
                }
            }
        }
    }
}

// What was said in sequence is heard in sequence; on a fair day all that was said while both had the call is
// heard, once; and who was answered had somebody who answered.
void World::check_heard(const Phone& speaker, const Phone& listener) {
    for (const CallStory& said : speaker.stories()) {
        for (const CallStory& heard : listener.stories()) {
            if (said.serial != heard.serial || said.caller == heard.caller) continue;
            if (heard.went_back && weather_.media_jitter == Duration{} &&
                weather_.media_repeat + weather_.mangled == 0)
                problem(fmt::format("call {}: media heard out of order", said.serial));
            if (said.left_waiting && changes_are_answered()) {
                problem(fmt::format("call {}: a change of the {}'s got no answer", said.serial,
                                    said.caller ? "caller" : "callee"));
            }
            if (!weather_.fair()) continue;
            if (said.caller && said.confirmed && !heard.confirmed)
                problem(fmt::format("call {}: answered to the caller by nobody", said.serial));
            if (said.disturbed || heard.disturbed) continue;
            if (!heard.in_order)
                problem(fmt::format("call {}: media with gaps or out of order", said.serial));
            if (!said.confirmed || !heard.confirmed || !said.ended || !heard.ended) continue;
            const Time from = std::max(*said.confirmed, *heard.confirmed) + Millis(500);
            const Time to = std::min(*said.ended, *heard.ended) - Millis(500);
            for (std::uint32_t i = 0; i < said.sent.size(); ++i) {
                if (said.sent[i] < from || said.sent[i] > to) continue;
                if (!heard.first_heard || i < *heard.first_heard || i > *heard.last_heard) {
                    problem(fmt::format("call {}: packet {} never arrived", said.serial, i));
                    break;
                }
            }
        }
    }
}

}  // namespace causeway::world
