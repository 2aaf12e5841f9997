#include "host/media/local_ports.hpp"

#include <algorithm>
#include <unordered_map>

#include "host/base/archive.hpp"
#include "host/base/log_limit.hpp"
#include "host/base/text.hpp"
#include "host/base/timers.hpp"
#include "host/media/reporter.hpp"

namespace causeway::media {
namespace {

// Pairs in a row: then it is not others who sit on them, and trying on would hold up all other calls.
constexpr std::size_t most_refusals = 256;

bool may_receive(sdp::Direction d) {
    return d == sdp::Direction::recvonly || d == sdp::Direction::sendrecv;
}
bool may_send(sdp::Direction d) {
    return d == sdp::Direction::sendonly || d == sdp::Direction::sendrecv;
}

// Their formats on one leg, ours on the other: the same encoding, and where it stands there several times
// (packetization modes of H.264, say) with the same parameters if there is one.
const sdp::Codec* find_like(const std::vector<sdp::Codec>& codecs, const sdp::Codec& wanted) {
    const sdp::Codec* like = nullptr;
    for (const auto& c : codecs) {
        if (!c.same_encoding(wanted)) continue;
        if (c.fmtp == wanted.fmtp) return &c;
        if (like == nullptr) like = &c;
    }
    return like;
}

// Formats that go beside the voice and are not what a call "speaks".
bool is_auxiliary(const sdp::Codec& c) {
    return iequals(c.name, "telephone-event") || iequals(c.name, "CN");
}

const sdp::Codec* find_noise(const std::vector<sdp::Codec>& codecs) {
    const auto found = std::find_if(codecs.begin(), codecs.end(), [](const sdp::Codec& c) {
        return iequals(c.name, "CN") && c.clock_rate == 8000;
    });
    return found == codecs.end() ? nullptr : &*found;
}

const sdp::Codec* find_payload_type(const std::vector<sdp::Codec>& codecs, std::uint8_t payload_type) {
    const auto found = std::find_if(codecs.begin(), codecs.end(),
                                    [&](const sdp::Codec& c) { return c.payload_type == payload_type; });
    return found == codecs.end() ? nullptr : &*found;
}

}  // namespace

// One m-line of one leg.
class Port {
  public:
    Port(PortOptions o, std::optional<PortPool::Pair> p, const Endpoint& local, const Endpoint& shown,
         Reporter r)
        : options(std::move(o)),
          pair(p),
          rtp_local(local),
          rtcp_local{local.ip, static_cast<std::uint16_t>(local.port + 1)},
          advertised(shown),
          rtp(options.learning, options.signaling_source),
          rtcp(options.learning, options.signaling_source),
          reporter(std::move(r)) {
        remote.direction = sdp::Direction::inactive;
    }

    PortId id;
    const PortOptions options;
    const std::optional<PortPool::Pair> pair;  // nothing: taken over, and in none of our ranges
    const Endpoint rtp_local, rtcp_local, advertised;
    IngressId ingress;
    EgressId egress;
    RemoteMedia remote;
    Latch rtp, rtcp;
    Reporter reporter;
    Timers<PortId>::Id next_report;
    PortId peer;                        // whom we are joined with
    PathId path;                        // from our ingress to the peer's egress
    bool converts = false;              // that path, some of what it takes
    std::optional<std::uint8_t> voice;  // payload type of the last voice packet received
    // The newest packet that authenticated; late ones do not move the latch.
    std::optional<rtp::Header> newest;
    std::uint32_t our_ssrc = 0;
    std::optional<std::uint16_t> last_sent;  // the highest sequence number of ours
    PortCounters counters;
};

struct LocalPorts::Impl {
    Impl(Engine& e, Network& n, PortPool& p, Random& r, std::uint64_t zero)
        : engine(e), network(n), random(r), pool(p), ntp_zero(zero) {}

    // A packet inside the engine.
    struct InFlight {
        PortId port;
        Endpoint from;
    };

