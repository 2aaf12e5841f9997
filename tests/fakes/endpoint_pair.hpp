// Two endpoints on a wire that the test owns: datagrams arrive one millisecond after they were sent, on a
// clock that the test turns, unless the test drops them.
#pragma once

#include <functional>
#include <memory>
#include <queue>

#include "host/endpoint/endpoint.hpp"

namespace causeway::fakes {

class EndpointPair {
  public:
    class Side final : public endpoint::Output {
      public:
        Side(EndpointPair& pair, const char* address)
            : pair_(pair), address_(*causeway::Endpoint::parse(address)) {}

        bool send_sip(const causeway::Endpoint& to, std::string_view message) override {
            pair_.post(address_, to, {message.begin(), message.end()}, true);
            return true;
        }
        std::optional<causeway::Endpoint> open_media() override {
            if (no_ports) return std::nullopt;
            next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
            ++open_ports;
            return causeway::Endpoint{address_.ip, next_port_};
        }
        void close_media(const causeway::Endpoint&) override { --open_ports; }
        void send_media(const causeway::Endpoint& local, const causeway::Endpoint& to,
                        ByteView bytes) override {
            pair_.post(local, to, {bytes.begin(), bytes.end()}, false);
        }

        bool no_ports = false;
        int open_ports = 0;

      private:
        EndpointPair& pair_;
        causeway::Endpoint address_;
        std::uint16_t next_port_ = 30000;
    };

    EndpointPair(endpoint::Options caller_options, endpoint::Options callee_options)
        : caller_side(*this, "192.0.2.1:5060"), callee_side(*this, "192.0.2.2:5060") {
        caller_options.address = *causeway::Endpoint::parse("192.0.2.1:5060");
        callee_options.address = *causeway::Endpoint::parse("192.0.2.2:5060");
        caller = std::make_unique<endpoint::Endpoint>(std::move(caller_options), random, caller_side);
        callee = std::make_unique<endpoint::Endpoint>(std::move(callee_options), random, callee_side);
    }

    endpoint::CallId call() {
        return caller->call(now, "sip:callee@192.0.2.2", *causeway::Endpoint::parse("192.0.2.2:5060"))
            .value();
    }

    // Lets time pass, event by event.
    void run(Duration duration) {
        const Time end = now + duration;
        for (;;) {
            Time next = end + Duration(1);
            if (!wire_.empty()) next = std::min(next, wire_.top().at);
            for (const auto* e : {caller.get(), callee.get()}) {
                if (const auto t = e->next_timer()) next = std::min(next, *t);
            }
            if (next > end) break;
            now = std::max(now, next);
            while (!wire_.empty() && wire_.top().at <= now) {
                const Datagram d = wire_.top();
                wire_.pop();
                deliver(d);
            }
            caller->advance(now);
            callee->advance(now);
            collect();
        }
        now = end;
    }

    // The event of that kind on one side, once; null where there was none.
    const endpoint::Event* find(const std::vector<endpoint::Event>& events,
                                endpoint::Event::Kind kind) const {
        for (const auto& e : events) {
            if (e.kind == kind) return &e;
        }
        return nullptr;
    }

    Time now{};
    SeededRandom random{11};
    Side caller_side, callee_side;
    std::unique_ptr<endpoint::Endpoint> caller, callee;
    std::vector<endpoint::Event> caller_events, callee_events;
    // Asked for each SIP message on the wire, by its number from 0; true drops it.
    std::function<bool(int number)> drop;
    int sip_messages = 0;

  private:
    struct Datagram {
        Time at;
        std::uint64_t order;
        causeway::Endpoint from, to;
        std::string bytes;
        bool sip;
        bool operator<(const Datagram& o) const { return at != o.at ? at > o.at : order > o.order; }
    };

    void post(const causeway::Endpoint& from, const causeway::Endpoint& to, std::string bytes, bool sip) {
        if (sip) {
            const int number = sip_messages++;
            if (drop && drop(number)) return;
        }
        wire_.push({now + std::chrono::milliseconds(1), ++order_, from, to, std::move(bytes), sip});
    }
    void deliver(const Datagram& d) {
        auto& to = d.to.ip == IpAddress::parse("192.0.2.1") ? *caller : *callee;
        if (d.sip) {
            to.receive_sip(now, d.bytes, d.from);
        } else {
            to.receive_media(now, d.to, as_bytes(d.bytes));
        }
    }
    void collect() {
        for (auto& e : caller->take_events()) caller_events.push_back(std::move(e));
        for (auto& e : callee->take_events()) callee_events.push_back(std::move(e));
    }

    std::priority_queue<Datagram> wire_;
    std::uint64_t order_ = 0;
};

}  // namespace causeway::fakes
