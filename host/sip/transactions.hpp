// The transaction layer (RFC 3261 section 17 as corrected by RFC 6026; RFC 4320 for non-INVITE; RFC 3581 for
// rport).
//
// Parsed messages, user actions and the time go in; messages to send and events come out through two
// interfaces. Nothing here reads a clock, opens a socket or owns a thread. The four machines are in files of
// their own (client_invite.cpp, client_non_invite.cpp, server_invite.cpp, server_non_invite.cpp).
//
// Retransmissions are absorbed here: a user sees each request once. 2xx to INVITE are the user's to
// retransmit (13.3.1.4), through respond(); every 2xx response and its retransmissions are passed up, for the
// ACK is the user's too (13.2.2.4).
//
// The layer reports from receive(), advance() and transport_error() only. What an act of the user (request,
// respond, cancel) brings about at once is reported with the next advance(), and next_timer() says now.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/ip.hpp"
#include "host/base/random.hpp"
#include "host/base/slots.hpp"
#include "host/base/time.hpp"
#include "host/sip/message.hpp"
#include "host/sip/shard.hpp"

namespace causeway::sip {

enum class Transport : std::uint8_t { udp, tcp, tls, ws, wss };
std::string_view to_string(Transport t);  // as in Via: "UDP"
constexpr Transport last_value(Transport) {
    return Transport::wss;
}
constexpr bool is_reliable(Transport t) {
    return t != Transport::udp;
}

// Where a message goes or came from: a remote endpoint as seen through one of our listeners.
struct Hop {
    Transport transport = Transport::udp;
    std::uint16_t listener = 0;  // index into the listeners given to TransactionLayer
    Endpoint remote;
    template <class A>
    void archive(A& a) {
        a(transport, listener, remote);
    }
    auto operator<=>(const Hop&) const = default;
};

// How peers reach a listener of ours: the sent-by of our Via and the host and port of our Contact.
struct Listener {
    Transport transport = Transport::udp;
    std::string host;  // address or name, IPv6 in brackets
    std::uint16_t port = 5060;
    template <class A>
    void archive(A& a) {
        a(transport, host, port);
    }
    bool operator==(const Listener&) const = default;
};

// Timer values of RFC 3261 table 4.
struct TimerValues {
    Duration t1 = std::chrono::milliseconds(500);
    Duration t2 = std::chrono::seconds(4);
    Duration t4 = std::chrono::seconds(5);
    Duration d = std::chrono::seconds(32);        // INVITE client, unreliable transport
    Duration timeout() const { return 64 * t1; }  // B, F, H, J (unreliable), L, M
    bool operator==(const TimerValues&) const = default;
};

class Transaction;
struct TransactionTable;
using TransactionId = Handle<Transaction>;

// What the layer tells its user. A user may call back into the layer from any of these.
class TransactionUser {
  public:
    virtual ~TransactionUser() = default;
    // A new server transaction. CANCEL comes as one too: `invite_of` gives the INVITE that it means. The
    // layer sends the 100 that is due after 200 ms (17.2.1; RFC 4320 for other methods).
    virtual void on_request(Time now, TransactionId id, const Message& request, const Hop& from) = 0;
    // An ACK that belongs to no INVITE server transaction, or to one that a 2xx ended: for the dialog.
    virtual void on_ack(Time now, const Message& ack, const Hop& from) = 0;
    // Responses of a client transaction: every 1xx that arrives, the final one once, and for INVITE every 2xx
    // that arrives, also again and after another final response (13.2.2.4). Not those to the CANCEL that
    // cancel() sends.
    virtual void on_response(Time now, TransactionId id, const Message& response, const Hop& from) = 0;
    // Timer B or F: no response came (8.1.3.1: treat as 408). For an INVITE server transaction, timer H: no
    // ACK came for the non-2xx final response.
    virtual void on_timeout(Time now, TransactionId id) = 0;
    // The transport refused to send for a client transaction (8.1.3.1: treat as 503), or for a server
    // transaction. All but INVITE server transactions end with it (17.1.4, RFC 6026 section 7.1).
    virtual void on_transport_error(Time now, TransactionId id) = 0;
    // A 2xx to an INVITE whose client transaction is gone (13.2.2.4). Others without a match are dropped.
    virtual void on_stray_2xx(Time now, const Message& response, const Hop& from) = 0;
    // The last event of a transaction: its id names nothing from here on.
    virtual void on_terminated(Time now, TransactionId id) = 0;
};

// Where messages leave. Must not call back into the layer; failures found later come by transport_error().
class TransactionWire {
  public:
    virtual ~TransactionWire() = default;
    // False where the transport cannot take it.
    virtual bool send(Time now, const Hop& to, const Message& message) = 0;
};

struct TransactionCounters {
    std::uint64_t requests_in = 0, responses_in = 0, retransmissions_in = 0, retransmissions_out = 0;
    std::uint64_t stray_responses = 0, timeouts = 0, transport_errors = 0;
};

class TransactionLayer {
  public:
    TransactionLayer(std::vector<Listener> listeners, TimerValues timers, Random& random,
                     TransactionWire& wire, TransactionUser& user, std::uint8_t shard = 0);
    ~TransactionLayer();
    TransactionLayer(const TransactionLayer&) = delete;
    TransactionLayer& operator=(const TransactionLayer&) = delete;

