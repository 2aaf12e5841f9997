#include "host/gateway/gateway.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "drivers/cpu/engine.hpp"
#include "host/base/log.hpp"
#include "host/gateway/cdr_writer.hpp"
#include "host/gateway/control.hpp"
#include "host/gateway/control_socket.hpp"
#include "host/gateway/media_network.hpp"
#include "host/net/alarm.hpp"
#include "host/net/clock.hpp"
#include "host/net/sip_udp.hpp"

namespace causeway::gateway {
namespace {

constexpr auto goodbye = std::chrono::seconds(2);  // for the answers to the BYEs of stop()

enum class Phase { serving, draining, leaving, closed };

}  // namespace

struct Gateway::Impl final : call::CoreOutput {
    explicit Impl(const Config& c)
        : config(c),
          engine(cpu::make_engine()),
          sip(io, {[this](std::string_view datagram, const sip::Hop& from) {
                       event([&](Time now) { core->receive_sip(now, datagram, from); });
                   },
                   [this](const sip::Hop& to, std::string_view why) {
                       log::info({}, "{} cannot be reached: {}", to.remote.to_string(), why);
                       event([&](Time now) { core->sip_transport_error(now, to); });
                   }}),
          media(io,
                [this](std::span<const media::Ports::Datagram> batch) {
                    event([&](Time now) { core->receive_media(now, batch); });
                }),
          timer(io, [this](Time) { event([&](Time now) { core->advance(now); }); }),
          limit(io, [this](Time now) { phase == Phase::draining ? leave(now) : close(); }) {}

    Result<void> open(Gateway& gateway);
    void drain(Time now) {
        core->drain(now);
        log::info({}, "draining: {} calls left", core->status().calls);
    }
    void shutdown(Time now);
    void leave(Time now);
    void close();
    GatewayStatus status() const;
    std::vector<CallStatus> calls() const;

    // Everything that happens to the core goes through here.
    template <class F>
    void event(F happens) {
        if (phase == Phase::closed) return;
        happens(net::now());
        media.flush();
        timer.set(core->next_timer());
        if (phase == Phase::serving || closing || !core->drained()) return;
        closing = true;
        // Later, so that who caused this still gets an answer.
        boost::asio::post(io, [this] { close(); });
    }

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

    // call::CoreOutput
    bool send(const sip::Hop& to, std::string_view message) override { return sip.send(to, message); }
    bool start(const call::CdrStart& record) override { return !cdrs || cdrs->start(net::now(), record); }
    void end(const call::CdrEnd& record) override {
        if (cdrs) cdrs->end(net::now(), record);
    }

    const Config config;
    const Time started = net::now();
    boost::asio::io_context io{1};
    SystemRandom random;
    std::unique_ptr<media::Engine> engine;
    std::unique_ptr<CdrWriter> cdrs;  // null: keeps no records
    net::SipUdp sip;
    MediaNetwork media;
    std::vector<GatewayStatus::Listener> listeners;
    std::unique_ptr<call::Core> core;
    net::Alarm timer;  // the core's
    net::Alarm limit;  // of the phase
    Rpc rpc;
    std::unique_ptr<ControlSocket> control;  // null: none configured
    Phase phase = Phase::serving;
    bool closing = false;

    std::recursive_mutex mutex;  // of all of it while no thread is in run()
    std::thread::id runner;      // the thread in run()
};

Result<void> Gateway::Impl::open(Gateway& gateway) {
    if (!config.cdr.directory.empty()) {
        auto opened = CdrWriter::open(config.cdr, random);
        if (!opened) return tl::make_unexpected(opened.error());
        cdrs = std::move(*opened);
    }
    call::Config core_config = config.core;
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
        const ListenerConfig& listener = config.listeners[i];
        const auto bound = sip.open(listener.local);
        if (!bound) {
            return fail(fmt::format("listener \"{}\" ({}): {}", listener.name, listener.local.to_string(),
                                    bound.error().what));
        }
        sip::Listener& reached = core_config.listeners[i];
        if (!listener.advertised_port) reached.port = bound->port;
        listeners.push_back({listener.name, *bound, fmt::format("{}:{}", reached.host, reached.port)});
        log::info({}, "listener {}: udp {}, advertised {}", listener.name, bound->to_string(),
                  listeners.back().advertised);
    }
    core = std::make_unique<call::Core>(std::move(core_config), *engine, media, random, *this);
    if (!config.control_socket.empty()) {
        add_control_methods(rpc, gateway);
        auto opened = ControlSocket::open(io, config.control_socket,
                                          [this](std::string_view line) { return rpc.handle(line); });
        if (!opened) return tl::make_unexpected(opened.error());
        control = std::move(*opened);
    }
    sip.start();
    media.start();
    timer.set(core->next_timer());
    const auto ports = core->status().media.ports_total;
    log::info({}, "ready: {} listeners, {} trunks, {} extensions, {} routes, {} media ports, engine {}",
              config.listeners.size(), config.core.trunks.size(), config.core.extensions.size(),
              config.core.routes.size(), ports, engine->capabilities().name);
    return {};
}

