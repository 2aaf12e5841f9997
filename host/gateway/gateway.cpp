#include "host/gateway/gateway.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <tuple>

#include "host/base/log.hpp"
#include "host/base/text.hpp"
#include "host/gateway/cdr_writer.hpp"
#include "host/gateway/control.hpp"
#include "host/gateway/control_socket.hpp"
#include "host/gateway/handover.hpp"
#include "host/net/alarm.hpp"
#include "host/net/clock.hpp"

namespace causeway::gateway {
namespace {

constexpr auto goodbye = std::chrono::seconds(2);   // for the answers to the BYEs of stop()
constexpr auto settling = std::chrono::seconds(2);  // for re-INVITEs to finish before a restart

enum class Phase { serving, draining, leaving, closed };

void add(media::PortsStatus& sum, const media::PortsStatus& s) {
    sum.ports_in_use += s.ports_in_use;
    sum.ports_total += s.ports_total;
    sum.engine.ingresses += s.engine.ingresses;
    sum.engine.egresses += s.engine.egresses;
    sum.engine.paths += s.engine.paths;
    sum.packets_in += s.packets_in;
    sum.packets_out += s.packets_out;
    sum.dropped += s.dropped;
    sum.dropped_source += s.dropped_source;
    sum.dropped_unauthentic += s.dropped_unauthentic;
    sum.dropped_replayed += s.dropped_replayed;
    sum.dropped_malformed += s.dropped_malformed;
    sum.dropped_payload_type += s.dropped_payload_type;
    sum.dropped_closed += s.dropped_closed;
    sum.rtcp_implausible += s.rtcp_implausible;
    sum.ssrc_collisions += s.ssrc_collisions;
}

void add(call::CoreStatus& sum, const call::CoreStatus& s) {
    sum.calls += s.calls;
    sum.legs += s.legs;
    sum.transactions += s.transactions;
    sum.attempts += s.attempts;
    sum.answered += s.answered;
    sum.failed += s.failed;
    sum.malformed += s.malformed;
    sum.unknown_source += s.unknown_source;
    sum.draining |= s.draining;
    sum.sip.requests_in += s.sip.requests_in;
    sum.sip.responses_in += s.sip.responses_in;
    sum.sip.retransmissions_in += s.sip.retransmissions_in;
    sum.sip.retransmissions_out += s.sip.retransmissions_out;
    sum.sip.stray_responses += s.sip.stray_responses;
    sum.sip.timeouts += s.sip.timeouts;
    sum.sip.transport_errors += s.sip.transport_errors;
    add(sum.media, s.media);
}

}  // namespace

struct Gateway::Impl {
    Impl(const Config& c, std::filesystem::path f, std::vector<std::string> restart_command)
        : config(c),
          file(std::move(f)),
          command(std::move(restart_command)),
          tcp(io, {[this](std::string_view message, const sip::Hop& from) { received(message, from); },
                   [this](const sip::Hop& to, std::string_view why) {
                       log::info({}, "{} cannot be reached: {}", to.remote.to_string(), why);
                       for (const auto& shard : shards) shard->stream_lost(to);
                   }}),
          limit(io, [this](Time now) { phase == Phase::draining ? leave(now) : close(); }) {}
    ~Impl() { close(); }

    Result<void> open(Gateway& gateway, std::optional<Channel> channel);
    Result<void> allow_descriptors() const;
    Result<net::UdpOptions> choose_media_sockets() const;
    Result<void> open_records();
    Result<void> listen();
    Result<void> open_control(Gateway& gateway, File inherited);
    Result<void> take_over(Channel& channel, Taken& taken);
    Facts facts() const {
        return {config.shards, config.cdr.directory.string(), config.control_socket.string()};
    }
    Result<call::RestoreReport> restart();
    Result<call::RestoreReport> hand_over(Channel& channel, Successor& successor, std::promise<bool>& outcome,
                                          bool& held);
    Result<Endpoint> listen(std::uint16_t index, const ListenerConfig& listener);
    // By a connection; for the shard that owns it.
    void received(std::string_view message, const sip::Hop& from) {
        const auto owner = sip::shard_of_message(message, config.shards).value_or(0);
        shards[owner]->received_by_stream(std::string(message), from);
    }
    void drain();
    void shutdown(Time now);
    void drained();
    void leave(Time now);
    void close();
    Result<void> reload();
    GatewayStatus status();
    std::vector<CallStatus> calls();

