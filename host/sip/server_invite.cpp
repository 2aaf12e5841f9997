// The INVITE server transaction: RFC 3261 section 17.2.1 as corrected by RFC 6026 section 7.1 (Accepted).
//
//   proceeding ──3xx-6xx──► completed ──ACK──► confirmed ──I──► terminated
//       │                       └──H──► terminated
//       └──2xx──► accepted ──L──► terminated
//
// A transport error is told but ends nothing, so that INVITEs sent again are absorbed (RFC 6026 7.1).
#include <algorithm>

#include "host/sip/transaction.hpp"

namespace causeway::sip {

namespace {

// 17.2.1: the machine sends 100 unless the user answers within this time.
constexpr Duration time_until_100 = std::chrono::milliseconds(200);

}  // namespace

void ServerInvite::start(Time now) {
    set(now, TransactionTimer::trying, time_until_100);
}

void ServerInvite::receive(Time now, const Message& request, const Hop& from) {
    const bool is_ack = request.method() == Method::ack;
    if (!is_ack) ++table().counters.retransmissions_in;
    switch (state_) {
        case State::proceeding:
            if (!is_ack) send_kept_again(now);  // 17.2.1: the latest provisional response
            return;
        case State::completed:
            if (!is_ack) return send_kept_again(now);  // 17.2.1
            state_ = State::confirmed;                 // 17.2.1: G and H end
            stop_retransmission();
            set(now, TransactionTimer::i, unless_reliable(values().t4));
            return;
        case State::accepted:
            if (is_ack) table().user.on_ack(now, request, from);  // RFC 6026 7.1
            return;
        case State::confirmed:
        case State::terminated:
            return;
    }
}

void ServerInvite::respond(Time now, const Message& response) {
    const int status = response.status();
    switch (state_) {
        case State::proceeding:
            if (status < 200) {  // 17.2.1
                stop_retransmission();
                keep(response);
            } else if (status < 300) {  // RFC 6026 7.1
                state_ = State::accepted;
                forget_kept();
                linger();
                set(now, TransactionTimer::l, values().timeout());
            } else {  // 17.2.1
                state_ = State::completed;
                keep(response);
                linger();
                interval_ = values().t1;
                if (!reliable()) set(now, TransactionTimer::g, interval_);
                set(now, TransactionTimer::h, values().timeout());
            }
            return send(now, response);
        case State::accepted:
            if (status >= 200 && status < 300) send_again(now, response);  // RFC 6026 7.1
            return;
        case State::completed:
        case State::confirmed:
        case State::terminated:
            return;
    }
}

void ServerInvite::expire(Time now, TransactionTimer timer) {
    switch (timer) {
        case TransactionTimer::trying:  // 17.2.1
            return respond(now, MessageBuilder::response_to(*request(), 100, {}).build());
        case TransactionTimer::g:  // 17.2.1: doubles up to T2
            interval_ = std::min(2 * interval_, values().t2);
            set(now, TransactionTimer::g, interval_);
            return send_kept_again(now);
        case TransactionTimer::h:  // 17.2.1: no ACK
            state_ = State::terminated;
            end();
            return tell_timeout(now);
        case TransactionTimer::i:  // 17.2.1
        case TransactionTimer::l:  // RFC 6026 7.1
            state_ = State::terminated;
            return end();
        default:
            return;
    }
}

void ServerInvite::transport_failed(Time now) {
    if (state_ != State::terminated) tell_transport_error(now);  // RFC 6026 7.1: the state stays
}

std::string_view ServerInvite::state() const {
    switch (state_) {
        case State::proceeding:
            return "proceeding";
        case State::completed:
            return "completed";
        case State::confirmed:
            return "confirmed";
        case State::accepted:
            return "accepted";
        case State::terminated:
            break;
    }
    return "terminated";
}

}  // namespace causeway::sip
