#include "tests/world/model/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drivers/cpu/engine.hpp"

namespace causeway::world {
namespace {

constexpr std::size_t kept_events = 200;
constexpr Duration calling_time = Seconds(60);
constexpr Duration patience = Seconds(15 * 60);  // after which everything must have ended

void add(PhoneCounters& sum, const PhoneCounters& c) {
    static constexpr std::uint64_t PhoneCounters::*all[] = {&PhoneCounters::dialled,
                                                            &PhoneCounters::rung,
                                                            &PhoneCounters::answered,
                                                            &PhoneCounters::gave_up,
                                                            &PhoneCounters::refused,
                                                            &PhoneCounters::failed,
                                                            &PhoneCounters::lost,
                                                            &PhoneCounters::holds,
                                                            &PhoneCounters::resumes,
                                                            &PhoneCounters::changes,
                                                            &PhoneCounters::late_changes,
                                                            &PhoneCounters::changes_cancelled,
                                                            &PhoneCounters::reinvites_refused,
                                                            &PhoneCounters::late_offers,
                                                            &PhoneCounters::noise,
                                                            &PhoneCounters::packets_sent,
                                                            &PhoneCounters::packets_heard,
                                                            &PhoneCounters::rtcp_heard,
                                                            &PhoneCounters::forged,
                                                            &PhoneCounters::rtcp_sent,
                                                            &PhoneCounters::slow,
                                                            &PhoneCounters::acks_kept,
                                                            &PhoneCounters::second_answers,
                                                            &PhoneCounters::wrong_tags,
                                                            &PhoneCounters::storms,
                                                            &PhoneCounters::crashes};
    for (const auto counter : all) sum.*counter += c.*counter;
}

}  // namespace

std::string line_of(const Event& event) {
    const double at = std::chrono::duration<double>(event.at.time_since_epoch()).count() - 1000;
    if (event.from.empty()) return fmt::format("{:12.6f} {}", at, event.what);
    return fmt::format("{:12.6f} {} > {} {}", at, event.from, event.to, event.what);
}

// ---------------------------------------------------------------------------------------------------- the
// plan

void World::at_any_time(std::function<void()> action) {
    later(dice_.between(Millis(0), calling_time), std::move(action));
}

void World::plan() {
    const unsigned calls = dice_.between(1U, options_.calls);
    for (std::uint32_t serial = 1; serial <= calls; ++serial) {
        const auto count = static_cast<std::uint32_t>(peers_.size());
        const auto caller = dice_.below(count);
        // Sometimes back to where it comes from; but somebody must be left to hang up.
        const auto callee =
            dice_.chance(5) && weather_.crashes == 0 ? caller : (caller + 1 + dice_.below(count - 1)) % count;
        at_any_time([this, serial, caller, callee] {
            peers_[caller].phone->dial(peers_[callee].habits().prefix, serial);
        });
        for (unsigned i = 0; i < weather_.garbage; ++i) at_any_time([this] { throw_garbage(); });
    }
    const auto somebody = [this] { return &peers_[dice_.below(static_cast<std::uint32_t>(peers_.size()))]; };
    for (unsigned i = 0; i < weather_.outages; ++i) {
        at_any_time([this, peer = somebody()] {
            peer->unreachable_until = now_ + dice_.between(Millis(100), Millis(15000));
            note("outage of " + peer->habits().name);
        });
    }
    for (unsigned i = 0; i < weather_.breaks; ++i)
        at_any_time([this, peer = somebody()] { break_connection(*peer); });
    for (unsigned i = 0; i < weather_.crashes; ++i) at_any_time([this, peer = somebody()] { crash(*peer); });
    if (weather_.operators > 0) {
        for (int second = 1; second < 60; ++second) {
            later(Seconds(second), [this] {
                if (!dice_.chance(weather_.operators)) return;
                const auto all = core_->calls();
                if (all.empty()) return;
                const auto id = dice_.one_of(all).id;
                note(fmt::format("operator hangs up {}", id));
                core_->hangup(now_, id);
            });
        }
    }
    for (unsigned i = 0; i < weather_.restarts; ++i) at_any_time([this] { await_call(now_ + Seconds(20)); });
    if (weather_.drain) {
        later(dice_.between(Millis(20000), Millis(60000)), [this] {
            note("drain");
            core_->drain(now_);
        });
    }
}

// Comes back at once, and where it was or at its other address.
void World::crash(Peer& peer) {
    const auto& h = peer.habits();
    const auto number = static_cast<std::size_t>(&peer - peers_.data());
    const Endpoint other{config_.trunks[number].sources[1], h.signaling.port};
    const auto where = dice_.chance(50) ? h.signaling : other;
    peer.secrets.add(where.ip.to_string());
    note(fmt::format("{} crashes and comes back at {}", h.name, where.to_string()));
    ++report_.faults;
    ++peer.connection;
    peer.phone->crash(where);
}

// ----------------------------------------------------------------------------------------------------
// restart

// There should be something to take over, most of the time.
void World::await_call(Time give_up) {
    const auto calls = core_->calls();
    const bool any =
        std::any_of(calls.begin(), calls.end(), [](const auto& c) { return c.state == "answered"; });
    if (!any && now_ < give_up) return later(Millis(100), [this, give_up] { await_call(give_up); });
    core_->settle(true);
    restart(now_ + Seconds(2));
}

// Changes under way get their time to finish. What is lost on the way nobody says again afterwards: then only
// a gateway that owes nothing is restarted.
void World::restart(Time give_up) {
    const bool proper =
        std::all_of(peers_.begin(), peers_.end(), [](const Peer& p) { return p.habits().proper(); });
    const bool lossy =
        !proper ||
        weather_.sip_loss + weather_.mangled + weather_.outages + weather_.breaks + weather_.crashes > 0;
    const bool owes = lossy && core_->status().transactions > 0;
    if ((!core_->settled() || owes) && now_ < give_up) {
        return later(Millis(10), [this, give_up] { restart(give_up); });
    }
    if (owes) return core_->settle(false);
    take_over();
}

void World::take_over() {
    const Secret saved = core_->save(now_);
    const auto before = core_->status();
    const auto bound = std::exchange(sockets_.bound, {});
    core_.reset();
    engine_ = cpu::make_engine();
    media::Network& network = *this;
    call::CoreOutput& output = *this;
    const auto no_socket = std::exchange(weather_.no_socket, 0);  // they are handed over, not bound anew
    core_.emplace(config_, *engine_, network, gateway_random_, output);
    const auto report = core_->restore(now_, saved.view());
    weather_.no_socket = no_socket;
    if (!report) return problem("not taken over: " + report.error().what);
    note(fmt::format("restart: {} calls go on, {} unanswered, {} changing, {} failed", report->carried,
                     report->unanswered, report->changing, report->failed));
    if (report->failed > 0) problem("a call could not go on");
    if (report->carried + report->unanswered + report->changing != before.calls)
        problem("a call was forgotten");
    for (const auto& socket : sockets_.bound) {
        if (bound.count(socket) == 0) problem("a socket that the process before had not");
    }
    if (before.draining) core_->drain(now_);
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
    std::optional<Time> next = events_.next();
    const auto sooner = [&next](std::optional<Time> t) {
        if (t && (!next || *t < *next)) next = t;
    };
    sooner(core_->next_timer());
    for (const Peer& p : peers_) sooner(p.phone->next_timer());
    if (!next || *next > limit) return false;
    now_ = std::max(now_, *next);
    ++report_.events;
    const auto due = [this](std::optional<Time> t) { return t && *t <= now_; };
    if (due(events_.next())) {
        events_.pop_due(now_)->second();
    } else if (due(core_->next_timer())) {
        core_->advance(now_);
    } else {
        for (Peer& p : peers_) {
            if (!due(p.phone->next_timer())) continue;
            p.phone->advance(now_);
            break;
        }
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
    const auto s = core_->status();
    report_.attempts = s.attempts;
    report_.answered = s.answered;
    report_.failed = s.failed;
    report_.malformed = s.malformed;
    for (const Peer& p : peers_) add(report_.phones, p.phone->counters());
    return std::move(report_);
}

void World::note(std::string what, std::string from, std::string to) {
    report_.last_events.push_back({now_, std::move(from), std::move(to), std::move(what)});
    const auto line = line_of(report_.last_events.back());
    hash(line);
    if (options_.verbose) options_.verbose(line);
    if (report_.last_events.size() > kept_events) report_.last_events.pop_front();
}

void World::hash(std::string_view bytes) {  // FNV-1a
    std::uint64_t h = report_.trace_hash == 0 ? 0xcbf29ce484222325 : report_.trace_hash;
    for (const char c : bytes) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    report_.trace_hash = h ^ static_cast<std::uint64_t>(now_.time_since_epoch().count());
}

}  // namespace causeway::world
