#include "tools/benchmarks/load/calls.hpp"

#include <charconv>
#include <cstring>

namespace causeway::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration t1 = 500ms;              // RFC 3261 17.1.1.1
constexpr int retransmissions_at_most = 3;  // then the call has failed

// The value of the first field of this name, written as it usually is; empty where there is none.
std::string_view field(std::string_view message, std::string_view line_start) {
    const auto at = message.find(line_start);
    if (at == std::string_view::npos) return {};
    const auto from = at + line_start.size();
    return message.substr(from, message.find("\r\n", from) - from);
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t n = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc()) return std::nullopt;
    return n;
}

// Seven digits.
struct Digits {
    explicit Digits(std::uint32_t n) {
        for (auto i = text.size(); i-- > 0; n /= 10) text[i] = static_cast<char>('0' + n % 10);
    }
    operator std::string_view() const { return {text.data(), text.size()}; }
    std::array<char, 7> text;
};

template <class... Parts>
void put(std::string& out, const Parts&... parts) {
    (out.append(std::string_view(parts)), ...);
}

}  // namespace

Calls::Calls(CallsOptions options, Send send) : options_(std::move(options)), send_(std::move(send)) {}

void Calls::start(Time now) {
    const auto n = static_cast<std::uint32_t>(calls_.size());
    Call& call = calls_.emplace_back();
    call.state = State::inviting;
    call.started = now;
    ++counters_.started;
    invite(n);
    events_.push({now + t1, n, Timer::invite, 0});
}

void Calls::invite(std::uint32_t n) {
    const Digits digits(n);
    const auto& o = options_;
    out_.clear();
    put(out_, "INVITE sip:2", digits, "@", o.server, " SIP/2.0\r\nVia: SIP/2.0/UDP ", o.caller,
        ";branch=z9hG4bK-", o.run, "-i", digits, "\r\nMax-Forwards: 70\r\nFrom: <sip:100@", o.caller,
        ">;tag=", o.run, digits, "\r\nTo: <sip:2", digits, "@", o.server, ">\r\nCall-ID: ", digits, "-",
        o.run, "@127.0.0.2\r\nCSeq: 1 INVITE\r\nContact: <sip:100@", o.caller,
        ">\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\nSupported: timer\r\nUser-Agent: sip_load\r\n",
        "Content-Type: application/sdp\r\nContent-Length: ", std::to_string(o.offer.size()), "\r\n\r\n",
        o.offer);
    send_(Side::caller, out_);
}

void Calls::in_dialog(std::string_view method, std::uint32_t n, const Call& call, int cseq) {
    const Digits digits(n);
    const auto& o = options_;
    out_.clear();
    put(out_, method, " ", call.target, " SIP/2.0\r\nVia: SIP/2.0/UDP ", o.caller, ";branch=z9hG4bK-", o.run,
        "-", method, digits, "\r\n", call.route, "Max-Forwards: 70\r\nFrom: <sip:100@", o.caller,
        ">;tag=", o.run, digits, "\r\nTo: ", call.to, "\r\nCall-ID: ", digits, "-", o.run,
        "@127.0.0.2\r\nCSeq: ", std::to_string(cseq), " ", method, "\r\nContent-Length: 0\r\n\r\n");
    send_(Side::caller, out_);
}

void Calls::acknowledge(std::uint32_t n, const Call& call) {
    in_dialog("ACK", n, call, 1);
}

void Calls::bye(std::uint32_t n, const Call& call) {
    in_dialog("BYE", n, call, 2);
}

void Calls::receive(Time now, Side at, std::string_view message) {
    if (at == Side::caller) {
        receive_response(now, message);
    } else {
        receive_request(now, message);
    }
}

void Calls::receive_response(Time now, std::string_view message) {
    const auto n = number(field(message, "\r\nCall-ID: "));
    const auto cseq = field(message, "\r\nCSeq: ");
    if (!message.starts_with("SIP/2.0 ") || !n || *n >= calls_.size() || cseq.size() < 3) {
        ++counters_.unexpected;
        return;
    }
    Call& call = calls_[*n];
    const char kind = message[8];  // 1xx, 2xx, ...
    if (kind == '1') return;
    const bool of_invite = cseq.ends_with("INVITE");
    if (of_invite && call.state == State::inviting) {
        call.to = field(message, "\r\nTo: ");
        if (kind != '2') {  // the ACK is the transaction's: RFC 3261 17.1.1.3
            call.target = "sip:2" + std::string(Digits(*n)) + "@" + options_.server;
            acknowledge(*n, call);
            return fail(call);
        }
        const auto contact = field(message, "\r\nContact: <");
        call.target = contact.substr(0, contact.find('>'));
        for (std::size_t at = message.rfind("\r\nRecord-Route: "); at != std::string_view::npos && at > 0;
             at = message.rfind("\r\nRecord-Route: ", at - 1))
            put(call.route, "Route: ", field(message.substr(at), "\r\nRecord-Route: "), "\r\n");
        call.state = State::talking;
        ++counters_.answered;
        setup_times_.push_back(now - call.started);
        if (options_.told) options_.told(Side::caller, *n, message);
        acknowledge(*n, call);
        events_.push({now + options_.hold, *n, Timer::hang_up, 0});
    } else if (of_invite) {
        ++counters_.retransmissions;
        if (kind == '2' && call.state != State::over) acknowledge(*n, call);
    } else if (call.state == State::ending) {
        if (kind != '2') return fail(call);
        // The callee may still be waiting for its BYE.
        call.state = State::over;
        call.to = call.target = call.route = {};
        ++counters_.completed;
    } else {
        ++counters_.retransmissions;
    }
}