    // Has `f` done by the thread in run(), or here and now where none is.
    template <class F>
    auto ask(F f) {
        std::unique_lock held(mutex);
        if (runner == std::thread::id{} || runner == std::this_thread::get_id()) return f();
        std::packaged_task<decltype(f())()> task(std::move(f));
        auto result = task.get_future();
        boost::asio::post(io, [&task] { task(); });
        held.unlock();
        return result.get();
    }

    Config config;
    const std::filesystem::path file;        // empty: no reload
    const std::vector<std::string> command;  // empty: no restart
    const Time started = net::now();
    boost::asio::io_context io{1};
    SystemRandom random;
    std::unique_ptr<CdrWriter> cdrs;  // null: keeps no records
    call::Load load;
    std::unique_ptr<MediaThreads> media;  // null: shards serve media themselves
    Shard::Shards shards;
    net::SipTcp tcp;
    std::vector<GatewayStatus::Listener> listeners;
    net::Alarm limit;  // of the phase
    Rpc rpc;
    std::unique_ptr<ControlSocket> control;  // null: none configured
    Observer* observer = &nobody;
    Observer nobody;
    bool taking_over = false;  // from a process that has the listeners until we are ready
    Phase phase = Phase::serving;
    std::size_t shards_drained = 0;

    std::recursive_mutex mutex;  // of all of it while no thread is in run()
    std::thread::id runner;      // the thread in run()
};

Result<void> Gateway::Impl::open(Gateway& gateway, std::optional<Channel> channel) {
    if (auto enough = allow_descriptors(); !enough) return enough;
    if (!channel) {
        if (auto opened = open_records(); !opened) return opened;
    }
    const auto media_sockets = choose_media_sockets();
    if (!media_sockets) return tl::make_unexpected(media_sockets.error());
    if (config.media_threads > 0) {
        media = std::make_unique<MediaThreads>(config.media_threads, *media_sockets, config.core.media);
    }
    shards.resize(config.shards);
    for (std::uint8_t i = 0; i < config.shards; ++i) {
        shards[i] = std::make_unique<Shard>(
            i, shards, *media_sockets, media.get(), load, cdrs,
            [this](const sip::Hop& to, std::string message) {
                boost::asio::post(io, [this, to, m = std::move(message)] { tcp.send(to, m); });
            },
            [this] { boost::asio::post(io, [this] { drained(); }); });
    }
    Taken taken;
    taking_over = channel.has_value();
    if (channel) {
        auto arrived = gateway::take_over(*channel, facts());
        if (!arrived) return tl::make_unexpected(arrived.error());
        taken = std::move(*arrived);
        for (std::size_t i = 0; i < shards.size(); ++i) {
            if (auto done = shards[i]->inherit(taken.shards[i]); !done) return done;
        }
    }
    if (auto listening = listen(); !listening) return listening;
    if (auto opened = open_control(gateway, std::move(taken.control)); !opened) return opened;
    if (channel) {
        if (auto done = take_over(*channel, taken); !done) return done;
    }
    std::size_t ports = media ? media->pool().total() : 0;
    for (const auto& shard : shards) ports += shard->media_ports();
    log::info({},
              "ready: {} shards, {} media threads, {} listeners, {} trunks, {} extensions, {} routes, {} "
              "media ports",
              shards.size(), config.media_threads, config.listeners.size(), config.core.trunks.size(),
              config.core.extensions.size(), config.core.routes.size(), ports);
    return {};
}

// Takes all that the administrator allows. Every media port is a descriptor, but for "range": none is to be
// refused to a call before the ranges are used up.
Result<void> Gateway::Impl::allow_descriptors() const {
    constexpr rlim_t others = 256;  // listeners, connections to begin with, journals, database, log, control
    rlim_t needed = others;
    if (config.media_sockets != MediaSockets::range) {
        for (const auto& range : config.core.media) needed += 2 * range.pairs();
    }
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return {};
    files.rlim_cur = files.rlim_max;
    std::ignore = ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max >= needed) return {};
    return fail(
        fmt::format("the configured media ports need {} open files, {} are allowed: raise the limit "
                    "(LimitNOFILE= of the service, ulimit -Hn) or configure fewer",
                    needed, files.rlim_max));
}