    Engine& engine;
    Network& network;
    Random& random;
    PortPool& pool;
    const std::uint64_t ntp_zero;
    Slots<Port> ports;
    std::unordered_map<Endpoint, PortId> by_local;  // RTP and RTCP sockets
    std::unordered_map<EgressId, PortId> by_egress;
    std::unordered_map<std::uint64_t, InFlight> in_flight;
    std::uint64_t last_cookie = 0;
    Timers<PortId> timers;
    std::vector<PacketIn> batch;
    Results results;
    std::uint64_t packets_in = 0, packets_out = 0, dropped = 0;
    // Drops that an operator wants to know of.
    struct Drops {
        std::string_view why;
        std::uint64_t count = 0;
        log::Limit limit;
    };
    Drops strangers{"the source is not the peer", 0, {}}, unauthentic{"not authentic: wrong SRTP key", 0, {}},
        replayed{"replayed, repeated or too late", 0, {}}, malformed{"no RTP or RTCP", 0, {}},
        not_agreed{"its payload type was not agreed on both legs", 0, {}};
    std::uint64_t dropped_closed = 0;
    // Not dropped, but an operator wants to know of them as well.
    Drops collisions{"", 0, {}}, implausible{"", 0, {}};

    Drops* drops_of(Verdict verdict);
    void drop(Time now, Drops& kind, const Port& port, bool is_rtp, const Endpoint& from);
    Result<PortPool::Pair> bind(bool ip6);
    PortId enter(Port port);
    Result<PortId> take_up(const PortState& state, std::optional<PortPool::Pair> pair);
    void erase(PortId id);
    bool admit(Time now, const Datagram& d);
    void collect(Time now);
    void complete(Time now, const Completion& c);
    void send(const PacketOut& packet);
    bool is_agreed(const Port& port, bool is_rtp, ByteView plain) const;
    void latched(const Port& port, bool is_rtp, const Endpoint& from) const;
    void collided(Time now, Port& port, bool is_rtp, const Endpoint& from);
    void count_sent(Port& port, ByteView packet) const;
    void report_rtcp(Time now, Port& port, bool leaving);
    void part(Port& port);
    void close_path(Port& from);
    Result<void> open_path(Port& from, Port& to);
    bool can_convert(const sdp::Codec& codec) const;
    const sdp::Codec* convertible(const std::vector<sdp::Codec>& codecs) const;
    Result<void> open_paths(Port& a, Port& b);
};

LocalPorts::LocalPorts(Engine& engine, Network& network, PortPool& pool, Random& random,
                       std::uint64_t ntp_zero)
    : impl_(std::make_unique<Impl>(engine, network, pool, random, ntp_zero)) {}

LocalPorts::~LocalPorts() = default;

// ----------------------------------------------------------------------------------------------------
// opening

// The next pair that the system lets us have: others may sit on ports of the range.
Result<PortPool::Pair> LocalPorts::Impl::bind(bool ip6) {
    std::vector<PortPool::Pair> refused;
    auto pair = pool.take(ip6);
    while (pair && !network.bind({pool.range(pair->range).address, pair->rtp})) {
        refused.push_back(*pair);
        pair = refused.size() < most_refusals ? pool.take(ip6) : std::nullopt;
    }
    for (const auto& r : refused) pool.give_back(r);
    if (!pair)
        return fail(fmt::format("media ports exhausted: {} of {} in use, the system refused {}", pool.taken(),
                                pool.total(), refused.size()));
    return *pair;
}

Result<PortId> LocalPorts::open(Time, PortOptions options) {
    auto pair = impl_->bind(options.signaling_source.is_v6());
    if (!pair) return fail(pair.error().what);
    const auto& range = impl_->pool.range(pair->range);
    const auto undo = [&](std::string why) {
        impl_->network.release({range.address, pair->rtp});
        impl_->pool.give_back(*pair);
        return fail(std::move(why));
    };
    const auto ingress = impl_->engine.open_ingress({{}, options.clock_rate});
    if (!ingress) return undo(ingress.error().what);
    // The first sequence number is random but below 2^15, so that no rollover comes before the peer has heard
    // us (RFC 3711 3.3.1).
    const std::uint32_t ssrc = impl_->random.u32();
    const auto egress = impl_->engine.open_egress(
        {{}, ssrc, static_cast<std::uint16_t>(impl_->random.below(1U << 15)), impl_->random.u32()});
    if (!egress) {
        impl_->engine.close_ingress(*ingress);
        return undo(egress.error().what);
    }
    Port port(std::move(options), *pair, {range.address, pair->rtp}, {range.advertised, pair->rtp},
              Reporter(impl_->random, impl_->ntp_zero));
    port.ingress = *ingress;
    port.egress = *egress;
    port.our_ssrc = ssrc;
    if (const auto former = impl_->pool.former(*pair)) {
        if (former->rtp) port.rtp.avoid(*former->rtp, former->until);
        if (former->rtcp) port.rtcp.avoid(*former->rtcp, former->until);
    }
    return impl_->enter(std::move(port));
}

PortId LocalPorts::Impl::enter(Port made) {
    const PortId id = ports.emplace(std::move(made));
    Port& port = *ports.find(id);
    port.id = id;
    by_local[port.rtp_local] = id;
    by_local[port.rtcp_local] = id;
    by_egress[port.egress] = id;
    return id;
}

std::optional<PortState> LocalPorts::save(PortId id) const {
    const Port* port = impl_->ports.find(id);
    if (port == nullptr) return std::nullopt;
    auto ingress = impl_->engine.save(port->ingress);
    auto egress = impl_->engine.save(port->egress);
    if (!ingress || !egress) return std::nullopt;
    PortState s;
    s.options = port->options;
    s.local = port->rtp_local;
    s.advertised = port->advertised;
    s.ingress = std::move(*ingress);
    s.egress = std::move(*egress);
    s.remote = port->remote;
    s.rtp = port->rtp;
    s.rtcp = port->rtcp;
    s.reporter = port->reporter;
    if (port->next_report) s.next_report = port->next_report.deadline;
    s.joined = bool(port->peer);
    s.voice = port->voice;
    s.newest = port->newest;
    s.last_sent = port->last_sent;
    s.counters = port->counters;
    return s;
}

Result<PortId> LocalPorts::restore(const PortState& state) {
    if (impl_->by_local.count(state.local) != 0 || !impl_->network.bind(state.local)) {
        return fail("media port " + state.local.to_string() + " cannot be had");
    }
    return impl_->take_up(state, impl_->pool.claim(state.local));
}

// Its socket is bound; that and the pair are given back on error.
Result<PortId> LocalPorts::Impl::take_up(const PortState& s, std::optional<PortPool::Pair> pair) {
    const auto ingress = engine.restore(s.ingress);
    const auto egress = ingress ? engine.restore(s.egress) : fail(ingress.error().what);
    if (!egress) {
        if (ingress) engine.close_ingress(*ingress);
        network.release(s.local);
        if (pair) pool.give_back(*pair);
        return fail(egress.error().what);
    }
    Port port(s.options, pair, s.local, s.advertised, s.reporter);
    port.ingress = *ingress;
    port.egress = *egress;
    port.remote = s.remote;
    port.rtp = s.rtp;
    port.rtcp = s.rtcp;
    port.voice = s.voice;
    port.newest = s.newest;
    port.our_ssrc = s.egress.counters.ssrc;
    port.last_sent = s.last_sent;
    port.counters = s.counters;
    const PortId id = enter(std::move(port));
    if (s.next_report) ports.find(id)->next_report = timers.set(*s.next_report, id);
    return id;
}

std::optional<LocalPorts::Moving> LocalPorts::detach(Time now, PortId id) {
    Port* found = impl_->ports.find(id);
    if (found == nullptr) return std::nullopt;
    Port& port = *found;
    impl_->part(port);  // which counts
    const auto state = save(id);
    if (!state) return std::nullopt;
    Moving out;
    out.pair = port.pair;
    impl_->erase(id);
    // As another process would read it: whatever names something of this engine stays behind.
    Encoder bytes(now);
    bytes(*state);
    const Secret sealed = bytes.seal(0);
    (*Decoder::open(now, 0, sealed.view()))(out.state);
    return out;
}

Result<PortId> LocalPorts::attach(Moving moving) {
    const Endpoint local = moving.state.local;
    if (impl_->by_local.count(local) == 0 && impl_->network.bind(local)) {
        return impl_->take_up(moving.state, moving.pair);
    }
    if (moving.pair) impl_->pool.give_back(*moving.pair);
    return fail("media port " + local.to_string() + " cannot be moved");
}

bool LocalPorts::has_room(std::size_t ports) const {
    const auto live = impl_->engine.live();
    return live.ingresses + live.egresses + 2 * ports <= impl_->engine.capabilities().max_contexts;
}

bool LocalPorts::is_movable(PortId id) const {
    const Port* port = impl_->ports.find(id);
    if (port == nullptr) return false;
    const Port* peer = impl_->ports.find(port->peer);
    return !port->converts && (peer == nullptr || !peer->converts);
}

Endpoint LocalPorts::local(PortId id) const {
    const Port* port = impl_->ports.find(id);
    return port == nullptr ? Endpoint{} : port->rtp_local;
}

std::uint64_t LocalPorts::packets_received(PortId id) const {
    const Port* port = impl_->ports.find(id);
    const auto* reception = port == nullptr ? nullptr : impl_->engine.reception(port->ingress);
    return reception == nullptr ? 0 : reception->packets();
}

Endpoint LocalPorts::advertised(PortId id) const {
    const Port* port = impl_->ports.find(id);
    return port == nullptr ? Endpoint{} : port->advertised;
}

Result<void> LocalPorts::set_remote(Time now, PortId id, const RemoteMedia& remote) {
    Port* port = impl_->ports.find(id);
    if (port == nullptr) return fail("media port is closed");
    if (auto keyed = impl_->engine.rekey_ingress(port->ingress, remote.receive_key); !keyed) return keyed;
    if (auto keyed = impl_->engine.rekey_egress(port->egress, remote.send_key); !keyed) {
        (void)impl_->engine.rekey_ingress(port->ingress, port->remote.receive_key);  // all or nothing
        return keyed;
    }
    port->remote = remote;
    const bool secured = remote.receive_key.suite != sdp::SrtpSuite::none;
    port->rtp.negotiate(now, remote.rtp, secured);
    Endpoint rtcp = remote.rtcp;
    if (rtcp.port == 0 && remote.rtp.port != 0) {
        rtcp = {remote.rtp.ip, static_cast<std::uint16_t>(remote.rtp.port + 1)};
    }
    port->rtcp.negotiate(now, rtcp, secured);
    if (!port->next_report) {
        port->next_report = impl_->timers.set(now + rtp::report_interval(true, impl_->random), id);
    }
    Port* peer = impl_->ports.find(port->peer);
    return peer != nullptr ? impl_->open_paths(*port, *peer) : Result<void>{};
}

bool LocalPorts::Impl::can_convert(const sdp::Codec& codec) const {
    const auto speech = to_speech(codec);
    const auto& able = engine.capabilities().speech;
    return speech && std::find(able.begin(), able.end(), *speech) != able.end();
}

// What the path counted remains.
void LocalPorts::Impl::close_path(Port& from) {
    const PathCounters last = engine.counters(from.path);
    from.counters.late += last.late;
    from.counters.concealed += last.concealed;
    if (from.path) from.counters.playout_delay = last.delay;
    engine.close_path(from.path);
    from.path = {};
    from.converts = false;
}

// What we speak to those who do not take what comes.
const sdp::Codec* LocalPorts::Impl::convertible(const std::vector<sdp::Codec>& codecs) const {
    const auto found =
        std::find_if(codecs.begin(), codecs.end(), [this](const sdp::Codec& c) { return can_convert(c); });
    return found == codecs.end() ? nullptr : &*found;
}

Result<void> LocalPorts::Impl::open_path(Port& from, Port& to) {
    PathConfig path;
    path.from = from.ingress;
    path.to = to.egress;
    const bool plays = from.remote.jitter_buffer || to.remote.packet;
    Playout playout{from.remote.jitter_buffer.value_or(DelayBounds{}),
                    to.remote.packet.value_or(to.remote.asked),
                    {},
                    {}};
    for (const auto& ours : from.remote.ours) {
        const auto* theirs = find_like(to.remote.codecs, ours);
        if (ours.payload_type >= path.payload_types.size()) continue;
        if (theirs != nullptr) {
            path.payload_types[ours.payload_type] = theirs->payload_type;
            if (plays && can_convert(ours)) {
                path.transcodings.push_back({ours.payload_type, *to_speech(ours), *to_speech(ours)});
            }
        } else if (const auto spoken = convertible(to.remote.codecs); spoken && can_convert(ours)) {
            path.payload_types[ours.payload_type] = spoken->payload_type;
            path.transcodings.push_back({ours.payload_type, *to_speech(ours), *to_speech(*spoken)});
        }
    }
    if (plays && !path.transcodings.empty()) {
        if (const auto* noise = find_noise(from.remote.ours)) playout.noise_from = noise->payload_type;
        if (const auto* noise = find_noise(to.remote.codecs)) playout.noise_to = noise->payload_type;
        path.playout = playout;
    }
    close_path(from);
    // On hold nothing is made that would not be sent: it would use up sequence numbers and falsify our
    // reports.
    if (!may_receive(from.remote.direction) || !may_send(to.remote.direction) || !to.rtp.target()) return {};
    auto opened = engine.open_path(path);
    if (!opened) return fail(opened.error().what);
    from.path = *opened;
    from.converts = !path.transcodings.empty();
    return {};
}

Result<void> LocalPorts::Impl::open_paths(Port& a, Port& b) {
    if (auto there = open_path(a, b); !there) return there;
    return open_path(b, a);
}

Result<void> LocalPorts::join(Time, PortId a, PortId b) {
    Port* first = impl_->ports.find(a);
    Port* second = impl_->ports.find(b);
    if (first == nullptr || second == nullptr) return fail("media port is closed");
    if (first->peer != b) impl_->part(*first);
    if (second->peer != a) impl_->part(*second);
    first->peer = b;
    second->peer = a;
    return impl_->open_paths(*first, *second);
}

// Ends both paths of a port: two sources must not feed one egress.
void LocalPorts::Impl::part(Port& port) {
    close_path(port);
    if (Port* peer = ports.find(port.peer)) {
        close_path(*peer);
        peer->peer = {};
    }
    port.peer = {};
}

// ----------------------------------------------------------------------------------------------------
// packets

void LocalPorts::receive(Time now, std::span<const Datagram> batch) {
    impl_->batch.clear();
    for (const auto& d : batch) {
        ++impl_->packets_in;
        if (!impl_->admit(now, d)) ++impl_->dropped;
    }
    impl_->engine.submit(now, impl_->batch);
    impl_->collect(now);
}

bool LocalPorts::Impl::admit(Time now, const Datagram& d) {
    const auto found = by_local.find(d.local);
    Port* port = found == by_local.end() ? nullptr : ports.find(found->second);
    if (port == nullptr) {  // closed while the datagram waited
        ++dropped_closed;
        return false;
    }
    const bool is_rtp = d.local == port->rtp_local;
    Latch& latch = is_rtp ? port->rtp : port->rtcp;
    if (!latch.admits(now, d.from)) {
        ++port->counters.dropped_source;
        if (!is_rtp) ++port->counters.dropped_source_rtcp;
        drop(now, strangers, *port, is_rtp, d.from);
        return false;
    }
    // On SRTP the engine follows the stream of who sends on: else its rollover counter is lost (RFC
    // 3711 3.3.1).
    if (is_rtp && !may_receive(port->remote.direction) && !latch.secured()) {
        ++port->counters.dropped_direction;
        return false;
    }
    // Plain packets decide at once, not when the engine is done with them: the next one of this batch may be
    // a stranger's.
    if (latch.undecided(d.from)) {
        if (is_agreed(*port, is_rtp, d.bytes)) {
            if (latch.accepted(now, d.from)) latched(*port, is_rtp, d.from);
        } else if (is_rtp && rtp::Packet::parse(d.bytes) && !rtp::looks_like_rtcp(d.bytes)) {
            // Nobody's yet: it must not count as theirs.
            ++port->counters.dropped_payload_type;
            drop(now, not_agreed, *port, is_rtp, d.from);
            return false;
        }
    }
    const std::uint64_t cookie = ++last_cookie;
    in_flight[cookie] = {port->id, d.from};
    batch.push_back({port->ingress, is_rtp ? Kind::rtp : Kind::rtcp, now, cookie, d.bytes});
    return true;
}

// What a peer, and not whoever else sends to a port, is expected to send.
bool LocalPorts::Impl::is_agreed(const Port& port, bool is_rtp, ByteView plain) const {
    if (!is_rtp) return rtp::RtcpCompound::parse(plain).has_value();
    const auto packet = rtp::Packet::parse(plain);
    return packet && find_payload_type(port.remote.ours, packet->header.payload_type) != nullptr;
}

void LocalPorts::Impl::latched(const Port& port, bool is_rtp, const Endpoint& from) const {
    log::info(port.options.call_id, "media {}: {} comes from {}", port.rtp_local.to_string(),
              is_rtp ? "RTP" : "RTCP", from.to_string());
}

void LocalPorts::Impl::drop(Time now, Drops& kind, const Port& port, bool is_rtp, const Endpoint& from) {
    ++kind.count;
    log::limited(kind.limit, now, log::Level::info, port.options.call_id, "media {}: {} from {} dropped: {}",
                 port.rtp_local.to_string(), is_rtp ? "RTP" : "RTCP", from.to_string(), kind.why);
}

LocalPorts::Impl::Drops* LocalPorts::Impl::drops_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::unauthentic:
            return &unauthentic;
        case Verdict::replayed:
            return &replayed;
        case Verdict::malformed:
            return &malformed;
        default:
            return nullptr;
    }
}

