#include "host/call/legs.hpp"

#include <algorithm>
#include <cassert>

#include "host/base/log.hpp"
#include "host/base/text.hpp"

namespace causeway::call {
namespace {

constexpr std::string_view methods = "INVITE, ACK, BYE, CANCEL, OPTIONS";
constexpr std::string_view sdp_type = "application/sdp";

std::string tag_key(std::string_view call_id, std::string_view tag) {
    std::string key(call_id);
    key += '\n';
    key += tag;
    return key;
}

// Names an ACK among those of a leg: whom it acknowledges, and which INVITE.
std::string ack_key(const sip::Message& response) {
    return std::string(response.to().tag()) + ' ' + std::to_string(response.cseq().number);
}

bool is_known(sip::Method method) {
    return method != sip::Method::other;
}

}  // namespace

std::string_view to_string(LegState state) {
    switch (state) {
        case LegState::incoming:
            return "incoming";
        case LegState::answered:
            return "answered";
        case LegState::inviting:
            return "inviting";
        case LegState::early:
            return "early";
        case LegState::cancelling:
            return "cancelling";
        case LegState::accepted:
            return "accepted";
        case LegState::confirmed:
            return "confirmed";
        case LegState::ending:
            return "ending";
        case LegState::ended:
            return "ended";
    }
    return "?";
}

std::string_view Legs::allowed_methods() {
    return methods;
}

Legs::Legs(std::vector<sip::Listener> listeners, sip::TimerValues timers, std::string user_agent,
           Random& random, sip::TransactionWire& wire, LegEvents& events, std::uint8_t shard)
    : random_(random),
      shard_(shard),
      events_(events),
      values_(timers),
      user_agent_(std::move(user_agent)),
      layer_(std::move(listeners), timers, random, wire, *this, shard) {}

std::optional<Time> Legs::next_timer() const {
    std::optional<Time> next;
    for (const auto t : {layer_.next_timer(), timers_.next(), backoffs_.next()}) {
        if (t && (!next || *t < *next)) next = t;
    }
    return next;
}

void Legs::advance(Time now) {
    layer_.advance(now);
    while (auto due = timers_.pop_due(now)) {
        Leg* leg = legs_.find(due->second);
        if (leg == nullptr || !leg->ok_pending) continue;
        leg->ok_timer = {};
        if (now >= leg->ok_deadline) {
            leg->ok_pending = false;
            lost(now, *leg, "no ACK to 2xx");
            continue;
        }
        if (leg->ok_transaction) {
            layer_.respond(now, leg->ok_transaction, leg->ok);
        } else {  // taken over
            layer_.resend(now, leg->ok, sip::TransactionLayer::response_hop(leg->ok, leg->hop));
        }
        leg->ok_interval = std::min(2 * leg->ok_interval, values_.t2);  // 13.3.1.4
        leg->ok_timer = timers_.set(std::min(now + leg->ok_interval, leg->ok_deadline), leg->id);
    }
    advance_backoffs(now);
}

// ---------------------------------------------------------------------------------------------------- making
// messages

std::string Legs::contact(const sip::Hop& hop) const {
    const sip::Listener& l = layer_.listener(hop.listener);
    std::string uri = "<sip:" + l.host + ":" + std::to_string(l.port);
    if (l.transport != sip::Transport::udp) uri += ";transport=" + to_lower(sip::to_string(l.transport));
    return uri + ">";
}

sip::MessageBuilder Legs::in_dialog(Leg& leg, sip::Method method, std::uint32_t ack_cseq) const {
    auto builder = leg.dialog()->request(method, ack_cseq);
    builder.add(sip::HeaderId::user_agent, user_agent_);
    return builder;
}

sip::Hop Legs::dialog_hop(const Leg& leg) const {
    sip::Hop hop = leg.hop;
    // The connection by which the dialog came; without it the transport goes where the request says.
    if (leg.is_incoming && sip::is_reliable(hop.transport)) return hop;
    const auto uri = sip::Uri::parse(leg.dialog()->next_hop());
    if (!uri) return hop;
    // Names need a resolver; without one the dialog stays on the path it came by.
    if (const auto ip = IpAddress::parse(uri->host)) hop.remote = {*ip, uri->port.value_or(5060)};
    return hop;
}

sip::Message Legs::response(const Leg& leg, const sip::Message& request, int status, std::string_view reason,
                            const ExtraHeaders& headers, std::string_view body) const {
    auto builder = sip::MessageBuilder::response_to(request, status, leg.local_tag, reason);
    if (request.method() == sip::Method::invite && status > 100 && status < 300) {
        builder.add(sip::HeaderId::contact, contact(leg.hop));
    }
    if (request.method() == sip::Method::invite && status >= 200 && status < 300) {
        builder.add(sip::HeaderId::allow, methods);
    }
    builder.add(sip::HeaderId::server, user_agent_);
    for (const auto& [name, value] : headers) builder.add(name, value);
    if (!body.empty()) builder.body(sdp_type, body);
    return builder.build();
}

// ---------------------------------------------------------------------------------------------------- UAC

LegId Legs::invite(Time now, const InviteOptions& options) {
    const LegId id = legs_.emplace();
    Leg& leg = *legs_.find(id);
    leg.id = id;
    leg.state = LegState::inviting;
    leg.hop = options.hop;
    leg.call_id = options.call_id.empty() ? new_call_id() : options.call_id;
    leg.local_tag = token(8);

    sip::NameAddr from = options.from;
    from.params.set("tag", leg.local_tag);
    auto builder = sip::MessageBuilder::request(sip::Method::invite, options.request_uri);
    builder.add(sip::HeaderId::max_forwards, std::to_string(options.max_forwards))
        .add(sip::HeaderId::from, from.to_string())
        .add(sip::HeaderId::to, options.to.to_string())
        .add(sip::HeaderId::call_id, leg.call_id)
        .add(sip::HeaderId::cseq, std::to_string(1 + random_.below(1U << 16)) + " INVITE")
        .add(sip::HeaderId::contact, contact(leg.hop))
        .add(sip::HeaderId::allow, methods)
        .add(sip::HeaderId::user_agent, user_agent_);
    for (const auto& [name, value] : options.headers) builder.add(name, value);
    if (!options.body.empty()) builder.body(sdp_type, options.body);

    by_local_tag_[tag_key(leg.call_id, leg.local_tag)] = id;
    leg.invite_transaction = layer_.request(now, builder, options.hop);
    by_transaction_[leg.invite_transaction] = id;
    leg.invite = *layer_.sent_request(leg.invite_transaction);
    return id;
}

void Legs::ack(Time now, LegId id, std::string_view body) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr) return;
    if (leg->reinvite_ack) return send_ack(now, *leg, *leg->reinvite_ack, body);
    if (leg->state != LegState::accepted) return;
    leg->state = LegState::confirmed;
    send_ack(now, *leg, leg->invite.cseq().number, body);
}

