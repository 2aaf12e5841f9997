// Legs: the user agent core (RFC 3261 sections 8, 9, 12 to 15). A leg is one side of a call: one INVITE we
// sent or received, its dialogs, and what was said in them. This file knows transactions and dialogs, nothing
// of media, routes or the other side of the call: bodies pass through as text, and whoever owns the legs
// decides what happens next.
//
// Done here and nowhere else: 100 Trying, To tags, Contact, ACK and its repetition, 2xx retransmission until
// the ACK (13.3.1.4), CANCEL races (9.1, 9.2), surplus forked 2xx (acknowledged, then BYE), BYE only when it
// may be sent (15), CSeq order, loops (RFC 5393), 405, 406, 415, 416, 420, 440, 481, 482, 483, 491, 501.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/base/random.hpp"
#include "host/base/slots.hpp"
#include "host/base/timers.hpp"
#include "host/call/profile.hpp"
#include "host/sip/dialog.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::call {

struct Leg;
using LegId = Handle<Leg>;

enum class LegState : std::uint8_t {
    incoming,    // UAS: INVITE received, no final response yet
    answered,    // UAS: 2xx sent, ACK awaited
    inviting,    // UAC: INVITE sent, no dialog yet
    early,       // UAC: at least one early dialog
    cancelling,  // UAC: given up, final response awaited
    accepted,    // UAC: 2xx received, ACK not yet sent
    confirmed,
    ending,  // BYE sent, its response awaited
    ended,
};
constexpr LegState last_value(LegState) {
    return LegState::ended;
}
std::string_view to_string(LegState state);

// One side of a call. Read it freely; only Legs changes it.
struct Leg {
    LegId id;
    bool is_incoming = false;
    LegState state = LegState::incoming;
    sip::Hop hop;  // where requests of ours go (responses follow the request)
    std::string call_id, local_tag;
    sip::Message invite;               // the first INVITE, sent or received
    std::vector<sip::Dialog> dialogs;  // UAC: one per fork until one is chosen; then, and for a UAS, one

    // ---- bookkeeping of Legs
    sip::TransactionId invite_transaction;  // of the first INVITE
    sip::TransactionId reinvite_in, reinvite_out;
    sip::TransactionId reinvite_last;  // of ours, the last one, settled or not
    sip::TransactionId bye_transaction;
    sip::Message reinvite;  // the one behind reinvite_in, kept for the 2xx
    // UAC: CSeq number of our re-INVITE whose 2xx came and whose ACK has not gone out.
    std::optional<std::uint32_t> reinvite_ack;
    // UAS: theirs has come before the ACK to our last 2xx, and waits for it.
    bool reinvite_held = false;
    // UAC: ours waits to be sent: for the ACK to our 2xx, or for the end of the back-off after 491 (14.1).
    bool reinvite_waits = false;
    bool reinvite_cancelled = false;  // ours is under way, and nobody wants it any more
    std::string reinvite_body;        // of ours, the last one
    int glares = 0;                   // how often it drew 491
    Timers<LegId>::Id backoff;        // while it waits after 491, and while it is under way
    // UAS: the 2xx under retransmission, of the first INVITE or a re-INVITE, until its ACK comes.
    sip::Message ok;
    sip::TransactionId ok_transaction;
    bool ok_pending = false;
    bool ok_offers = false;  // its INVITE had no offer: the ACK brings the answer
    Duration ok_interval{};
    Time ok_deadline{};
    Timers<LegId>::Id ok_timer;
    // UAC: ACKs sent, by remote tag and CSeq number; sent again with each retransmitted 2xx.
    struct SentAck {
        sip::Message message;
        sip::Hop hop;
        template <class A>
        void archive(A& a) {
            a(message, hop);
        }
    };
    std::map<std::string, SentAck> acks;
    // A UAS that is hung up on before its ACK came.
    bool bye_when_acked = false;
    std::string bye_reason;

    sip::Dialog* dialog() { return dialogs.empty() ? nullptr : &dialogs.front(); }
    const sip::Dialog* dialog() const { return dialogs.empty() ? nullptr : &dialogs.front(); }