void LocalPorts::Impl::collect(Time now) {
    results.clear();
    engine.collect(now, results);
    // Sources first: a packet that goes out now goes to where its peer is known to be now.
    for (const auto& c : results.completions) complete(now, c);
    for (const auto& p : results.packets) send(p);
}

void LocalPorts::Impl::complete(Time now, const Completion& c) {
    const auto found = in_flight.find(c.cookie);
    if (found == in_flight.end()) return;
    const InFlight packet = found->second;
    in_flight.erase(found);
    Port* port = ports.find(packet.port);
    if (port == nullptr) return;
    if (c.verdict != Verdict::ok && c.verdict != Verdict::no_path) {
        ++dropped;
        if (Drops* kind = drops_of(c.verdict)) drop(now, *kind, *port, c.kind == Kind::rtp, packet.from);
        return;
    }
    if (c.kind == Kind::rtp) {
        if (c.verdict == Verdict::no_path && port->rtp.secured() && !may_receive(port->remote.direction)) {
            ++dropped;
            ++port->counters.dropped_direction;
        } else if (c.verdict == Verdict::no_path && port->path) {
            ++dropped;
            drop(now, not_agreed, *port, true, packet.from);
        }
        const bool fresh = !port->newest || port->newest->ssrc != c.header.ssrc ||
                           static_cast<std::int16_t>(c.header.sequence - port->newest->sequence) > 0;
        if (fresh) port->newest = c.header;
        if (fresh && port->rtp.secured() && port->rtp.accepted(now, packet.from)) {
            latched(*port, true, packet.from);
        }
        if (c.header.ssrc == port->our_ssrc) collided(now, *port, true, packet.from);
        const auto* codec = find_payload_type(port->remote.ours, c.header.payload_type);
        if (codec != nullptr && !is_auxiliary(*codec)) port->voice = c.header.payload_type;
        return;
    }
    const auto compound = rtp::RtcpCompound::parse(c.rtcp);
    if (!compound) {
        ++dropped;
        ++port->counters.rtcp_malformed;
        drop(now, malformed, *port, false, packet.from);
        return;
    }
    if (port->rtcp.secured() && port->rtcp.accepted(now, packet.from)) latched(*port, false, packet.from);
    ++port->counters.rtcp_received;
    if (compound->sender_ssrc == port->our_ssrc) {
        collided(now, *port, false, packet.from);
        return;
    }
    const rtp::Reception* heard = engine.reception(port->ingress);
    Reporter::Known known{port->our_ssrc, {}, port->counters.numbers_sent, port->options.clock_rate};
    if (heard != nullptr && heard->packets() > 0) {
        known.their_ssrc = heard->ssrc();
        known.clock_rate = heard->clock_rate();  // we speak what they speak
    }
    if (!port->reporter.received(now, *compound, known)) {
        ++port->counters.rtcp_implausible;
        ++implausible.count;
        log::limited(implausible.limit, now, log::Level::info, port->options.call_id,
                     "media {}: RTCP from {} has figures that cannot be", port->rtp_local.to_string(),
                     packet.from.to_string());
    }
}