void Legs::send_ack(Time now, Leg& leg, std::uint32_t cseq, std::string_view body) {
    if (leg.reinvite_ack == cseq) leg.reinvite_ack.reset();
    auto builder = in_dialog(leg, sip::Method::ack, cseq);
    if (!body.empty()) builder.body(sdp_type, body);
    const sip::Hop hop = dialog_hop(leg);
    std::erase_if(leg.acks, [&](const auto& sent) {  // nobody repeats a 2xx of that long ago
        const sip::Message& old = sent.second.message;
        return old.to().tag() == leg.dialog()->id.remote_tag && old.cseq().number + most_acks <= cseq;
    });
    leg.acks[leg.dialog()->id.remote_tag + ' ' + std::to_string(cseq)] = {
        layer_.send_stateless(now, std::move(builder), hop), hop};
}

void Legs::cancel(Time now, LegId id, std::string_view reason) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || (leg->state != LegState::inviting && leg->state != LegState::early)) return;
    leg->state = LegState::cancelling;
    layer_.cancel(now, leg->invite_transaction, reason);
}

void Legs::on_response(Time now, sip::TransactionId id, const sip::Message& response, const sip::Hop&) {
    if (const auto over = past_.find(id); over != past_.end()) {
        if (response.status() / 100 == 2) surplus_2xx(now, over->second, response);
        return;
    }
    const auto found = by_transaction_.find(id);
    Leg* leg = found == by_transaction_.end() ? nullptr : legs_.find(found->second);
    if (leg == nullptr) return;
    if (id == leg->bye_transaction) {
        if (response.status() >= 200) end(now, *leg);
        return;
    }
    if (response.status() / 100 == 2 && resend_ack(now, *leg, response)) return;
    if (id == leg->invite_transaction) {
        invite_response(now, *leg, response);
    } else if (id == leg->reinvite_out && response.status() >= 200) {
        reinvite_response(now, *leg, response.status(), &response);
    }
}

