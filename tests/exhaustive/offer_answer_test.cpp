// Offer and answer between two user agents (RFC 3264, RFC 3261 section 14): both change the session as they
// like, refuse, take their time and change their minds, over every order of arrivals, losses, repetitions and
// timers within bounds. When all is quiet nothing is pending and both have agreed on the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "host/call/legs.hpp"
#include "tests/exhaustive/choices.hpp"

namespace causeway::call {
namespace {

using exhaustive::Choices;

struct Bounds {
    int steps = 8;
    int losses = 1, repeats = 1, timers = 3, offers = 1;  // offers of each side
    bool cancels = true;
};

class Agent final : sip::TransactionWire, LegEvents {
  public:
    Agent(const char* name, const char* ip, std::uint64_t seed)
        : random_(seed),
          name_(name),
          legs_({{sip::Transport::udp, ip, 5060}}, {}, name, random_, *this, *this),
          self_{sip::Transport::udp, 0, *Endpoint::parse(std::string(ip) + ":5060")} {}

    sip::Hop self() const { return self_; }
    void dial(Time now, const sip::Hop& to) {
        InviteOptions out;
        out.hop = to;
        out.request_uri = "sip:b@192.0.2.2";
        out.call_id = "one";
        out.from.uri = sip::Uri::parse("sip:a@192.0.2.1").value();
        out.to.uri = sip::Uri::parse("sip:b@192.0.2.2").value();
        out.body = "offer first";
        leg = legs_.invite(now, out);
    }
    void receive(Time now, const std::string& text, const sip::Hop& from) {
        const auto message = sip::Message::parse(text);
        if (!message) return fail("sends what cannot be read: " + text);
        legs_.receive(now, *message, from);
    }
    std::optional<Time> next_timer() const { return legs_.next_timer(); }
    void advance(Time now) { legs_.advance(now); }

    // ---- what it may do
    bool may_offer() const {
        const Leg* l = legs_.find(leg);
        return l != nullptr && l->state == LegState::confirmed && !over && !l->is_changing() &&
               !l->ok_pending;
    }
    void offer(Time now) {
        mine = std::string("offer ") + name_ + std::to_string(++offers);
        if (!legs_.reinvite(now, leg, mine)) fail("cannot make an offer that it may make");
    }
    bool may_answer() const { return !theirs.empty() && legs_.find(leg) != nullptr && !over; }
    void answer(Time now) {
        agreed = theirs;
        theirs.clear();
        legs_.accept_reinvite(now, leg, "answer to " + agreed);
    }
    void refuse(Time now) {
        theirs.clear();
        legs_.reject_reinvite(now, leg, 488);
    }
    bool may_cancel() const {
        const Leg* l = legs_.find(leg);
        return l != nullptr && !over && (l->reinvite_out || l->reinvite_waits) && !l->reinvite_cancelled;
    }
    void cancel(Time now) {
        mine.clear();
        legs_.cancel_reinvite(now, leg);
    }
    void hang_up(Time now) { legs_.hang_up(now, leg); }

    std::string state(Time now) const {
        std::string out =
            agreed + "," + mine + "," + theirs + "," + std::to_string(offers) + (over ? "x" : "-");
        if (const Leg* l = legs_.find(leg)) {
            out += to_string(l->state);
            for (const bool b : {static_cast<bool>(l->reinvite_in), static_cast<bool>(l->reinvite_out),
                                 l->reinvite_ack.has_value(), l->reinvite_waits, l->reinvite_held,
                                 l->reinvite_cancelled, l->ok_pending}) {
                out += b ? '1' : '0';
            }
            out += std::to_string(l->glares) + "," + std::to_string(to_ms(l->ok_interval));
        }
        out += "," + std::to_string(legs_.transactions()) + "," +
               std::to_string(legs_.counters().retransmissions_out);
        return out + "," + (next_timer() ? std::to_string(to_ms(*next_timer() - now)) : "none");
    }
    const Leg* find() const { return legs_.find(leg); }
    bool quiet() const { return legs_.size() == 0 && legs_.transactions() == 0 && !legs_.next_timer(); }

    struct Sent {
        sip::Hop to;
        std::string text;
    };
    std::vector<Sent> outbox;
    LegId leg;
    std::string agreed = "offer first", mine, theirs;
    int offers = 0;
    bool over = false;  // ended, or about to
    std::string wrong;

