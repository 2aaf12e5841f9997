// The INVITE client transaction: RFC 3261 section 17.1.1 as corrected by RFC 6026 section 7.2 (Accepted).
//
//   calling ──1xx──► proceeding ──2xx──► accepted ──M──► terminated
//      │ 2xx, 3xx-6xx as from proceeding    ▲│ every 2xx goes up
//      │ B, transport error: terminated     └┘
//                    proceeding ──3xx-6xx, ACK──► completed ──D, transport error──► terminated
//
// It also holds back CANCEL until a provisional response has come (9.1).
#include "host/sip/transaction.hpp"

namespace causeway::sip {

void ClientInvite::start(Time now) {
    interval_ = values().t1;
    if (!reliable()) set(now, TransactionTimer::a, interval_);
    set(now, TransactionTimer::b, values().timeout());
    send(now, *request());
}

void ClientInvite::receive(Time now, const Message& response, const Hop& from) {
    const int status = response.status();
    switch (state_) {
        case State::calling:
            if (status < 200) {  // 17.1.1.2: A and B end
                state_ = State::proceeding;
                stop_retransmission();
                stop_deadline();
                if (cancelled_) send_cancel(now, reason_);
            }
            [[fallthrough]];
        case State::proceeding:
            if (status >= 300) {  // 17.1.1.2, 17.1.1.3
                state_ = State::completed;
                const Message ack = hop_by_hop(Method::ack, response.first(HeaderId::to)).build();
                keep(ack);
                linger();
                set(now, TransactionTimer::d, unless_reliable(values().d));
                send(now, ack);
            } else if (status >= 200) {  // RFC 6026 7.2
                state_ = State::accepted;
                linger();
                set(now, TransactionTimer::m, values().timeout());
            }
            return tell_response(now, response, from);
        case State::completed:
            if (status >= 300) {  // 17.1.1.2: the ACK was lost
                ++table().counters.retransmissions_in;
                send_kept_again(now);
            } else if (status >= 200) {  // a fork that answered after the others had failed (13.2.2.4)
                tell_response(now, response, from);
            }
            return;
        case State::accepted:
            if (status >= 200 && status < 300) tell_response(now, response, from);  // RFC 6026 7.2
            return;
        case State::terminated:
            return;
    }
}

void ClientInvite::expire(Time now, TransactionTimer timer) {
    switch (timer) {
        case TransactionTimer::a:  // 17.1.1.2: doubles without a cap
            interval_ *= 2;
            set(now, TransactionTimer::a, interval_);
            return send_again(now, *request());
        case TransactionTimer::b:          // 17.1.1.2
        case TransactionTimer::cancelled:  // 9.1
            state_ = State::terminated;
            end();
            return tell_timeout(now);
        case TransactionTimer::d:  // 17.1.1.2
        case TransactionTimer::m:  // RFC 6026 7.2
            state_ = State::terminated;
            return end();
        default:
            return;
    }
}

void ClientInvite::transport_failed(Time now) {
    switch (state_) {
        case State::calling:    // 17.1.4
        case State::completed:  // 17.1.1.2: the ACK could not be sent
            state_ = State::terminated;
            end();
            return tell_transport_error(now);
        case State::proceeding:
        case State::accepted:
        case State::terminated:
            return;
    }
}

void ClientInvite::cancel(Time now, std::string_view reason) {
    if (cancelled_) return;
    switch (state_) {
        case State::calling:
            cancelled_ = true;
            reason_ = reason;
            return;
        case State::proceeding:
            cancelled_ = true;
            return send_cancel(now, reason);
        case State::completed:
        case State::accepted:
        case State::terminated:
            return;
    }
}

// 9.1: a transaction of its own, which shares the branch and the way of the INVITE.
void ClientInvite::send_cancel(Time now, std::string_view reason) {
    set(now, TransactionTimer::cancelled, values().timeout());
    MessageBuilder cancel = hop_by_hop(Method::cancel, request()->first(HeaderId::to));
    if (!reason.empty()) cancel.add(HeaderId::reason, reason);
    const TransactionId made = table().start<ClientNonInvite>(
        now, table().clients, client_key(branch(), to_string(Method::cancel)), peer(), cancel.build());
    table().find(made)->hide();
}

// ACK to a non-2xx (17.1.1.3) and CANCEL (9.1) follow the INVITE hop by hop: its Request-URI, top Via,
// routes, From, Call-ID and CSeq number.
MessageBuilder ClientInvite::hop_by_hop(Method method, std::string_view to) const {
    const Message& invite = *request();
    MessageBuilder builder = MessageBuilder::request(method, invite.request_uri());
    builder.add(HeaderId::via, invite.first(HeaderId::via));
    builder.add(HeaderId::max_forwards, "70");
    for (const Field& field : invite.fields())
        if (field.id == HeaderId::route) builder.add(HeaderId::route, field.value);
    builder.add(HeaderId::from, invite.first(HeaderId::from));
    builder.add(HeaderId::to, to);
    builder.add(HeaderId::call_id, invite.call_id());
    builder.add(HeaderId::cseq, std::to_string(invite.cseq().number).append(" ").append(to_string(method)));
    return builder;
}

std::string_view ClientInvite::state() const {
    switch (state_) {
        case State::calling:
            return "calling";
        case State::proceeding:
            return "proceeding";
        case State::completed:
            return "completed";
        case State::accepted:
            return "accepted";
        case State::terminated:
            break;
    }
    return "terminated";
}

}  // namespace causeway::sip