bool Legs::resend_ack(Time now, Leg& leg, const sip::Message& response) {
    const auto found = leg.acks.find(ack_key(response));
    if (found == leg.acks.end()) return false;
    layer_.resend(now, found->second.message, found->second.hop);
    return true;
}

void Legs::invite_response(Time now, Leg& leg, const sip::Message& response) {
    const int status = response.status();
    if (status == 100) return;
    if (status < 200) {
        if (leg.state != LegState::inviting && leg.state != LegState::early) return;
        const auto tag = response.to().tag();
        const bool known = std::any_of(leg.dialogs.begin(), leg.dialogs.end(),
                                       [&](const sip::Dialog& d) { return d.id.remote_tag == tag; });
        if (!known && !tag.empty() && leg.dialogs.size() < max_forks) {
            if (auto dialog = sip::Dialog::from_response(leg.invite, response)) {
                leg.dialogs.push_back(std::move(*dialog));
                leg.state = LegState::early;
            }
        }
        events_.on_progress(now, leg.id, response);
    } else if (status < 300) {
        invite_accepted(now, leg, response);
    } else {
        invite_failed(now, leg, status, &response);
    }
}

void Legs::invite_accepted(Time now, Leg& leg, const sip::Message& response) {
    const bool first = leg.state == LegState::inviting || leg.state == LegState::early;
    if (!first && leg.state != LegState::cancelling) {
        const bool ours = leg.dialog() != nullptr && leg.dialog()->id.remote_tag == response.to().tag();
        if (!ours)
            surplus_2xx(now, leg, response);  // another fork; ours again means that the ACK is still due
        return;
    }
    auto dialog = sip::Dialog::from_response(leg.invite, response);
    if (!dialog) {  // a 2xx without what makes a dialog (12.1.2): no way to acknowledge it
        log::warning(leg.call_id, "2xx unusable: {}", dialog.error().what);
        invite_failed(now, leg, 500, nullptr);
        return;
    }
    leg.dialogs = {*dialog};
    if (first) {
        leg.state = LegState::accepted;
        events_.on_answered(now, leg.id, response);
    } else {  // the 2xx crossed our CANCEL (9.1): take the call and end it
        send_ack(now, leg, leg.invite.cseq().number, {});
        send_bye(now, leg, {});
    }
}

// A 2xx to an INVITE of ours that is settled (13.2.2.4): acknowledged, and if it is of another dialog than
// the leg's own, one of another fork, ended by BYE. From, To and CSeq of a response are those of its INVITE.
void Legs::surplus_2xx(Time now, Leg& leg, const sip::Message& response) {
    if (resend_ack(now, leg, response)) return;
    auto dialog = sip::Dialog::from_response(response, response);
    if (!dialog || dialog->remote_target.empty() || leg.acks.size() >= max_forks + most_acks) return;
    const bool own = leg.dialog() != nullptr && leg.dialog()->id == dialog->id;
    std::vector<sip::Dialog> kept{std::move(*dialog)};
    kept.swap(leg.dialogs);
    send_ack(now, leg, response.cseq().number, {});
    if (!own) layer_.request(now, in_dialog(leg, sip::Method::bye), dialog_hop(leg));
    kept.swap(leg.dialogs);
}