  private:
    bool send(Time, const sip::Hop& to, const sip::Message& message) override {
        outbox.push_back({to, std::string(message.text())});
        return true;
    }
    void on_incoming(Time now, LegId id, const sip::Message&, const sip::Hop&) override {
        leg = id;
        legs_.answer(now, id, {}, "answer to offer first");
    }
    void on_refused(Time, const sip::Message&, const sip::Hop&, int, std::string_view) override {}
    void on_progress(Time, LegId, const sip::Message&) override {}
    void on_answered(Time now, LegId id, const sip::Message&) override { legs_.ack(now, id); }
    void on_failed(Time, LegId, int, const sip::Message*) override { fail("the call failed"); }
    void on_acked(Time, LegId, const sip::Message&) override {}
    void on_cancelled(Time, LegId, const sip::Message&) override { fail("the call was cancelled"); }
    void on_bye(Time, LegId, const sip::Message&) override { over = true; }
    void on_lost(Time, LegId, std::string_view) override { over = true; }
    void on_reinvite(Time, LegId, const sip::Message& request) override {
        if (!theirs.empty()) fail("gets a second offer before it has answered the first");
        if (!mine.empty() && legs_.find(leg)->reinvite_out) fail("gets an offer while its own is under way");
        theirs = request.body();
    }
    void on_reinvite_acked(Time, LegId, const sip::Message&) override {}
    void on_reinvite_accepted(Time now, LegId id, const sip::Message& response) override {
        legs_.ack(now, id);
        if (response.body() != "answer to " + mine) fail("gets an answer to what it did not offer");
        agreed = mine;
        mine.clear();
    }
    void on_reinvite_failed(Time, LegId, int status) override {
        if (status == 408) fail("gets no answer to its offer");
        mine.clear();
    }
    void on_reinvite_cancelled(Time, LegId) override { theirs.clear(); }
    // It wanted this no more, and is heard too late.
    void on_reinvite_undone(Time now, LegId id, const sip::Message&) override {
        over = true;
        legs_.ack(now, id);
        legs_.hang_up(now, id);
    }
    void on_request(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop&) override {
        legs_.respond(now, id, request, 200);
    }
    void on_ended(Time, LegId) override { over = true; }
    void fail(const std::string& what) {
        if (wrong.empty()) wrong = std::string(name_) + " " + what;
    }

    SeededRandom random_;
    const char* name_;
    Legs legs_;
    sip::Hop self_;
};

class Talk {
  public:
    Talk(const Bounds& bounds, Choices& choices) : left_(bounds), choices_(choices) {
        a_.dial(now_, b_.self());
        run_quiet(false);
    }

    std::string run() {
        while (left_.steps > 0 && wrong().empty()) {
            collect();
            if (choices_.seen(state())) return {};
            const auto options = what_may_happen();
            if (options.empty()) break;
            --left_.steps;
            options[choices_.choose(options.size())]();
        }
        run_quiet(false);
        if (wrong().empty() && !a_.over && !b_.over) {
            for (const Agent* x : {&a_, &b_}) {
                const Leg* leg = x->find();
                if (leg == nullptr || leg->state != LegState::confirmed)
                    return "a leg is not there" + story();
                if (leg->is_changing() || leg->ok_pending) return "a change never ends" + story();
            }
            if (a_.agreed != b_.agreed)
                return "they agreed on " + a_.agreed + " and on " + b_.agreed + story();
        }
        if (wrong().empty()) {
            for (Agent* x : {&a_, &b_}) {
                if (x->find() != nullptr) x->hang_up(now_);
            }
            run_quiet(true);
            if (wrong().empty() && !(a_.quiet() && b_.quiet())) return "something is left" + story();
        }
        return wrong().empty() ? "" : wrong() + story();
    }

  private:
    struct Flight {
        Agent* to;
        sip::Hop from;
        std::string text;
        Time sent;
    };
    const std::string& wrong() const {
        return !stuck_.empty() ? stuck_ : a_.wrong.empty() ? b_.wrong : a_.wrong;
    }
    std::string story() const { return "\n" + story_; }
    void note(const std::string& what) {
        story_ += std::to_string(to_ms(now_.time_since_epoch())) + " " + what + "\n";
    }

    void collect() {
        for (Agent* x : {&a_, &b_}) {
            for (const auto& sent : x->outbox) {
                flights_.push_back({x == &a_ ? &b_ : &a_, x->self(), sent.text, now_});
            }
            x->outbox.clear();
        }
    }
    void arrive(const Flight& f) {
        note(std::string(f.to == &a_ ? "< " : "> ") + f.text.substr(0, f.text.find('\r')));
        f.to->receive(now_, f.text, f.from);
    }
    std::optional<Time> next_timer() const {
        const auto a = a_.next_timer(), b = b_.next_timer();
        return !a ? b : !b ? a : std::min(*a, *b);
    }
    void pass(Time to) {
        now_ = to;
        a_.advance(now_);
        b_.advance(now_);
    }

