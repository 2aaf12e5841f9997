// The back-to-back user agent: two legs and a policy between them. A leg never touches its peer; it says what
// happened, and what follows on the other side is decided here. A call lives from the incoming INVITE until
// one side hangs up, gives up or is refused; the transactions that then remain are the legs' own business.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/base/log_limit.hpp"
#include "host/call/anchor.hpp"
#include "host/call/core.hpp"
#include "host/call/crossing.hpp"
#include "host/call/legs.hpp"
#include "host/call/routing.hpp"

namespace causeway {
class Encoder;
class Decoder;
}  // namespace causeway

namespace causeway::call {

struct SavedCall;

class B2bua final : public LegEvents {
  public:
    // All references outlive the B2BUA.
    B2bua(PlanPtr plan, Legs& legs, media::Ports& ports, Random& random, CdrSink& cdrs, CoreOptions options);
    ~B2bua() override;

    std::optional<Time> next_timer() const { return timers_.next(); }
    void advance(Time now);  // calls that nobody answers
    void drain() { draining_ = true; }
    // For calls from here on.
    void reconfigure(PlanPtr plan) { plan_ = std::move(plan); }
    bool hangup(Time now, AttemptId id);
    std::vector<CallInfo> calls() const;
    // ---- for a process that takes over: see Core
    void save(Encoder& out) const;
    bool settled() const;
    Result<RestoreReport> restore(Time now, Decoder& in);

    // Fills in what the call layer knows.
    void fill(CoreStatus& status) const;

  private:
    struct Side {
        LegId leg;
        const Trunk* trunk = nullptr;
        const Profile* profile = nullptr;
        std::unique_ptr<Anchor> media;
        Traces traces;
    };
    struct Call {
        AttemptId id = 0;
        PlanPtr plan;  // where both sides' trunks and profiles live
        Side caller, callee;
        CdrStart start;
        CdrEnd end;
        bool recorded = false;    // the start is in the journal
        bool late_offer = false;  // the callee makes the offer
        bool ringing = false, answered = false;
        std::string answer;  // the SDP that the caller got: one fixed answer, whatever comes later
        std::optional<sdp::Session> preview;  // SDP of the callee's last provisional response
        Timers<AttemptId>::Id no_answer;
    };

    void on_incoming(Time now, LegId leg, const sip::Message& invite, const sip::Hop& from) override;
    void on_refused(Time now, const sip::Message& invite, const sip::Hop& from, int status,
                    std::string_view why) override;
    void on_progress(Time now, LegId leg, const sip::Message& response) override;
    void on_answered(Time now, LegId leg, const sip::Message& response) override;
    void on_failed(Time now, LegId leg, int status, const sip::Message* response) override;
    void on_acked(Time now, LegId leg, const sip::Message& ack) override;
    void on_cancelled(Time now, LegId leg, const sip::Message& request) override;
    void on_bye(Time now, LegId leg, const sip::Message& bye) override;
    void on_lost(Time now, LegId leg, std::string_view why) override;
    void on_reinvite(Time now, LegId leg, const sip::Message& request) override;
    void on_reinvite_acked(Time now, LegId leg, const sip::Message& ack) override;
    void on_reinvite_accepted(Time now, LegId leg, const sip::Message& response) override;
    void on_reinvite_failed(Time now, LegId leg, int status) override;
    void on_reinvite_cancelled(Time now, LegId leg) override;
    void on_reinvite_undone(Time now, LegId leg, const sip::Message& response) override;
    void on_request(Time now, sip::TransactionId id, const sip::Message& request,
                    const sip::Hop& from) override;
    void on_ended(Time now, LegId leg) override;

    Call& new_call(Time now, const sip::Message& invite);
    Taken<void> start(Time now, Call& call, const sip::Message& invite);
    Taken<void> send_on(Time now, Call& call, const sip::Message& invite, const Target& target);
    Taken<void> preview(Time now, Call& call, const sip::Message& response);
    Taken<void> agree(Time now, Call& call, const sip::Message& response);
    void take_late_answer(Time now, Call& call, LegId leg, const sip::Message& ack);
    Taken<void> agree_late(Time now, Side& from, Side& to, const sip::Message& ack);
    Taken<void> cross_reinvite(Time now, Call& call, Side& from, const sip::Message& request);
    Taken<void> finish_reinvite(Time now, Side& from, Side& to, const sip::Message& response);
    Taken<void> restore(Time now, Side& to);
    Taken<void> take_restored(Time now, Side& to, const sip::Message& response);
    Taken<void> answer_undone(Time now, Side& from, Side& to, const sip::Message& response);
    Taken<void> offer_late(Time now, Side& from, Side& to, const sip::Message& response);
    Side make_side(const Call& call, LegId leg, const Trunk& trunk, const sip::Hop& hop);
    static Taken<sdp::Session> read_sdp(Side& from, std::string_view body);
    static ExtraHeaders cross(const Side& from, const Side& to, const sip::Message& m, std::string_view host);
    ExtraHeaders cross_back(const Call& call, const sip::Message& response) const;
    static std::string cross_reason(const Side& from, const Side& to, const sip::Message& request);
    void refuse(Time now, Call& call, int status, std::string_view why, Ended by,
                const ExtraHeaders& headers = {}, std::string_view phrase = {});
    void end_call(Time now, Call& call, std::string_view why);
    void hang_up_both(Time now, Call& call, std::string_view why);
    void finish(Time now, Call& call, int status, std::string_view reason, Ended by);
    void restore_call(Time now, const PlanPtr& plan, SavedCall call, bool reached, RestoreReport& report);
    Call* call_of(LegId leg) const;
    Side& side(Call& call, LegId leg) const { return call.caller.leg == leg ? call.caller : call.callee; }
    Side& other(Call& call, LegId leg) const { return call.caller.leg == leg ? call.callee : call.caller; }

    PlanPtr plan_;
    const CoreOptions options_;
    Legs& legs_;
    media::Ports& ports_;
    Random& random_;
    CdrSink& cdrs_;
    std::unordered_map<AttemptId, std::unique_ptr<Call>> calls_;
    std::unordered_map<LegId, AttemptId> by_leg_;
    Timers<AttemptId> timers_;
    std::uint64_t last_number_ = 0;  // of this shard's attempts
    bool draining_ = false;
    std::uint64_t attempts_ = 0, answered_ = 0, failed_ = 0, unknown_source_ = 0;
    log::Limit refused_log_;
};

}  // namespace causeway::call