void Legs::invite_failed(Time now, Leg& leg, int status, const sip::Message* response) {
    const bool wanted = leg.state == LegState::inviting || leg.state == LegState::early;
    if (!wanted && leg.state != LegState::cancelling) return;
    leg.state = LegState::ended;
    const LegId id = leg.id;
    if (wanted) events_.on_failed(now, id, status, response);
    if (Leg* still = legs_.find(id)) end(now, *still);
}

void Legs::on_stray_2xx(Time now, const sip::Message& response, const sip::Hop&) {
    const auto found = by_local_tag_.find(tag_key(response.call_id(), response.from().tag()));
    Leg* leg = found == by_local_tag_.end() ? nullptr : legs_.find(found->second);
    if (leg == nullptr || leg->is_incoming) return;
    // While the INVITE is open its answer comes through its transaction: one beside it has a broken Via, and
    // will be repeated.
    const bool open = leg->state == LegState::inviting || leg->state == LegState::early ||
                      leg->state == LegState::cancelling;
    if (open) return;
    // Its ACK is still due, and the owner's to send.
    const bool own = leg->dialog() != nullptr && leg->dialog()->id.remote_tag == response.to().tag();
    if (own && (leg->state == LegState::accepted || leg->reinvite_ack == response.cseq().number)) return;
    surplus_2xx(now, *leg, response);
}

void Legs::on_timeout(Time now, sip::TransactionId id) {
    failed_transaction(now, id, 408);
}
void Legs::on_transport_error(Time now, sip::TransactionId id) {
    failed_transaction(now, id, 503);
}

void Legs::failed_transaction(Time now, sip::TransactionId id, int status) {
    const auto found = by_transaction_.find(id);
    Leg* leg = found == by_transaction_.end() ? nullptr : legs_.find(found->second);
    if (leg == nullptr) return;
    if (id == leg->bye_transaction) {
        end(now, *leg);
    } else if (id == leg->reinvite_out) {
        reinvite_response(now, *leg, status, nullptr);
    } else if (id == leg->invite_transaction && !leg->is_incoming) {
        invite_failed(now, *leg, status, nullptr);
    }
}

void Legs::on_terminated(Time, sip::TransactionId id) {
    by_transaction_.erase(id);
    past_.erase(id);
}

// ---------------------------------------------------------------------------------------------------- UAS

void Legs::on_request(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from) {
    if (request.method() == sip::Method::cancel) return received_cancel(now, id, request);
    if (const auto why = objection(request)) return refuse(now, id, request, from, *why);
    const auto to_tag = request.to().tag();
    if (!to_tag.empty()) {
        const auto found = by_local_tag_.find(tag_key(request.call_id(), to_tag));
        Leg* leg = found == by_local_tag_.end() ? nullptr : legs_.find(found->second);
        if (leg != nullptr && leg->state != LegState::ended) {
            for (auto& dialog : leg->dialogs) {
                if (dialog.id.remote_tag == request.from().tag()) {
                    return in_dialog_request(now, *leg, dialog, id, request);
                }
            }
        }
        return respond(now, id, request, 481);
    }
    switch (request.method()) {
        case sip::Method::invite:
            return new_invite(now, id, request, from);
        case sip::Method::bye:
            return respond(now, id, request, 481);
        default:  // OPTIONS
            return events_.on_request(now, id, request, from);
    }
}

