// A scriptable SIP endpoint: what stands at the other end of the gateway in Python, in the demonstration and
// in the simulated world. Signalling is the gateway's own user agent core (call::Legs), media a stream of
// coded frames. Like the gateway's core it does no I/O: datagrams and time go in, datagrams and events come
// out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/base/timers.hpp"
#include "host/call/config.hpp"
#include "host/call/legs.hpp"
#include "host/endpoint/media_stream.hpp"
#include "host/sdp/offer_answer.hpp"

namespace causeway::endpoint {

struct Options {
    causeway::Endpoint address;  // of SIP: in Via and Contact
    std::string user = "endpoint";
    std::string display_name;
    std::string domain;  // host of From; empty: the address
    call::SrtpMode srtp = call::SrtpMode::off;
    std::vector<sdp::SrtpSuite> suites = {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80};  // in order of preference
    std::vector<sdp::Codec> codecs = {{0, "PCMU", 8000, 1, ""}, {101, "telephone-event", 8000, 1, "0-15"}};
    call::ExtraHeaders headers;  // added to INVITE
    bool late_offer = false;     // INVITE without SDP
    bool accept_changes = true;  // re-INVITE; else 488
    sip::TimerValues timers;
};

// What an endpoint does with calls that come in, unless a script does it itself.
struct AnswerPolicy {
    int ring = 180;    // provisional status sent at once; 183 brings early media; 0: none
    int status = 200;  // final; 0: never
    Duration after{};  // final response so long after the INVITE
};

struct CallTag;
using CallId = Handle<CallTag>;

struct Event {
    enum class Kind : std::uint8_t {
        incoming,  // text: number or user called
        progress,  // status: 180, 183, ...
        answered,  // both ways: the dialog is confirmed
        failed,    // status: final response to our INVITE, or 487 where the caller gave up
        changed,   // the direction changed by re-INVITE; text: the new one, as seen from here
        refused,   // our re-INVITE was refused; status
        digit,     // text: one of 0-9 * # A-D
        ended,     // the call is over, whatever way. The last event of a call
    } kind;
    CallId call;
    int status = 0;
    std::string text;
};
std::string_view to_string(Event::Kind kind);

// A SIP message as it was sent or received, for ladders and for tests that read every byte.
struct Trace {
    Time at{};
    bool sent = false;
    causeway::Endpoint remote;
    std::string text;
};

// Where an endpoint's output goes. Must not call back into the endpoint.
class Output {
  public:
    virtual ~Output() = default;
    virtual bool send_sip(const causeway::Endpoint& to, std::string_view message) = 0;
    // A port for the media of one call; nothing where there is none.
    virtual std::optional<causeway::Endpoint> open_media() = 0;
    virtual void close_media(const causeway::Endpoint& local) = 0;
    virtual void send_media(const causeway::Endpoint& local, const causeway::Endpoint& to,
                            ByteView bytes) = 0;
};

class Endpoint final : private call::LegEvents, private sip::TransactionWire {
  public:
    Endpoint(Options options, Random& random, Output& output);
    ~Endpoint() override;

    // ---- from the wire, and time
    void receive_sip(Time now, std::string_view datagram, const causeway::Endpoint& from);
    void receive_media(Time now, const causeway::Endpoint& local, ByteView bytes);
    std::optional<Time> next_timer() const;
    void advance(Time now);

    // ---- the script. Calls that are over, or not in the state for it, are left alone; false says so.
    // Calls `uri` ("sip:number@host") through `to`. Nothing where no media port can be had.
    std::optional<CallId> call(Time now, std::string_view uri, const causeway::Endpoint& to);
    void set_policy(std::optional<AnswerPolicy> policy) { policy_ = policy; }
    bool ring(Time now, CallId id, int status = 180);
    bool answer(Time now, CallId id);
    bool reject(Time now, CallId id, int status);
    bool hang_up(Time now, CallId id);  // CANCEL, final response or BYE, as the state demands
    // Changes the direction of the voice by re-INVITE: sendonly or inactive to hold, sendrecv to resume.
    bool change_direction(Time now, CallId id, sdp::Direction direction);
    bool play(Time now, CallId id, ByteView coded);
    bool send_digits(Time now, CallId id, std::string_view digits);

