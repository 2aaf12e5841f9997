#include "host/call/b2bua.hpp"

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway::call {
namespace {

constexpr std::string_view retry_after = "10";  // seconds; for want of room

tl::unexpected<Refusal> refusal(int status, std::string why) {
    return tl::make_unexpected(Refusal{status, std::move(why)});
}

std::string number_of(const sip::Uri& uri) {
    return Router::called_number(uri);
}

// Max-Forwards of the request that goes on; refuse_bad_request has taken care of 0.
std::uint32_t max_forwards(const sip::Message& invite) {
    const auto value = parse_number<std::uint32_t>(invite.first(sip::HeaderId::max_forwards));
    return value && *value <= 255 ? *value - 1 : 70;
}

// Max-Breadth of the request that goes on to one place: as it came, or what RFC 5393 5.3.3 puts where there
// is none.
std::uint32_t max_breadth(const sip::Message& invite) {
    return parse_number<std::uint32_t>(invite.first(sip::HeaderId::max_breadth)).value_or(60);
}

int reinvite_status(int status) {
    return status == 491 || status == 488 ? status : status == 606 ? 488 : 500;
}

}  // namespace

B2bua::B2bua(PlanPtr plan, Legs& legs, media::Ports& ports, Random& random, CdrSink& cdrs,
             CoreOptions options)
    : plan_(std::move(plan)), options_(options), legs_(legs), ports_(ports), random_(random), cdrs_(cdrs) {}

B2bua::~B2bua() = default;

B2bua::Call* B2bua::call_of(LegId leg) const {
    const auto id = by_leg_.find(leg);
    const auto call = id == by_leg_.end() ? calls_.end() : calls_.find(id->second);
    return call == calls_.end() ? nullptr : call->second.get();
}

B2bua::Side B2bua::make_side(const Call& call, LegId leg, const Trunk& trunk, const sip::Hop& hop) {
    media::PortOptions options;
    options.call_id = call.start.call_id;
    options.signaling_source = hop.remote.ip;
    options.learning = trunk.learning;
    const Profile& profile = call.plan->router.profile(trunk);
    return {leg,
            &trunk,
            &profile,
            std::make_unique<Anchor>(trunk, profile.sdp, ports_, random_, std::move(options)),
            {}};
}

// Fields that a message of one side brings to the other; `host` stands for us there.
ExtraHeaders B2bua::cross(const Side& from, const Side& to, const sip::Message& m, std::string_view host) {
    auto fields = crossing_headers(m, from.traces, host);
    apply(from.profile->in, m.is_request(), fields);
    apply(to.profile->out, m.is_request(), fields);
    return fields;
}

ExtraHeaders B2bua::cross_back(const Call& call, const sip::Message& response) const {
    return cross(call.callee, call.caller, response, legs_.listener(call.caller.trunk->listener).host);
}

std::string B2bua::cross_reason(const Side& from, const Side& to, const sip::Message& request) {
    const bool pass = passes(from.profile->in, "Reason") && passes(to.profile->out, "Reason");
    return pass ? crossing_reason(request, from.traces) : std::string();
}

// What one side describes, as its profile lets it pass.
Taken<sdp::Session> B2bua::read_sdp(Side& from, std::string_view body) {
    auto session = sdp::Session::parse(body);
    if (!session) return refusal(400, "SDP: " + session.error().what);
    from.traces.note(*session);
    if (auto cut = apply(from.profile->sdp, *session); !cut) return refusal(488, cut.error().what);
    return std::move(*session);
}

// ----------------------------------------------------------------------------------------------------
// setting up

B2bua::Call& B2bua::new_call(Time now, const sip::Message& invite) {
    ++attempts_;
    ++options_.load->calls;
    const AttemptId id = attempt_id(options_.shard, ++last_number_);
    Call& call = *(calls_[id] = std::make_unique<Call>());
    call.id = id;
    call.plan = plan_;
    call.start.attempt = id;
    call.start.at = now;
    call.start.call_id = invite.call_id();
    call.start.caller = number_of(invite.from().uri);
    call.end.attempt = id;
    return call;
}

// No leg, yet an attempt that is finally answered: it has its record.
void B2bua::on_refused(Time now, const sip::Message& invite, const sip::Hop& from, int status,
                       std::string_view why) {
    Call& call = new_call(now, invite);
    if (const Trunk* trunk = plan_->router.source(from)) call.start.source_trunk = trunk->name;
    if (const auto uri = sip::Uri::parse(invite.request_uri()))
        call.start.callee = uri->is_sip() || uri->is_tel() ? number_of(*uri) : std::string(uri->opaque);
    finish(now, call, status, why, Ended::gateway);
}

void B2bua::on_incoming(Time now, LegId leg, const sip::Message& invite, const sip::Hop& from) {
    Call& call = new_call(now, invite);
    call.caller.leg = leg;
    by_leg_[leg] = call.id;

    const Trunk* trunk = plan_->router.source(from);
    if (trunk == nullptr) {
        ++unknown_source_;
        return refuse(now, call, 403, "source belongs to no trunk", Ended::gateway);
    }
    call.start.source_trunk = trunk->name;
    call.caller = make_side(call, leg, *trunk, from);
    call.start.caller = apply(call.caller.profile->in, Party::calling, call.start.caller);
    call.caller.traces.note(invite, from);
    if (auto started = start(now, call, invite); !started) {
        const bool full = started.error().status == 503;
        refuse(now, call, started.error().status, started.error().why, Ended::gateway,
               full ? ExtraHeaders{{"Retry-After", std::string(retry_after)}} : ExtraHeaders{});
    }
}

Taken<void> B2bua::start(Time now, Call& call, const sip::Message& invite) {
    const auto uri = sip::Uri::parse(invite.request_uri());
    if (!uri) return refusal(400, uri.error().what);
    call.start.callee = apply(call.caller.profile->in, Party::called, number_of(*uri));
    if (draining_) return refusal(503, "draining");
    if (options_.load->calls > plan_->config.max_calls) return refusal(503, "max_calls reached");
    const auto target = plan_->router.target(call.start.callee);
    if (!target) return refusal(404, "no route to " + call.start.callee);
    return send_on(now, call, invite, *target);
}

Taken<void> B2bua::send_on(Time now, Call& call, const sip::Message& invite, const Target& target) {
    const Trunk& trunk = *target.trunk;
    InviteOptions out;
    out.hop = {trunk.transport, trunk.listener, target.remote};
    out.call_id = legs_.new_call_id();
    call.callee = make_side(call, {}, trunk, out.hop);
    call.start.target_trunk = trunk.name;
    call.start.target_call_id = out.call_id;

    call.late_offer = invite.body().empty();
    if (!call.late_offer) {
        auto offer = read_sdp(call.caller, invite.body());
        if (!offer) return tl::make_unexpected(offer.error());
        if (auto taken = call.caller.media->take_offer(now, *offer); !taken) return taken;
        auto ours = call.callee.media->make_offer(now, *offer, call.caller.traces);
        if (!ours) return tl::make_unexpected(ours.error());
        out.body = ours->to_string();
    }

    const std::string& us = trunk.domain.empty() ? legs_.listener(trunk.listener).host : trunk.domain;
    sip::Uri uri;
    uri.scheme = "sip";
    uri.user = apply(call.callee.profile->out, Party::called, target.number);
    uri.host = trunk.domain.empty() ? target.remote.ip.to_uri_host() : trunk.domain;
    if (trunk.domain.empty() && target.remote.port != 5060) uri.port = target.remote.port;
    out.request_uri = uri.to_string();
    out.to.uri = uri;
    out.to.uri.port.reset();
    out.from = crossing_party(invite.from(), us);
    apply(call.caller.profile->in, Party::calling, out.from.uri);
    apply(call.callee.profile->out, Party::calling, out.from.uri);
    out.max_forwards = max_forwards(invite);
    out.headers = cross(call.caller, call.callee, invite, us);

    out.headers.emplace_back("Max-Breadth", std::to_string(max_breadth(invite)));

    // The record comes first: once the INVITE is out, no crash may lose it.
    if (!cdrs_.start(call.start)) return refusal(503, "no room for call records");
    call.recorded = true;
    log::info(call.start.call_id, "call {} {} -> {} by {} to {}, Call-ID {} there", call.id,
              call.start.caller, call.start.callee, trunk.name, target.remote.to_string(), out.call_id);
    call.callee.leg = legs_.invite(now, out);
    by_leg_[call.callee.leg] = call.id;
    call.no_answer = timers_.set(now + call.plan->config.no_answer, call.id);
    return {};
}

void B2bua::on_progress(Time now, LegId leg, const sip::Message& response) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    call->callee.traces.note(response, legs_.find(leg)->hop);
    if (response.status() == 180 && !call->end.ringing) call->end.ringing = now;
    call->ringing = true;
    std::string body;
    if (!response.body().empty() && !call->late_offer) {
        if (auto media = preview(now, *call, response); media) {
            body = call->answer;
        } else {
            log::warning(call->start.call_id, "early media not usable: {}", media.error().why);
        }
    }
    legs_.progress(now, call->caller.leg, response.status(), {}, cross_back(*call, response), body);
}