// What 8.2 refuses before looking closer; nothing where the request is good.
std::optional<Legs::Objection> Legs::objection(const sip::Message& request) {
    const bool invite = request.method() == sip::Method::invite;
    if (request.to().tag().empty()) {
        if (!is_known(request.method())) return Objection{501, {}, {}};  // 8.2.1
        if (!invite && request.method() != sip::Method::bye && request.method() != sip::Method::options)
            return Objection{405, {}, {}};
        const auto uri = sip::Uri::parse(request.request_uri());  // 8.2.2.1
        if (uri && !uri->is_sip() && !uri->is_tel())
            return Objection{416, "Request-URI scheme " + uri->scheme, {}};
    }
    // Only what would go on needs to have hops left (16.3, RFC 4475 3.3.11), and branches (RFC 5393 5.3.3).
    if (invite && request.to().tag().empty()) {
        if (parse_number<std::uint32_t>(request.first(sip::HeaderId::max_forwards)) == 0u)
            return Objection{483, {}, {}};
        if (parse_number<std::uint32_t>(request.first(sip::HeaderId::max_breadth)) == 0u)
            return Objection{440, {}, {}};
    }
    if (const auto required = request.values(sip::HeaderId::require); !required.empty()) {
        std::string list;
        for (const auto option : required) list += (list.empty() ? "" : ", ") + std::string(option);
        return Objection{420, {}, {{"Unsupported", list}}};
    }
    if (!request.body().empty() && invite) {
        const auto type = trim(split_once(request.first(sip::HeaderId::content_type), ';').first);
        const bool encoded = request.has(sip::HeaderId::content_encoding) &&
                             !iequals(request.first(sip::HeaderId::content_encoding), "identity");
        if (!iequals(type, sdp_type) || encoded) {
            return Objection{415, {}, {{"Accept", std::string(sdp_type)}, {"Accept-Encoding", "identity"}}};
        }
    }
    if (invite && request.has(sip::HeaderId::accept)) {  // our answer would be SDP: RFC 4475 3.3.15
        const auto accepts_sdp = [](std::string_view value) {
            const auto range = trim(split_once(value, ';').first);
            return iequals(range, sdp_type) || iequals(range, "application/*") || range == "*/*";
        };
        const auto ranges = request.values(sip::HeaderId::accept);
        if (std::none_of(ranges.begin(), ranges.end(), accepts_sdp)) return Objection{406, {}, {}};
    }
    return std::nullopt;
}

void Legs::refuse(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from,
                  const Objection& why) {
    if (request.method() == sip::Method::invite && request.to().tag().empty()) {
        events_.on_refused(now, request, from, why.status, why.reason);
    }
    respond(now, id, request, why.status, why.reason, why.headers);
}

// An INVITE of ours that has come back as it went out (RFC 5393 4.2, 3261 16.3). With another Request-URI it
// is a spiral: a call of its own.
bool Legs::is_looped(const sip::Message& invite) const {
    const auto found = by_local_tag_.find(tag_key(invite.call_id(), invite.from().tag()));
    const Leg* leg = found == by_local_tag_.end() ? nullptr : legs_.find(found->second);
    if (leg == nullptr || leg->is_incoming) return false;
    const auto sent = sip::Uri::parse(leg->invite.request_uri());
    const auto came = sip::Uri::parse(invite.request_uri());
    return sent && came && sent->equivalent(*came);
}

void Legs::new_invite(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from) {
    const std::string remote_key = tag_key(request.call_id(), request.from().tag());
    if (const auto other = by_remote_tag_.find(remote_key); other != by_remote_tag_.end()) {
        Leg* leg = legs_.find(other->second);
        if (leg != nullptr && repeats_answered(*leg, request)) return answer_again(now, *leg, id);
        if (leg != nullptr && leg->invite.cseq().number == request.cseq().number) {
            return respond(now, id, request, 482);  // merged request (8.2.2.2)
        }
    }
    if (is_looped(request)) return refuse(now, id, request, from, {482, {}, {}});
    std::string tag = token(8);
    auto dialog = sip::Dialog::from_request(request, tag);
    if (!dialog) return refuse(now, id, request, from, {400, dialog.error().what, {}});

    const LegId leg_id = legs_.emplace();
    Leg& leg = *legs_.find(leg_id);
    leg.id = leg_id;
    leg.is_incoming = true;
    leg.state = LegState::incoming;
    leg.hop = from;
    leg.call_id = request.call_id();
    leg.local_tag = std::move(tag);
    leg.invite = request;
    leg.dialogs.push_back(std::move(*dialog));
    leg.invite_transaction = id;
    by_transaction_[id] = leg_id;
    by_local_tag_[tag_key(leg.call_id, leg.local_tag)] = leg_id;
    by_remote_tag_[remote_key] = leg_id;
    layer_.respond(now, id, sip::MessageBuilder::response_to(request, 100, {}).build());
    events_.on_incoming(now, leg_id, request, from);
}

