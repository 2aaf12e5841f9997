// The four transaction machines (RFC 3261 section 17, RFC 6026, RFC 4320), client against server, over every
// order of arrivals, losses, repetitions, timers and acts of both users within bounds. Each way is then left
// to end by itself on a network that loses nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "tests/exhaustive/choices.hpp"
#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using exhaustive::Choices;
using fakes::Bench;
using fakes::RecordingWire;

struct Bounds {
    Transport transport = Transport::udp;
    bool invite = true;
    int steps = 9;  // things that happen before the network gets quiet
    int losses = 2, repeats = 1, timers = 4, provisionals = 1;
};

class Pair {
  public:
    Pair(const Bounds& bounds, Choices& choices)
        : left_(bounds),
          choices_(choices),
          method_(bounds.invite ? Method::invite : Method::options),
          client_(bounds.transport, "192.0.2.1", "192.0.2.9"),
          server_(bounds.transport, "192.0.2.9", "192.0.2.1") {
        client_.user.hook = [this](Time, TransactionId id, const std::string& event) {
            on_client(id, event);
        };
        server_.user.hook = [this](Time, TransactionId id, const std::string& event) {
            on_server(id, event);
        };
        request_ = client_.request(method_);
        ended_[0].erase(request_);
    }

    // Empty where all went as it should.
    std::string run() {
        while (left_.steps > 0 && wrong_.empty()) {
            collect();
            if (choices_.seen(state())) return wrong_;
            const auto options = what_may_happen();
            if (options.empty()) break;
            --left_.steps;
            options[choices_.choose(options.size())]();
        }
        finish();
        return wrong_;
    }

  private:
    struct Flight {
        bool to_server;
        std::string text;
        Time sent{};
    };

    // ---- what the users see
    void on_client(TransactionId id, const std::string& event) {
        if (ended_[0].count(id) != 0)
            return fail("the client hears " + event + " of a transaction that has ended");
        if (event == "terminated") {
            ended_[0].insert(id);
            return;
        }
        if (id != request_ && event != "stray 200") return fail("the client hears of what it did not ask");
        const bool final = event == "200" || event == "stray 200" || (event.size() == 3 && event[0] > '2');
        const bool failed = event == "timeout" || event == "error";
        if ((event == "100" || event == "180") && concluded_) fail("provisional after " + *concluded_);
        if (failed && concluded_) fail(event + " after " + *concluded_);
        if (final && concluded_ && !(left_.invite && event.ends_with("200")))
            fail(event + " after " + *concluded_);
        if (final || failed) concluded_ = event;
        // A 2xx is acknowledged each time it comes (13.2.2.4).
        if (left_.invite && event.ends_with("200")) acks_owed_.push_back(client_.user.messages.back());
    }
    void on_server(TransactionId id, const std::string& event) {
        if (id && ended_[1].count(id) != 0) return fail("the server hears " + event + " of what has ended");
        if (event == to_string(method_)) {
            if (asked_ && ended_[1].count(asked_) == 0) return fail("the server hears the request twice");
            if (asked_) return;  // so late that it is another one; nobody answers
            asked_ = id;
            invite_ = server_.user.messages.back();
        } else if (event == "CANCEL") {
            cancels_.emplace_back(id, server_.user.messages.back());
        } else if (event == "ack") {
            if (!left_.invite || answered_ != 200) fail("an ACK that no 2xx drew");
            acked_ = true;
        } else if (event == "timeout") {
            if (answered_ == 200) fail("timer H after a 2xx");
            no_ack_ = true;
        } else if (event == "terminated") {
            ended_[1].insert(id);
        }
    }

