// A transaction layer on a virtual clock, with a wire and a user that record. Times are milliseconds since
// the bench began.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/sip/transactions.hpp"

namespace causeway::sip::fakes {

using Millis = std::chrono::milliseconds;

struct RecordingWire final : TransactionWire {
    struct Sent {
        std::int64_t at;
        Hop to;
        Message message;
    };
    std::vector<Sent> sent;
    bool refuse = false;

    bool send(Time now, const Hop& to, const Message& message) override {
        sent.push_back({to_ms(now.time_since_epoch()), to, message});
        return !refuse;
    }
    // When a method or a status ("INVITE", "180") went out.
    std::vector<std::int64_t> times(std::string_view what) const {
        std::vector<std::int64_t> out;
        for (const Sent& s : sent)
            if (name(s.message) == what) out.push_back(s.at);
        return out;
    }
    const Message& last(std::string_view what) const {
        for (auto it = sent.rbegin(); it != sent.rend(); ++it)
            if (name(it->message) == what) return it->message;
        static const Message none;
        return none;
    }
    static std::string name(const Message& m) {
        return m.is_request() ? std::string(m.method_name()) : std::to_string(m.status());
    }
};

struct RecordingUser final : TransactionUser {
    std::vector<std::string> events;  // "INVITE", "180", "ack", "stray 200", "timeout", "error", "terminated"
    std::vector<Message> messages;
    std::vector<std::int64_t> times;
    TransactionId last_id;
    std::function<void(Time, TransactionId, const std::string& event)> hook;  // runs inside every callback

    void on_request(Time now, TransactionId id, const Message& m, const Hop&) override {
        note(now, id, RecordingWire::name(m), &m);
    }
    void on_ack(Time now, const Message& m, const Hop&) override { note(now, {}, "ack", &m); }
    void on_response(Time now, TransactionId id, const Message& m, const Hop&) override {
        note(now, id, RecordingWire::name(m), &m);
    }
    void on_timeout(Time now, TransactionId id) override { note(now, id, "timeout", nullptr); }
    void on_transport_error(Time now, TransactionId id) override { note(now, id, "error", nullptr); }
    void on_stray_2xx(Time now, const Message& m, const Hop&) override {
        note(now, {}, "stray " + RecordingWire::name(m), &m);
    }
    void on_terminated(Time now, TransactionId id) override { note(now, id, "terminated", nullptr); }

  private:
    void note(Time now, TransactionId id, std::string event, const Message* message) {
        events.push_back(event);
        times.push_back(to_ms(now.time_since_epoch()));
        if (message != nullptr) messages.push_back(*message);
        if (id) last_id = id;
        if (hook) hook(now, id, event);
    }
};

struct Bench {
    static Hop hop(Transport transport, std::string_view endpoint) {
        return {transport, static_cast<std::uint16_t>(transport == Transport::udp ? 0 : 1),
                *Endpoint::parse(endpoint)};
    }

    explicit Bench(Transport transport = Transport::udp, std::string ip = "192.0.2.1",
                   std::string peer_ip = "192.0.2.9")
        : peer(hop(transport, peer_ip + ":5060")),
          layer({{Transport::udp, ip, 5060}, {Transport::tcp, ip, 5060}}, TimerValues{}, random, wire, user) {
    }

    Hop peer;
    SeededRandom random{1};
    RecordingWire wire;
    RecordingUser user;
    Time now{};
    TransactionLayer layer;

    // Lets the time pass, firing each timer at its own deadline.
    void run_until(std::int64_t ms) {
        const Time end = Time{} + Millis(ms);
        while (layer.next_timer() && *layer.next_timer() <= end) {
            now = *layer.next_timer();
            layer.advance(now);
        }
        now = end;
    }
    std::int64_t ms() const { return to_ms(now.time_since_epoch()); }

    void receive(const Message& message) { layer.receive(now, message, peer); }
    void receive(std::string_view text) {
        const auto message = Message::parse(text);
        if (!message) throw std::invalid_argument("bad test message: " + message.error().reason);
        receive(*message);
    }

    // ---- client side
    TransactionId request(Method method) {
        MessageBuilder builder = MessageBuilder::request(method, "sip:bob@biloxi.example;x=1");
        builder.add(HeaderId::max_forwards, "70")
            .add(HeaderId::route, "<sip:p1.example;lr>, <sip:p2.example;lr>")
            .add(HeaderId::route, "<sip:p3.example;lr>")
            .add(HeaderId::from, "Alice <sip:alice@atlanta.example>;tag=a1")
            .add(HeaderId::to, "Bob <sip:bob@biloxi.example>")
            .add(HeaderId::call_id, "call-1")
            .add(HeaderId::cseq, "7 " + std::string(to_string(method)))
            .add(HeaderId::contact, "<sip:alice@192.0.2.1>");
        if (method == Method::invite) builder.body("application/sdp", "v=0\r\n");
        return layer.request(now, std::move(builder), peer);
    }
    // A response to the last request of that method that went out.
    Message response(Method method, int status, std::string_view to_tag = "b1") const {
        return MessageBuilder::response_to(wire.last(to_string(method)), status, to_tag).build();
    }
    void respond(Method method, int status, std::string_view to_tag = "b1") {
        receive(response(method, status, to_tag));
    }

    // ---- server side
    // A request as the peer sends it.
    Message peer_request(std::string_view method, std::string_view branch = "z9hG4bKpeer",
                         std::string_view to_tag = {}, std::string_view via_params = ";rport") const {
        Via via;
        via.transport = to_string(peer.transport);
        via.host = peer.remote.ip.to_uri_host();
        via.port = peer.remote.port;
        if (!branch.empty()) via.params.set("branch", std::string(branch));
        MessageBuilder builder = MessageBuilder::request(method, "sip:us@192.0.2.1");
        builder.add(HeaderId::via, via.to_string() + std::string(via_params))
            .add(HeaderId::max_forwards, "70")
            .add(HeaderId::from, "<sip:peer@192.0.2.9>;tag=p1")
            .add(HeaderId::to,
                 "<sip:us@192.0.2.1>" + (to_tag.empty() ? std::string() : ";tag=" + std::string(to_tag)))
            .add(HeaderId::call_id, "call-2")
            .add(HeaderId::cseq, "20 " + std::string(method))
            .add(HeaderId::contact, "<sip:peer@192.0.2.9>");
        return builder.build();
    }
    // Our answer to the last request that the user was shown.
    void answer(int status) {
        layer.respond(now, user.last_id,
                      MessageBuilder::response_to(user.messages.back(), status, "u1").build());
    }
    // The state in the line that the layer prints, empty when the transaction is gone.
    std::string state(TransactionId id) const {
        const std::string line = layer.describe(id);
        const auto begin = line.find(", ");
        if (begin == std::string::npos) return {};
        return line.substr(begin + 2, line.rfind(", ") - begin - 2);
    }
};

}  // namespace causeway::sip::fakes