// SDP in a provisional response: media starts, nothing is agreed yet (RFC 6337 3.1.1). Another fork's may
// follow.
Taken<void> B2bua::preview(Time now, Call& call, const sip::Message& response) {
    auto session = read_sdp(call.callee, response.body());
    if (!session) return tl::make_unexpected(session.error());
    if (auto taken = call.callee.media->take_answer(now, *session, true); !taken) return taken;
    if (call.answer.empty()) {
        auto answer = call.caller.media->make_answer(now, *session, call.callee.traces, true);
        if (!answer) return tl::make_unexpected(answer.error());
        call.answer = answer->to_string();
    }
    call.preview = std::move(*session);
    return Anchor::join(now, *call.caller.media, *call.callee.media);
}

void B2bua::on_answered(Time now, LegId leg, const sip::Message& response) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    timers_.cancel(call->no_answer);
    call->callee.traces.note(response, legs_.find(leg)->hop);
    if (auto agreed = agree(now, *call, response); !agreed) {
        legs_.hang_up(now, leg);
        return refuse(now, *call, agreed.error().status, agreed.error().why, Ended::gateway);
    }
    ++answered_;
    call->answered = true;
    call->end.answered = now;
    if (!call->late_offer) legs_.ack(now, leg);
    legs_.answer(now, call->caller.leg, cross_back(*call, response), call->answer);
}

