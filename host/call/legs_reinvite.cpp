// Legs: re-INVITE (RFC 3261 section 14), in both directions, and the races of the two.
//
//   theirs ──► held until the ACK to our last 2xx has come ──► owner: accept or reject; CANCEL: 487
//   ours   ──► waits for that ACK ──► sent ──2xx──► owner: ack
//                   ▲                  │ 491: back-off ─┐     CANCEL and a 2xx that crosses it: undone
//                   └──────────────────┴────────────────┘
//
// Two that cross refuse each other with 491, and each side tries again after a time of its own (14.1). Ours
// gives way to theirs while it waits: so one of them gets through, whoever is faster.
#include "host/call/legs.hpp"

namespace causeway::call {

// ---- theirs

void Legs::received_reinvite(Time now, Leg& leg, sip::TransactionId id, const sip::Message& request) {
    switch (leg.state) {
        case LegState::ending:  // RFC 5407 3.2.2
        case LegState::ended:
            return respond(now, id, request, 481);
        case LegState::inviting:
        case LegState::early:
        case LegState::cancelling:
        case LegState::accepted:
            return respond(now, id, request, 491);
        case LegState::incoming:
        case LegState::answered:
        case LegState::confirmed:
            break;
    }
    if (leg.reinvite_in || leg.state == LegState::incoming) {  // 14.2: one after the other
        return respond(now, id, request, 500, {}, {{"Retry-After", std::to_string(random_.below(11))}});
    }
    if (leg.reinvite_out || leg.reinvite_ack || (leg.ok_pending && leg.ok_offers)) {  // RFC 5407 3.1.5
        return respond(now, id, request, 491);
    }
    const LegId leg_id = leg.id;
    leg.reinvite_in = id;
    leg.reinvite = request;
    leg.reinvite_held = leg.ok_pending;  // RFC 5407 3.1.4
    by_transaction_[id] = leg_id;
    layer_.respond(now, id, sip::MessageBuilder::response_to(request, 100, {}).build());
    if (leg.reinvite_waits) {
        leg.reinvite_waits = false;
        backoffs_.cancel(leg.backoff);
        events_.on_reinvite_failed(now, leg_id, 491);
    }
    Leg* still = legs_.find(leg_id);
    if (still == nullptr || still->reinvite_in != id || still->reinvite_held) return;
    events_.on_reinvite(now, leg_id, request);
}

void Legs::accept_reinvite(Time now, LegId id, std::string_view body) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || !leg->reinvite_in) return;
    const auto transaction = leg->reinvite_in;
    leg->reinvite_in = {};
    leg->dialog()->refresh_target(leg->reinvite);
    send_ok(now, *leg, leg->reinvite, transaction, {}, body);
}

void Legs::reject_reinvite(Time now, LegId id, int status, const ExtraHeaders& headers) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || !leg->reinvite_in) return;
    const auto transaction = leg->reinvite_in;
    leg->reinvite_in = {};
    layer_.respond(now, transaction, response(*leg, leg->reinvite, status, {}, headers, {}));
}

void Legs::reinvite_cancelled(Time now, Leg& leg) {
    const bool told = !leg.reinvite_held;
    leg.reinvite_held = false;
    reject_reinvite(now, leg.id, 487);
    if (told) events_.on_reinvite_cancelled(now, leg.id);
}

// The ACK to our 2xx has come: what waited for it goes on.
void Legs::next_reinvite(Time now, Leg& leg) {
    if (leg.state != LegState::confirmed || leg.ok_pending) return;
    if (leg.reinvite_held) {
        leg.reinvite_held = false;
        events_.on_reinvite(now, leg.id, sip::Message(leg.reinvite));
    } else if (leg.reinvite_waits && !leg.backoff) {
        send_reinvite(now, leg);
    }
}

// ---- ours

bool Legs::reinvite(Time now, LegId id, std::string_view body) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || leg->is_changing()) return false;
    const bool acked = leg->state == LegState::confirmed;
    if (!acked && (leg->state != LegState::answered || leg->bye_when_acked)) return false;
    leg->reinvite_body = body;
    leg->glares = 0;
    leg->reinvite_waits = true;
    if (!leg->ok_pending) send_reinvite(now, *leg);
    return true;
}

void Legs::send_reinvite(Time now, Leg& leg) {
    leg.reinvite_waits = false;
    leg.reinvite_cancelled = false;
    auto builder = in_dialog(leg, sip::Method::invite);
    builder.add(sip::HeaderId::contact, contact(leg.hop)).add(sip::HeaderId::allow, allowed_methods());
    if (!leg.reinvite_body.empty()) builder.body("application/sdp", leg.reinvite_body);
    leg.reinvite_out = layer_.request(now, std::move(builder), dialog_hop(leg));
    leg.reinvite_last = leg.reinvite_out;
    leg.backoff = backoffs_.set(now + reinvite_limit, leg.id);
    by_transaction_[leg.reinvite_out] = leg.id;
}

void Legs::cancel_reinvite(Time now, LegId id) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr) return;
    leg->reinvite_waits = false;
    backoffs_.cancel(leg->backoff);
    if (!leg->reinvite_out || leg->reinvite_cancelled) return;
    leg->reinvite_cancelled = true;
    layer_.cancel(now, leg->reinvite_out);
}

void Legs::reinvite_response(Time now, Leg& leg, int status, const sip::Message* response) {
    leg.reinvite_out = {};
    backoffs_.cancel(leg.backoff);
    const LegId id = leg.id;
    const bool wanted = leg.state == LegState::confirmed && !leg.reinvite_cancelled;
    if (status < 300) {
        leg.dialog()->refresh_target(*response);
        leg.reinvite_ack = response->cseq().number;
        if (wanted) return events_.on_reinvite_accepted(now, id, *response);
        if (leg.state == LegState::confirmed) return events_.on_reinvite_undone(now, id, *response);
        return send_ack(now, leg, response->cseq().number, {});
    }
    if (wanted && status == 491 && ++leg.glares <= max_glares) {
        // 14.1: later for whom the Call-ID is of, so that the two do not meet again; in units of 10 ms.
        const auto units = leg.is_incoming ? random_.below(201) : 210 + random_.below(191);
        leg.reinvite_waits = true;
        leg.backoff = backoffs_.set(now + units * std::chrono::milliseconds(10), id);
        return;
    }
    if (wanted) events_.on_reinvite_failed(now, id, status);
    Leg* still = legs_.find(id);
    if (still != nullptr && still->state == LegState::confirmed && (status == 408 || status == 481)) {
        lost(now, *still, "re-INVITE drew " + std::to_string(status));  // 12.2.1.2
    }
}

void Legs::advance_backoffs(Time now) {
    while (auto due = backoffs_.pop_due(now)) {
        Leg* leg = legs_.find(due->second);
        if (leg == nullptr) continue;
        leg->backoff = {};
        if (!leg->reinvite_out) {
            next_reinvite(now, *leg);
        } else {  // rung for ever
            cancel_reinvite(now, leg->id);
            events_.on_reinvite_failed(now, leg->id, 408);
        }
    }
}

// ---- both

// A re-INVITE that is pending when the dialog ends: theirs is answered with 487 (15.1.2); ours is
// acknowledged if accepted, else cancelled, lest its transaction waits for ever on a peer that forgets to
// answer.
void Legs::drop_reinvites(Time now, Leg& leg) {
    leg.reinvite_held = false;
    reject_reinvite(now, leg.id, 487);
    if (leg.reinvite_ack) send_ack(now, leg, *leg.reinvite_ack, {});
    cancel_reinvite(now, leg.id);
}

}  // namespace causeway::call
