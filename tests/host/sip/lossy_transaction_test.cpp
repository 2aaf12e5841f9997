// Two layers that talk over a wire which loses messages: whatever is lost, both sides agree and nothing
// stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/fakes/transactions.hpp"

namespace causeway::sip {
namespace {

using fakes::Bench;
using fakes::Millis;

struct Wires {
    Bench client{Transport::udp, "192.0.2.1", "192.0.2.9"};
    Bench server{Transport::udp, "192.0.2.9", "192.0.2.1"};
    std::set<std::size_t> lost;  // numbers of the messages that do not arrive
    std::size_t count = 0;

    // Hands over what was sent, then lets time pass on both sides.
    void run_until(std::int64_t ms) {
        const Time end = Time{} + Millis(ms);
        for (;;) {
            exchange();
            Time next = end;
            for (const Bench* b : {&client, &server})
                if (const auto timer = b->layer.next_timer()) next = std::min(next, *timer);
            for (Bench* b : {&client, &server}) {
                b->now = next;
                b->layer.advance(next);
            }
            exchange();
            if (next == end) return;
        }
    }

  private:
    std::size_t delivered_[2] = {0, 0};

    void exchange() {
        for (bool moved = true; moved;) {
            moved = false;
            for (int i = 0; i < 2; ++i) {
                Bench& from = i == 0 ? client : server;
                Bench& to = i == 0 ? server : client;
                while (delivered_[i] < from.wire.sent.size()) {
                    const Message message = from.wire.sent[delivered_[i]++].message;
                    moved = true;
                    if (!lost.contains(count++)) to.receive(std::string(message.text()));
                }
            }
        }
    }
};

long count_of(const Bench& b, std::string_view event) {
    return std::count(b.user.events.begin(), b.user.events.end(), event);
}

// Every set of one or two of the first `n` messages.
template <class Test>
void lose_one_or_two_of(std::size_t n, Test&& test) {
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a; b < n; ++b) test(std::set<std::size_t>{a, b});
}

TEST(LossyWire, ARejectedCallEndsOnBothSides_RFC3261_17) {
    lose_one_or_two_of(8, [](const std::set<std::size_t>& lost) {
        SCOPED_TRACE(::testing::PrintToString(lost));
        Wires w;
        w.lost = lost;
        w.server.user.hook = [&](Time, TransactionId, const std::string& event) {
            if (event == "INVITE") w.server.answer(486);
        };
        w.client.request(Method::invite);
        w.run_until(200000);
        EXPECT_EQ(count_of(w.client, "486"), 1);
        EXPECT_EQ(count_of(w.client, "timeout"), 0);
        EXPECT_EQ(count_of(w.client, "terminated"), 1);
        EXPECT_EQ(count_of(w.server, "INVITE"), 1);
        EXPECT_EQ(count_of(w.server, "timeout"), 0);
        EXPECT_EQ(count_of(w.server, "ack"), 0);
        EXPECT_EQ(w.client.layer.size() + w.server.layer.size(), 0u);
    });
}

TEST(LossyWire, ACancelledCallEndsOnBothSides_RFC3261_9) {
    lose_one_or_two_of(10, [](const std::set<std::size_t>& lost) {
        SCOPED_TRACE(::testing::PrintToString(lost));
        Wires w;
        w.lost = lost;
        Message invite;
        w.server.user.hook = [&](Time now, TransactionId, const std::string& event) {
            if (event == "INVITE") {
                invite = w.server.user.messages.back();
                w.server.answer(180);
            } else if (event == "CANCEL") {
                const auto id = w.server.layer.invite_of(w.server.user.messages.back());
                ASSERT_TRUE(id);
                w.server.answer(200);
                w.server.layer.respond(now, *id, MessageBuilder::response_to(invite, 487, "u1").build());
            }
        };
        w.client.layer.cancel(w.client.now, w.client.request(Method::invite));
        w.run_until(200000);
        EXPECT_EQ(count_of(w.client, "487"), 1);
        EXPECT_EQ(count_of(w.client, "200"), 0);
        EXPECT_EQ(count_of(w.client, "timeout"), 0);
        EXPECT_EQ(count_of(w.server, "INVITE"), 1);
        EXPECT_EQ(count_of(w.server, "CANCEL"), 1);
        EXPECT_EQ(count_of(w.server, "timeout"), 0);
        EXPECT_EQ(w.client.layer.size() + w.server.layer.size(), 0u);
    });
}

TEST(LossyWire, AByeIsAnsweredOnceForEachSide_RFC3261_17_1_2) {
    lose_one_or_two_of(6, [](const std::set<std::size_t>& lost) {
        SCOPED_TRACE(::testing::PrintToString(lost));
        Wires w;
        w.lost = lost;
        w.server.user.hook = [&](Time, TransactionId, const std::string& event) {
            if (event == "BYE") w.server.answer(200);
        };
        w.client.request(Method::bye);
        w.run_until(200000);
        EXPECT_EQ(count_of(w.client, "200"), 1);
        EXPECT_EQ(count_of(w.server, "BYE"), 1);
        EXPECT_EQ(w.client.layer.size() + w.server.layer.size(), 0u);
    });
}

// The user sends its 2xx again as 13.3.1.4 says, and the ACK for each that arrives.
TEST(LossyWire, AnAnsweredCallIsAckedWhateverIsLost_RFC3261_13_3_1_4_RFC6026) {
    lose_one_or_two_of(6, [](const std::set<std::size_t>& lost) {
        SCOPED_TRACE(::testing::PrintToString(lost));
        Wires w;
        w.lost = lost;
        Message ok;
        w.server.user.hook = [&](Time, TransactionId, const std::string& event) {
            if (event != "INVITE") return;
            ok = MessageBuilder::response_to(w.server.user.messages.back(), 200, "u1").build();
            w.server.layer.respond(w.server.now, w.server.user.last_id, ok);
        };
        w.client.user.hook = [&](Time now, TransactionId, const std::string& event) {
            if (event != "200") return;
            w.client.layer.send_stateless(now,
                                          MessageBuilder::request(Method::ack, "sip:us@192.0.2.9")
                                              .add(HeaderId::from, "<sip:alice@atlanta.example>;tag=a1")
                                              .add(HeaderId::to, "<sip:bob@biloxi.example>;tag=u1")
                                              .add(HeaderId::call_id, "call-1")
                                              .add(HeaderId::cseq, "7 ACK"),
                                          w.client.peer);
        };
        w.client.request(Method::invite);
        std::int64_t at = 0;
        for (std::int64_t interval = 500; count_of(w.server, "ack") == 0 && at < 32000;
             interval = std::min<std::int64_t>(2 * interval, 4000)) {
            w.run_until(at += interval);
            const bool acked = count_of(w.server, "ack") > 0;
            if (!acked && ok.status() == 200) w.server.layer.respond(w.server.now, w.server.user.last_id, ok);
        }
        w.run_until(200000);
        EXPECT_GE(count_of(w.server, "ack"), 1);
        EXPECT_EQ(count_of(w.server, "INVITE"), 1);
        EXPECT_EQ(count_of(w.client, "timeout"), 0);
        EXPECT_EQ(w.client.layer.size() + w.server.layer.size(), 0u);
    });
}

}  // namespace
}  // namespace causeway::sip
