#include "host/net/sip_tcp.hpp"

#include <netinet/tcp.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/log_limit.hpp"
#include "host/net/clock.hpp"
#include "host/net/endpoint.hpp"
#include "host/sip/framer.hpp"

namespace causeway::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// A peer that is gone without a word is found out within two minutes.
void keep_alive(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const auto set = [&](int name, int value) {
        std::ignore = ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
    };
    set(TCP_KEEPIDLE, 60);
    set(TCP_KEEPINTVL, 15);
    set(TCP_KEEPCNT, 4);
}

std::optional<Endpoint> address_in(std::string_view uri_text) {
    const auto uri = sip::Uri::parse(uri_text);
    const auto ip = uri ? IpAddress::parse(uri->host) : std::nullopt;
    if (!ip) return std::nullopt;
    return Endpoint{*ip, uri->port.value_or(5060)};
}

// Where a message says that it goes (RFC 3261 18.2.2, 8.1.2); nothing where that is no address.
std::optional<Endpoint> named_by(std::string_view text) {
    const auto message = sip::Message::parse(text);
    if (!message) return std::nullopt;
    if (message->is_request()) {
        for (const auto route : message->values(sip::HeaderId::route)) {
            const auto first = sip::NameAddr::parse(route);
            return first ? address_in(first->uri.to_string()) : std::nullopt;
        }
        return address_in(message->request_uri());
    }
    const sip::Via& via = message->via();
    auto ip = IpAddress::parse(via.params.get("received"));
    if (!ip) ip = IpAddress::parse(via.host);
    if (!ip) return std::nullopt;
    return Endpoint{*ip, via.port.value_or(5060)};
}

}  // namespace

struct SipTcp::State {
    using Key = std::pair<std::uint16_t, Endpoint>;

    asio::io_context& io;
    Handlers handlers;
    TcpLimits limits;
    Counters counters;
    std::map<std::uint16_t, std::shared_ptr<Listener>> listeners;
    std::map<Key, std::shared_ptr<Connection>> connections;
    std::map<IpAddress, std::size_t> accepted;  // connections that run, by peer
    bool closed = false;
    log::Limit refused_log, ended_log;

    // To `remote`, by a connection that is open or is opened now. `asked` is the hop that send() was given.
    void deliver(const std::shared_ptr<State>& self, const Endpoint& remote, std::string_view message,
                 const sip::Hop& asked, bool last);
    // Later: never from inside send().
    void report_lost(const std::shared_ptr<State>& self, const sip::Hop& hop, std::string_view why) {
        asio::post(io, [self, hop, why = std::string(why)] {
            if (!self->closed) self->handlers.lost(hop, why);
        });
    }
};