// The 2xx: either the answer to our offer, or, in a call without one, their offer.
Taken<void> B2bua::agree(Time now, Call& call, const sip::Message& response) {
    Anchor& caller = *call.caller.media;
    Anchor& callee = *call.callee.media;
    std::optional<sdp::Session> session;
    if (!response.body().empty()) {
        auto parsed = read_sdp(call.callee, response.body());
        if (!parsed) return refusal(488, parsed.error().why);
        session = std::move(*parsed);
    } else if (call.preview) {
        session = call.preview;  // said before, not repeated
    }
    if (!session) return refusal(488, "2xx without SDP");
    if (call.late_offer) {
        if (auto taken = callee.take_offer(now, *session); !taken) return taken;
        auto offer = caller.make_offer(now, *session, call.callee.traces);
        if (!offer) return tl::make_unexpected(offer.error());
        call.answer = offer->to_string();
        return {};
    }
    if (auto taken = callee.take_answer(now, *session, false); !taken) return taken;
    auto answer = caller.make_answer(now, *session, call.callee.traces, false);
    if (!answer) return tl::make_unexpected(answer.error());
    if (call.answer.empty()) call.answer = answer->to_string();
    return Anchor::join(now, caller, callee);
}

void B2bua::on_acked(Time now, LegId leg, const sip::Message& ack) {
    Call* call = call_of(leg);
    if (call != nullptr && call->late_offer) take_late_answer(now, *call, leg, ack);
}

// The ACK of an INVITE without offer carries the answer; ours goes out in the other side's ACK. A 2xx to an
// offer that nobody answers leaves no session to go back to, so the call is over (RFC 3261 13.2.2.4).
void B2bua::take_late_answer(Time now, Call& call, LegId leg, const sip::Message& ack) {
    if (auto agreed = agree_late(now, side(call, leg), other(call, leg), ack); !agreed) {
        end_call(now, call, agreed.error().why);
    }
}

Taken<void> B2bua::agree_late(Time now, Side& from, Side& to, const sip::Message& ack) {
    if (ack.body().empty()) return refusal(488, "ACK without the answer");
    auto session = read_sdp(from, ack.body());
    if (!session) return tl::make_unexpected(session.error());
    if (auto taken = from.media->take_answer(now, *session, false); !taken) return taken;
    auto answer = to.media->make_answer(now, *session, from.traces, false);
    if (!answer) return tl::make_unexpected(answer.error());
    legs_.ack(now, to.leg, answer->to_string());
    return Anchor::join(now, *from.media, *to.media);
}

// ----------------------------------------------------------------------------------------------------
// re-INVITE