void Legs::progress(Time now, LegId id, int status, std::string_view reason, const ExtraHeaders& headers,
                    std::string_view body) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || leg->state != LegState::incoming) return;
    layer_.respond(now, leg->invite_transaction, response(*leg, leg->invite, status, reason, headers, body));
}

void Legs::answer(Time now, LegId id, const ExtraHeaders& headers, std::string_view body) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || leg->state != LegState::incoming) return;
    leg->state = LegState::answered;
    leg->dialog()->state = sip::DialogState::confirmed;
    send_ok(now, *leg, leg->invite, leg->invite_transaction, headers, body);
}

void Legs::send_ok(Time now, Leg& leg, const sip::Message& request, sip::TransactionId id,
                   const ExtraHeaders& headers, std::string_view body) {
    leg.ok = response(leg, request, 200, {}, headers, body);
    leg.ok_transaction = id;
    leg.ok_pending = true;
    leg.ok_offers = request.body().empty();
    leg.ok_interval = values_.t1;
    leg.ok_deadline = now + values_.timeout();
    leg.ok_timer = timers_.set(now + leg.ok_interval, leg.id);
    layer_.respond(now, id, leg.ok);
}

void Legs::reject(Time now, LegId id, int status, std::string_view reason, const ExtraHeaders& headers) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr || leg->state != LegState::incoming) return;
    layer_.respond(now, leg->invite_transaction, response(*leg, leg->invite, status, reason, headers, {}));
    end(now, *leg);
}

void Legs::on_ack(Time now, const sip::Message& ack, const sip::Hop&) {
    const auto found = by_local_tag_.find(tag_key(ack.call_id(), ack.to().tag()));
    Leg* leg = found == by_local_tag_.end() ? nullptr : legs_.find(found->second);
    if (leg == nullptr || !leg->ok_pending || leg->ok.cseq().number != ack.cseq().number) return;
    if (leg->dialog()->id.remote_tag != ack.from().tag()) return;
    const LegId id = leg->id;
    stop_ok(*leg);
    if (leg->state == LegState::confirmed) {
        if (leg->ok_offers) events_.on_reinvite_acked(now, id, ack);
    } else if (leg->state == LegState::answered) {
        leg->state = LegState::confirmed;
        if (leg->bye_when_acked) return send_bye(now, *leg, leg->bye_reason);
        events_.on_acked(now, leg->id, ack);
    }
    if (Leg* still = legs_.find(id)) next_reinvite(now, *still);
}

void Legs::stop_ok(Leg& leg) {
    leg.ok_pending = false;
    timers_.cancel(leg.ok_timer);
}

void Legs::received_cancel(Time now, sip::TransactionId id, const sip::Message& request) {
    const auto invite = layer_.invite_of(request);
    if (!invite) return respond(now, id, request, 481);
    const auto found = by_transaction_.find(*invite);
    Leg* leg = found == by_transaction_.end() ? nullptr : legs_.find(found->second);
    layer_.respond(now, id,
                   sip::MessageBuilder::response_to(request, 200, leg ? leg->local_tag : token(8)).build());
    if (leg == nullptr) return;
    if (*invite == leg->invite_transaction) {
        if (leg->state == LegState::incoming) cancelled(now, *leg, request);
    } else if (*invite == leg->reinvite_in) {
        reinvite_cancelled(now, *leg);
    }
}

// The caller no longer wants its first INVITE: 487, and the leg is over.
void Legs::cancelled(Time now, Leg& leg, const sip::Message& request) {
    layer_.respond(now, leg.invite_transaction, response(leg, leg.invite, 487, {}, {}, {}));
    leg.state = LegState::ended;
    const LegId id = leg.id;
    events_.on_cancelled(now, id, request);
    if (Leg* still = legs_.find(id)) end(now, *still);
}

