#include "host/gateway/gateway.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "host/base/log.hpp"
#include "host/gateway/cdr_writer.hpp"
#include "host/gateway/control.hpp"
#include "host/gateway/control_socket.hpp"
#include "host/net/alarm.hpp"
#include "host/net/clock.hpp"

namespace causeway::gateway {
namespace {

constexpr auto goodbye = std::chrono::seconds(2);  // for the answers to the BYEs of stop()

enum class Phase { serving, draining, leaving, closed };

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
    sum.media.ports_in_use += s.media.ports_in_use;
    sum.media.ports_total += s.media.ports_total;
    sum.media.engine.ingresses += s.media.engine.ingresses;
    sum.media.engine.egresses += s.media.engine.egresses;
    sum.media.engine.paths += s.media.engine.paths;
    sum.media.packets_in += s.media.packets_in;
    sum.media.packets_out += s.media.packets_out;
    sum.media.dropped += s.media.dropped;
}

}  // namespace

struct Gateway::Impl {
    Impl(const Config& c, std::filesystem::path f)
        : config(c),
          file(std::move(f)),
          limit(io, [this](Time now) { phase == Phase::draining ? leave(now) : close(); }) {}
    ~Impl() { close(); }

    Result<void> open(Gateway& gateway);
    Result<void> listen();
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
    const std::filesystem::path file;  // empty: no reload
    const Time started = net::now();
    boost::asio::io_context io{1};
    SystemRandom random;
    std::unique_ptr<CdrWriter> cdrs;  // null: keeps no records
    call::Load load;
    Shard::Shards shards;
    std::vector<GatewayStatus::Listener> listeners;
    net::Alarm limit;  // of the phase
    Rpc rpc;
    std::unique_ptr<ControlSocket> control;  // null: none configured
    std::function<void(const Config&)> reloaded;
    Phase phase = Phase::serving;
    std::size_t shards_drained = 0;

    std::recursive_mutex mutex;  // of all of it while no thread is in run()
    std::thread::id runner;      // the thread in run()
};

Result<void> Gateway::Impl::open(Gateway& gateway) {
    if (!config.cdr.directory.empty()) {
        auto opened = CdrWriter::open(config.cdr, config.shards, random);
        if (!opened) return tl::make_unexpected(opened.error());
        cdrs = std::move(*opened);
    }
    shards.resize(config.shards);
    for (std::uint8_t i = 0; i < config.shards; ++i) {
        shards[i] = std::make_unique<Shard>(i, shards, load, cdrs,
                                            [this] { boost::asio::post(io, [this] { drained(); }); });
    }
    if (auto listening = listen(); !listening) return listening;
    if (!config.control_socket.empty()) {
        add_control_methods(rpc, gateway);
        auto opened = ControlSocket::open(io, config.control_socket,
                                          [this](std::string_view line) { return rpc.handle(line); });
        if (!opened) return tl::make_unexpected(opened.error());
        control = std::move(*opened);
    }
    std::size_t ports = 0;
    for (const auto& shard : shards) ports += shard->media_ports();
    log::info({}, "ready: {} shards, {} listeners, {} trunks, {} extensions, {} routes, {} media ports",
              shards.size(), config.listeners.size(), config.core.trunks.size(),
              config.core.extensions.size(), config.core.routes.size(), ports);
    return {};
}

// Every shard listens on every listener.
Result<void> Gateway::Impl::listen() {
    call::Config core = config.core;
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const ListenerConfig& listener = config.listeners[i];
        Endpoint local = listener.local;
        for (const auto& shard : shards) {
            const auto bound = shard->listen(local);
            if (!bound) {
                return fail(fmt::format("listener \"{}\" ({}): {}", listener.name, local.to_string(),
                                        bound.error().what));
            }
            local = *bound;
        }
        sip::Listener& reached = core.listeners[i];
        if (!listener.advertised_port) reached.port = local.port;
        listeners.push_back({listener.name, local, fmt::format("{}:{}", reached.host, reached.port)});
        log::info({}, "listener {}: udp {}, advertised {}", listener.name, local.to_string(),
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
    io.stop();
}

Result<void> Gateway::Impl::reload() {
    if (file.empty()) return fail("reload: this gateway was not started from a file");
    auto next = load_reload(file, config);
    if (!next) return tl::make_unexpected(next.error());
    config = std::move(*next);
    for (const auto& shard : shards) {
        shard->ask([&](call::Core& core, Time) { core.reconfigure(config.core); });
    }
    if (reloaded) reloaded(config);
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
    }
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

Result<std::unique_ptr<Gateway>> Gateway::start(const Config& config, std::filesystem::path file) {
    std::unique_ptr<Gateway> gateway(new Gateway(std::make_unique<Impl>(config, std::move(file))));
    if (auto opened = gateway->impl_->open(*gateway); !opened) return tl::make_unexpected(opened.error());
    return gateway;
}

void Gateway::run() {
    {
        const std::lock_guard held(impl_->mutex);
        impl_->runner = std::this_thread::get_id();
    }
    if (impl_->phase != Phase::closed) {
        for (const auto& shard : impl_->shards) shard->start();
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

void Gateway::on_reload(std::function<void(const Config&)> call) {
    impl_->ask([&] { impl_->reloaded = std::move(call); });
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

std::vector<Endpoint> Gateway::listeners() {
    std::vector<Endpoint> out;
    for (const auto& l : impl_->listeners) out.push_back(l.local);
    return out;
}

boost::asio::io_context& Gateway::io() {
    return impl_->io;
}

}  // namespace causeway::gateway
