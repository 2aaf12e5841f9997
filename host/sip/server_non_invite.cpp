// The non-INVITE server transaction: RFC 3261 section 17.2.2 as corrected by RFC 4320.
//
//   trying ──100──► proceeding ──2xx-6xx──► completed ──J──► terminated
//      │ 2xx-6xx as from proceeding
//      │ transport error (from proceeding and completed): terminated
//
// RFC 4320: no 408, for it would come too late for anybody; no 1xx but 100; and 100 only when the client has
// slowed down to T2, for earlier it would make the client slow down.
#include "host/sip/transaction.hpp"

namespace causeway::sip {

namespace {

// How long a client takes until its timer E is reset to T2 (RFC 4320 4.1): 3.5 s with the usual values.
Duration time_until_100(const TimerValues& values) {
    Duration sum{};
    for (Duration e = values.t1; e < values.t2; e *= 2) sum += e;
    return sum;
}

}  // namespace

void ServerNonInvite::start(Time now) {
    set(now, TransactionTimer::trying, time_until_100(values()));
}

void ServerNonInvite::receive(Time now, const Message&, const Hop&) {
    ++table().counters.retransmissions_in;
    switch (state_) {
        case State::trying:  // 17.2.2: discarded
            return;
        case State::proceeding:
        case State::completed:  // 17.2.2
            return send_kept_again(now);
        case State::terminated:
            return;
    }
}

void ServerNonInvite::respond(Time now, const Message& response) {
    const int status = response.status();
    switch (state_) {
        case State::trying:
        case State::proceeding:
            if (status < 200) {
                if (status != 100 || (!reliable() && !may_send_100_)) return;  // RFC 4320 4.1
                state_ = State::proceeding;
                stop_retransmission();
                keep(response);
                return send(now, response);
            }
            state_ = State::completed;
            forget_kept();
            if (status != 408) keep(response);  // RFC 4320 4.2
            linger();
            set(now, TransactionTimer::j, unless_reliable(values().timeout()));
            if (status != 408) send(now, response);
            return;
        case State::completed:  // 17.2.2: discarded
        case State::terminated:
            return;
    }
}

void ServerNonInvite::expire(Time now, TransactionTimer timer) {
    switch (timer) {
        case TransactionTimer::trying:  // RFC 4320 4.1
            may_send_100_ = true;
            return respond(now, MessageBuilder::response_to(*request(), 100, {}).build());
        case TransactionTimer::j:  // 17.2.2
            state_ = State::terminated;
            return end();
        default:
            return;
    }
}

void ServerNonInvite::transport_failed(Time now) {
    switch (state_) {
        case State::proceeding:
        case State::completed:  // 17.2.4
            state_ = State::terminated;
            end();
            return tell_transport_error(now);
        case State::trying:  // nothing has been sent that could have failed
        case State::terminated:
            return;
    }
}

std::string_view ServerNonInvite::state() const {
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