void Calls::receive_request(Time now, std::string_view message) {
    const auto to = message.find(" sip:2");
    const auto n = to == std::string_view::npos ? std::nullopt : number(message.substr(to + 6, 7));
    if (!n || *n >= calls_.size()) {
        ++counters_.unexpected;
        return;
    }
    Call& call = calls_[*n];
    if (message.starts_with("INVITE ")) {
        if (call.invited) {
            ++counters_.retransmissions;
            if (!call.answer.empty()) send_(Side::callee, call.answer);
            return;
        }
        call.invited = true;
        if (options_.told) options_.told(Side::callee, *n, message);
        respond(message, "180 Ringing", *n, {});
        respond(message, "200 OK", *n, options_.answer);
        call.answer = out_;
        events_.push({now + t1, *n, Timer::answer, 0});
    } else if (message.starts_with("ACK ")) {
        counters_.retransmissions += call.acknowledged ? 1 : 0;
        call.acknowledged = true;
        call.answer.clear();
        call.answer.shrink_to_fit();
    } else if (message.starts_with("BYE ")) {
        ++(call.hung_up ? counters_.retransmissions : counters_.released);
        call.hung_up = true;
        respond(message, "200 OK", *n, {});
    } else {
        ++counters_.unexpected;
    }
}

void Calls::respond(std::string_view request, std::string_view status, std::uint32_t n,
                    std::string_view body) {
    out_.clear();
    put(out_, "SIP/2.0 ", status, "\r\n");
    for (auto at = request.find("\r\n") + 2; at < request.size();) {
        const auto end = request.find("\r\n", at);
        if (end == std::string_view::npos || end == at) break;
        const auto line = request.substr(at, end - at);
        at = end + 2;
        const bool is_to = line.starts_with("To:");
        if (!is_to && !line.starts_with("Via:") && !line.starts_with("From:") &&
            !line.starts_with("Call-ID:") && !line.starts_with("CSeq:") && !line.starts_with("Record-Route:"))
            continue;
        put(out_, line);
        if (is_to && line.find(";tag=") == std::string_view::npos)
            put(out_, ";tag=", options_.run, "u", Digits(n));
        put(out_, "\r\n");
    }
    put(out_, "Contact: <sip:2", Digits(n), "@", options_.callee, ">\r\n");
    if (!body.empty()) put(out_, "Content-Type: application/sdp\r\n");
    put(out_, "Content-Length: ", std::to_string(body.size()), "\r\n\r\n", body);
    send_(Side::callee, out_);
}

void Calls::fail(Call& call) {
    call.state = State::over;
    ++counters_.failed;
}

std::optional<Time> Calls::next_timer() const {
    if (events_.empty()) return std::nullopt;
    return events_.top().at;
}

bool Calls::again(Time now, Event event, Call& call) {
    if (++event.attempt > retransmissions_at_most) {
        if (call.state != State::over) fail(call);
        return false;
    }
    ++counters_.retransmissions;
    event.at = now + t1 * (1 << event.attempt);
    events_.push(event);
    return true;
}

void Calls::hang_up(Time now, std::uint32_t n, Call& call) {
    call.state = State::ending;
    bye(n, call);
    events_.push({now + t1, n, Timer::bye, 0});
}

void Calls::hang_up(Time now) {
    for (std::uint32_t n = 0; n < calls_.size(); ++n)
        if (calls_[n].state == State::talking) hang_up(now, n, calls_[n]);
}

void Calls::advance(Time now) {
    while (!events_.empty() && events_.top().at <= now) {
        const Event event = events_.top();
        events_.pop();
        Call& call = calls_[event.call];
        switch (event.timer) {
            case Timer::invite:
                if (call.state == State::inviting && again(now, event, call)) invite(event.call);
                break;
            case Timer::answer:
                if (!call.acknowledged && again(now, event, call)) send_(Side::callee, call.answer);
                break;
            case Timer::hang_up:
                if (call.state == State::talking) hang_up(now, event.call, call);
                break;
            case Timer::bye:
                if (call.state == State::ending && again(now, event, call)) bye(event.call, call);
                break;
        }
    }
}

}  // namespace causeway::bench