// "range" is never tried by itself: it takes ports that others may have bound, and privileges.
Result<net::UdpOptions> Gateway::Impl::choose_media_sockets() const {
    net::UdpOptions options{net::UdpBackend::epoll, config.media_dscp};
    if (config.media_sockets == MediaSockets::epoll) return options;
    const auto wanted =
        config.media_sockets == MediaSockets::range ? net::UdpBackend::range : net::UdpBackend::io_uring;
    const auto works = net::try_udp_backend(wanted);
    if (works) {
        options.backend = wanted;
        return options;
    }
    if (config.media_sockets != MediaSockets::automatic) {
        return fail("gateway.media_sockets: " + works.error().what);
    }
    log::info({}, "media by epoll: {}", works.error().what);
    return options;
}

Result<void> Gateway::Impl::open_records() {
    if (config.cdr.directory.empty()) return {};
    auto opened = CdrWriter::open(config.cdr, config.shards, random);
    if (!opened) return tl::make_unexpected(opened.error());
    cdrs = std::move(*opened);
    return {};
}

Result<void> Gateway::Impl::open_control(Gateway& gateway, File inherited) {
    if (config.control_socket.empty()) return {};
    add_control_methods(rpc, gateway);
    const auto handler = [this](std::string_view line) { return rpc.handle(line); };
    const bool adopted = bool(inherited);
    auto opened = adopted ? ControlSocket::adopt(io, config.control_socket, inherited.release(), handler)
                          : ControlSocket::open(io, config.control_socket, handler);
    if (!opened) return tl::make_unexpected(opened.error());
    control = std::move(*opened);
    if (adopted) control->leave();  // until it is ours alone
    return {};
}

// The other process holds everything still, and goes on if this one fails before it has said that it is done.
Result<void> Gateway::Impl::take_over(Channel& channel, Taken& taken) {
    call::RestoreReport sum;
    if (media) media->mute(true);
    for (std::size_t i = 0; i < shards.size(); ++i) {
        const auto report = shards[i]->restore(taken.shards[i]);
        if (!report) return tl::make_unexpected(report.error());
        sum.carried += report->carried;
        sum.unanswered += report->unanswered;
        sum.changing += report->changing;
        sum.failed += report->failed;
    }
    if (media) media->mute(false);
    const auto bytes = to_bytes(sum);
    if (auto sent = channel.send(Channel::Kind::ready, bytes.view()); !sent) return sent;
    if (auto go = channel.expect(Channel::Kind::go); !go) return tl::make_unexpected(go.error());
    if (!config.cdr.directory.empty()) {
        std::vector<CdrWriter::Inherited> journals;
        for (auto& s : taken.shards) journals.push_back({s.journal_instance, std::move(s.journal_lock)});
        auto opened = CdrWriter::take_over(config.cdr, std::move(journals));
        if (!opened) return tl::make_unexpected(opened.error());
        cdrs = std::move(*opened);
    }
    if (auto sent = channel.send(Channel::Kind::done); !sent) return sent;
    if (control) control->leave(false);
    for (const auto& shard : shards) shard->commit();
    log::info({},
              "taken over: {} calls go on; lost: {} not answered, {} being changed, {} for want of resources",
              sum.carried, sum.unanswered, sum.changing, sum.failed);
    return {};
}