class SipTcp::Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(std::shared_ptr<State> state, std::uint16_t listener, const Endpoint& remote,
               tcp::socket socket)
        : state_(std::move(state)),
          hop_{sip::Transport::tcp, listener, remote},
          socket_(std::move(socket)),
          timer_(state_->io) {}

    State::Key key() const { return {hop_.listener, hop_.remote}; }

    void accepted() {
        accepted_ = open_ = true;
        ++state_->accepted[hop_.remote.ip];
        keep_alive(socket_);
        arm(state_->limits.first);
        read();
    }

    // From `local`, so that the peer sees the address of the listener.
    void connect(const Endpoint& local) {
        error_code error;
        const auto remote = to_asio<tcp>(hop_.remote);
        socket_.open(remote.protocol(), error);
        if (!error && !local.ip.is_unspecified()) socket_.bind(to_asio<tcp>({local.ip, 0}), error);
        if (error) {
            // Not from inside send().
            asio::post(state_->io, [self = shared_from_this(), error] { self->failed(error.message()); });
            return;
        }
        arm(state_->limits.connect);
        socket_.async_connect(remote, [self = shared_from_this()](error_code e) {
            if (self->gone_) return;
            if (e) return self->failed(e.message());
            self->open_ = true;
            ++self->state_->counters.opened;
            keep_alive(self->socket_);
            self->arm(self->state_->limits.idle);
            self->read();
            self->write();
        });
    }

    void send(std::string_view message, const sip::Hop& asked, bool last) {
        waiting_ += message.size();
        if (waiting_ > state_->limits.queue) {
            ++state_->counters.stalled;
            asio::post(state_->io, [self = shared_from_this()] { self->end("does not read", true); });
            return;
        }
        queue_.push_back({std::string(message), asked, last});
        write();
    }

    // `loses`: what is queued, or was written lately, cannot be relied on.
    void end(std::string_view why, bool loses) {
        if (gone_) return;
        gone_ = true;
        error_code ignored;
        timer_.cancel();
        socket_.close(ignored);
        const auto self = shared_from_this();
        state_->connections.erase(key());
        if (accepted_) {
            const auto peer = state_->accepted.find(hop_.remote.ip);
            if (--peer->second == 0) state_->accepted.erase(peer);
        }
        if (state_->closed) return;
        log::limited(state_->ended_log, now(), log::Level::info, {}, "connection with {}: {}",
                     hop_.remote.to_string(), why);
        std::vector<sip::Hop> hops;
        if (loses) hops.push_back(hop_);
        for (const auto& q : queue_) {
            if (std::find(hops.begin(), hops.end(), q.asked) == hops.end()) hops.push_back(q.asked);
        }
        for (const auto& hop : hops) state_->handlers.lost(hop, why);
    }

  private:
    struct Queued {
        std::string text;
        sip::Hop asked;     // the hop that send() was given
        bool last = false;  // there is no other address to try
    };

    // It did not open: what names another address goes there.
    void failed(std::string_view why) {
        ++state_->counters.failed;
        std::deque<Queued> elsewhere;
        std::erase_if(queue_, [&](const Queued& q) {
            if (q.last || named_by(q.text).value_or(hop_.remote) == hop_.remote) return false;
            elsewhere.push_back(q);
            return true;
        });
        end(why, false);
        for (const auto& q : elsewhere) state_->deliver(state_, *named_by(q.text), q.text, q.asked, true);
    }

    void arm(std::chrono::milliseconds limit) {
        timer_.expires_after(limit);
        timer_.async_wait([self = shared_from_this()](error_code error) {
            if (error || self->gone_ || Clock::now() < self->timer_.expiry()) return;
            if (!self->open_) return self->failed("does not answer");
            if (self->framer_.is_waiting()) {
                ++self->state_->counters.stalled;
                return self->end("does not finish its message", false);
            }
            self->end(self->heard_ ? "idle" : "sends nothing", false);
        });
    }

    void read() {
        socket_.async_read_some(asio::buffer(buffer_),
                                [self = shared_from_this()](error_code error, std::size_t n) {
                                    if (self->gone_) return;
                                    if (error == asio::error::eof)
                                        return self->end("closed by the peer", false);
                                    if (error) return self->end(error.message(), true);
                                    self->received({self->buffer_.data(), n});
                                    if (!self->gone_) self->read();
                                });
    }

    void received(std::string_view bytes) {
        const bool was_waiting = framer_.is_waiting();
        framer_.add(bytes);
        bool progress = false;
        for (;;) {
            const auto piece = framer_.next();
            switch (piece.found) {
                case sip::StreamFramer::Found::nothing:
                    // A message has so long to be complete, however slowly its octets drip.
                    if (framer_.is_waiting() && (progress || !was_waiting)) {
                        arm(state_->limits.message);
                    } else if (progress) {
                        arm(state_->limits.idle);
                    }
                    return;
                case sip::StreamFramer::Found::ping:
                    progress = true;
                    send("\r\n", hop_, true);
                    break;
                case sip::StreamFramer::Found::message:
                    progress = heard_ = true;
                    ++state_->counters.received;
                    state_->handlers.message(piece.text, hop_);
                    break;
                case sip::StreamFramer::Found::broken:
                    ++state_->counters.broken;
                    return end(std::string("no SIP: ") += piece.text, false);
            }
            if (gone_) return;
        }
    }

    void write() {
        if (!open_ || writing_ || queue_.empty()) return;
        writing_ = true;
        asio::async_write(socket_, asio::buffer(queue_.front().text),
                          [self = shared_from_this()](error_code error, std::size_t) {
                              if (self->gone_) return;
                              if (error) return self->end(error.message(), true);
                              self->writing_ = false;
                              self->waiting_ -= self->queue_.front().text.size();
                              self->queue_.pop_front();
                              ++self->state_->counters.sent;
                              if (!self->framer_.is_waiting()) self->arm(self->state_->limits.idle);
                              self->write();
                          });
    }

    const std::shared_ptr<State> state_;
    const sip::Hop hop_;
    tcp::socket socket_;
    asio::steady_timer timer_;
    sip::StreamFramer framer_;
    std::array<char, 8192> buffer_;
    std::deque<Queued> queue_;
    std::size_t waiting_ = 0;  // octets in it
    bool accepted_ = false, open_ = false, heard_ = false, writing_ = false, gone_ = false;
};