// ---------------------------------------------------------------------------------------------------- within
// the dialog

void Legs::in_dialog_request(Time now, Leg& leg, sip::Dialog& dialog, sip::TransactionId id,
                             const sip::Message& request) {
    if (repeats_answered(leg, request)) return answer_again(now, leg, id);
    if (dialog.check(request) == sip::InDialogVerdict::out_of_order) {
        return respond(now, id, request, 500, "CSeq out of order");
    }
    switch (request.method()) {
        case sip::Method::bye:
            return received_bye(now, leg, id, request);
        case sip::Method::invite:
            return received_reinvite(now, leg, id, request);
        case sip::Method::options:
            return respond(now, id, request, 200);
        default:
            return respond(now, id, request, is_known(request.method()) ? 405 : 501);
    }
}

void Legs::received_bye(Time now, Leg& leg, sip::TransactionId id, const sip::Message& request) {
    if (!leg.is_incoming && (leg.state == LegState::early || leg.state == LegState::cancelling)) {
        return respond(now, id, request, 481);  // a callee may not end an early dialog by BYE (15)
    }
    // A 2xx wants its ACK, even of a dialog that its sender has ended (13.2.2.4).
    if (leg.state == LegState::accepted) send_ack(now, leg, leg.invite.cseq().number, {});
    respond(now, id, request, 200);
    if (leg.state == LegState::ending) return;  // both hung up at once: our own BYE ends the leg
    if (leg.state == LegState::incoming) return cancelled(now, leg, request);
    drop_reinvites(now, leg);
    const bool wanted = !leg.bye_when_acked;  // else the owner has let go of it already
    stop_ok(leg);
    leg.state = LegState::ended;
    const LegId leg_id = leg.id;
    if (wanted) events_.on_bye(now, leg_id, request);
    if (Leg* still = legs_.find(leg_id)) end(now, *still);
}

// ----------------------------------------------------------------------------------------------------
// taking over

LegId Legs::restore(Time now, Leg saved) {
    const LegId id = legs_.emplace(std::move(saved));
    Leg& leg = *legs_.find(id);
    leg.id = id;
    by_local_tag_[tag_key(leg.call_id, leg.local_tag)] = id;
    if (leg.is_incoming) by_remote_tag_[tag_key(leg.call_id, leg.invite.from().tag())] = id;
    if (leg.ok_pending) {
        leg.ok_timer = timers_.set(std::max(now, std::min(now + leg.ok_interval, leg.ok_deadline)), id);
    }
    if (leg.state == LegState::ending) send_bye(now, leg, {});
    return id;
}

// The INVITE that a 2xx of before the take-over answers: that one was lost.
bool Legs::repeats_answered(const Leg& leg, const sip::Message& request) {
    return leg.ok_pending && !leg.ok_transaction && request.method() == sip::Method::invite &&
           request.cseq().number == leg.ok.cseq().number;
}

void Legs::answer_again(Time now, Leg& leg, sip::TransactionId id) {
    leg.ok_transaction = id;
    layer_.respond(now, id, leg.ok);
}

void Legs::abandon(Time now, const Leg& leg) {
    const sip::Message& invite = leg.invite;
    if (leg.is_incoming && leg.state == LegState::incoming) {
        layer_.resend(now, response(leg, invite, 503, {}, {}, {}),
                      sip::TransactionLayer::response_hop(invite, leg.hop));
    } else if (leg.state == LegState::inviting || leg.state == LegState::early) {
        auto cancel = sip::MessageBuilder::request(sip::Method::cancel, invite.request_uri());
        cancel.add(sip::HeaderId::via, invite.via().to_string())
            .add(sip::HeaderId::max_forwards, "70")
            .add(sip::HeaderId::from, invite.first(sip::HeaderId::from))
            .add(sip::HeaderId::to, invite.first(sip::HeaderId::to))
            .add(sip::HeaderId::call_id, leg.call_id)
            .add(sip::HeaderId::cseq, std::to_string(invite.cseq().number) + " CANCEL");
        layer_.resend(now, cancel.build(), leg.hop);
    }
}