Result<call::RestoreReport> Gateway::Impl::restart() {
    if (command.empty()) return fail("restart: this gateway was not started by the daemon");
    if (phase != Phase::serving) return fail("restart: the gateway is stopping");
    auto ends = Channel::pair();
    if (!ends) return tl::make_unexpected(ends.error());
    auto successor = Successor::start(command, std::move(ends->second));
    if (!successor) return fail("restart: " + successor.error().what);
    log::info({}, "restart: process {} is to take over", successor->pid());
    std::promise<bool> outcome;
    bool held = false;
    auto done = hand_over(ends->first, *successor, outcome, held);
    if (done) return done;
    if (held) outcome.set_value(false);
    if (held && media) media->resume();
    for (const auto& shard : shards) shard->ask([](call::Core& core, Time) { core.settle(false); });
    if (cdrs) cdrs->resume();
    log::error({}, "restart failed, all goes on here: {}", done.error().what);
    return done;
}

Result<call::RestoreReport> Gateway::Impl::hand_over(Channel& channel, Successor& successor,
                                                     std::promise<bool>& outcome, bool& held) {
    const auto ours = to_bytes(facts());
    if (auto sent = channel.send(Channel::Kind::facts, ours.view()); !sent)
        return tl::make_unexpected(sent.error());
    if (auto hello = channel.expect(Channel::Kind::hello); !hello) return tl::make_unexpected(hello.error());

    if (cdrs) cdrs->pause();
    for (const auto& shard : shards) shard->ask([](call::Core& core, Time) { core.settle(true); });
    const auto settled = [&] {
        return std::all_of(shards.begin(), shards.end(), [](const auto& shard) {
            return shard->ask([](call::Core& core, Time) { return core.settled(); });
        });
    };
    for (const Time until = net::now() + settling; !settled() && net::now() < until;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    observer->restarting();

    const Time begun = net::now();
    std::vector<std::future<HeldShard>> waiting;
    std::shared_future<bool> known = outcome.get_future();
    held = true;
    if (media) media->hold();
    for (const auto& shard : shards) waiting.push_back(shard->hold(known));
    std::vector<HeldShard> standing;
    for (auto& w : waiting) standing.push_back(w.get());
    if (cdrs) {
        const auto journals = cdrs->journals();
        for (std::size_t i = 0; i < standing.size(); ++i) {
            standing[i].journal_instance = journals[i].first;
            standing[i].journal_lock = journals[i].second;
        }
    }
    if (auto sent = gateway::hand_over(channel, standing, control ? control->descriptor() : -1); !sent) {
        // What it has said meanwhile tells more than that it is gone.
        const auto said = channel.expect(Channel::Kind::ready);
        return tl::make_unexpected(said ? sent.error() : said.error());
    }
    const auto ready = channel.expect(Channel::Kind::ready);
    if (!ready) return tl::make_unexpected(ready.error());
    const auto report = read_report(ready->bytes);
    if (!report) return tl::make_unexpected(report.error());
    if (cdrs) cdrs->leave_journals();
    if (auto sent = channel.send(Channel::Kind::go); !sent) return tl::make_unexpected(sent.error());
    if (auto done = channel.expect(Channel::Kind::done); !done) return tl::make_unexpected(done.error());

    if (control) control->leave();
    log::info({}, "restart: process {} has taken over {} calls; shards stood still for {} ms",
              successor.pid(), report->carried, to_ms(net::now() - begun));
    outcome.set_value(true);
    observer->handed_over(successor.pid());
    successor.let_go();
    // The answer to whoever asked goes first.
    boost::asio::post(io, [this] { close(); });
    return *report;
}

// Every shard listens on every listener.
Result<Endpoint> Gateway::Impl::listen(std::uint16_t index, const ListenerConfig& listener) {
    if (config.core.listeners[index].transport == sip::Transport::tcp)
        return tcp.open(index, listener.local, taking_over);
    // Every shard has a socket of it.
    Result<Endpoint> bound = listener.local;
    for (const auto& shard : shards) {
        if (bound) bound = shard->listen(index, *bound);
    }
    return bound;
}

Result<void> Gateway::Impl::listen() {
    call::Config core = config.core;
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const ListenerConfig& listener = config.listeners[i];
        const auto bound = listen(static_cast<std::uint16_t>(i), listener);
        if (!bound) {
            return fail(fmt::format("listener \"{}\" ({}): {}", listener.name, listener.local.to_string(),
                                    bound.error().what));
        }
        sip::Listener& reached = core.listeners[i];
        if (!listener.advertised_port) reached.port = bound->port;
        listeners.push_back(
            {listener.name, reached.transport, *bound, fmt::format("{}:{}", reached.host, reached.port)});
        log::info({}, "listener {}: {} {}, advertised {}", listener.name,
                  to_lower(sip::to_string(reached.transport)), bound->to_string(),
                  listeners.back().advertised);
    }
    for (const auto& shard : shards) shard->configure(core, config.shards);
    return {};
}