    // ---- the network
    void collect() {
        for (Bench* b : {&client_, &server_}) {
            auto& done = collected_[b == &server_];
            for (; done < b->wire.sent.size(); ++done) {
                flights_.push_back({b == &client_, std::string(b->wire.sent[done].message.text()), b->now});
            }
        }
    }
    void arrive(const Flight& flight) {
        (flight.to_server ? server_ : client_).receive(flight.text);
        while (!acks_owed_.empty()) {
            const Message ok = acks_owed_.back();
            acks_owed_.pop_back();
            MessageBuilder ack = MessageBuilder::request(Method::ack, "sip:us@192.0.2.9");
            ack.add(HeaderId::max_forwards, "70")
                .add(HeaderId::from, ok.from().to_string())
                .add(HeaderId::to, ok.to().to_string())
                .add(HeaderId::call_id, ok.call_id())
                .add(HeaderId::cseq, "7 ACK");
            client_.layer.send_stateless(client_.now, std::move(ack), client_.peer);
        }
    }
    std::optional<Time> next_timer() const {
        const auto a = client_.layer.next_timer(), b = server_.layer.next_timer();
        return !a ? b : !b ? a : std::min(*a, *b);
    }
    void pass(Time to) {
        client_.now = server_.now = to;
        client_.layer.advance(to);
        server_.layer.advance(to);
    }

    // ---- the acts of the server's user
    void respond(int status) {
        if (status >= 200) answered_ = status;
        server_.layer.respond(server_.now, asked_,
                              MessageBuilder::response_to(invite_, status, "u1").build());
    }
    void answer_cancel() {
        const auto [id, message] = cancels_.back();
        cancels_.pop_back();
        const auto invite = server_.layer.invite_of(message);
        server_.layer.respond(server_.now, id,
                              MessageBuilder::response_to(message, invite ? 200 : 481, "u1").build());
        if (invite && answered_ == 0) respond(487);
    }

    void cancel() {
        cancelled_ = true;
        client_.layer.cancel(client_.now, request_, "");
    }