// Our SSRC comes back: chance, an echo of what we send, or somebody who wants it to look so. RFC 3550 8.2 has
// an end system choose another SSRC, unless it is a loop. Here nobody is confused if both go on, and who
// listens needs no new source: each direction has a transport (RFC 4961) and a key of its own, so that no
// keystream is used twice (RFC 3711 9.1), and what we receive is sent on under other SSRCs only. Changing
// would let whoever spoofs a packet restart the stream at will. Reports under our SSRC are no news of theirs
// (8.2, loop), voice is: servers that echo send it back just so.
void LocalPorts::Impl::collided(Time now, Port& port, bool is_rtp, const Endpoint& from) {
    ++port.counters.ssrc_collisions;
    ++collisions.count;
    log::limited(collisions.limit, now, log::Level::info, port.options.call_id,
                 "media {}: {} from {} carries our SSRC", port.rtp_local.to_string(), is_rtp ? "RTP" : "RTCP",
                 from.to_string());
}

void LocalPorts::Impl::send(const PacketOut& packet) {
    const auto found = by_egress.find(packet.egress);
    Port* port = found == by_egress.end() ? nullptr : ports.find(found->second);
    if (port == nullptr) return;
    const bool is_rtp = packet.kind == Kind::rtp;
    if (is_rtp) count_sent(*port, packet.bytes);
    const auto target = (is_rtp ? port->rtp : port->rtcp).target();
    if (!target) return;
    ++packets_out;
    network.send(is_rtp ? port->rtp_local : port->rtcp_local, *target, packet.bytes);
}