void Gateway::Impl::drain() {
    for (const auto& shard : shards) shard->ask([](call::Core& core, Time now) { core.drain(now); });
    log::info({}, "draining: {} calls left", load.calls.load());
}

void Gateway::Impl::shutdown(Time now) {
    if (phase != Phase::serving) return;
    phase = Phase::draining;
    log::info({}, "draining: {} calls left", load.calls.load());
    limit.set(now + config.drain_limit);
    observer->stopping(config.drain_limit + goodbye);
    for (const auto& shard : shards) shard->leave();
}

// A shard has no call left.
void Gateway::Impl::drained() {
    if (++shards_drained == shards.size()) close();
}

void Gateway::Impl::leave(Time now) {
    if (phase == Phase::leaving) return close();
    if (phase == Phase::closed) return;
    const bool was_draining = phase == Phase::draining;
    phase = Phase::leaving;
    limit.set(now + goodbye);
    observer->stopping(goodbye);
    log::info({}, "stopping: {} calls are hung up", load.calls.load());
    for (const auto& shard : shards) {
        shard->ask([](call::Core& core, Time at) {
            core.drain(at);
            for (const auto& call : core.calls()) core.hangup(at, call.id);
        });
        if (!was_draining) shard->leave();
    }
}

void Gateway::Impl::close() {
    if (phase == Phase::closed) return;
    phase = Phase::closed;
    limit.set(std::nullopt);
    control.reset();
    for (const auto& shard : shards) {
        if (shard) shard->stop();
    }
    if (media) media->stop();
    tcp.close();
    io.stop();
}

Result<void> Gateway::Impl::reload() {
    if (file.empty()) return fail("reload: this gateway was not started from a file");
    observer->reloading();
    auto next = load_reload(file, config);
    if (!next) {
        observer->reloaded(nullptr);
        return tl::make_unexpected(next.error());
    }
    config = std::move(*next);
    for (const auto& shard : shards) {
        shard->ask([&](call::Core& core, Time) { core.reconfigure(config.core); });
    }
    observer->reloaded(&config);
    log::info({}, "reloaded {}: {} trunks, {} extensions, {} routes", file.string(),
              config.core.trunks.size(), config.core.extensions.size(), config.core.routes.size());
    return {};
}

GatewayStatus Gateway::Impl::status() {
    GatewayStatus s;
    for (const auto& shard : shards) {
        const auto& one = s.shards.emplace_back(shard->status());
        add(s.core, one.core);
        s.sip_received += one.sip.received;
        s.sip_sent += one.sip.sent;
        s.sip_send_failures += one.sip.refused + one.sip.dropped;
        s.sip_unreachable += one.sip.unreachable;
        s.media_received += one.media.received;
        s.media_sent += one.media.sent;
        s.media_send_failures += one.media.send_failed;
        s.media_oversized += one.media.truncated;
    }
    if (media) s.media_threads = media->status();
    for (auto& one : s.media_threads) {
        one.ports.ports_total = 0;
        add(s.core.media, one.ports);
        s.media_received += one.sockets.received;
        s.media_sent += one.sockets.sent;
        s.media_send_failures += one.sockets.send_failed;
        s.media_oversized += one.sockets.truncated;
    }
    if (media) s.core.media.ports_total = media->pool().total();
    s.tcp = tcp.counters();
    s.connections = tcp.connections();
    s.uptime = net::now() - started;
    s.max_calls = config.core.max_calls;
    s.stopping = phase != Phase::serving;
    s.listeners = listeners;
    return s;
}

