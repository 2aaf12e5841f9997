// What the four machines of the transaction layer are made of. Private to host/sip; the layer itself is in
// transactions.hpp.
//
// A machine is given events (a matching message, a timer, an act of its user) and answers by sending through
// the wire and by telling the user. Only its own file changes its state. Two rules keep callbacks harmless:
// a machine puts its own state in order before it tells the user anything, and touches nothing afterwards;
// and it tells only from receive(), expire() and transport_failed(), never from an act of the user. What an
// act of the user brings about at once (a refusal by the wire, a timer of zero seconds) is a timer due now.
//
// Half a million finished transactions linger at full load, only to absorb retransmissions. So linger() drops
// the parsed request: what stays is the key, the text to send again and the deadline.
#pragma once

#include <set>
#include <unordered_map>
#include <utility>

#include "host/base/timers.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::sip {

// Timers by their RFC letters, and three that have none.
enum class TransactionTimer : std::uint8_t {
    a,          // INVITE client: send the request again
    b,          // INVITE client: no response
    d,          // INVITE client: absorb final responses
    e,          // non-INVITE client: send the request again
    f,          // non-INVITE client: no final response
    g,          // INVITE server: send the final response again
    h,          // INVITE server: no ACK
    i,          // INVITE server: absorb ACKs
    j,          // non-INVITE server: absorb requests
    k,          // non-INVITE client: absorb responses
    l,          // INVITE server: absorb INVITEs after a 2xx (RFC 6026)
    m,          // INVITE client: take further 2xx (RFC 6026)
    trying,     // servers: 100 is due (17.2.1, RFC 4320)
    cancelled,  // INVITE client: no final response after CANCEL (9.1)
    refused,    // the wire refused a message: the machine is told
};

// All transactions, how they are found, and what the layer lends to them.
struct TransactionTable {
    using Index = std::unordered_map<std::string, TransactionId>;
    struct Due {
        TransactionId id;
        TransactionTimer timer;
    };

    TimerValues values;
    TransactionWire& wire;
    TransactionUser& user;
    TransactionCounters& counters;
    Slots<std::unique_ptr<Transaction>, Transaction> all;
    Index clients, servers;
    Timers<Due> timers;
    std::set<std::pair<Hop, TransactionId>> unfinished;  // whom a transport error concerns

    TransactionTable(TimerValues timer_values, TransactionWire& to_wire, TransactionUser& to_user,
                     TransactionCounters& to_count)
        : values(timer_values), wire(to_wire), user(to_user), counters(to_count) {}
    Transaction* find(TransactionId id) const;
    // Makes a machine, enters it under `key` and starts it.
    template <class Machine>
    TransactionId start(Time now, Index& index, std::string key, const Hop& peer, const Message& request);
    // Gives an event to a transaction, and sees it off if that was its last one.
    template <class Event>
    void run(Time now, TransactionId id, Event&& event);
};

// Key of a client transaction (17.1.3).
std::string client_key(std::string_view branch, std::string_view method);

class Transaction {
  public:
    Transaction(TransactionTable& table, TransactionTable::Index& index, const Hop& peer,
                const Message& request);
    virtual ~Transaction() = default;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    // ---- events. A message that matched: for a client a response, for a server its request again or an ACK.
    virtual void receive(Time now, const Message& message, const Hop& from) = 0;
    virtual void expire(Time now, TransactionTimer timer) = 0;
    virtual void transport_failed(Time now) = 0;
    // Acts of the user; a machine ignores those that do not concern it.
    virtual void respond(Time, const Message&) {}
    virtual void cancel(Time, std::string_view /*reason*/) {}

    virtual std::string_view kind() const = 0;
    virtual std::string_view state() const = 0;
    // Branch of the top Via (empty for RFC 2543), and method.
    std::string_view branch() const;
    std::string_view method() const;
    // The request, until the transaction lingers.
    const Message* request() const { return request_.get(); }
    // Tells the user nothing from here on: for the CANCEL that cancel() makes.
    void hide() { reported_ = false; }

  protected:
    TransactionTable& table() { return table_; }
    const TimerValues& values() const { return table_.values; }
    const Hop& peer() const { return peer_; }
    TransactionId id() const { return id_; }
    bool reliable() const { return is_reliable(peer_.transport); }
    // Zero on reliable transports, where nothing is retransmitted that would have to be absorbed.
    Duration unless_reliable(Duration d) const { return reliable() ? Duration::zero() : d; }

    void send(Time now, const Message& message);
    void send_again(Time now, const Message& message);
    // Keeps the text of a message for send_kept_again().
    void keep(const Message& message) { kept_ = message.text(); }
    void forget_kept() { kept_.clear(); }
    void send_kept_again(Time now);