class SipTcp::Listener : public std::enable_shared_from_this<Listener> {
  public:
    Listener(std::shared_ptr<State> state, std::uint16_t index)
        : state_(std::move(state)), index_(index), acceptor_(state_->io), pause_(state_->io) {}

    Result<Endpoint> open(const Endpoint& local, bool joining) {
        const auto endpoint = to_asio<tcp>(local);
        error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error && local.ip.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
        if (!error && joining) share();
        if (!error) acceptor_.bind(endpoint, error);
        // Set before bind it would let any other process of this user in.
        if (!error) share();
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (!error) local_ = from_asio(acceptor_.local_endpoint(error));
        if (error) return fail(error.message());
        return local_;
    }
    const Endpoint& local() const { return local_; }

    void close() {
        error_code ignored;
        pause_.cancel();
        acceptor_.close(ignored);
    }

    void accept() {
        acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
            if (!self->acceptor_.is_open()) return;
            if (!error) {
                self->take(std::move(socket));
                return self->accept();
            }
            if (error == asio::error::connection_aborted) return self->accept();
            // Without descriptors: accepting again at once would spin.
            ++self->state_->counters.refused;
            log::error({}, "listener {}: {}; no connection is accepted for a second",
                       self->local_.to_string(), error.message());
            self->pause_.expires_after(std::chrono::seconds(1));
            self->pause_.async_wait([self](error_code cancelled) {
                if (!cancelled && self->acceptor_.is_open()) self->accept();
            });
        });
    }

  private:
    void share() {
        const int on = 1;
        std::ignore = ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }

    void take(tcp::socket socket) {
        error_code error;
        const auto remote = from_asio(socket.remote_endpoint(error));
        if (error) return;
        const auto mine = state_->accepted.find(remote.ip);
        const bool full = state_->connections.size() >= state_->limits.connections;
        if (full || (mine != state_->accepted.end() && mine->second >= state_->limits.per_peer)) {
            ++state_->counters.refused;
            log::limited(state_->refused_log, now(), log::Level::warning, {}, "connection of {} refused: {}",
                         remote.to_string(), full ? "there are too many" : "it has too many");
            return;
        }
        ++state_->counters.accepted;
        auto connection = std::make_shared<Connection>(state_, index_, remote, std::move(socket));
        state_->connections[connection->key()] = connection;
        connection->accepted();
    }

    const std::shared_ptr<State> state_;
    const std::uint16_t index_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    Endpoint local_;
};

SipTcp::SipTcp(asio::io_context& io, Handlers handlers, TcpLimits limits)
    : state_(std::make_shared<State>(State{io, std::move(handlers), limits, {}, {}, {}, {}, false, {}, {}})) {
}

SipTcp::~SipTcp() {
    close();
}

Result<Endpoint> SipTcp::open(std::uint16_t index, const Endpoint& local, bool joining) {
    auto listener = std::make_shared<Listener>(state_, index);
    auto bound = listener->open(local, joining);
    if (bound) state_->listeners[index] = std::move(listener);
    return bound;
}

void SipTcp::start() {
    for (const auto& [index, listener] : state_->listeners) listener->accept();
}

void SipTcp::close() {
    state_->closed = true;
    for (const auto& [index, listener] : state_->listeners) listener->close();
    state_->listeners.clear();
    while (!state_->connections.empty()) state_->connections.begin()->second->end("closed", false);
}

void SipTcp::State::deliver(const std::shared_ptr<State>& self, const Endpoint& remote,
                            std::string_view message, const sip::Hop& asked, bool last) {
    const auto found = connections.find({asked.listener, remote});
    if (found != connections.end()) return found->second->send(message, asked, last);
    const auto listener = listeners.find(asked.listener);
    if (listener == listeners.end()) return;
    if (connections.size() >= limits.connections) {
        ++counters.failed;
        return report_lost(self, asked, "there are too many connections");
    }
    auto opened = std::make_shared<Connection>(self, asked.listener, remote, tcp::socket(io));
    connections[opened->key()] = opened;
    opened->send(message, asked, last);
    opened->connect(listener->second->local());
}

void SipTcp::send(const sip::Hop& to, std::string_view message) {
    if (state_->closed) return;
    Endpoint remote = to.remote;
    bool last = false;
    if (message.substr(0, 4) == "SIP/" && !state_->connections.contains({to.listener, remote})) {
        remote = named_by(message).value_or(remote);
        last = true;
    }
    state_->deliver(state_, remote, message, to, last);
}

const SipTcp::Counters& SipTcp::counters() const {
    return state_->counters;
}

std::size_t SipTcp::connections() const {
    return state_->connections.size();
}

}  // namespace causeway::net