// The header is in the clear on SRTP, too.
void LocalPorts::Impl::count_sent(Port& port, ByteView packet) const {
    const std::uint16_t sequence = load_be16(&packet[2]);
    const auto step = static_cast<std::int16_t>(port.last_sent ? sequence - *port.last_sent : 1);
    if (step <= 0) return;  // late: counted as a gap
    port.counters.numbers_sent += static_cast<std::uint64_t>(step);
    port.last_sent = sequence;
}

// ---------------------------------------------------------------------------------------------------- RTCP

std::optional<Time> LocalPorts::next_timer() const {
    const auto own = impl_->timers.next(), plays = impl_->engine.next_timer();
    return own && plays ? std::min(*own, *plays) : own ? own : plays;
}

void LocalPorts::advance(Time now) {
    while (auto due = impl_->timers.pop_due(now)) {
        Port* port = impl_->ports.find(due->second);
        if (port == nullptr) continue;
        impl_->report_rtcp(now, *port, false);
        port->next_report = impl_->timers.set(now + rtp::report_interval(false, impl_->random), port->id);
    }
    impl_->engine.advance(now);
    impl_->collect(now);
}

void LocalPorts::Impl::report_rtcp(Time now, Port& port, bool leaving) {
    rtp::Reception* reception = engine.reception(port.ingress);
    if (reception == nullptr || !port.rtcp.target()) return;
    const auto compound = port.reporter.report(now, engine.counters(port.egress), *reception, leaving);
    engine.submit_rtcp(now, port.egress, compound.to_bytes());
    ++port.counters.rtcp_sent;
}

