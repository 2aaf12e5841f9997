// Calls written down, and taken up again by another process.
#include <map>

#include "host/base/archive.hpp"
#include "host/base/log.hpp"
#include "host/call/b2bua.hpp"
#include "host/call/saved.hpp"

namespace causeway::call {
namespace {

constexpr std::string_view lost = "lost in a restart";

Fate fate_of(bool answered, const Leg& caller, const Leg& callee) {
    const auto stands = [](const Leg& leg) {
        return leg.dialog() != nullptr &&
               (leg.state == LegState::answered || leg.state == LegState::accepted ||
                leg.state == LegState::confirmed);
    };
    if (!answered || !stands(caller) || !stands(callee)) return Fate::unanswered;
    return caller.is_changing() || callee.is_changing() ? Fate::changing : Fate::carried;
}

}  // namespace

// ----------------------------------------------------------------------------------------------------
// writing

void B2bua::save(Encoder& out) const {
    out(options_.shard, last_number_, attempts_, answered_, failed_, unknown_source_,
        plan_->config.listeners);
    std::vector<Trunk> trunks;
    std::map<const Trunk*, std::uint32_t> numbers;
    const auto number = [&](const Trunk* trunk) {
        const auto [found, is_new] = numbers.try_emplace(trunk, static_cast<std::uint32_t>(trunks.size()));
        if (is_new) trunks.push_back(*trunk);
        return found->second;
    };
    for (const auto& [id, call] : calls_) {
        for (const Side* s : {&call->caller, &call->callee}) number(s->trunk);
    }
    out(trunks);

    const auto save_side = [&](const Side& side, bool carried) {
        SavedSide s;
        if (const Leg* leg = legs_.find(side.leg)) s.leg = *leg;
        s.trunk = number(side.trunk);
        s.traces = side.traces;
        if (carried) s.media = side.media->save();
        return s;
    };
    out(std::uint64_t{calls_.size()});
    for (const auto& [id, call] : calls_) {
        const Leg* caller = legs_.find(call->caller.leg);
        const Leg* callee = legs_.find(call->callee.leg);
        SavedCall c;
        if (caller != nullptr && callee != nullptr) c.fate = fate_of(call->answered, *caller, *callee);
        const bool open = call->caller.media->is_changing() || call->callee.media->is_changing();
        if (c.fate == Fate::carried && open) c.fate = Fate::changing;
        c.start = call->start;
        c.ringing = call->end.ringing;
        c.answered = call->end.answered;
        c.recorded = call->recorded;
        c.late_offer = call->late_offer;
        c.answer = call->answer;
        c.caller = save_side(call->caller, c.fate == Fate::carried);
        c.callee = save_side(call->callee, c.fate == Fate::carried);
        out(c);
    }
    // Legs whose call is over and that have yet to say so.
    std::vector<Leg> leaving;
    legs_.for_each([&](const Leg& leg) {
        const bool leaves = leg.state == LegState::ending || leg.bye_when_acked;
        if (leaves && leg.dialog() != nullptr && by_leg_.count(leg.id) == 0) leaving.push_back(leg);
    });
    out(leaving);
}

bool B2bua::settled() const {
    bool changing = false;
    legs_.for_each([&](const Leg& leg) { changing = changing || leg.is_changing(); });
    return !changing;
}

// ----------------------------------------------------------------------------------------------------
// reading

Result<RestoreReport> B2bua::restore(Time now, Decoder& in) {
    sip::Shard shard;
    std::uint64_t last_number = 0, attempts = 0, answered = 0, failed = 0, unknown_source = 0;
    std::vector<sip::Listener> listeners;
    std::vector<Trunk> trunks;
    std::vector<SavedCall> calls;
    std::vector<Leg> leaving;
    in(shard, last_number, attempts, answered, failed, unknown_source, listeners, trunks, calls, leaving);
    in.finish();
    for (const auto& c : calls) {
        if (c.caller.trunk >= trunks.size() || c.callee.trunk >= trunks.size())
            in.fail("a call without its trunk");
    }
    for (const auto& leg : leaving) {
        if (leg.dialog() == nullptr) in.fail("a leg without its dialog");
    }
    if (!in.ok()) return fail(in.error());
    if (shard != options_.shard) {
        return fail(fmt::format("state: of shard {} of {}, not {} of {}", shard.number, shard.count,
                                options_.shard.number, options_.shard.count));
    }

    // From here on nothing can fail as a whole. The calls keep the trunks that they began with, whose
    // profiles are ours of that name; a listener may have moved among ours.
    const auto& ours = plan_->config.listeners;
    constexpr auto no_listener = std::uint16_t{0xffff};
    const auto renumber = [&](std::uint16_t& index) {
        const auto found =
            index < listeners.size() ? std::find(ours.begin(), ours.end(), listeners[index]) : ours.end();
        index = found == ours.end() ? no_listener : static_cast<std::uint16_t>(found - ours.begin());
    };
    Config config = plan_->config;
    config.trunks = std::move(trunks);
    for (auto& trunk : config.trunks) renumber(trunk.listener);
    const auto plan = std::make_shared<Plan>(std::move(config));
    for (const auto& trunk : plan->config.trunks) {
        if (plan->router.profile(trunk).name == trunk.profile) continue;
        log::warning({}, "calls of trunk {} go on without profile {}: there is none of that name", trunk.name,
                     trunk.profile);
    }
    const auto reachable = [&](Leg& leg) {
        renumber(leg.hop.listener);
        for (auto& [key, ack] : leg.acks) renumber(ack.hop.listener);
        return leg.hop.listener != no_listener;
    };

    last_number_ = std::max(last_number_, last_number);
    attempts_ += attempts;
    answered_ += answered;
    failed_ += failed;
    unknown_source_ += unknown_source;
    RestoreReport report;
    for (auto& c : calls) {
        const bool reached = reachable(c.caller.leg) && reachable(c.callee.leg);
        restore_call(now, plan, std::move(c), reached, report);
    }
    for (auto& leg : leaving) {
        if (reachable(leg)) legs_.restore(now, std::move(leg));
    }
    return report;
}

void B2bua::restore_call(Time now, const PlanPtr& plan, SavedCall c, bool reached, RestoreReport& report) {
    ++options_.load->calls;
    const AttemptId id = c.start.attempt;
    Call& call = *(calls_[id] = std::make_unique<Call>());
    call.id = id;
    call.plan = plan;
    call.start = std::move(c.start);
    call.end.attempt = id;
    call.end.ringing = c.ringing;
    call.end.answered = c.answered;
    call.recorded = c.recorded;
    call.late_offer = c.late_offer;
    call.ringing = c.ringing.has_value();
    call.answered = c.answered.has_value();
    call.answer = std::move(c.answer);
    if (!reached) {
        ++report.failed;
        log::warning(call.start.call_id, "call {} {}: its listener is gone", id, lost);
        return finish(now, call, call.answered ? 200 : 503, lost, Ended::gateway);
    }
    if (c.fate == Fate::unanswered) {
        ++report.unanswered;
        legs_.abandon(now, c.caller.leg);
        legs_.abandon(now, c.callee.leg);
        return finish(now, call, call.answered ? 200 : 503, lost, Ended::gateway);
    }
    Result<void> media{};
    for (auto [side, saved] : {std::pair{&call.caller, &c.caller}, std::pair{&call.callee, &c.callee}}) {
        side->leg = legs_.restore(now, std::move(saved->leg));
        by_leg_[side->leg] = id;
        side->trunk = &plan->config.trunks[saved->trunk];
        side->profile = &plan->router.profile(*side->trunk);
        side->traces = std::move(saved->traces);
        if (c.fate != Fate::carried) continue;
        side->media = std::make_unique<Anchor>(*side->trunk, side->profile->sdp, ports_, random_,
                                               saved->media->options);
        if (media) media = side->media->restore(*saved->media);
    }
    if (c.fate == Fate::carried && media) {
        const auto& lines = c.caller.media->lines;
        const bool joined = std::any_of(lines.begin(), lines.end(),
                                        [](const SavedLine& l) { return l.port && l.port->joined; });
        if (joined) {
            if (auto done = Anchor::join(now, *call.caller.media, *call.callee.media); !done) {
                media = fail(done.error().why);
            }
        }
    }
    if (c.fate == Fate::carried && media) {
        ++report.carried;
        return;
    }
    ++(c.fate == Fate::changing ? report.changing : report.failed);
    hang_up_both(now, call, media ? "a re-INVITE was under way" : media.error().what);
    finish(now, call, 200, lost, Ended::gateway);
}

}  // namespace causeway::call
