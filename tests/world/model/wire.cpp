// The network between the gateway and its peers.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/world/model/world.hpp"

namespace causeway::world {
namespace {

// The first line of a message and what tells calls apart; what cannot be printed is a dot.
std::string head(std::string_view message) {
    std::string out(message.substr(0, message.find_first_of("\r\n")));
    for (const std::string_view field : {"\r\nCall-ID: ", "\r\nCSeq: "}) {
        const auto at = message.find(field);
        if (at == std::string_view::npos) continue;
        const auto value =
            message.substr(at + field.size(), message.find("\r\n", at + 2) - at - field.size());
        out += fmt::format(" [{}]", value.substr(0, 18));
    }
    for (char& c : out) c = c < ' ' || c > '~' ? '.' : c;
    return out;
}

}  // namespace

World::Peer* World::peer_at(const IpAddress& where) {
    for (Peer& p : peers_) {
        if (p.habits().signaling.ip == where || p.habits().media == where) return &p;
    }
    return nullptr;
}

World::Peer* World::peer_behind(const Endpoint& gateway) {
    for (Peer& p : peers_) {
        if (p.habits().gateway == gateway) return &p;
    }
    return nullptr;
}

std::string World::name_of(const Endpoint& e) {
    const Peer* peer = peer_at(e.ip);
    return peer == nullptr ? e.to_string() : peer->habits().name;
}

bool World::out_of_reach(const IpAddress& where) {
    const Peer* peer = peer_at(where);
    return peer != nullptr && peer->unreachable_until && now_ < *peer->unreachable_until;
}

bool World::lost(unsigned percent) {
    const bool yes = wire_.chance(percent);
    report_.faults += yes ? 1 : 0;
    return yes;
}

// ---------------------------------------------------------------------------------------------------- SIP

bool World::send_sip(const Endpoint& from, const Endpoint& to, std::string_view message) {
    Peer* peer = peer_behind(to);
    if (peer == nullptr) return true;
    // Phones repeat what the gateway sends, and so may repeat what a mangled message made it say.
    if (weather_.mangled == 0) peer->secrets.read(message);
    carry_sip(*peer, true, from, to, std::string(message));
    if (wire_.chance(weather_.mangled)) mangle(*peer, true, from, to, std::string(message));
    return true;
}

bool World::send(const sip::Hop& to, std::string_view message) {
    Peer* peer = peer_at(to.remote.ip);
    if (peer == nullptr || peer->habits().signaling != to.remote) {
        // Where a mangled Via pointed, or where a peer was before it crashed.
        return to.transport == sip::Transport::udp || wire_.chance(50);
    }
    if (to.transport == sip::Transport::udp && out_of_reach(to.remote.ip)) {
        // Either at once, or by an ICMP error later.
        ++report_.faults;
        if (wire_.chance(30)) return false;
        later(Millis(5), [this, to] { core_->sip_transport_error(now_, to); });
        return true;
    }
    peer->told.emplace(message);
    const auto& h = peer->habits();
    if (weather_.mangled == 0 && &peers_[to.listener] != peer) problem("sent through the wrong listener");
    if (weather_.mangled == 0 && to.transport != h.transport) problem("sent over the wrong transport");
    check_recorded(message);
    carry_sip(*peer, false, h.gateway, to.remote, std::string(message));
    return true;
}

// One message on the wire: perhaps lost, late, twice; over TCP late only, and in order.
void World::carry_sip(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to,
                      std::string bytes) {
    ++report_.datagrams;
    const auto name = peer.habits().name;
    note(head(bytes), to_gateway ? name : "gateway", to_gateway ? "gateway" : name);
    hash(bytes);
    const auto delay = [&] { return weather_.min_delay + wire_.between(Duration{}, weather_.sip_jitter); };
    if (peer.habits().transport == sip::Transport::tcp) {
        Time& last = to_gateway ? peer.to_gateway : peer.from_gateway;
        Time arrives = std::max(last, now_ + delay());
        if (peer.unreachable_until) arrives = std::max(arrives, *peer.unreachable_until);
        last = arrives;
        return later(arrives - now_,
                     [this, &peer, to_gateway, from, to, bytes, connection = peer.connection] {
                         if (connection == peer.connection) deliver_sip(peer, to_gateway, from, to, bytes);
                     });
    }
    if (out_of_reach(peer.habits().signaling.ip)) {
        ++report_.faults;
        return;
    }
    const unsigned copies = lost(weather_.sip_repeat) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
        if (lost(weather_.sip_loss)) continue;
        later(delay(),
              [this, &peer, to_gateway, from, to, bytes] { deliver_sip(peer, to_gateway, from, to, bytes); });
    }
}

