// A SIP peer written by hand: it sends what a test tells it to, and shows what came back message by message.
// It knows no transactions and repeats nothing, so that a test sees and decides everything.
#pragma once

#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/sip/message.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::fakes {

// "INVITE", "180".
inline std::string name_of(const sip::Message& m) {
    return m.is_request() ? std::string(m.method_name()) : std::to_string(m.status());
}

// What varies in a description; the rest is the peer's address.
struct Description {
    std::string protocol = "RTP/AVP";
    std::string formats = "0 8 101";
    std::string direction = "sendrecv";
    std::vector<std::string> crypto{};  // values of a=crypto
    int version = 1;
    std::string connection{};  // empty: the peer's media address
    std::string more{};        // lines, each with CRLF
};

class Peer {
  public:
    using Headers = std::vector<std::pair<std::string, std::string>>;
    // One dialog as this peer sees it.
    struct Dialog {
        std::string call_id;
        std::string local, remote;  // From and To values of its own requests, with tags
        std::string target;         // Request-URI of its own requests
        std::uint32_t cseq = 0;
        sip::Message invite;  // the first one
    };

    // `name` begins the tags, branches and hosts of this peer: no other text may look like it.
    Peer(std::string peer_name, Endpoint address, Endpoint media_address, Endpoint gateway_address,
         std::function<void(const Peer&, std::string_view)> wire)
        : name(std::move(peer_name)),
          signaling(address),
          media(media_address),
          gateway(gateway_address),
          wire_(std::move(wire)) {}

    const std::string name;
    const Endpoint signaling, media, gateway;
    std::vector<std::string> sent, received;  // every byte, for reading afterwards

    // ---- what came
    void receive(std::string_view text) {
        received.emplace_back(text);
        auto message = sip::Message::parse(text);
        if (!message) throw std::runtime_error("the gateway sent no SIP: " + message.error().reason);
        inbox_.push_back(std::move(*message));
    }
    // The next message, which must be a request of that method or a response of that status.
    sip::Message expect(std::string_view what) {
        if (inbox_.empty()) {
            throw std::runtime_error(name + " expected " + std::string(what) + ", nothing came");
        }
        auto message = std::move(inbox_.front());
        inbox_.pop_front();
        if (name_of(message) != what) {
            throw std::runtime_error(name + " expected " + std::string(what) + ", got:\n" +
                                     std::string(message.text()));
        }
        return message;
    }
    std::size_t waiting() const { return inbox_.size(); }
    // The next message, whatever it is; there must be one.
    sip::Message take() {
        auto message = std::move(inbox_.at(0));
        inbox_.pop_front();
        return message;
    }
    // Names of all that waits, and forgets it.
    std::vector<std::string> take_all() {
        std::vector<std::string> out;
        for (const auto& m : inbox_) out.push_back(name_of(m));
        inbox_.clear();
        return out;
    }

    // ---- as caller
    Dialog invite(std::string_view number, std::string_view body, const Headers& headers = {}) {
        return invite_uri("sip:" + std::string(number) + "@" + gateway.ip.to_uri_host(), body, headers);
    }
    Dialog invite_uri(std::string_view uri, std::string_view body, const Headers& headers = {}) {
        Dialog d;
        d.call_id = name + "-call-" + std::to_string(++count_) + "@pbx." + name + ".example";
        d.local = from + ";tag=" + tag();
        d.remote = "<" + std::string(uri) + ">";
        d.target = uri;
        d.invite = request(d, "INVITE", body, headers);
        return d;
    }
    // Takes the other tag and the target from a response.
    void learn(Dialog& d, const sip::Message& response) const {
        d.remote = std::string(response.first(sip::HeaderId::to));
        if (const auto contact = sip::NameAddr::parse(response.first(sip::HeaderId::contact))) {
            d.target = contact->uri.to_string();
        }
    }
    // ACK to a 2xx, with a branch of its own (13.2.2.4).
    void ack(Dialog& d, const sip::Message& ok, std::string_view body = {}) {
        learn(d, ok);
        send(head("ACK", d, branch(), ok.cseq().number) + tail(body));
    }
    // ACK to another final response: same branch, same Request-URI (17.1.1.3).
    void ack_failure(const Dialog& d, const sip::Message& response) {
        Dialog same = d;
        same.target = std::string(d.invite.request_uri());
        same.remote = std::string(response.first(sip::HeaderId::to));
        send(head("ACK", same, std::string(d.invite.via().branch()), d.invite.cseq().number) + tail({}));
    }
    // The same for a re-INVITE.
    void ack_failure(Dialog d, const sip::Message& reinvite, const sip::Message& response) {
        d.invite = reinvite;
        ack_failure(d, response);
    }
    void cancel(const Dialog& d, const Headers& headers = {}) { cancel(d, d.invite, headers); }
    void cancel(const Dialog& d, const sip::Message& invite, const Headers& headers = {}) {
        Dialog same = d;
        same.target = std::string(invite.request_uri());
        same.remote = std::string(invite.first(sip::HeaderId::to));
        send(head("CANCEL", same, std::string(invite.via().branch()), invite.cseq().number) + lines(headers) +
             tail({}));
    }