    // Ours to send on, or theirs to be answered: a re-INVITE is under way.
    bool is_changing() const { return reinvite_in || reinvite_out || reinvite_ack || reinvite_waits; }
    // But for handles: transactions are not carried over, see Legs::restore().
    template <class A>
    void archive(A& a) {
        a(is_incoming, state, hop, call_id, local_tag, invite, dialogs, reinvite, ok, ok_pending, ok_offers,
          ok_interval, ok_deadline, acks, bye_when_acked, bye_reason);
    }
};

// What legs tell their owner. The owner may call back into Legs from any of these.
class LegEvents {
  public:
    virtual ~LegEvents() = default;
    // A new INVITE; 100 Trying has gone out.
    virtual void on_incoming(Time now, LegId leg, const sip::Message& invite, const sip::Hop& from) = 0;
    // A new INVITE that is refused at first sight (8.2) and makes no leg; the response follows this event.
    virtual void on_refused(Time now, const sip::Message& invite, const sip::Hop& from, int status,
                            std::string_view why) = 0;
    // 101..199 to our INVITE. Each early dialog speaks for itself: see the To tag.
    virtual void on_progress(Time now, LegId leg, const sip::Message& response) = 0;
    // The first 2xx to our INVITE. The owner sends the ACK, now or later, by ack().
    virtual void on_answered(Time now, LegId leg, const sip::Message& response) = 0;
    // Our INVITE failed; status 408 where nothing came, 503 where it could not be sent. `response` may be
    // null.
    virtual void on_failed(Time now, LegId leg, int status, const sip::Message* response) = 0;
    // The ACK to our 2xx to the first INVITE.
    virtual void on_acked(Time now, LegId leg, const sip::Message& ack) = 0;
    // The caller sent CANCEL, or BYE on the early dialog; 487 has gone out.
    virtual void on_cancelled(Time now, LegId leg, const sip::Message& request) = 0;
    // The other side sent BYE; 200 has gone out.
    virtual void on_bye(Time now, LegId leg, const sip::Message& bye) = 0;
    // The dialog broke: the ACK to our 2xx never came, or a request within it drew 408 or 481. We say BYE by
    // ourselves.
    virtual void on_lost(Time now, LegId leg, std::string_view why) = 0;
    // A re-INVITE; answer by accept_reinvite or reject_reinvite.
    virtual void on_reinvite(Time now, LegId leg, const sip::Message& request) = 0;
    // The ACK to our 2xx to a re-INVITE without offer.
    virtual void on_reinvite_acked(Time now, LegId leg, const sip::Message& ack) = 0;
    // Our re-INVITE was accepted, or refused. Once it was accepted the owner sends the ACK, now or later, by
    // ack().
    virtual void on_reinvite_accepted(Time now, LegId leg, const sip::Message& response) = 0;
    virtual void on_reinvite_failed(Time now, LegId leg, int status) = 0;
    // The re-INVITE of on_reinvite was cancelled; 487 has gone out.
    virtual void on_reinvite_cancelled(Time now, LegId leg) = 0;
    // Our re-INVITE was accepted although we had cancelled it (9.1): the owner sends the ACK, and has to
    // bring the other side back.
    virtual void on_reinvite_undone(Time now, LegId leg, const sip::Message& response) = 0;
    // A request outside any dialog that makes none, other than CANCEL: the owner answers it through
    // respond().
    virtual void on_request(Time now, sip::TransactionId id, const sip::Message& request,
                            const sip::Hop& from) = 0;
    // The last word of a leg: its id names nothing from here on.
    virtual void on_ended(Time now, LegId leg) = 0;
};

struct InviteOptions {
    sip::Hop hop;
    std::string request_uri;
    std::string call_id;     // empty: a new one
    sip::NameAddr from, to;  // without tags
    std::uint32_t max_forwards = 70;
    ExtraHeaders headers;
    std::string body;  // SDP; empty: late offer
};

class Legs final : public sip::TransactionUser {
  public:
    Legs(std::vector<sip::Listener> listeners, sip::TimerValues timers, std::string user_agent,
         Random& random, sip::TransactionWire& wire, LegEvents& events, std::uint8_t shard = 0);