    // ---- from the wire. Adds `received` and `rport` to the top Via of requests before anyone sees them.
    void receive(Time now, const Message& message, const Hop& from);
    // A send to this hop failed after the fact (ICMP, connection lost): every transaction towards it that
    // waits for something is told. An INVITE that has a provisional response goes on waiting (figure 5).
    void transport_error(Time now, const Hop& to);

    // ---- time
    std::optional<Time> next_timer() const;
    void advance(Time now);  // fires everything due

    // ---- client side. `request` has no Via yet: the layer puts ours on top, with a new branch. ACK to 2xx
    // does not come here: see send_stateless.
    TransactionId request(Time now, MessageBuilder request, const Hop& to);
    // The request as it was sent, Via included; null for an unknown id and after the final response. Valid
    // until the next call into the layer.
    const Message* sent_request(TransactionId id) const;
    // Cancels a pending INVITE (9.1): at once if a provisional response has come, else when one comes; not at
    // all if a final response comes first. on_timeout follows where none comes within 64*T1 of the CANCEL.
    // `reason` is the value of a Reason header (RFC 3326), may be empty.
    void cancel(Time now, TransactionId invite, std::string_view reason = {});

    // ---- server side. The response is retransmitted by the machine as 17.2 says; a 2xx to INVITE is not:
    // give it to respond() again for each retransmission, which passes it on until timer L ends the
    // transaction (RFC 6026 section 7.1). Other responses to a finished or unknown transaction do nothing. To
    // methods other than INVITE no 408 and no 1xx but 100 is sent, and 100 over UDP not before it helps (RFC
    // 4320).
    void respond(Time now, TransactionId id, const Message& response);
    // For CANCEL: the INVITE server transaction it means (9.2), if it is still there.
    std::optional<TransactionId> invite_of(const Message& cancel) const;

    // ---- outside transactions: ACK to 2xx (with a Via and branch of its own), returned for sending again.
    Message send_stateless(Time now, MessageBuilder request, const Hop& to);
    // A message made earlier, once more: the ACK to a 2xx.
    void resend(Time now, const Message& message, const Hop& to);
    // Where a response to this request goes (18.2.2, RFC 3581): source address, rport, maddr.
    static Hop response_hop(const Message& request, const Hop& from);

    const Listener& listener(std::uint16_t index) const { return listeners_[index]; }
    std::size_t size() const;  // transactions alive, lingering ones included
    const TransactionCounters& counters() const { return counters_; }
    // One line: "client INVITE, proceeding, z9hG4bK74bf9". Empty for an unknown id.
    std::string describe(TransactionId id) const;

  private:
    void receive_request(Time now, const Message& request, const Hop& from);
    void receive_response(Time now, const Message& response, const Hop& from);
    Message with_our_via(MessageBuilder request, const Hop& to);
    bool is_ours(const Via& via) const;

    std::vector<Listener> listeners_;
    Random& random_;
    const std::uint8_t shard_;  // in every branch
    TransactionCounters counters_;
    std::unique_ptr<TransactionTable> table_;
};

}  // namespace causeway::sip