std::vector<CallStatus> Gateway::Impl::calls() {
    std::vector<CallStatus> out;
    for (const auto& shard : shards) {
        shard->ask([&](call::Core& core, Time now) {
            const WallOffset offset = wall_offset(now);
            for (auto& info : core.calls()) {
                const Time began = info.started;
                out.push_back({std::move(info), to_wall(began, offset), now - began});
            }
        });
    }
    std::sort(out.begin(), out.end(),
              [](const CallStatus& a, const CallStatus& b) { return a.info.id < b.info.id; });
    return out;
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(const Config& config, std::filesystem::path file,
                                                Restarting restarting) {
    std::optional<Channel> channel, refuse;
    if (restarting.channel) {
        refuse.emplace(File(::dup(restarting.channel.fd())));
        channel.emplace(std::move(restarting.channel));
    }
    std::unique_ptr<Gateway> gateway(
        new Gateway(std::make_unique<Impl>(config, std::move(file), std::move(restarting.command))));
    auto opened = gateway->impl_->open(*gateway, std::move(channel));
    if (opened) return gateway;
    if (refuse) std::ignore = refuse->send(Channel::Kind::failed, as_bytes(opened.error().what));
    return tl::make_unexpected(opened.error());
}

void Gateway::run() {
    {
        const std::lock_guard held(impl_->mutex);
        impl_->runner = std::this_thread::get_id();
    }
    if (impl_->phase != Phase::closed) {
        if (impl_->media) impl_->media->start();
        for (const auto& shard : impl_->shards) shard->start();
        impl_->tcp.start();
        const auto until_closed = boost::asio::make_work_guard(impl_->io);
        impl_->io.run();
    }
    const std::lock_guard held(impl_->mutex);
    // What others asked for meanwhile gets its answer, what waited on sockets hears that they are closed.
    impl_->io.restart();
    impl_->io.poll();
    impl_->runner = {};
    impl_->cdrs.reset();
    log::info({}, "stopped");
}

void Gateway::drain() {
    impl_->ask([&] { impl_->drain(); });
}

void Gateway::shutdown() {
    impl_->ask([&] { impl_->shutdown(net::now()); });
}

void Gateway::stop() {
    impl_->ask([&] { impl_->leave(net::now()); });
}

Result<void> Gateway::reload() {
    return impl_->ask([&] { return impl_->reload(); });
}

void Gateway::observe(Observer& observer) {
    impl_->ask([&] { impl_->observer = &observer; });
}

Result<call::RestoreReport> Gateway::restart() {
    return impl_->ask([&] { return impl_->restart(); });
}

GatewayStatus Gateway::status() {
    return impl_->ask([&] { return impl_->status(); });
}

std::vector<CallStatus> Gateway::calls() {
    return impl_->ask([&] { return impl_->calls(); });
}

bool Gateway::hangup(call::AttemptId id) {
    if (id == 0) return false;
    return impl_->ask([&] {
        const auto owner = call::shard_of_attempt(id, impl_->config.shards);
        return impl_->shards[owner]->ask([&](call::Core& core, Time now) { return core.hangup(now, id); });
    });
}

Result<call::ProfileTrial> Gateway::try_profile(std::string_view name, bool received, std::string_view text) {
    return impl_->ask([&]() -> Result<call::ProfileTrial> {
        for (const auto& profile : impl_->config.core.profiles) {
            if (profile.name == name) return call::try_profile(profile, received, text);
        }
        return fail(fmt::format("there is no profile \"{}\"", name));
    });
}

std::vector<Endpoint> Gateway::listeners() {
    std::vector<Endpoint> out;
    for (const auto& l : impl_->listeners) out.push_back(l.local);
    return out;
}

boost::asio::io_context& Gateway::io() {
    return impl_->io;
}

std::vector<boost::asio::io_context*> Gateway::loops() {
    std::vector<boost::asio::io_context*> out;
    for (const auto& shard : impl_->shards) out.push_back(&shard->io());
    for (std::size_t i = 0; impl_->media && i < impl_->media->size(); ++i)
        out.push_back(&(*impl_->media)[i].io());
    return out;
}

}  // namespace causeway::gateway