// ----------------------------------------------------------------------------------------------------
// figures, closing

PortReport LocalPorts::report(PortId id) const {
    PortReport out;
    const Port* port = impl_->ports.find(id);
    if (port == nullptr) return out;
    const auto in = impl_->engine.counters(port->ingress);
    const auto sent = impl_->engine.counters(port->egress);
    const auto verdict = [&](Verdict v) {
        const auto i = static_cast<std::size_t>(v);
        return in.verdicts[i] + in.rtcp_verdicts[i];
    };
    if (const rtp::Reception* reception = impl_->engine.reception(port->ingress)) {
        out.packets_received = reception->packets();
        out.octets_received = reception->octets();
        out.packets_lost = reception->lost();
        out.jitter = reception->jitter();
        out.max_jitter = reception->max_jitter();
    }
    out.packets_sent = sent.packets;
    out.octets_sent = sent.octets;
    out.dropped_source = port->counters.dropped_source;
    out.dropped_direction = port->counters.dropped_direction;
    out.dropped_unauthentic = verdict(Verdict::unauthentic);
    out.dropped_replayed = verdict(Verdict::replayed);
    out.dropped_malformed = verdict(Verdict::malformed) + port->counters.rtcp_malformed;
    const auto rtcp = [&](Verdict v) { return in.rtcp_verdicts[static_cast<std::size_t>(v)]; };
    out.dropped_rtcp = port->counters.dropped_source_rtcp + port->counters.rtcp_malformed +
                       rtcp(Verdict::unauthentic) + rtcp(Verdict::replayed) + rtcp(Verdict::malformed);
    out.rtcp_implausible = port->counters.rtcp_implausible;
    out.ssrc_collisions = port->counters.ssrc_collisions;
    out.dropped_payload_type = in.verdicts[static_cast<std::size_t>(Verdict::no_path)];
    if (port->rtp.secured()) {  // on hold they went through the engine, which knows no direction
        out.dropped_payload_type -= std::min(out.dropped_payload_type, out.dropped_direction);
    }
    out.dropped_payload_type += port->counters.dropped_payload_type;
    out.rtcp_received = port->counters.rtcp_received;
    out.rtcp_sent = port->counters.rtcp_sent;
    out.round_trip = port->reporter.round_trip();
    out.remote_lost = port->reporter.remote_lost();
    const PathCounters played = impl_->engine.counters(port->path);
    out.late = port->counters.late + played.late;
    out.concealed = port->counters.concealed + played.concealed;
    out.playout_delay = port->path ? played.delay : port->counters.playout_delay;
    out.remote_jitter = port->reporter.remote_jitter();
    if (port->voice) {
        if (const auto* codec = find_payload_type(port->remote.ours, *port->voice)) {
            out.codec = fmt::format("{}/{}", codec->name, codec->clock_rate);
        }
    }
    out.suite = port->remote.receive_key.suite;
    out.engine = impl_->engine.capabilities().name;
    out.local = port->rtp_local;
    out.remote = port->rtp.target().value_or(Endpoint{});
    return out;
}

