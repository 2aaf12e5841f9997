#include "tests/world/model/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "drivers/cpu/engine.hpp"

namespace causeway::world {
namespace {

constexpr std::size_t kept_events = 200;
constexpr Duration calling_time = Seconds(60);
constexpr Duration patience = Seconds(15 * 60);  // after which everything must have ended

IpAddress ip(const char* text) {
    return *IpAddress::parse(text);
}

std::string first_line(std::string_view message) {
    return std::string(message.substr(0, message.find_first_of("\r\n")));
}

void add(PhoneCounters& sum, const PhoneCounters& c) {
    sum.dialled += c.dialled;
    sum.rung += c.rung;
    sum.answered += c.answered;
    sum.gave_up += c.gave_up;
    sum.refused += c.refused;
    sum.failed += c.failed;
    sum.lost += c.lost;
    sum.holds += c.holds;
    sum.resumes += c.resumes;
    sum.changes += c.changes;
    sum.late_changes += c.late_changes;
    sum.changes_cancelled += c.changes_cancelled;
    sum.reinvites_refused += c.reinvites_refused;
    sum.late_offers += c.late_offers;
    sum.noise += c.noise;
    sum.packets_sent += c.packets_sent;
    sum.packets_heard += c.packets_heard;
    sum.rtcp_heard += c.rtcp_heard;
    sum.forged += c.forged;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------- the
// dice

Weather World::draw_weather(Dice& dice) {
    Weather w;
    w.min_delay = dice.between(Millis(1), Millis(80));
    w.garbage = dice.chance(50) ? dice.between(0U, 5U) : 0;
    w.restarts = dice.chance(40) ? dice.between(1U, 4U) : 0;
    if (dice.chance(25)) return w;  // a fair day
    w.sip_loss = dice.chance(70) ? dice.between(0U, 20U) : 0;
    w.sip_repeat = dice.chance(50) ? dice.between(0U, 20U) : 0;
    w.media_loss = dice.chance(50) ? dice.between(0U, 15U) : 0;
    w.media_repeat = dice.chance(30) ? dice.between(0U, 10U) : 0;
    w.sip_jitter = dice.chance(60) ? dice.between(Millis(0), Millis(600)) : Duration{};
    w.media_jitter = dice.chance(50) ? dice.between(Millis(0), Millis(80)) : Duration{};
    w.mangled = dice.chance(30) ? dice.between(0U, 15U) : 0;
    w.outages = dice.chance(20) ? dice.between(1U, 3U) : 0;
    w.operators = dice.chance(20) ? dice.between(1U, 30U) : 0;
    w.drain = dice.chance(10);
    return w;
}

Habits World::draw_habits(Dice& dice, const std::string& name) {
    Habits h;
    h.name = name;
    h.host_name = dice.chance(40);
    h.srtp = static_cast<call::SrtpMode>(dice.below(3));
    h.suites = {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, sdp::SrtpSuite::aead_aes_256_gcm,
                sdp::SrtpSuite::aes_cm_128_hmac_sha1_32, sdp::SrtpSuite::aead_aes_128_gcm};
    std::rotate(h.suites.begin(), h.suites.begin() + dice.below(4), h.suites.end());
    h.suites.resize(dice.between(1U, 4U));
    h.late_offer = dice.between(0U, 20U);
    h.give_up = dice.between(0U, 50U);
    h.wrong_number = dice.between(0U, 10U);
    h.reject = dice.between(0U, 30U);
    h.no_answer = dice.between(0U, 10U);
    h.early_media = dice.between(0U, 80U);
    h.bad_answer = dice.between(0U, 4U);
    h.hold = dice.between(0U, 60U);
    h.refuse_reinvite = dice.between(0U, 20U);
    h.noise = dice.between(0U, 40U);
    return h;
}

call::Config World::configure(Dice& dice, const Weather& weather, const Habits& left, const Habits& right) {
    call::Config c;
    c.listeners = {{sip::Transport::udp, left.gateway.ip.to_string(), left.gateway.port},
                   {sip::Transport::udp, right.gateway.ip.to_string(), right.gateway.port}};
    // Sometimes too few ports for all calls.
    const auto ports = dice.chance(20) && !weather.fair() ? dice.between(2U, 10U) : 200U;
    c.media = {
        {ip("198.51.100.9"), ip("198.51.100.9"), 20000, static_cast<std::uint16_t>(20000 + 2 * ports - 1)}};
    for (const Habits* h : {&left, &right}) {
        call::Trunk t;
        t.name = h == &left ? "left" : "right";
        t.sources = {h->signaling.ip};
        t.target = h->signaling;
        t.listener = h == &left ? 0 : 1;
        // Mostly what the other side does; where not, calls fail and must fail cleanly.
        t.srtp = dice.chance(85) ? h->srtp : static_cast<call::SrtpMode>(dice.below(3));
        if (dice.chance(50)) t.suites = h->suites;
        // Who learns from anyone is fair game for strangers.
        t.learning = static_cast<media::Learning>(dice.below(weather.garbage == 0 ? 3 : 2));
        if (dice.chance(30)) t.domain = "carrier.example";
        c.trunks.push_back(std::move(t));
    }
    c.routes = {{"+49", "right", 0, ""}, {"+33", "left", 0, ""}};
    c.no_answer = Seconds(20);
    return c;
}

World::World(std::uint64_t seed, Options options)
    : seed_(seed),
      options_(std::move(options)),
      dice_(seed * 4 + 1),
      wire_(seed * 4 + 2),
      gateway_random_(seed * 4 + 3),
      weather_(draw_weather(dice_)),
      left_habits_([this] {
          auto h = draw_habits(dice_, "leftie");
          h.signaling = {ip("192.0.2.10"), 5060};
          h.media = dice_.chance(50) ? ip("192.0.2.10") : ip("192.0.2.77");
          h.gateway = {ip("198.51.100.1"), 5060};
          h.called_prefix = "+49";
          return h;
      }()),
      right_habits_([this] {
          auto h = draw_habits(dice_, "rightie");
          h.signaling = {ip("203.0.113.20"), 5060};
          h.media = dice_.chance(50) ? ip("203.0.113.20") : ip("203.0.113.77");
          h.gateway = {ip("203.0.113.5"), 5060};
          h.called_prefix = "+33";
          return h;
      }()),
      engine_(cpu::make_engine()),
      config_(configure(dice_, weather_, left_habits_, right_habits_)),
      core_(config_, *engine_, *this, gateway_random_, *this),
      left_(left_habits_, dice_, *this),
      right_(right_habits_, dice_, *this) {
    for (auto* secrets : {&left_secrets_, &right_secrets_}) {
        const auto& h = secrets == &left_secrets_ ? left_habits_ : right_habits_;
        secrets->add("pbx." + h.name + ".example");
        secrets->add(h.signaling.ip.to_string());
        secrets->add(h.media.to_string());
        secrets->add(h.gateway.ip.to_string());
    }
    report_.seed = seed;
    report_.weather = weather_;
}

void World::plan() {
    const unsigned calls = dice_.between(1U, options_.calls);
    for (std::uint32_t serial = 1; serial <= calls; ++serial) {
        later(dice_.between(Millis(0), calling_time),
              [this, serial] { (dice_.chance(50) ? left_ : right_).dial(serial); });
        for (unsigned i = 0; i < weather_.garbage; ++i) {
            later(dice_.between(Millis(0), calling_time), [this] { throw_garbage(); });
        }
    }
    for (unsigned i = 0; i < weather_.outages; ++i) {
        later(dice_.between(Millis(0), calling_time), [this] {
            const auto where = (dice_.chance(50) ? left_habits_ : right_habits_).signaling.ip;
            unreachable_until_[where] = now_ + dice_.between(Millis(100), Millis(15000));
            note("outage of " + where.to_string());
        });
    }
    if (weather_.operators > 0) {
        for (int second = 1; second < 60; ++second) {
            later(Seconds(second), [this] {
                if (!dice_.chance(weather_.operators)) return;
                const auto all = core_.calls();
                if (all.empty()) return;
                const auto id = dice_.one_of(all).id;
                note(fmt::format("operator hangs up {}", id));
                core_.hangup(now_, id);
            });
        }
    }
    for (unsigned i = 0; i < weather_.restarts; ++i) {
        later(dice_.between(Millis(0), calling_time), [this] { await_call(now_ + Seconds(20)); });
    }
    if (weather_.drain) {
        later(dice_.between(Millis(20000), Millis(60000)), [this] {
            note("drain");
            core_.drain(now_);
        });
    }
}

// There should be something to take over, most of the time.
void World::await_call(Time give_up) {
    const auto calls = core_.calls();
    const bool any =
        std::any_of(calls.begin(), calls.end(), [](const auto& c) { return c.state == "answered"; });
    if (!any && now_ < give_up) return later(Millis(100), [this, give_up] { await_call(give_up); });
    core_.settle(true);
    restart(now_ + Seconds(2));
}

// Changes under way get their time to finish. What is lost on the way nobody says again afterwards: then only
// a gateway that owes nothing is restarted.
void World::restart(Time give_up) {
    const bool lossy = weather_.sip_loss + weather_.mangled + weather_.outages > 0;
    const bool owes = lossy && core_.status().transactions > 0;
    if ((!core_.settled() || owes) && now_ < give_up) {
        return later(Millis(10), [this, give_up] { restart(give_up); });
    }
    if (owes) return core_.settle(false);
    take_over();
}

void World::take_over() {
    const Secret saved = core_.save(now_);
    const auto before = core_.status();
    const auto bound = std::exchange(sockets_.bound, {});
    std::destroy_at(&core_);
    engine_ = cpu::make_engine();
    media::Network& network = *this;
    call::CoreOutput& output = *this;
    std::construct_at(&core_, config_, *engine_, network, gateway_random_, output);
    const auto report = core_.restore(now_, saved.view());
    if (!report) return problem("not taken over: " + report.error().what);
    note(fmt::format("restart: {} calls go on, {} unanswered, {} changing, {} failed", report->carried,
                     report->unanswered, report->changing, report->failed));
    if (report->failed > 0) problem("a call could not go on");
    if (report->carried + report->unanswered + report->changing != before.calls)
        problem("a call was forgotten");
    for (const auto& socket : sockets_.bound) {
        if (bound.count(socket) == 0) problem("a socket that the process before had not");
    }
    if (before.draining) core_.drain(now_);
    ++report_.restarts;
    report_.carried += report->carried;
    check_now();
}

// ---------------------------------------------------------------------------------------------------- time

void World::later(Duration delay, std::function<void()> action) {
    events_.set(now_ + delay, std::move(action));
}

bool World::step(Time limit) {
    // Among what is due at the same time the wire comes first, then the gateway, then the phones.
    std::optional<Time> next;
    for (const auto& t : {events_.next(), core_.next_timer(), left_.next_timer(), right_.next_timer()}) {
        if (t && (!next || *t < *next)) next = t;
    }
    if (!next || *next > limit) return false;
    now_ = std::max(now_, *next);
    ++report_.events;
    if (events_.next() && *events_.next() <= now_) {
        events_.pop_due(now_)->second();
    } else if (core_.next_timer() && *core_.next_timer() <= now_) {
        core_.advance(now_);
    } else if (left_.next_timer() && *left_.next_timer() <= now_) {
        left_.advance(now_);
    } else {
        right_.advance(now_);
    }
    if (report_.events % 64 == 0) check_now();
    return true;
}

Report World::run() {
    const Time begin = now_;
    plan();
    const Time limit = begin + calling_time + patience;
    // A run that makes no progress in time would go on for ever.
    constexpr std::uint64_t most_events = 5'000'000;
    while (report_.problems.empty() && step(limit)) {
        if (report_.events > most_events) problem("too many events: something goes round in circles");
    }
    if (report_.problems.empty()) check_end();
    report_.simulated = now_ - begin;
    const auto s = core_.status();
    report_.attempts = s.attempts;
    report_.answered = s.answered;
    report_.failed = s.failed;
    report_.malformed = s.malformed;
    add(report_.phones, left_.counters());
    add(report_.phones, right_.counters());
    return std::move(report_);
}

// ---------------------------------------------------------------------------------------------------- the
// wire

Phone* World::phone_at(const IpAddress& where) {
    for (Phone* p : {&left_, &right_}) {
        if (p->habits().signaling.ip == where || p->habits().media == where) return p;
    }
    return nullptr;
}

bool World::out_of_reach(const IpAddress& where) const {
    const auto found = unreachable_until_.find(where);
    return found != unreachable_until_.end() && now_ < found->second;
}

bool World::send_sip(const Endpoint& from, const Endpoint& to, std::string_view message) {
    // Phones repeat what the gateway sends, and so may repeat what a mangled message made it say.
    if (weather_.mangled == 0) {
        (from.ip == left_habits_.signaling.ip ? left_secrets_ : right_secrets_).read(message);
    }
    carry(Line::sip, from, to, std::string(message));
    if (wire_.chance(weather_.mangled)) mangle(from, to, std::string(message));
    return true;
}

bool World::send(const sip::Hop& to, std::string_view message) {
    if (out_of_reach(to.remote.ip)) {
        // Either at once, or by an ICMP error later.
        if (wire_.chance(30)) return false;
        later(Millis(5), [this, to] { core_.sip_transport_error(now_, to); });
        return true;
    }
    const bool left = to.remote.ip == left_habits_.signaling.ip;
    if (!left && to.remote.ip != right_habits_.signaling.ip) return true;  // where a mangled Via pointed
    (left ? to_left_ : to_right_).emplace(message);
    const auto& h = left ? left_habits_ : right_habits_;
    if (weather_.mangled == 0 && (to.listener == 0) != left) problem("sent through the wrong listener");
    carry(Line::sip, h.gateway, to.remote, std::string(message));
    return true;
}

void World::send_media(const Endpoint& from, const Endpoint& to, ByteView bytes) {
    carry(Line::media, from, to, std::string(as_text(bytes)));
}

void World::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    if (sockets_.bound.count(local) == 0) problem("media from a socket that is not bound");
    carry(Line::media, local, to, std::string(as_text(bytes)));
}

bool World::bind(const Endpoint& rtp_local) {
    return sockets_.bind(rtp_local);
}

void World::release(const Endpoint& rtp_local) {
    if (sockets_.bound.count(rtp_local) == 0) problem("a socket released that is not bound");
    sockets_.release(rtp_local);
}

void World::carry(Line line, const Endpoint& from, const Endpoint& to, std::string bytes) {
    ++report_.datagrams;
    if (line == Line::sip) {
        note(fmt::format("{} > {} {}", from.to_string(), to.to_string(), first_line(bytes)));
    }
    hash(bytes);
    if (out_of_reach(from.ip) || out_of_reach(to.ip)) return;
    const bool sip = line == Line::sip;
    const unsigned copies = wire_.chance(sip ? weather_.sip_repeat : weather_.media_repeat) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
        if (wire_.chance(sip ? weather_.sip_loss : weather_.media_loss)) continue;
        const auto delay =
            weather_.min_delay + wire_.between(Duration{}, sip ? weather_.sip_jitter : weather_.media_jitter);
        later(delay, [this, line, from, to, bytes] { deliver(line, from, to, bytes); });
    }
}

void World::deliver(Line line, const Endpoint& from, const Endpoint& to, const std::string& bytes) {
    if (line == Line::sip) {
        if (to == left_habits_.gateway || to == right_habits_.gateway) {
            const auto listener = static_cast<std::uint16_t>(to == left_habits_.gateway ? 0 : 1);
            core_.receive_sip(now_, bytes, {sip::Transport::udp, listener, from});
        } else if (Phone* phone = phone_at(to.ip); phone != nullptr && to == phone->habits().signaling) {
            phone->receive_sip(bytes);
        }
        return;
    }
    if (Phone* phone = phone_at(to.ip)) return phone->receive_media(to, from, as_bytes(bytes));
    if (sockets_.bound.count(to) == 0) return;
    const media::Datagram datagram{to, from, as_bytes(bytes)};
    core_.receive_media(now_, {&datagram, 1});
}

// A copy of a message with some octets changed, from the address of a trunk.
void World::mangle(const Endpoint& from, const Endpoint& to, std::string message) {
    const unsigned changes = wire_.between(1U, 4U);
    for (unsigned i = 0; i < changes && !message.empty(); ++i) {
        const auto at = wire_.below(static_cast<std::uint32_t>(message.size()));
        switch (wire_.below(4)) {
            case 0:
                message[at] = static_cast<char>(wire_.below(256));
                break;
            case 1:
                message[at] = static_cast<char>('0' + wire_.below(75));
                break;
            case 2:
                message.erase(at, wire_.between(1U, 40U));
                break;
            default:
                message.insert(at, message.substr(wire_.below(static_cast<std::uint32_t>(message.size())),
                                                  wire_.between(1U, 40U)));
                break;
        }
    }
    note("mangled: " + first_line(message));
    later(weather_.min_delay + Millis(wire_.below(2000)),
          [this, from, to, message] { deliver(Line::sip, from, to, message); });
}

// Datagrams that belong to nothing: to the SIP ports, from a stranger or a trunk, and to the media ports.
void World::throw_garbage() {
    std::string bytes(wire_.between(0U, 300U), '\0');
    wire_.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    const Endpoint stranger{ip("192.0.2.99"), 4000};
    switch (wire_.below(3)) {
        case 0:
            return deliver(Line::sip, stranger, left_habits_.gateway, bytes);
        case 1:
            return deliver(Line::sip, right_habits_.signaling, right_habits_.gateway, bytes);
        default: {
            if (sockets_.bound.empty()) return;
            auto at = sockets_.bound.begin();
            std::advance(at, wire_.below(static_cast<std::uint32_t>(sockets_.bound.size())));
            // What looks like RTP or RTCP hurts more than what does not.
            if (bytes.size() > 1) bytes[0] = static_cast<char>(0x80);
            if (bytes.size() > 1) bytes[1] = static_cast<char>(wire_.chance(50) ? 0 : 200);
            return deliver(Line::media, stranger, *at, bytes);
        }
    }
}

// ----------------------------------------------------------------------------------------------------
// records

bool World::start(const call::CdrStart& record) {
    note(fmt::format("record {} begins: {} -> {}", record.attempt, record.source_trunk, record.target_trunk));
    if (++records_[record.attempt] != 1) problem(fmt::format("record {} begins twice", record.attempt));
    return true;
}

void World::end(const call::CdrEnd& record) {
    note(fmt::format("record {} ends: {} {}", record.attempt, record.status, record.reason));
    if (++records_[record.attempt] != 2) problem(fmt::format("record {} ends unbegun", record.attempt));
    if (record.answered && record.ringing && *record.answered < *record.ringing) {
        problem("answered before it rang");
    }
}

void World::note(std::string line) {
    line = fmt::format("{:12.6f} {}", std::chrono::duration<double>(now_.time_since_epoch()).count() - 1000,
                       line);
    hash(line);
    if (options_.verbose) options_.verbose(line);
    report_.last_events.push_back(std::move(line));
    if (report_.last_events.size() > kept_events) report_.last_events.pop_front();
}

void World::hash(std::string_view bytes) {  // FNV-1a
    std::uint64_t h = report_.trace_hash == 0 ? 0xcbf29ce484222325 : report_.trace_hash;
    for (const char c : bytes) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    report_.trace_hash = h ^ static_cast<std::uint64_t>(now_.time_since_epoch().count());
}

void World::problem(std::string what) {
    note("PROBLEM: " + what);
    report_.problems.push_back(std::move(what));
}

// ----------------------------------------------------------------------------------------------------
// invariants

// What is true at any time.
void World::check_now() {
    const auto s = core_.status();
    if (s.media.ports_in_use > 4 * s.calls) problem("more ports than the calls can have");
    if (s.media.engine.ingresses != s.media.ports_in_use || s.media.engine.egresses != s.media.ports_in_use ||
        s.media.engine.paths > s.media.ports_in_use) {
        problem("contexts and ports do not match");
    }
    if (sockets_.bound.size() != 2 * s.media.ports_in_use) problem("sockets and ports do not match");
    if (s.calls > s.legs) problem("a call without a leg");
}

void World::check_end() {
    const auto s = core_.status();
    const auto zero = [&](std::size_t value, const char* what) {
        if (value != 0) problem(fmt::format("{} {} left", value, what));
    };
    zero(s.calls, "calls");
    zero(s.legs, "legs of the gateway");
    zero(s.transactions, "transactions of the gateway");
    zero(s.media.ports_in_use, "media ports");
    zero(s.media.engine.ingresses + s.media.engine.egresses + s.media.engine.paths, "media contexts");
    zero(sockets_.bound.size(), "sockets");
    zero(left_.calls() + right_.calls(), "calls of the phones");
    zero(left_.legs() + right_.legs(), "legs of the phones");
    zero(left_.transactions() + right_.transactions(), "transactions of the phones");
    if (core_.next_timer()) problem("a timer is left");
    if (records_.size() != s.attempts) problem("attempts without record");
    for (const auto& [id, state] : records_) {
        if (state != 2) problem(fmt::format("record {} does not end", id));
    }
    for (const bool left : {true, false}) {
        for (const auto& message : left ? to_left_ : to_right_) {
            for (const auto& secret : (left ? right_secrets_ : left_secrets_).found_in(message)) {
                problem(fmt::format("{} of one side shown to the other in:\n{}", secret, message));
            }
        }
    }
    if (weather_.mangled == 0) {
        // A request that is no SIP is refused with its own header fields, broken as they are; and a changed
        // copy of an INVITE may make a fork.
        zero(left_.counters().unreadable + right_.counters().unreadable, "bad messages");
        zero(left_.counters().misplaced + right_.counters().misplaced,
             "packets from another port than named");
        // A changed copy of a description may take the keys out of it: what is secret then passes as plain.
        for (const Phone* phone : {&left_, &right_}) {
            for (const auto& why : phone->counters().corrupt) problem("heard " + why);
            for (const auto& why : phone->counters().unusable) problem(phone->habits().name + " " + why);
        }
    }
    check_heard(left_, right_);
    check_heard(right_, left_);
    if (weather_.fair() && left_.counters().forged + right_.counters().forged > 0) {
        problem("media that does not authenticate");
    }
}

// On a fair day all that was said while both had the call was heard, once and in order.
void World::check_heard(const Phone& speaker, const Phone& listener) {
    if (!weather_.fair()) return;
    for (const CallStory& said : speaker.stories()) {
        for (const CallStory& heard : listener.stories()) {
            if (said.serial != heard.serial || said.caller == heard.caller) continue;
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