    // A transaction has one timer for retransmission (A, E, G, trying) and one for its state at a time:
    // setting the next replaces it.
    void set(Time now, TransactionTimer timer, Duration after);
    void stop_retransmission() { table_.timers.cancel(retransmission_); }
    void stop_deadline() { table_.timers.cancel(deadline_); }

    void tell_response(Time now, const Message& response, const Hop& from);
    void tell_timeout(Time now);
    void tell_transport_error(Time now);

    void linger();  // finished: forgets the request and stops retransmitting
    void end();     // stops all timers; the layer removes it when the event is over

  private:
    friend struct TransactionTable;
    TransactionTable& table_;
    TransactionTable::Index& index_;
    const std::string* key_ = nullptr;  // in the index
    TransactionId id_;
    Hop peer_;
    Timers<TransactionTable::Due>::Id retransmission_, deadline_, refusal_;
    std::unique_ptr<const Message> request_;
    std::string kept_;
    bool ended_ = false;
    bool reported_ = true;
};

class ClientInvite final : public Transaction {
  public:
    using Transaction::Transaction;
    void start(Time now);
    void receive(Time now, const Message& response, const Hop& from) override;
    void expire(Time now, TransactionTimer timer) override;
    void transport_failed(Time now) override;
    void cancel(Time now, std::string_view reason) override;
    std::string_view kind() const override { return "client"; }
    std::string_view state() const override;

  private:
    enum class State : std::uint8_t { calling, proceeding, completed, accepted, terminated };
    void send_cancel(Time now, std::string_view reason);
    MessageBuilder hop_by_hop(Method method, std::string_view to) const;

    State state_ = State::calling;
    Duration interval_{};     // of timer A
    bool cancelled_ = false;  // the user asked for it
    std::string reason_;      // for the CANCEL that waits for a provisional response
};

class ClientNonInvite final : public Transaction {
  public:
    using Transaction::Transaction;
    void start(Time now);
    void receive(Time now, const Message& response, const Hop& from) override;
    void expire(Time now, TransactionTimer timer) override;
    void transport_failed(Time now) override;
    std::string_view kind() const override { return "client"; }
    std::string_view state() const override;

  private:
    enum class State : std::uint8_t { trying, proceeding, completed, terminated };
    State state_ = State::trying;
    Duration interval_{};  // of timer E
};

class ServerInvite final : public Transaction {
  public:
    using Transaction::Transaction;
    void start(Time now);
    void receive(Time now, const Message& request, const Hop& from) override;
    void expire(Time now, TransactionTimer timer) override;
    void transport_failed(Time now) override;
    void respond(Time now, const Message& response) override;
    std::string_view kind() const override { return "server"; }
    std::string_view state() const override;

  private:
    enum class State : std::uint8_t { proceeding, completed, confirmed, accepted, terminated };
    State state_ = State::proceeding;
    Duration interval_{};  // of timer G
};

class ServerNonInvite final : public Transaction {
  public:
    using Transaction::Transaction;
    void start(Time now);
    void receive(Time now, const Message& request, const Hop& from) override;
    void expire(Time now, TransactionTimer timer) override;
    void transport_failed(Time now) override;
    void respond(Time now, const Message& response) override;
    std::string_view kind() const override { return "server"; }
    std::string_view state() const override;

  private:
    enum class State : std::uint8_t { trying, proceeding, completed, terminated };
    State state_ = State::trying;
    bool may_send_100_ = false;  // RFC 4320 4.1
};

template <class Machine>
TransactionId TransactionTable::start(Time now, Index& index, std::string key, const Hop& peer,
                                      const Message& request) {
    auto made = std::make_unique<Machine>(*this, index, peer, request);
    Machine& machine = *made;
    machine.id_ = all.emplace(std::move(made));
    machine.key_ = &index.insert_or_assign(std::move(key), machine.id_).first->first;
    unfinished.emplace(peer, machine.id_);
    machine.start(now);
    return machine.id_;
}

template <class Event>
void TransactionTable::run(Time now, TransactionId id, Event&& event) {
    Transaction* transaction = find(id);
    if (transaction == nullptr) return;
    event(*transaction);
    // A callback may have run it further, to its removal even: then its id names nothing.
    if (find(id) == nullptr || !transaction->ended_) return;
    const bool reported = transaction->reported_;
    transaction->index_.erase(transaction->index_.find(*transaction->key_));
    all.erase(id);
    if (reported) user.on_terminated(now, id);
}

}  // namespace causeway::sip
