// A peer of the world: a PBX full of phones that call, ring, answer, hold, hang up and misbehave by chance.
// Its SIP is that of call::Legs; what it does with it is decided here, by dice.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/call/legs.hpp"
#include "tests/world/model/voice.hpp"

namespace causeway::world {

// How often in percent, drawn anew for each run.
struct Habits {
    std::string name;  // begins what it invents, and shows in its host name
    sip::Transport transport = sip::Transport::udp;
    Endpoint signaling;
    IpAddress media;
    Endpoint gateway;
    std::string prefix;  // of its own numbers
    call::SrtpMode srtp = call::SrtpMode::off;
    std::vector<sdp::SrtpSuite> suites;
    bool host_name = false;  // a name instead of an address in Via and Contact
    unsigned late_offer = 0, give_up = 0, wrong_number = 0;               // as caller
    unsigned reject = 0, no_answer = 0, early_media = 0, bad_answer = 0;  // as callee
    bool nat = false;                                   // its media comes from other ports than it names
    unsigned hold = 0, refuse_reinvite = 0, noise = 0;  // both
    // What no phone should do: be slow to send, send no ACK, answer again under another tag, ask within a
    // dialog that is none, change a call many times at once.
    unsigned slow = 0, no_ack = 0, second_answer = 0, wrong_tag = 0, storm = 0;
    unsigned forgetful = 0;  // changes that it never answers
    bool proper() const { return slow + no_ack + second_answer + wrong_tag + storm + forgetful == 0; }
};

struct PhoneCounters {
    std::uint64_t dialled = 0, rung = 0, answered = 0, gave_up = 0, refused = 0, failed = 0, lost = 0;
    std::uint64_t holds = 0, resumes = 0, changes = 0, late_changes = 0, changes_cancelled = 0,
                  reinvites_refused = 0, late_offers = 0, noise = 0;
    std::uint64_t rtcp_sent = 0, slow = 0, acks_kept = 0, second_answers = 0, wrong_tags = 0, storms = 0,
                  crashes = 0;
    std::uint64_t packets_sent = 0, packets_heard = 0, rtcp_heard = 0, forged = 0;
    std::uint64_t unacknowledged = 0;   // answers of its that had no ACK for long
    std::uint64_t unreadable = 0;       // SIP that is none
    std::vector<std::string> unusable;  // descriptions of the gateway's within a call
    std::vector<std::string> corrupt;   // what was wrong with each packet that authenticated and is nobody's
    std::uint64_t misplaced = 0;        // media from another port than the gateway named
    std::uint64_t replayed = 0;         // an SRTP index that came before
};

// What remains of a call for judging it afterwards.
struct CallStory {
    std::uint32_t serial = 0;
    bool caller = false, disturbed = false;          // held or re-INVITEd
    std::optional<Time> answered, confirmed, ended;  // answered: by this side
    std::vector<Time> sent;                          // by packet number
    std::optional<std::uint32_t> first_heard, last_heard;
    std::uint32_t heard = 0;
    bool in_order = true;       // each the one after that before
    bool left_waiting = false;  // a change of its own had no answer for long when the call ended
    bool went_back = false;     // one that is older than, or the same as, one before
};

class Phone final : sip::TransactionWire, call::LegEvents {
  public:
    // `seed` is of its own dice.
    Phone(Habits habits, std::uint64_t seed, Surroundings& surroundings);

    // Dials that number of a peer with this prefix, or one that leads nowhere.
    void dial(const std::string& prefix, std::uint32_t serial);
    // Forgets everything, and comes back at this address.
    void crash(const Endpoint& signaling);
    void transport_error() { legs_->transport_error(surroundings_.now(), gateway()); }
    void receive_sip(std::string_view datagram);
    void receive_media(const Endpoint& local, const Endpoint& from, ByteView bytes);
    std::optional<Time> next_timer() const { return legs_->next_timer(); }
    void advance(Time now) { legs_->advance(now); }

    // Second answers of its that were not ended by BYE.
    std::size_t forks() const { return forks_.size(); }
    std::size_t legs() const { return legs_->size(); }
    std::size_t transactions() const { return legs_->transactions(); }
    std::size_t calls() const { return calls_.size(); }
    const PhoneCounters& counters() const { return counters_; }
    const std::vector<CallStory>& stories() const { return stories_; }
    const Habits& habits() const { return habits_; }
    // A port that it described, or could have: for RTP or RTCP.
    bool has_media(const Endpoint& e) const {
        int port = e.port >= first_port + Voice::video_offset ? e.port - Voice::video_offset : e.port;
        if (port >= first_port + nat_offset) port -= nat_offset;
        return e.ip == habits_.media && port >= first_port && port < next_port_;
    }
    // A line a call, for reading.
    std::vector<std::string> describe() const;

  private:
    struct Call {
        call::LegId leg;
        CallStory story;
        std::unique_ptr<Voice> voice;
        Endpoint media;
        bool late_offer = false, previewed = false, holding = false;
        bool late_change = false;  // a re-INVITE of ours without offer is on its way
        std::string early_answer;
        sdp::Direction wanted = sdp::Direction::sendrecv;  // of a re-INVITE on its way
        bool talking = false;
        Time asked{};  // its last change
    };

    static constexpr std::uint16_t first_port = 30000, nat_offset = 10000;
    // Where its media seems to come from.
    Endpoint outside(Endpoint local) const {
        if (habits_.nat) local.port = static_cast<std::uint16_t>(local.port + nat_offset);
        return local;
    }
    void start();  // its SIP
    sip::Hop gateway() const { return {habits_.transport, 0, habits_.gateway}; }
    bool send(Time now, const sip::Hop& to, const sip::Message& message) override;
    bool is_answer(const sip::Message& message);
    void put(std::string text);
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
    void on_reinvite_undone(Time now, call::LegId leg, const sip::Message& response) override;
    void on_request(Time now, sip::TransactionId id, const sip::Message& request,
                    const sip::Hop& from) override;
    void on_ended(Time now, call::LegId leg) override;

    Call& add(call::LegId leg, std::uint32_t serial, bool caller);
    Call* find(call::LegId leg);
    // The action runs later, if the call is still there.
    void later(Duration delay, call::LegId leg, void (Phone::*action)(Call&));
    void ring(Call& call);
    void preview(Call& call);
    void pick_up(Call& call);
    void reject(Call& call);
    void give_up(Call& call);
    void hang_up(Call& call);
    void change_hold(Call& call);
    void change(Call& call);
    void storm(Call& call);
    bool may_change(const Call& call) const;
    void reinvite(Call& call, const std::string& body);
    void cancel_change(Call& call);
    void answer_change(Call& call);
    void make_noise(Call& call);
    void confirmed(Call& call);
    void talk(Call& call);
    // The last thing that is done with a call; a second time does nothing. Ending a leg may end its call at
    // once.
    void finish(call::LegId leg);

    Habits habits_;
    Dice dice_;
    Surroundings& surroundings_;
    std::optional<call::Legs> legs_;
    unsigned lives_ = 0;  // a new one after each crash
    std::map<call::LegId, Call> calls_;
    std::set<std::string> forked_, forks_;  // tags of second answers, and of those that go on
    std::map<Endpoint, call::LegId> by_media_;
    std::vector<CallStory> stories_;
    PhoneCounters counters_;
    std::uint16_t next_port_ = first_port;
};

}  // namespace causeway::world