void World::deliver_sip(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to,
                        const std::string& bytes) {
    const auto& h = peer.habits();
    if (!to_gateway) {
        if (to == h.signaling) peer.phone->receive_sip(bytes);
        return;
    }
    core_->receive_sip(now_, bytes, {h.transport, static_cast<std::uint16_t>(&peer - peers_.data()), from});
}

// All that is under way is gone, and both ends know.
void World::break_connection(Peer& peer) {
    const auto& h = peer.habits();
    if (h.transport != sip::Transport::tcp) return;
    note("the connection of " + h.name + " breaks");
    ++report_.faults;
    ++report_.breaks;
    ++peer.connection;
    peer.phone->transport_error();
    core_->sip_transport_error(now_,
                               {h.transport, static_cast<std::uint16_t>(&peer - peers_.data()), h.signaling});
}

// A copy of a message with some octets changed, from the address of a trunk.
void World::mangle(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to,
                   std::string message) {
    ++report_.faults;
    const unsigned changes = wire_.between(1U, 4U);
    for (unsigned i = 0; i < changes && !message.empty(); ++i) {
        const auto at = wire_.below(static_cast<std::uint32_t>(message.size()));
        switch (wire_.below(4)) {
            case 0:
                message[at] = static_cast<char>(wire_.below(256));
                break;
            case 1:
                message[at] = static_cast<char>('0' + wire_.below(75));
                break;
            case 2:
                message.erase(at, wire_.between(1U, 40U));
                break;
            default:
                message.insert(at, message.substr(wire_.below(static_cast<std::uint32_t>(message.size())),
                                                  wire_.between(1U, 40U)));
                break;
        }
    }
    note("mangled: " + head(message));
    later(weather_.min_delay + Millis(wire_.below(2000)),
          [this, &peer, to_gateway, from, to, message] { deliver_sip(peer, to_gateway, from, to, message); });
}

// ---------------------------------------------------------------------------------------------------- media

void World::send_media(const Endpoint& from, const Endpoint& to, ByteView bytes) {
    carry_media(from, to, std::string(as_text(bytes)));
}

void World::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    check_sent(local, to, bytes);
    carry_media(local, to, std::string(as_text(bytes)));
}

bool World::bind(const Endpoint& rtp_local) {
    if (lost(weather_.no_socket)) {
        ++report_.unbound;
        return false;
    }
    return sockets_.bind(rtp_local);
}

void World::release(const Endpoint& rtp_local) {
    if (sockets_.bound.count(rtp_local) == 0) problem("a socket released that is not bound");
    sockets_.release(rtp_local);
}

void World::carry_media(const Endpoint& from, const Endpoint& to, std::string bytes) {
    ++report_.datagrams;
    hash(bytes);
    if (out_of_reach(from.ip) || out_of_reach(to.ip)) return;
    const unsigned copies = lost(weather_.media_repeat) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
        if (lost(weather_.media_loss)) continue;
        const auto delay = weather_.min_delay + wire_.between(Duration{}, weather_.media_jitter);
        later(delay, [this, from, to, bytes] { deliver_media(from, to, bytes); });
    }
}

void World::deliver_media(const Endpoint& from, const Endpoint& to, const std::string& bytes) {
    if (Peer* peer = peer_at(to.ip)) return peer->phone->receive_media(to, from, as_bytes(bytes));
    if (sockets_.bound.count(to) == 0) return;
    const media::Datagram datagram{to, from, as_bytes(bytes)};
    core_->receive_media(now_, {&datagram, 1});
}

// Datagrams that belong to nothing: to the SIP ports, from a stranger or a trunk, and to the media ports.
void World::throw_garbage() {
    ++report_.faults;
    std::string bytes(wire_.between(0U, 300U), '\0');
    wire_.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    const Endpoint stranger{*IpAddress::parse("192.0.2.199"), 4000};
    auto& peer = peers_[wire_.below(static_cast<std::uint32_t>(peers_.size()))];
    switch (wire_.below(3)) {
        case 0:
            return deliver_sip(peer, true, stranger, peer.habits().gateway, bytes);
        case 1:
            return deliver_sip(peer, true, peer.habits().signaling, peer.habits().gateway, bytes);
        default: {
            if (sockets_.bound.empty()) return;
            auto at = sockets_.bound.begin();
            std::advance(at, wire_.below(static_cast<std::uint32_t>(sockets_.bound.size())));
            // What looks like RTP or RTCP hurts more than what does not.
            if (bytes.size() > 1) bytes[0] = static_cast<char>(0x80);
            if (bytes.size() > 1) bytes[1] = static_cast<char>(wire_.chance(50) ? 0 : 200);
            return deliver_media(stranger, *at, bytes);
        }
    }
}

}  // namespace causeway::world