    // ---- from the wire, and time
    void receive(Time now, const sip::Message& message, const sip::Hop& from) {
        layer_.receive(now, message, from);
    }
    void transport_error(Time now, const sip::Hop& to) { layer_.transport_error(now, to); }
    std::optional<Time> next_timer() const;
    void advance(Time now);

    // ---- UAC
    std::string new_call_id() { return token(16); }
    LegId invite(Time now, const InviteOptions& options);
    // Acknowledges the 2xx of on_answered or on_reinvite_accepted.
    void ack(Time now, LegId leg, std::string_view body = {});
    // Gives up: CANCEL, and BYE should a 2xx cross it. on_failed does not follow, on_ended does.
    void cancel(Time now, LegId leg, std::string_view reason = {});

    // ---- UAS
    void progress(Time now, LegId leg, int status, std::string_view reason, const ExtraHeaders& headers,
                  std::string_view body);
    void answer(Time now, LegId leg, const ExtraHeaders& headers, std::string_view body);
    void reject(Time now, LegId leg, int status, std::string_view reason = {},
                const ExtraHeaders& headers = {});

    // ---- both
    // False where one is under way on this leg, in either direction. No body: the other side makes the offer.
    // It goes out once the ACK to our last 2xx has come, is given up with 408 when it has drawn provisional
    // responses for 3 minutes (16.8), and goes out again after the back-off of 14.1 where it draws
    // 491. Should one of theirs come before that, theirs is taken and ours has failed with 491.
    bool reinvite(Time now, LegId leg, std::string_view body);
    // Nobody wants it any more: dropped if it waits, else CANCEL. on_reinvite_failed does not follow;
    // on_reinvite_undone does if a 2xx crosses.
    void cancel_reinvite(Time now, LegId leg);
    void accept_reinvite(Time now, LegId leg, std::string_view body);
    void reject_reinvite(Time now, LegId leg, int status, const ExtraHeaders& headers = {});
    // Ends the leg whatever its state: CANCEL, a final response (480, or `status` for an incoming one), or
    // BYE.
    void hang_up(Time now, LegId leg, std::string_view reason = {}, int status = 480);
    // A final response to a request outside dialogs.
    void respond(Time now, sip::TransactionId id, const sip::Message& request, int status,
                 std::string_view reason = {}, const ExtraHeaders& headers = {});

    // ---- for a process that takes over
    // A leg that was saved elsewhere, with a dialog and at least answered. Its transactions are gone: what is
    // owed to them is settled by the dialog. A 2xx without its ACK is sent on its way again; a 2xx that is
    // repeated draws its ACK; requests are judged by their CSeq. A BYE that was under way is sent anew.
    LegId restore(Time now, Leg leg);
    // A leg that was saved before it was answered, and cannot go on: its INVITE gets 503 or CANCEL, once.
    void abandon(Time now, const Leg& leg);
    template <class F>
    void for_each(F&& visit) {
        legs_.for_each([&](LegId, const Leg& leg) { visit(leg); });
    }

    const Leg* find(LegId id) const { return legs_.find(id); }
    std::size_t size() const { return legs_.size(); }
    std::size_t transactions() const { return layer_.size(); }
    const sip::TransactionCounters& counters() const { return layer_.counters(); }
    const sip::Listener& listener(std::uint16_t index) const { return layer_.listener(index); }
    // "INVITE, ACK, BYE, CANCEL, OPTIONS"
    static std::string_view allowed_methods();

  private:
    void on_request(Time now, sip::TransactionId id, const sip::Message& request,
                    const sip::Hop& from) override;
    void on_ack(Time now, const sip::Message& ack, const sip::Hop& from) override;
    void on_response(Time now, sip::TransactionId id, const sip::Message& response,
                     const sip::Hop& from) override;
    void on_timeout(Time now, sip::TransactionId id) override;
    void on_transport_error(Time now, sip::TransactionId id) override;
    void on_stray_2xx(Time now, const sip::Message& response, const sip::Hop& from) override;
    void on_terminated(Time now, sip::TransactionId id) override;