    // ---- as callee
    // The dialog that `invite` makes when answered with this tag of ours.
    Dialog dialog_of(const sip::Message& invite, std::string_view own_tag = {}) {
        Dialog d;
        d.call_id = std::string(invite.call_id());
        d.local = std::string(invite.first(sip::HeaderId::to)) +
                  ";tag=" + (own_tag.empty() ? tag() : std::string(own_tag));
        d.remote = std::string(invite.first(sip::HeaderId::from));
        if (const auto contact = sip::NameAddr::parse(invite.first(sip::HeaderId::contact))) {
            d.target = contact->uri.to_string();
        }
        d.invite = invite;
        return d;
    }
    // A response to `request`; `to` is the To value with our tag, empty where the request has it already.
    void respond(const sip::Message& request, int status, std::string_view to = {},
                 std::string_view body = {}, const Headers& headers = {}) {
        std::string text =
            "SIP/2.0 " + std::to_string(status) + " " + std::string(sip::reason_phrase(status)) + "\r\n";
        for (const auto& f : request.fields()) {
            if (f.id == sip::HeaderId::via) text += "Via: " + std::string(f.value) + "\r\n";
        }
        text += "From: " + std::string(request.first(sip::HeaderId::from)) + "\r\n";
        text +=
            "To: " + (to.empty() ? std::string(request.first(sip::HeaderId::to)) : std::string(to)) + "\r\n";
        text += "Call-ID: " + std::string(request.call_id()) + "\r\n";
        text += "CSeq: " + request.cseq().to_string() + "\r\n";
        text += "Contact: " + contact() + "\r\nServer: " + name + "-ua/1.0\r\n";
        send(text + lines(headers) + tail(body));
    }
    void respond(const Dialog& d, int status, std::string_view body = {}, const Headers& headers = {}) {
        respond(d.invite, status, d.local, body, headers);
    }

    // ---- both
    // A request within the dialog (or the first of one), as sent.
    sip::Message request(Dialog& d, std::string_view method, std::string_view body = {},
                         const Headers& headers = {}) {
        std::string text = head(method, d, branch(), ++d.cseq);
        text += "Contact: " + contact() + "\r\nUser-Agent: " + name + "-ua/1.0\r\n";
        return send(text + lines(headers) + tail(body));
    }
    sip::Message send(const std::string& text) {
        sent.push_back(text);
        wire_(*this, text);
        return sip::Message::parse(text).value_or(sip::Message());
    }

    std::string sdp(const Description& d = {}) const {
        const std::string ip = d.connection.empty() ? media.ip.to_string() : d.connection;
        const std::string family = ip.find(':') == std::string::npos ? "IP4 " : "IP6 ";
        std::string text = "v=0\r\no=" + name + "-user 20071 " + std::to_string(d.version) + " IN IP4 " +
                           media.ip.to_string() + "\r\ns=" + name + "-session\r\nc=IN " + family + ip +
                           "\r\nt=0 0\r\nm=audio " + std::to_string(media.port) + " " + d.protocol + " " +
                           d.formats + "\r\n";
        if (d.formats.find("101") != std::string::npos) {
            text += "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
        }
        for (const auto& line : d.crypto) text += "a=crypto:" + line + "\r\n";
        return text + "a=ptime:20\r\na=" + d.direction + "\r\n" + d.more;
    }

    std::string max_forwards = "70";
    std::string from = "\"" + name + " Example\" <sip:+4930100@pbx." + name + ".example>";

  private:
    std::string branch() { return "z9hG4bK-" + name + "-branch-" + std::to_string(++count_); }
    std::string tag() { return name + "-tag-" + std::to_string(++count_); }
    std::string contact() const { return "<sip:line@" + signaling.to_string() + ">"; }
    std::string head(std::string_view method, const Dialog& d, const std::string& via_branch,
                     std::uint32_t cseq) const {
        const std::string m(method);
        return m + " " + d.target + " SIP/2.0\r\nVia: SIP/2.0/UDP " + signaling.to_string() +
               ";branch=" + via_branch + ";rport\r\nMax-Forwards: " + max_forwards + "\r\nFrom: " + d.local +
               "\r\nTo: " + d.remote + "\r\nCall-ID: " + d.call_id + "\r\nCSeq: " + std::to_string(cseq) +
               " " + m + "\r\n";
    }
    static std::string lines(const Headers& headers) {
        std::string text;
        for (const auto& [n, v] : headers) text.append(n).append(": ").append(v).append("\r\n");
        return text;
    }
    static std::string tail(std::string_view body) {
        std::string text;
        if (!body.empty()) text += "Content-Type: application/sdp\r\n";
        return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    }

    std::function<void(const Peer&, std::string_view)> wire_;
    std::deque<sip::Message> inbox_;
    int count_ = 0;
};

}  // namespace causeway::fakes