    // ---- what happened
    std::vector<Event> take_events();
    const std::vector<Trace>& trace() const { return trace_; }
    // Null once its figures are of no interest any more: see forget().
    const MediaStream* media(CallId id) const;
    bool confirmed(CallId id) const;
    std::string call_id(CallId id) const;  // the SIP Call-ID
    // Calls stay readable after they have ended, until forgotten.
    void forget(CallId id);
    std::size_t live_calls() const { return by_leg_.size(); }
    std::size_t transactions() const { return legs_.transactions(); }

  private:
    struct Call;
    struct Timer {
        enum class Kind : std::uint8_t { frame, answer } kind;
        CallId call;
    };

    bool send(Time now, const sip::Hop& to, const sip::Message& message) override;
    void on_incoming(Time now, call::LegId leg, const sip::Message& invite, const sip::Hop& from) override;
    void on_refused(Time, const sip::Message&, const sip::Hop&, int, std::string_view) override {}
    void on_progress(Time now, call::LegId leg, const sip::Message& response) override;
    void on_answered(Time now, call::LegId leg, const sip::Message& response) override;
    void on_failed(Time now, call::LegId leg, int status, const sip::Message* response) override;
    void on_acked(Time now, call::LegId leg, const sip::Message& ack) override;
    void on_cancelled(Time now, call::LegId leg, const sip::Message& request) override;
    void on_bye(Time now, call::LegId leg, const sip::Message& bye) override;
    void on_lost(Time now, call::LegId leg, std::string_view why) override;
    void on_reinvite(Time now, call::LegId leg, const sip::Message& request) override;
    void on_reinvite_acked(Time now, call::LegId leg, const sip::Message& ack) override;
    void on_reinvite_accepted(Time now, call::LegId leg, const sip::Message& response) override;
    void on_reinvite_failed(Time now, call::LegId leg, int status) override;
    void on_reinvite_cancelled(Time, call::LegId) override {}
    void on_reinvite_undone(Time now, call::LegId leg, const sip::Message&) override { legs_.ack(now, leg); }
    void on_request(Time now, sip::TransactionId id, const sip::Message& request,
                    const sip::Hop& from) override;
    void on_ended(Time now, call::LegId leg) override;

    std::optional<CallId> make_call();
    Call* of_leg(call::LegId leg) const;
    void emit(const Call& call, Event::Kind kind, int status = 0, std::string text = {});
    sdp::Session frame(Call& call) const;
    static sdp::Media audio(const Call& call, const std::vector<sdp::Codec>& codecs, std::string protocol,
                            sdp::Direction direction, const std::vector<sdp::Crypto>& keys);
    std::string make_offer(Call& call);
    // What was agreed, as an offer with that direction of the voice; empty where none may be made now.
    std::string repeat_offer(Call& call, sdp::Direction direction);
    bool take_offer(Call& call, std::string_view body);
    std::string make_answer(Time now, Call& call, bool preview);
    bool take_answer(Time now, Call& call, std::string_view body, bool preview);
    void start_media(Time now, Call& call, const sdp::Session& local, const sdp::Session& remote);
    void run_media(Time now, Call& call);
    void stop_media(Call& call);

    Options options_;
    Random& random_;
    Output& output_;
    call::Legs legs_;
    std::optional<AnswerPolicy> policy_ = AnswerPolicy{};
    Slots<Call, CallTag> calls_;
    std::unordered_map<call::LegId, CallId> by_leg_;
    std::unordered_map<causeway::Endpoint, CallId> by_media_;
    Timers<Timer> timers_;
    std::vector<Event> events_;
    std::vector<Trace> trace_;
};

}  // namespace causeway::endpoint