    void new_invite(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from);
    // Why a request is refused at first sight, and how.
    struct Objection {
        int status;
        std::string reason;
        ExtraHeaders headers;
    };
    static std::optional<Objection> objection(const sip::Message& request);
    bool is_looped(const sip::Message& invite) const;
    void refuse(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop& from,
                const Objection& why);
    void received_cancel(Time now, sip::TransactionId id, const sip::Message& request);
    void cancelled(Time now, Leg& leg, const sip::Message& request);
    void in_dialog_request(Time now, Leg& leg, sip::Dialog& dialog, sip::TransactionId id,
                           const sip::Message& request);
    void received_bye(Time now, Leg& leg, sip::TransactionId id, const sip::Message& request);
    void received_reinvite(Time now, Leg& leg, sip::TransactionId id, const sip::Message& request);
    void invite_response(Time now, Leg& leg, const sip::Message& response);
    void invite_accepted(Time now, Leg& leg, const sip::Message& response);
    void surplus_2xx(Time now, Leg& leg, const sip::Message& response);
    void invite_failed(Time now, Leg& leg, int status, const sip::Message* response);
    void reinvite_response(Time now, Leg& leg, int status, const sip::Message* response);
    void reinvite_cancelled(Time now, Leg& leg);
    void next_reinvite(Time now, Leg& leg);
    void send_reinvite(Time now, Leg& leg);
    void advance_backoffs(Time now);
    void failed_transaction(Time now, sip::TransactionId id, int status);
    void send_ok(Time now, Leg& leg, const sip::Message& request, sip::TransactionId id,
                 const ExtraHeaders& headers, std::string_view body);
    void stop_ok(Leg& leg);
    static bool repeats_answered(const Leg& leg, const sip::Message& request);
    void answer_again(Time now, Leg& leg, sip::TransactionId id);
    void send_ack(Time now, Leg& leg, std::uint32_t cseq, std::string_view body);
    bool resend_ack(Time now, Leg& leg, const sip::Message& response);
    void drop_reinvites(Time now, Leg& leg);
    void send_bye(Time now, Leg& leg, std::string_view reason);
    void lost(Time now, Leg& leg, std::string_view why);
    void end(Time now, Leg& leg);
    void remember(Leg& leg);
    std::string token(std::size_t octets) { return sip::mint_token(random_, shard_, octets); }
    std::string contact(const sip::Hop& hop) const;
    sip::Hop dialog_hop(const Leg& leg) const;
    sip::MessageBuilder in_dialog(Leg& leg, sip::Method method, std::uint32_t ack_cseq = 0) const;
    sip::Message response(const Leg& leg, const sip::Message& request, int status, std::string_view reason,
                          const ExtraHeaders& headers, std::string_view body) const;

    static constexpr std::uint32_t most_acks = 8;  // kept of one dialog
    static constexpr std::size_t max_forks = 16;   // early dialogs kept of one INVITE
    static constexpr Duration reinvite_limit = std::chrono::minutes(3);
    static constexpr int max_glares = 3;  // then the 491 goes to whom the re-INVITE came from

    Random& random_;
    const std::uint8_t shard_;  // in every tag and Call-ID
    LegEvents& events_;
    sip::TimerValues values_;
    std::string user_agent_;
    sip::TransactionLayer layer_;
    Slots<Leg> legs_;
    Timers<LegId> timers_;    // 2xx retransmission
    Timers<LegId> backoffs_;  // of re-INVITEs
    std::unordered_map<sip::TransactionId, LegId> by_transaction_;
    // Of legs that are over, by their INVITE client transactions, as long as these live: what answers a 2xx.
    std::unordered_map<sip::TransactionId, Leg> past_;
    // Call-ID and our tag together name the leg: one leg has one tag of ours, whatever tags the others have.
    std::unordered_map<std::string, LegId> by_local_tag_;
    std::unordered_map<std::string, LegId> by_remote_tag_;  // incoming legs, for merged requests (8.2.2.2)
};

}  // namespace causeway::call