    std::vector<std::function<void()>> what_may_happen() {
        std::vector<std::function<void()>> out;
        const bool ordered = is_reliable(left_.transport);
        std::set<std::pair<bool, std::string>> same;
        for (std::size_t i = 0; i < flights_.size(); ++i) {
            const Flight flight = flights_[i];
            const bool first =
                std::none_of(flights_.begin(), flights_.begin() + static_cast<std::ptrdiff_t>(i),
                             [&](const Flight& f) { return f.to_server == flight.to_server; });
            if (ordered ? !first : !same.emplace(flight.to_server, flight.text).second) continue;
            const auto take = [this, i, flight](bool keep, bool deliver) {
                if (!keep) flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
                if (deliver) arrive(flight);
            };
            out.push_back([take] { take(false, true); });
            if (ordered) continue;
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
        // Nothing is longer on its way than T4 (table 4).
        const auto due = next_timer();
        const bool arrived = std::all_of(flights_.begin(), flights_.end(), [&](const Flight& f) {
            return !due || *due - f.sent < TimerValues{}.t4;
        });
        if (due && arrived && left_.timers > 0) {
            out.push_back([this, due] {
                --left_.timers;
                pass(*due);
            });
        }
        if (!cancels_.empty()) out.push_back([this] { answer_cancel(); });
        if (asked_ && answered_ == 0) {
            if (left_.invite && left_.provisionals > 0) {
                out.push_back([this] {
                    --left_.provisionals;
                    respond(180);
                });
            }
            out.push_back([this] { respond(200); });
            out.push_back([this] { respond(486); });
        }
        if (left_.invite && answered_ == 200 && !acked_ && repeated_ < 1) {
            out.push_back([this] {  // 13.3.1.4
                ++repeated_;
                respond(200);
            });
        }
        if (left_.invite && !cancelled_ && !concluded_) {
            out.push_back([this] { cancel(); });
        }
        return out;
    }

    // Nothing is lost any more, and what is due is done.
    void finish() {
        for (int rounds = 0; wrong_.empty(); ++rounds) {
            if (rounds > 2000) return fail("it never ends");
            collect();
            if (!flights_.empty()) {
                const Flight flight = flights_.front();
                flights_.erase(flights_.begin());
                arrive(flight);
            } else if (!cancels_.empty()) {
                answer_cancel();
            } else if (asked_ && answered_ == 0) {
                respond(486);
            } else if (left_.invite && answered_ == 200 && !acked_ && !repeated_at_last_) {
                repeated_at_last_ = true;
                respond(200);
            } else if (const auto due = next_timer()) {
                pass(*due);
            } else if (left_.invite && !concluded_ && !cancelled_) {
                gave_up_ = true;
                cancel();
            } else {
                break;
            }
        }
        if (!wrong_.empty()) return;
        if (client_.layer.size() + server_.layer.size() != 0) return fail("a transaction is left");
        if (!concluded_) return fail("the client never learns what became of its request");
        if (concluded_->size() == 3 && *concluded_ != std::to_string(answered_))
            return fail("the server said " + std::to_string(answered_) + ", the client heard " + *concluded_);
        // The repetition of a 2xx is the user's, who repeats it here once only.
        if (answered_ >= 300 && gave_up_) return fail("the client rings for ever");
        if (*concluded_ == std::to_string(answered_) && no_ack_)
            return fail("a final response without its ACK");
    }

    // All that can make a difference from here on.
    std::string state() const {
        std::string out;
        const auto add = [&out](const auto& value) { out += std::to_string(value) + ","; };
        for (const Bench* b : {&client_, &server_}) {
            for (std::uint32_t i = 0; i < 4; ++i) {
                const TransactionId id = i == 0 ? (b == &client_ ? request_ : asked_) : TransactionId{};
                if (id) out += b->layer.describe(id) + ";";
            }
            add(b->layer.size());
            add(b->layer.counters().retransmissions_out);
            add(b->layer.next_timer() ? to_ms(*b->layer.next_timer() - client_.now) : -1);
        }
        add(to_ms(client_.now.time_since_epoch()));
        std::multiset<std::string> under_way;
        for (const Flight& f : flights_) {
            under_way.insert((f.to_server ? ">" : "<") + f.text +
                             std::to_string(to_ms(client_.now - f.sent)));
        }
        for (const auto& text : under_way) out += text;
        for (const int n : {left_.steps, left_.losses, left_.repeats, left_.timers, left_.provisionals,
                            answered_, repeated_})
            add(n);
        for (const bool b : {acked_, no_ack_, cancelled_}) add(b);
        add(cancels_.size());
        add(ended_[0].size());
        add(ended_[1].size());
        return out + concluded_.value_or("-");
    }
    void fail(std::string what) {
        if (!wrong_.empty()) return;
        wrong_ = std::move(what) + "\n";
        for (const Bench* b : {&client_, &server_}) {
            wrong_ += b == &client_ ? "client:" : "server:";
            for (std::size_t i = 0; i < b->user.events.size(); ++i)
                wrong_ += " " + b->user.events[i] + "@" + std::to_string(b->user.times[i]);
            wrong_ += "\n  sent:";
            for (const auto& s : b->wire.sent)
                wrong_ += " " + RecordingWire::name(s.message) + "@" + std::to_string(s.at);
            wrong_ += "\n";
        }
    }

    Bounds left_;
    Choices& choices_;
    Method method_;
    Bench client_, server_;
    TransactionId request_, asked_;
    Message invite_;  // or whatever was asked
    std::vector<Flight> flights_;
    std::size_t collected_[2] = {0, 0};
    std::vector<Message> acks_owed_;
    std::vector<std::pair<TransactionId, Message>> cancels_;
    std::set<TransactionId> ended_[2];
    std::optional<std::string> concluded_;
    int answered_ = 0, repeated_ = 0;
    bool acked_ = false, no_ack_ = false, cancelled_ = false, repeated_at_last_ = false, gave_up_ = false;
    std::string wrong_;
};

void check(const Bounds& bounds, std::size_t at_least) {
    std::string wrong;
    const auto explored = exhaustive::explore([&](Choices& choices) {
        wrong = Pair(bounds, choices).run();
        if (!wrong.empty()) wrong += "choices: " + choices.path();
        return wrong.empty();
    });
    EXPECT_EQ(wrong, "");
    EXPECT_GT(explored.states, at_least);
    std::printf("%zu ways, %zu states\n", explored.runs, explored.states);
}

TEST(TransactionsExhaustively, InviteOverUdp) {
    check({.transport = Transport::udp, .invite = true, .steps = 8}, 1000);
}
TEST(TransactionsExhaustively, InviteOverTcp) {
    check({.transport = Transport::tcp, .invite = true, .steps = 12}, 100);
}
TEST(TransactionsExhaustively, OthersOverUdp) {
    check({.transport = Transport::udp, .invite = false, .steps = 11, .timers = 5}, 1000);
}
TEST(TransactionsExhaustively, OthersOverTcp) {
    check({.transport = Transport::tcp, .invite = false, .steps = 12}, 20);
}

}  // namespace
}  // namespace causeway::sip
