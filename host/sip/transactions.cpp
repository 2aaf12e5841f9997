#include "host/sip/transactions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "host/base/text.hpp"
#include "host/sip/transaction.hpp"

namespace causeway::sip {

namespace {

constexpr std::string_view magic_cookie = "z9hG4bK";

constexpr std::uint16_t default_port(Transport transport) {
    return transport == Transport::tls || transport == Transport::wss ? 5061 : 5060;
}

// Key of a server transaction (17.2.3): branch, sent-by and method. `method` is INVITE for ACK and for the
// INVITE that a CANCEL means.
//
// A branch without the cookie is of RFC 2543: there the identity is spread over the Request-URI, tags,
// Call-ID, CSeq and the whole top Via. The To tag is left out: an ACK has one that its INVITE had not, and
// the other fields tell any two requests apart.
std::string server_key(const Message& request, std::string_view method) {
    const Via& via = request.via();
    const std::string sent_by = fmt::format("{}:{}", to_lower(via.host), via.port.value_or(0));
    if (via.has_magic_cookie() && via.branch().size() > magic_cookie.size())
        return fmt::format("{}\n{}\n{}", via.branch(), sent_by, method);
    Via as_sent = via;
    as_sent.params.erase("received");
    as_sent.params.erase("rport");
    return fmt::format("\n{}\n{}\n{}\n{}\n{}\n{}", request.request_uri(), request.from().tag(),
                       request.call_id(), request.cseq().number, as_sent.to_string(), method);
}

// Notes where a request came from in its top Via (18.2.1, RFC 3581 section 4).
Message with_source(const Message& request, const Endpoint& source) {
    Via via = request.via();
    const bool wants_port = via.params.has("rport");
    if (!wants_port && IpAddress::parse(via.host) == source.ip && !via.params.has("received")) return request;
    via.params.set("received", source.ip.to_string());
    if (wants_port) via.params.set("rport", std::to_string(source.port));
    return request.with_top_via(via);
}

}  // namespace

std::string_view to_string(Transport t) {
    switch (t) {
        case Transport::udp:
            return "UDP";
        case Transport::tcp:
            return "TCP";
        case Transport::tls:
            return "TLS";
        case Transport::ws:
            return "WS";
        case Transport::wss:
            break;
    }
    return "WSS";
}

TransactionLayer::TransactionLayer(std::vector<Listener> listeners, TimerValues timers, Random& random,
                                   TransactionWire& wire, TransactionUser& user, std::uint8_t shard)
    : listeners_(std::move(listeners)),
      random_(random),
      shard_(shard),
      table_(std::make_unique<TransactionTable>(timers, wire, user, counters_)) {
    assert(timers.t1 > Duration::zero() && timers.t2 >= timers.t1);
}

TransactionLayer::~TransactionLayer() = default;

// ---- from the wire

void TransactionLayer::receive(Time now, const Message& message, const Hop& from) {
    if (message.is_request()) {
        receive_request(now, with_source(message, from.remote), from);
    } else {
        receive_response(now, message, from);
    }
}

void TransactionLayer::receive_request(Time now, const Message& request, const Hop& from) {
    ++counters_.requests_in;
    const bool is_ack = request.method() == Method::ack;
    const std::string_view method = is_ack ? to_string(Method::invite) : request.method_name();
    std::string key = server_key(request, method);
    if (const auto found = table_->servers.find(key); found != table_->servers.end()) {
        return table_->run(now, found->second, [&](Transaction& t) { t.receive(now, request, from); });
    }
    if (is_ack) return table_->user.on_ack(now, request, from);
    const Hop peer = response_hop(request, from);
    const TransactionId id =
        request.method() == Method::invite
            ? table_->start<ServerInvite>(now, table_->servers, std::move(key), peer, request)
            : table_->start<ServerNonInvite>(now, table_->servers, std::move(key), peer, request);
    table_->user.on_request(now, id, request, from);
}

void TransactionLayer::receive_response(Time now, const Message& response, const Hop& from) {
    ++counters_.responses_in;
    // Not meant for us (18.1.2), or misrouted (8.1.3.3).
    if (!is_ours(response.via()) || response.values(HeaderId::via).size() > 1) {
        ++counters_.stray_responses;
        return;
    }
    const auto found = table_->clients.find(client_key(response.via().branch(), response.method_name()));
    if (found != table_->clients.end()) {
        return table_->run(now, found->second, [&](Transaction& t) { t.receive(now, response, from); });
    }
    ++counters_.stray_responses;
    const bool is_2xx = response.status() >= 200 && response.status() < 300;
    if (is_2xx && response.method() == Method::invite) table_->user.on_stray_2xx(now, response, from);
}

bool TransactionLayer::is_ours(const Via& via) const {
    return std::any_of(listeners_.begin(), listeners_.end(), [&](const Listener& l) {
        return iequals(via.host, l.host) && via.port.value_or(default_port(l.transport)) == l.port;
    });
}

void TransactionLayer::transport_error(Time now, const Hop& to) {
    std::vector<TransactionId> concerned;
    for (auto it = table_->unfinished.lower_bound({to, {}});
         it != table_->unfinished.end() && it->first == to; ++it)
        concerned.push_back(it->second);
    for (const TransactionId id : concerned)
        table_->run(now, id, [&](Transaction& t) { t.transport_failed(now); });
}

// ---- time

std::optional<Time> TransactionLayer::next_timer() const {
    return table_->timers.next();
}

void TransactionLayer::advance(Time now) {
    while (const auto due = table_->timers.pop_due(now)) {
        const auto id = due->second.id;
        const auto timer = due->second.timer;
        table_->run(now, id, [&](Transaction& t) {
            if (timer == TransactionTimer::refused) {
                t.transport_failed(now);
            } else {
                t.expire(now, timer);
            }
        });
    }
}

// ---- client side

Message TransactionLayer::with_our_via(MessageBuilder request, const Hop& to) {
    assert(to.listener < listeners_.size());
    const Listener& listener = listeners_[to.listener];
    Via via;
    via.transport = to_string(to.transport);
    via.host = listener.host;
    via.port = listener.port;
    via.params.set("branch", std::string(magic_cookie) + mint_token(random_, shard_, 12));
    if (!is_reliable(to.transport)) via.params.set("rport", std::nullopt);  // RFC 3581 section 3
    return request.prepend(HeaderId::via, via.to_string()).build();
}

TransactionId TransactionLayer::request(Time now, MessageBuilder request, const Hop& to) {
    const Message message = with_our_via(std::move(request), to);
    assert(message.method() != Method::ack);
    std::string key = client_key(message.via().branch(), message.method_name());
    if (message.method() == Method::invite)
        return table_->start<ClientInvite>(now, table_->clients, std::move(key), to, message);
    return table_->start<ClientNonInvite>(now, table_->clients, std::move(key), to, message);
}

const Message* TransactionLayer::sent_request(TransactionId id) const {
    const Transaction* transaction = table_->find(id);
    return transaction == nullptr ? nullptr : transaction->request();
}

void TransactionLayer::cancel(Time now, TransactionId invite, std::string_view reason) {
    if (Transaction* transaction = table_->find(invite)) transaction->cancel(now, reason);
}

// ---- server side

void TransactionLayer::respond(Time now, TransactionId id, const Message& response) {
    if (Transaction* transaction = table_->find(id)) transaction->respond(now, response);
}

std::optional<TransactionId> TransactionLayer::invite_of(const Message& cancel) const {
    const auto found = table_->servers.find(server_key(cancel, to_string(Method::invite)));
    if (found == table_->servers.end()) return std::nullopt;
    return found->second;
}

Hop TransactionLayer::response_hop(const Message& request, const Hop& from) {
    if (is_reliable(from.transport)) return from;  // the connection of the request
    const Via& via = request.via();
    Hop hop = from;
    const auto maddr = IpAddress::parse(via.params.get("maddr"));
    if (maddr) hop.remote.ip = *maddr;
    // RFC 3581 section 4: rport counts where there is no maddr.
    if (maddr || !via.params.has("rport")) hop.remote.port = via.port.value_or(default_port(from.transport));
    return hop;
}

// ---- outside transactions

Message TransactionLayer::send_stateless(Time now, MessageBuilder request, const Hop& to) {
    Message message = with_our_via(std::move(request), to);
    resend(now, message, to);
    return message;
}

void TransactionLayer::resend(Time now, const Message& message, const Hop& to) {
    if (!table_->wire.send(now, to, message)) ++counters_.transport_errors;
}

// ---- printing

std::size_t TransactionLayer::size() const {
    return table_->all.size();
}

std::string TransactionLayer::describe(TransactionId id) const {
    const Transaction* t = table_->find(id);
    return t == nullptr ? std::string()
                        : fmt::format("{} {}, {}, {}", t->kind(), t->method(), t->state(), t->branch());
}

}  // namespace causeway::sip
