// The non-INVITE client transaction: RFC 3261 section 17.1.2.
//
//   trying ──1xx──► proceeding ──2xx-6xx──► completed ──K──► terminated
//      │ 2xx-6xx as from proceeding
//      │ F, transport error (also from proceeding): terminated
#include <algorithm>

#include "host/sip/transaction.hpp"

namespace causeway::sip {

void ClientNonInvite::start(Time now) {
    interval_ = values().t1;
    if (!reliable()) set(now, TransactionTimer::e, interval_);
    set(now, TransactionTimer::f, values().timeout());
    send(now, *request());
}

void ClientNonInvite::receive(Time now, const Message& response, const Hop& from) {
    switch (state_) {
        case State::trying:
        case State::proceeding:
            if (response.status() < 200) {  // 17.1.2.2: E and F go on
                state_ = State::proceeding;
            } else {
                state_ = State::completed;
                linger();
                set(now, TransactionTimer::k, unless_reliable(values().t4));
            }
            return tell_response(now, response, from);
        case State::completed:
            ++table().counters.retransmissions_in;
            return;
        case State::terminated:
            return;
    }
}

void ClientNonInvite::expire(Time now, TransactionTimer timer) {
    switch (timer) {
        case TransactionTimer::e:  // 17.1.2.2: doubles up to T2; T2 at once in proceeding
            interval_ = state_ == State::proceeding ? values().t2 : std::min(2 * interval_, values().t2);
            set(now, TransactionTimer::e, interval_);
            return send_again(now, *request());
        case TransactionTimer::f:  // 17.1.2.2
            state_ = State::terminated;
            end();
            return tell_timeout(now);
        case TransactionTimer::k:  // 17.1.2.2
            state_ = State::terminated;
            return end();
        default:
            return;
    }
}

void ClientNonInvite::transport_failed(Time now) {
    switch (state_) {
        case State::trying:
        case State::proceeding:  // 17.1.4
            state_ = State::terminated;
            end();
            return tell_transport_error(now);
        case State::completed:
        case State::terminated:
            return;
    }
}

std::string_view ClientNonInvite::state() const {
    switch (state_) {
        case State::trying:
            return "trying";
        case State::proceeding:
            return "proceeding";
        case State::completed:
            return "completed";
        case State::terminated:
            break;
    }
    return "terminated";
}

}  // namespace causeway::sip