// ---------------------------------------------------------------------------------------------------- ending

void Legs::hang_up(Time now, LegId id, std::string_view reason, int status) {
    Leg* leg = legs_.find(id);
    if (leg == nullptr) return;
    switch (leg->state) {
        case LegState::incoming:
            return reject(now, id, status);
        case LegState::inviting:
        case LegState::early:
            return cancel(now, id, reason);
        case LegState::answered:  // no BYE before the ACK or the time-out (15)
            leg->bye_when_acked = true;
            leg->bye_reason = reason;
            return;
        case LegState::accepted:
            send_ack(now, *leg, leg->invite.cseq().number, {});
            return send_bye(now, *leg, reason);
        case LegState::confirmed:
            return send_bye(now, *leg, reason);
        case LegState::cancelling:
        case LegState::ending:
        case LegState::ended:
            return;
    }
}

void Legs::send_bye(Time now, Leg& leg, std::string_view reason) {
    drop_reinvites(now, leg);
    stop_ok(leg);
    leg.state = LegState::ending;
    auto builder = in_dialog(leg, sip::Method::bye);
    if (!reason.empty()) builder.add(sip::HeaderId::reason, reason);
    leg.bye_transaction = layer_.request(now, std::move(builder), dialog_hop(leg));
    by_transaction_[leg.bye_transaction] = leg.id;
}

void Legs::lost(Time now, Leg& leg, std::string_view why) {
    const bool wanted = !leg.bye_when_acked;
    send_bye(now, leg, {});
    log::warning(leg.call_id, "dialog lost: {}", why);
    if (wanted) events_.on_lost(now, leg.id, why);
}

void Legs::end(Time now, Leg& leg) {
    leg.state = LegState::ended;
    stop_ok(leg);
    backoffs_.cancel(leg.backoff);
    const LegId id = leg.id;
    remember(leg);
    by_local_tag_.erase(tag_key(leg.call_id, leg.local_tag));
    if (leg.is_incoming) {
        const auto found = by_remote_tag_.find(tag_key(leg.call_id, leg.invite.from().tag()));
        if (found != by_remote_tag_.end() && found->second == id) by_remote_tag_.erase(found);
    }
    legs_.erase(id);
    events_.on_ended(now, id);
}

// What a leg leaves behind for the 2xx that may yet come to its INVITEs.
void Legs::remember(Leg& leg) {
    Leg over;
    over.hop = leg.hop;
    over.acks = std::move(leg.acks);
    // A BYE has ended it, ours or theirs. Where none has, no dialog was ours.
    const bool had_dialog = leg.dialog() != nullptr && leg.dialog()->state == sip::DialogState::confirmed;
    if (had_dialog) over.dialogs = {*leg.dialog()};
    if (by_transaction_.count(leg.reinvite_last) != 0) past_[leg.reinvite_last] = over;
    if (!leg.is_incoming && by_transaction_.count(leg.invite_transaction) != 0) {
        past_[leg.invite_transaction] = std::move(over);
    }
}

void Legs::respond(Time now, sip::TransactionId id, const sip::Message& request, int status,
                   std::string_view reason, const ExtraHeaders& headers) {
    auto builder = sip::MessageBuilder::response_to(request, status, token(8), reason);
    if (status == 405 || (status == 200 && request.method() == sip::Method::options)) {
        builder.add(sip::HeaderId::allow, methods);
    }
    if (status == 200 && request.method() == sip::Method::options) {
        builder.add(sip::HeaderId::accept, sdp_type);
        builder.add(sip::HeaderId::accept_encoding, "identity");
    }
    builder.add(sip::HeaderId::server, user_agent_);
    for (const auto& [name, value] : headers) builder.add(name, value);
    layer_.respond(now, id, builder.build());
}

}  // namespace causeway::call