void B2bua::on_reinvite(Time now, LegId leg, const sip::Message& request) {
    Call* call = call_of(leg);
    if (call == nullptr) return legs_.reject_reinvite(now, leg, 481);
    Side& from = side(*call, leg);
    from.traces.note(request, legs_.find(leg)->hop);
    if (auto crossed = cross_reinvite(now, *call, from, request); !crossed) {
        log::info(call->start.call_id, "re-INVITE refused: {}", crossed.error().why);
        legs_.reject_reinvite(now, leg, crossed.error().status);
    }
}

Taken<void> B2bua::cross_reinvite(Time now, Call& call, Side& from, const sip::Message& request) {
    Side& to = other(call, from.leg);
    if (from.media->agreement().agreed_remote() == nullptr ||
        to.media->agreement().agreed_remote() == nullptr) {
        return refusal(491, "not agreed yet");
    }
    const auto busy = [] { return refusal(491, "the other side is changing too"); };
    if (request.body().empty()) {  // their 2xx brings the offer
        if (!legs_.reinvite(now, to.leg, {})) return busy();
        return {};
    }
    auto offer = read_sdp(from, request.body());
    if (!offer) return tl::make_unexpected(offer.error());
    if (auto taken = from.media->take_offer(now, *offer); !taken) return taken;
    auto ours = to.media->make_offer(now, *offer, from.traces);
    if (!ours) {
        from.media->rollback(now);
        return tl::make_unexpected(ours.error());
    }
    if (!legs_.reinvite(now, to.leg, ours->to_string())) {
        from.media->rollback(now);
        to.media->rollback(now);
        return busy();
    }
    return {};
}

void B2bua::on_reinvite_accepted(Time now, LegId leg, const sip::Message& response) {
    using State = sdp::OfferAnswer::State;
    Call* call = call_of(leg);
    if (call == nullptr) return legs_.ack(now, leg);
    Side& to = side(*call, leg);
    Side& from = other(*call, leg);
    to.traces.note(response, legs_.find(leg)->hop);
    const bool late = to.media->agreement().state() != State::local_offer;
    const bool restoring = !late && from.media->agreement().state() != State::remote_offer;
    // Theirs is the offer: its ACK waits for the answer.
    if (!late || response.body().empty()) legs_.ack(now, leg);
    auto done = late        ? offer_late(now, from, to, response)
                : restoring ? take_restored(now, to, response)
                            : finish_reinvite(now, from, to, response);
    if (done) return;
    log::warning(call->start.call_id, "re-INVITE came to nothing: {}", done.error().why);
    const bool agreed = !late && to.media->agreement().state() == State::stable;
    const bool unanswered = late && !response.body().empty();
    from.media->rollback(now);
    to.media->rollback(now);
    legs_.reject_reinvite(now, from.leg, 488);
    // Who accepted and whose answer is of no use has changed alone: he is asked back. There is no way back
    // where he agreed in form, was asked back before, or waits for an answer that cannot be given.
    if (agreed || restoring || unanswered || (!late && !restore(now, to))) {
        end_call(now, *call, done.error().why);
    }
}

Taken<void> B2bua::restore(Time now, Side& to) {
    const auto accepted = sdp::Session::parse(legs_.find(to.leg)->reinvite_body);
    auto offer = to.media->repeat_offer(accepted.value_or(sdp::Session()));
    if (!offer) return tl::make_unexpected(offer.error());
    if (legs_.reinvite(now, to.leg, offer->to_string())) return {};
    to.media->rollback(now);
    return refusal(491, "the other side is changing too");
}

Taken<void> B2bua::take_restored(Time now, Side& to, const sip::Message& response) {
    auto session = read_sdp(to, response.body());
    if (!session) return tl::make_unexpected(session.error());
    return to.media->take_answer(now, *session, false);
}

Taken<void> B2bua::finish_reinvite(Time now, Side& from, Side& to, const sip::Message& response) {
    auto session = read_sdp(to, response.body());
    if (!session) return tl::make_unexpected(session.error());
    if (auto taken = to.media->take_answer(now, *session, false); !taken) return taken;
    auto answer = from.media->make_answer(now, *session, to.traces, false);
    if (!answer) return tl::make_unexpected(answer.error());
    if (auto joined = Anchor::join(now, *from.media, *to.media); !joined) return joined;
    legs_.accept_reinvite(now, from.leg, answer->to_string());
    return {};
}

