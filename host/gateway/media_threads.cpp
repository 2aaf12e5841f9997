#include "host/gateway/media_threads.hpp"

#include <algorithm>

#include "host/base/log.hpp"
#include "host/net/sip_udp.hpp"

namespace causeway::gateway {

using media::PortId;

namespace {

constexpr std::size_t asked_at_once = 256;  // ports; then packets get their turn

Result<void> closed() {
    return fail("media port is closed");
}

}  // namespace

MediaThreads::MediaThreads(std::size_t number, net::UdpOptions sockets,
                           const std::vector<media::PortRange>& ranges)
    : pool_(ranges, random_) {
    const auto ntp_zero = media::LocalPorts::draw_ntp_zero(random_);
    for (std::size_t i = 0; i < number; ++i) {
        threads_.push_back(std::make_unique<MediaThread>(i, sockets, pool_, ntp_zero));
    }
}

void MediaThreads::start() {
    for (const auto& t : threads_) t->start();
}

void MediaThreads::stop() {
    for (const auto& t : threads_) t->stop();
}

void MediaThreads::hold() {
    for (const auto& t : threads_) t->hold();
}

void MediaThreads::resume() {
    for (const auto& t : threads_) t->resume();
}

void MediaThreads::mute(bool on) {
    for (const auto& t : threads_) {
        t->ask([on](media::LocalPorts&, MediaNetwork& network, Time) { network.mute(on); });
    }
}

std::vector<media::ThreadLoad> MediaThreads::loads() const {
    std::vector<media::ThreadLoad> out;
    for (const auto& t : threads_) out.push_back(t->load());
    return out;
}

std::vector<MediaThreadStatus> MediaThreads::status() {
    std::vector<MediaThreadStatus> out;
    for (const auto& t : threads_) out.push_back(t->status());
    return out;
}

// ----------------------------------------------------------------------------------------------------
// what a shard sees

std::size_t ShardMedia::thread_for(const std::string& call_id) const {
    const auto found = of_call_.find(call_id);
    const Entry* entry = found == of_call_.end() ? nullptr : entries_.find(found->second);
    return entry != nullptr ? entry->thread : media::least_loaded(threads_.loads());
}

PortId ShardMedia::enter(Entry entry) {
    const std::string call_id = entry.call_id;
    const PortId id = entries_.emplace(std::move(entry));
    of_call_[call_id] = id;
    return id;
}

Result<PortId> ShardMedia::open(Time now, media::PortOptions options) {
    Entry entry;
    entry.call_id = options.call_id;
    entry.thread = thread_for(entry.call_id);
    entry.since = now;
    MediaThread& thread = threads_[entry.thread];
    const auto opened = thread.ask([&](media::LocalPorts& ports, MediaNetwork&, Time at) -> Result<PortId> {
        const auto id = ports.open(at, std::move(options));
        if (id) {
            entry.local = ports.local(*id);
            entry.advertised = ports.advertised(*id);
        }
        return id;
    });
    if (!opened) return opened;
    thread.port_opened();
    entry.at = *opened;
    return enter(std::move(entry));
}

Endpoint ShardMedia::advertised(PortId id) const {
    const Entry* entry = entries_.find(id);
    return entry == nullptr ? Endpoint{} : entry->advertised;
}

Result<void> ShardMedia::set_remote(Time, PortId id, const media::RemoteMedia& remote) {
    const Entry* entry = entries_.find(id);
    if (entry == nullptr) return closed();
    return threads_[entry->thread].ask([&](media::LocalPorts& ports, MediaNetwork&, Time at) {
        return ports.set_remote(at, entry->at, remote);
    });
}

void ShardMedia::part(const Entry& entry) {
    if (Entry* peer = entries_.find(entry.peer)) peer->peer = {};
}

Result<void> ShardMedia::join(Time now, PortId a, PortId b) {
    Entry* first = entries_.find(a);
    Entry* second = entries_.find(b);
    if (first == nullptr || second == nullptr) return closed();
    if (first->peer != b || second->peer != a) {
        part(*first);
        part(*second);
        first->peer = {};
        second->peer = {};
    }
    if (first->thread != second->thread) {
        if (auto moved = transfer(now, {b}, first->thread); !moved) return moved;
    }
    auto joined = threads_[first->thread].ask([&](media::LocalPorts& ports, MediaNetwork&, Time at) {
        return ports.join(at, first->at, second->at);
    });
    first->peer = b;
    second->peer = a;
    return joined;
}

media::PortReport ShardMedia::close(Time, PortId id) {
    const Entry* entry = entries_.find(id);
    if (entry == nullptr) return {};
    auto last = threads_[entry->thread].ask(
        [&](media::LocalPorts& ports, MediaNetwork&, Time at) { return ports.close(at, entry->at); });
    part(*entry);
    if (const auto found = of_call_.find(entry->call_id); found != of_call_.end() && found->second == id) {
        of_call_.erase(found);
    }
    entries_.erase(id);
    return last;
}

media::PortReport ShardMedia::report(PortId id) const {
    const Entry* entry = entries_.find(id);
    if (entry == nullptr) return {};
    return threads_[entry->thread].ask(
        [&](media::LocalPorts& ports, MediaNetwork&, Time) { return ports.report(entry->at); });
}

std::optional<media::PortState> ShardMedia::save(PortId id) const {
    const Entry* entry = entries_.find(id);
    if (entry == nullptr) return std::nullopt;
    return threads_[entry->thread].ask(
        [&](media::LocalPorts& ports, MediaNetwork&, Time) { return ports.save(entry->at); });
}

Result<PortId> ShardMedia::restore(const media::PortState& state) {
    Entry entry;
    entry.call_id = state.options.call_id;
    entry.thread = thread_for(entry.call_id);
    entry.local = state.local;
    entry.advertised = state.advertised;
    MediaThread& thread = threads_[entry.thread];
    Endpoint rtcp = state.local;
    ++rtcp.port;
    const auto restored =
        thread.ask([&](media::LocalPorts& ports, MediaNetwork& network, Time at) -> Result<PortId> {
            entry.since = at;
            for (const Endpoint& local : {state.local, rtcp}) {
                if (auto socket = inherited_.extract(local))
                    std::ignore = network.inherit(socket.mapped().release());
            }
            auto id = ports.restore(state);
            network.drop_inherited();
            return id;
        });
    if (!restored) return restored;
    thread.port_opened();
    entry.at = *restored;
    return enter(std::move(entry));
}

IpAddress ShardMedia::advertised_address() const {
    const auto& pool = threads_.pool();
    return pool.total() == 0 ? IpAddress{} : pool.range(0).advertised;
}

// ----------------------------------------------------------------------------------------------------
// moving

std::size_t ShardMedia::thread_of(PortId id) const {
    const Entry* entry = entries_.find(id);
    return entry == nullptr ? threads_.size() : entry->thread;
}

Result<void> ShardMedia::move(Time now, PortId id, std::size_t thread) {
    const Entry* entry = entries_.find(id);
    if (entry == nullptr) return closed();
    if (entry->thread == thread) return {};
    return transfer(now, entry->peer ? std::vector{id, entry->peer} : std::vector{id}, thread);
}

// All are on one thread; two are joined.
Result<void> ShardMedia::transfer(Time now, const std::vector<PortId>& ids, std::size_t thread) {
    const std::size_t from = entries_.find(ids[0])->thread;
    std::vector<PortId> there;
    for (const PortId id : ids) there.push_back(entries_.find(id)->at);
    auto moving = threads_[from].give_away(there);
    if (moving.empty()) return closed();
    std::vector<Result<PortId>> taken;
    const bool moved = threads_[thread].take(moving, taken);
    // Its room was not taken meanwhile by more than these.
    if (!moved && !threads_[from].take(moving, taken)) taken.resize(ids.size(), fail("no room"));
    Result<void> result;
    if (!moved) result = fail("media contexts: all of the other thread's are in use");
    for (std::size_t i = 0; i < ids.size(); ++i) {
        Entry& entry = *entries_.find(ids[i]);
        entry.thread = moved ? thread : from;
        entry.since = now;
        entry.counted_at.reset();
        if (taken[i]) {
            entry.at = *taken[i];
        } else {
            log::error(entry.call_id, "media {}: lost on its way to another thread: {}",
                       entry.local.to_string(), taken[i].error().what);
            entry.at = {};
            result = tl::make_unexpected(taken[i].error());
        }
    }
    return result;
}

std::vector<ShardMedia::Received> ShardMedia::received(std::size_t thread,
                                                       const std::vector<PortId>& ids) const {
    std::vector<Received> out;
    for (std::size_t begin = 0; begin < ids.size(); begin += asked_at_once) {
        const std::size_t end = std::min(begin + asked_at_once, ids.size());
        threads_[thread].ask([&](media::LocalPorts& ports, MediaNetwork&, Time) {
            for (std::size_t i = begin; i < end; ++i) {
                const PortId at = entries_.find(ids[i])->at;
                out.push_back({ports.packets_received(at), ports.is_movable(at)});
            }
        });
    }
    return out;
}

void ShardMedia::spread(Time now) {
    const auto way = media::slope(threads_.loads(), moving_);
    moving_ = way.has_value();
    if (!way) return;
    std::vector<PortId> here;
    entries_.for_each([&](PortId id, const Entry& entry) {
        if (entry.thread == way->from) here.push_back(id);
    });
    const auto counts = received(way->from, here);
    std::unordered_map<std::uint64_t, std::uint64_t> rates;  // of those that may go, and were counted before
    std::uint64_t all = 0;  // that the thread receives, by the same counts: no gap is wider
    for (std::size_t i = 0; i < here.size(); ++i) {
        Entry& entry = *entries_.find(here[i]);
        if (entry.counted_at) {
            const auto rate = media::a_second(counts[i].packets - entry.counted, now - *entry.counted_at);
            if (counts[i].movable) rates[here[i].value()] = rate;
            all += rate;
        }
        entry.counted = counts[i].packets;
        entry.counted_at = now;
    }
    std::vector<PortId> ports;  // each with its peer one call
    std::vector<media::MovableCall> calls;
    for (const PortId id : here) {
        const Entry& entry = *entries_.find(id);
        const auto own = rates.find(id.value());
        if (own == rates.end() || (entry.peer && entry.peer < id)) continue;
        const auto peers = rates.find(entry.peer.value());
        ports.push_back(id);
        calls.push_back({own->second + (peers == rates.end() ? 0 : peers->second), entry.since});
    }
    for (const std::size_t i : media::choose_moves(now, std::min(way->gap, all), calls)) {
        const std::string& call_id = entries_.find(ports[i])->call_id;
        const auto moved = move(now, ports[i], way->to);
        if (!moved) {
            log::warning(call_id, "media not moved to another thread: {}", moved.error().what);
            continue;
        }
        log::debug(call_id, "media moved from thread {} to {}", way->from, way->to);
        threads_[way->from].add_load(-static_cast<std::int64_t>(calls[i].packets));
        threads_[way->to].add_load(static_cast<std::int64_t>(calls[i].packets));
    }
}

// ----------------------------------------------------------------------------------------------------
// a process that takes over

std::vector<int> ShardMedia::descriptors() {
    std::vector<int> out;
    for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
        threads_[thread].ask([&](media::LocalPorts&, const MediaNetwork& network, Time) {
            entries_.for_each([&](PortId, const Entry& entry) {
                if (entry.thread != thread) return;
                for (const int fd : network.descriptors(entry.local)) {
                    if (fd >= 0) out.push_back(fd);
                }
            });
        });
    }
    return out;
}

Result<void> ShardMedia::inherit(File socket) {
    const auto local = net::SipUdp::bound_to(socket.fd());
    if (!local) return fail("an inherited descriptor is no UDP socket");
    inherited_.emplace(*local, std::move(socket));
    return {};
}

}  // namespace causeway::gateway