void Gateway::Impl::shutdown(Time now) {
    if (phase != Phase::serving) return;
    phase = Phase::draining;
    drain(now);
    limit.set(now + config.drain_limit);
}

void Gateway::Impl::leave(Time now) {
    if (phase == Phase::leaving) return close();
    if (phase == Phase::closed) return;
    phase = Phase::leaving;
    limit.set(now + goodbye);
    event([&](Time) {
        core->drain(now);
        const auto left = core->calls();
        log::info({}, "stopping: {} calls are hung up", left.size());
        for (const auto& call : left) core->hangup(now, call.id);
    });
}

void Gateway::Impl::close() {
    if (phase == Phase::closed) return;
    phase = Phase::closed;
    timer.set(std::nullopt);
    limit.set(std::nullopt);
    control.reset();
    media.close();
    sip.close();
    io.stop();
}

GatewayStatus Gateway::Impl::status() const {
    GatewayStatus s;
    s.core = core->status();
    s.uptime = net::now() - started;
    s.max_calls = config.core.max_calls;
    s.stopping = phase != Phase::serving;
    s.listeners = listeners;
    s.sip_received = sip.counters().received;
    s.sip_sent = sip.counters().sent;
    s.sip_send_failures = sip.counters().refused + sip.counters().dropped;
    s.sip_unreachable = sip.counters().unreachable;
    s.media_received = media.counters().received;
    s.media_sent = media.counters().sent;
    s.media_send_failures = media.counters().send_failed;
    return s;
}

std::vector<CallStatus> Gateway::Impl::calls() const {
    const Time now = net::now();
    const WallOffset offset = wall_offset(now);
    std::vector<CallStatus> out;
    for (auto& info : core->calls()) {
        const Time began = info.started;
        out.push_back({std::move(info), to_wall(began, offset), now - began});
    }
    return out;
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() {
    impl_->close();
}

Result<std::unique_ptr<Gateway>> Gateway::start(const Config& config) {
    std::unique_ptr<Gateway> gateway(new Gateway(std::make_unique<Impl>(config)));
    if (auto opened = gateway->impl_->open(*gateway); !opened) return tl::make_unexpected(opened.error());
    return gateway;
}

void Gateway::run() {
    {
        const std::lock_guard held(impl_->mutex);
        impl_->runner = std::this_thread::get_id();
    }
    if (impl_->phase != Phase::closed) impl_->io.run();
    const std::lock_guard held(impl_->mutex);
    // What others asked for meanwhile gets its answer, what waited on sockets hears that they are closed.
    impl_->io.restart();
    impl_->io.poll();
    impl_->runner = {};
    impl_->cdrs.reset();
    log::info({}, "stopped");
}

void Gateway::drain() {
    impl_->ask([&] { impl_->event([&](Time now) { impl_->drain(now); }); });
}

void Gateway::shutdown() {
    impl_->ask([&] { impl_->event([&](Time now) { impl_->shutdown(now); }); });
}

void Gateway::stop() {
    impl_->ask([&] { impl_->leave(net::now()); });
}

GatewayStatus Gateway::status() {
    return impl_->ask([&] { return impl_->status(); });
}

std::vector<CallStatus> Gateway::calls() {
    return impl_->ask([&] { return impl_->calls(); });
}

bool Gateway::hangup(call::AttemptId id) {
    return impl_->ask([&] {
        bool found = false;
        impl_->event([&](Time now) { found = impl_->core->hangup(now, id); });
        return found;
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