// The 2xx to a re-INVITE without offer is an offer: it crosses in our 2xx, whose ACK brings the answer.
Taken<void> B2bua::offer_late(Time now, Side& from, Side& to, const sip::Message& response) {
    if (response.body().empty()) return refusal(488, "2xx without an offer");
    auto session = read_sdp(to, response.body());
    if (!session) return tl::make_unexpected(session.error());
    if (auto taken = to.media->take_offer(now, *session); !taken) return taken;
    auto offer = from.media->make_offer(now, *session, to.traces);
    if (!offer) return tl::make_unexpected(offer.error());
    legs_.accept_reinvite(now, from.leg, offer->to_string());
    return {};
}

void B2bua::on_reinvite_acked(Time now, LegId leg, const sip::Message& ack) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    if (side(*call, leg).media->agreement().state() != sdp::OfferAnswer::State::local_offer) return;
    take_late_answer(now, *call, leg, ack);
}

void B2bua::on_reinvite_failed(Time now, LegId leg, int status) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    Side& to = side(*call, leg);
    Side& from = other(*call, leg);
    using State = sdp::OfferAnswer::State;
    const bool restoring = to.media->agreement().state() == State::local_offer &&
                           from.media->agreement().state() != State::remote_offer;
    // Where it gave way to theirs, that one makes them agree.
    if (restoring && !legs_.find(leg)->reinvite_in) {
        return end_call(now, *call, "no agreement after a failed change");
    }
    from.media->rollback(now);
    to.media->rollback(now);
    if (!restoring) legs_.reject_reinvite(now, from.leg, reinvite_status(status));
}

void B2bua::on_reinvite_cancelled(Time now, LegId leg) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    call->caller.media->rollback(now);
    call->callee.media->rollback(now);
    legs_.cancel_reinvite(now, other(*call, leg).leg);
}

// One side has given up a change that the other has taken: the other is asked back, or if the offer was its
// own, gets what was agreed as the answer.
void B2bua::on_reinvite_undone(Time now, LegId leg, const sip::Message& response) {
    Call* call = call_of(leg);
    if (call == nullptr) return legs_.ack(now, leg);
    Side& to = side(*call, leg);
    to.traces.note(response, legs_.find(leg)->hop);
    const bool late = legs_.find(leg)->reinvite_body.empty();
    if (!late) legs_.ack(now, leg);
    auto back = late ? answer_undone(now, other(*call, leg), to, response) : restore(now, to);
    if (!back) end_call(now, *call, back.error().why);
}

Taken<void> B2bua::answer_undone(Time now, Side& from, Side& to, const sip::Message& response) {
    auto session = read_sdp(to, response.body());
    if (!session) return tl::make_unexpected(session.error());
    if (auto taken = to.media->take_offer(now, *session); !taken) return taken;
    const sdp::Session agreed = *from.media->agreement().agreed_remote();
    auto answer = to.media->make_answer(now, agreed, from.traces, false);
    if (!answer) return tl::make_unexpected(answer.error());
    legs_.ack(now, to.leg, answer->to_string());
    return Anchor::join(now, *from.media, *to.media);
}

// ---------------------------------------------------------------------------------------------------- ending

void B2bua::on_failed(Time now, LegId leg, int status, const sip::Message* response) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    if (response == nullptr) {
        return refuse(now, *call, crossing_status(status), "no answer from the trunk", Ended::gateway);
    }
    call->callee.traces.note(*response, legs_.find(leg)->hop);
    const ReplyRule* rule = reply_rule(*call->callee.profile, status);
    refuse(now, *call, rule == nullptr ? crossing_status(status) : rule->to, {}, Ended::callee,
           cross_back(*call, *response), rule == nullptr ? std::string_view() : rule->reason);
}

void B2bua::on_cancelled(Time now, LegId leg, const sip::Message& request) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    legs_.hang_up(now, call->callee.leg, cross_reason(call->caller, call->callee, request));
    finish(now, *call, 487, {}, Ended::caller);
}

void B2bua::on_bye(Time now, LegId leg, const sip::Message& bye) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    const bool caller = call->caller.leg == leg;
    const Side& from = side(*call, leg);
    legs_.hang_up(now, other(*call, leg).leg, cross_reason(from, other(*call, leg), bye));
    finish(now, *call, 200, crossing_reason(bye, from.traces), caller ? Ended::caller : Ended::callee);
}

void B2bua::on_lost(Time now, LegId leg, std::string_view why) {
    Call* call = call_of(leg);
    if (call == nullptr) return;
    legs_.hang_up(now, other(*call, leg).leg);
    finish(now, *call, 200, why, Ended::gateway);
}

void B2bua::on_ended(Time, LegId leg) {
    by_leg_.erase(leg);
}