    std::vector<std::function<void()>> what_may_happen() {
        std::vector<std::function<void()>> out;
        std::set<std::string> same;
        for (std::size_t i = 0; i < flights_.size(); ++i) {
            const Flight flight = flights_[i];
            if (!same.insert(flight.text).second) continue;
            const auto take = [this, i, flight](bool keep, bool deliver) {
                if (!keep) flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
                if (deliver) return arrive(flight);
                note("lost: " + flight.text.substr(0, flight.text.find('\r')));
            };
            out.push_back([take] { take(false, true); });
            if (left_.losses > 0) {
                out.push_back([this, take] {
                    --left_.losses;
                    take(false, false);
                });
            }
            if (left_.repeats > 0) {
                out.push_back([this, take] {
                    --left_.repeats;
                    take(true, true);
                });
            }
        }
        const auto due = next_timer();
        const bool arrived = std::all_of(flights_.begin(), flights_.end(), [&](const Flight& f) {
            return !due || *due - f.sent < sip::TimerValues{}.t4;
        });
        // Who is asked takes some time, but not for ever.
        const bool asked = a_.may_answer() || b_.may_answer();
        const bool soon = due && (!asked || *due - now_ <= sip::TimerValues{}.t2);
        if (soon && arrived && left_.timers > 0) {
            out.push_back([this, due] {
                --left_.timers;
                pass(*due);
            });
        }
        for (Agent* x : {&a_, &b_}) {
            const std::string who = x == &a_ ? "a " : "b ";
            const auto act = [&](const char* what, void (Agent::*action)(Time)) {
                out.push_back([this, x, action, said = who + what] {
                    note(said);
                    (x->*action)(now_);
                });
            };
            if (x->may_offer() && x->offers < left_.offers) act("offers", &Agent::offer);
            if (x->may_answer()) {
                act("answers", &Agent::answer);
                act("refuses", &Agent::refuse);
            }
            if (left_.cancels && x->may_cancel()) act("cancels", &Agent::cancel);
        }
        return out;
    }

    // All that is under way arrives, all that is owed is done, and all timers run out.
    void run_quiet(bool to_the_end) {
        for (int rounds = 0; wrong().empty(); ++rounds) {
            if (rounds > 3000) {
                stuck_ = "it never ends";
                return;
            }
            collect();
            if (!flights_.empty()) {
                const Flight flight = flights_.front();
                flights_.erase(flights_.begin());
                arrive(flight);
                continue;
            }
            if (!to_the_end && (a_.may_answer() || b_.may_answer())) {
                (a_.may_answer() ? a_ : b_).answer(now_);
                continue;
            }
            const auto due = next_timer();
            if (!due) return;
            pass(*due);
        }
    }

    std::string state() const {
        std::string out =
            a_.state(now_) + "|" + b_.state(now_) + "|" + std::to_string(to_ms(now_.time_since_epoch()));
        std::multiset<std::string> under_way;
        for (const Flight& f : flights_)
            under_way.insert((f.to == &a_ ? "<" : ">") + f.text + std::to_string(to_ms(now_ - f.sent)));
        for (const auto& text : under_way) out += text;
        for (const int n : {left_.steps, left_.losses, left_.repeats, left_.timers})
            out += "," + std::to_string(n);
        return out;
    }

    Bounds left_;
    Choices& choices_;
    Time now_{};
    Agent a_{"a", "192.0.2.1", 1}, b_{"b", "192.0.2.2", 2};
    std::vector<Flight> flights_;
    std::string story_, stuck_;
};

void check(const Bounds& bounds, std::size_t at_least) {
    std::string wrong;
    const auto explored = exhaustive::explore([&](Choices& choices) {
        wrong = Talk(bounds, choices).run();
        return wrong.empty();
    });
    EXPECT_EQ(wrong, "");
    EXPECT_GT(explored.states, at_least);
    std::printf("%zu ways, %zu states\n", explored.runs, explored.states);
}

TEST(OffersExhaustively, BothSidesAtOnce) {
    check({.steps = 8, .losses = 0, .repeats = 0, .timers = 4, .offers = 1, .cancels = false}, 100);
}
TEST(OffersExhaustively, OneAfterTheOther) {
    check({.steps = 10, .losses = 0, .repeats = 0, .timers = 1, .offers = 2, .cancels = false}, 1000);
}
TEST(OffersExhaustively, WithLossesAndRepetitions) {
    check({.steps = 7, .losses = 1, .repeats = 1, .timers = 2, .offers = 1, .cancels = false}, 1000);
}
TEST(OffersExhaustively, WithSecondThoughts) {
    check({.steps = 8, .losses = 0, .repeats = 0, .timers = 2, .offers = 1, .cancels = true}, 500);
}

}  // namespace
}  // namespace causeway::call
