#include "host/sip/transaction.hpp"

#include "host/base/text.hpp"
#include "host/sip/message_parser.hpp"

namespace causeway::sip {

Transaction* TransactionTable::find(TransactionId id) const {
    const auto* slot = all.find(id);
    return slot == nullptr ? nullptr : slot->get();
}

std::string client_key(std::string_view branch, std::string_view method) {
    return std::string(branch).append("\n").append(method);
}

Transaction::Transaction(TransactionTable& table, TransactionTable::Index& index, const Hop& peer,
                         const Message& request)
    : table_(table), index_(index), peer_(peer), request_(std::make_unique<const Message>(request)) {}

// Both kinds of key begin with the branch and end with the method, each on a line of its own.
std::string_view Transaction::branch() const {
    return split_once(*key_, '\n').first;
}
std::string_view Transaction::method() const {
    return std::string_view(*key_).substr(key_->rfind('\n') + 1);
}

void Transaction::send(Time now, const Message& message) {
    if (!table_.wire.send(now, peer_, message)) set(now, TransactionTimer::refused, Duration::zero());
}

void Transaction::send_again(Time now, const Message& message) {
    ++table_.counters.retransmissions_out;
    send(now, message);
}

void Transaction::send_kept_again(Time now) {
    if (!kept_.empty()) send_again(now, MessageParser(kept_).take());
}

void Transaction::set(Time now, TransactionTimer timer, Duration after) {
    auto* slot = &deadline_;
    switch (timer) {
        case TransactionTimer::a:
        case TransactionTimer::e:
        case TransactionTimer::g:
        case TransactionTimer::trying:
            slot = &retransmission_;
            break;
        case TransactionTimer::refused:
            slot = &refusal_;
            break;
        default:
            break;
    }
    table_.timers.cancel(*slot);
    *slot = table_.timers.set(now + after, {id_, timer});
}

void Transaction::tell_response(Time now, const Message& response, const Hop& from) {
    if (reported_) table_.user.on_response(now, id_, response, from);
}

void Transaction::tell_timeout(Time now) {
    ++table_.counters.timeouts;
    if (reported_) table_.user.on_timeout(now, id_);
}

void Transaction::tell_transport_error(Time now) {
    ++table_.counters.transport_errors;
    if (reported_) table_.user.on_transport_error(now, id_);
}

void Transaction::linger() {
    stop_retransmission();
    table_.unfinished.erase({peer_, id_});
    request_.reset();
    kept_.shrink_to_fit();
}

void Transaction::end() {
    linger();
    stop_deadline();
    table_.timers.cancel(refusal_);
    ended_ = true;
}

}  // namespace causeway::sip