void B2bua::on_request(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from) {
    if (plan_->router.source(from) == nullptr) {
        ++unknown_source_;
        return legs_.respond(now, id, request, 403);
    }
    legs_.respond(now, id, request, 200);
}

void B2bua::advance(Time now) {
    while (auto due = timers_.pop_due(now)) {
        const auto found = calls_.find(due->second);
        if (found == calls_.end()) continue;
        Call& call = *found->second;
        call.no_answer = {};
        legs_.hang_up(now, call.callee.leg, "SIP ;cause=408 ;text=\"No answer\"");
        refuse(now, call, 408, "no answer", Ended::gateway);
    }
}

bool B2bua::hangup(Time now, AttemptId id) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return false;
    Call& call = *found->second;
    hang_up_both(now, call, "hung up by the operator");
    finish(now, call, call.answered ? 200 : 480, "hung up by the operator", Ended::gateway);
    return true;
}

void B2bua::hang_up_both(Time now, Call& call, std::string_view why) {
    log::info(call.start.call_id, "call {} hung up: {}", call.id, why);
    legs_.hang_up(now, call.caller.leg);
    legs_.hang_up(now, call.callee.leg);
}

// Of an answered call.
void B2bua::end_call(Time now, Call& call, std::string_view why) {
    hang_up_both(now, call, why);
    finish(now, call, 200, why, Ended::gateway);
}

// A final response to the caller, and the end of the attempt.
void B2bua::refuse(Time now, Call& call, int status, std::string_view why, Ended by,
                   const ExtraHeaders& headers, std::string_view phrase) {
    const LegId caller = call.caller.leg;
    // The record before the response: an attempt that was finally answered has one.
    finish(now, call, status, why.empty() ? phrase : why, by);
    legs_.reject(now, caller, status, phrase, headers);
}

// Records the end, frees ports, keys and contexts, and forgets the call. What the legs still have to say they
// say alone.
void B2bua::finish(Time now, Call& call, int status, std::string_view reason, Ended by) {
    timers_.cancel(call.no_answer);
    if (!call.answered) ++failed_;
    CdrEnd& end = call.end;
    end.at = now;
    end.status = status;
    end.reason = reason.empty() ? std::string(sip::reason_phrase(status)) : std::string(reason);
    end.by = by;
    if (call.caller.media) end.media = call.caller.media->close(now, "caller");
    if (call.callee.media) {
        for (auto& m : call.callee.media->close(now, "callee")) end.media.push_back(std::move(m));
    }
    if (!call.recorded) call.recorded = cdrs_.start(call.start);
    if (call.recorded) cdrs_.end(end);
    if (call.callee.leg) {
        log::info(call.start.call_id, "call {} ended: {} {}", call.id, status, end.reason);
    } else {  // anyone can have any number of these
        log::limited(refused_log_, now, log::Level::info, call.start.call_id, "call {} refused: {} {}",
                     call.id, status, end.reason);
    }
    by_leg_.erase(call.caller.leg);
    by_leg_.erase(call.callee.leg);
    calls_.erase(call.id);
    --options_.load->calls;
}

// ----------------------------------------------------------------------------------------------------
// looking in

std::vector<CallInfo> B2bua::calls() const {
    std::vector<CallInfo> out;
    const auto leg_info = [&](const Side& s) {
        LegInfo info;
        if (s.trunk != nullptr) info.trunk = s.trunk->name;
        if (const Leg* leg = legs_.find(s.leg)) {
            info.call_id = leg->call_id;
            info.remote = leg->hop.remote;
            info.state = to_string(leg->state);
        }
        return info;
    };
    for (const auto& [id, call] : calls_) {
        CallInfo info;
        info.id = id;
        info.state = call->answered ? "answered" : call->ringing ? "ringing" : "trying";
        info.caller = call->start.caller;
        info.callee = call->start.callee;
        info.started = call->start.at;
        info.answered = call->end.answered;
        info.incoming = leg_info(call->caller);
        if (call->callee.leg) info.outgoing = leg_info(call->callee);
        if (call->caller.media) info.media = call->caller.media->figures("caller");
        if (call->callee.media) {
            for (auto& m : call->callee.media->figures("callee")) info.media.push_back(std::move(m));
        }
        out.push_back(std::move(info));
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
}

void B2bua::fill(CoreStatus& status) const {
    status.calls = calls_.size();
    status.attempts = attempts_;
    status.answered = answered_;
    status.failed = failed_;
    status.unknown_source = unknown_source_;
    status.draining = draining_;
}

}  // namespace causeway::call