PortReport LocalPorts::close(Time now, PortId id) {
    Port* port = impl_->ports.find(id);
    if (port == nullptr) return {};
    if (impl_->engine.counters(port->egress).packets > 0 || port->counters.rtcp_sent > 0) {
        impl_->report_rtcp(now, *port, true);
        impl_->collect(now);
    }
    impl_->part(*port);  // their paths are counted as long as they are there
    PortReport last = report(id);
    const auto pair = port->pair;
    const PortPool::Former former{port->rtp.source(), port->rtcp.source(), now + Latch::lingering};
    impl_->network.release(port->rtp_local);
    impl_->erase(id);
    if (pair) impl_->pool.give_back(*pair, former);
    return last;
}

void LocalPorts::Impl::erase(PortId id) {
    Port& port = *ports.find(id);
    timers.cancel(port.next_report);
    engine.close_ingress(port.ingress);
    engine.close_egress(port.egress);
    by_egress.erase(port.egress);
    by_local.erase(port.rtp_local);
    by_local.erase(port.rtcp_local);
    ports.erase(id);
}

PortsStatus LocalPorts::status() const {
    PortsStatus out;
    out.ports_in_use = impl_->ports.size();
    out.ports_total = impl_->pool.total();
    out.engine = impl_->engine.live();
    out.packets_in = impl_->packets_in;
    out.packets_out = impl_->packets_out;
    out.dropped = impl_->dropped;
    out.dropped_source = impl_->strangers.count;
    out.dropped_unauthentic = impl_->unauthentic.count;
    out.dropped_replayed = impl_->replayed.count;
    out.dropped_malformed = impl_->malformed.count;
    out.dropped_payload_type = impl_->not_agreed.count;
    out.dropped_closed = impl_->dropped_closed;
    out.rtcp_implausible = impl_->implausible.count;
    out.ssrc_collisions = impl_->collisions.count;
    return out;
}

const Capabilities& LocalPorts::capabilities() const {
    return impl_->engine.capabilities();
}

IpAddress LocalPorts::advertised_address() const {
    return impl_->pool.total() == 0 ? IpAddress{} : impl_->pool.range(0).advertised;
}

}  // namespace causeway::media
