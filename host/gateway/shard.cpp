#include "host/gateway/shard.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>

#include "drivers/cpu/engine.hpp"
#include "host/base/log.hpp"

namespace causeway::gateway {
namespace {

constexpr Duration stall = std::chrono::seconds(1);
constexpr Duration spreading = std::chrono::seconds(1);
constexpr std::size_t queue_limit = 8192;  // datagrams; beyond, this is loss like any other

// The n-th of equal parts; the last has what is left over.
media::PortRange part(const media::PortRange& range, std::size_t n, std::size_t parts) {
    const std::size_t pairs = range.pairs() / parts;
    media::PortRange out = range;
    out.first = static_cast<std::uint16_t>(range.first + 2 * pairs * n);
    if (n + 1 < parts) out.last = static_cast<std::uint16_t>(out.first + 2 * pairs - 1);
    return out;
}

}  // namespace

Shard::Shard(std::uint8_t number, const Shards& shards, net::UdpOptions media_sockets, MediaThreads* threads,
             call::Load& load, const std::unique_ptr<CdrWriter>& cdrs, StreamSend stream_send,
             std::function<void()> drained)
    : number_(number),
      shards_(shards),
      load_(load),
      cdrs_(cdrs),
      stream_send_(std::move(stream_send)),
      drained_(std::move(drained)),
      sip_(io_, {[this](std::string_view datagram, const sip::Hop& from) { received(datagram, from); },
                 [this](const sip::Hop& to, std::string_view why) {
                     log::limited(unreachable_log_, net::now(), log::Level::info, {},
                                  "{} cannot be reached: {}", to.remote.to_string(), why);
                     event([&](call::Core& core, Time now) { core.sip_transport_error(now, to); });
                 }}),
      timer_(io_, [this](Time now) { ring(now); }),
      spread_(io_, [this](Time now) { spread(now); }) {
    if (threads != nullptr) {
        on_threads_ = std::make_unique<ShardMedia>(*threads);
        return;
    }
    engine_ = cpu::make_engine();
    media_ =
        std::make_unique<MediaNetwork>(io_, media_sockets, [this](std::span<const media::Datagram> batch) {
            event([&](call::Core& core, Time now) { core.receive_media(now, batch); });
        });
}

Shard::~Shard() {
    stop();
}

Result<Endpoint> Shard::listen(std::uint16_t index, const Endpoint& local) {
    const auto fits = [&](const auto& socket) {
        return socket.first == local || (local.port == 0 && socket.first.ip == local.ip);
    };
    if (const auto found = std::find_if(inherited_.begin(), inherited_.end(), fits);
        found != inherited_.end()) {
        const int socket = found->second.release();
        inherited_.erase(found);
        return sip_.adopt(index, socket);
    }
    const auto sharing = shards_.size() == 1 ? net::SipUdp::Sharing::alone
                         : number_ == 0      ? net::SipUdp::Sharing::first
                                             : net::SipUdp::Sharing::joining;
    return sip_.open(index, local, sharing);
}

void Shard::configure(const call::Config& config, std::uint8_t shards) {
    call::Config own = config;
    for (media::PortRange& range : own.media) range = part(range, number_, shards);
    const call::CoreOptions options{{number_, shards}, &load_};
    core_ = on_threads_ ? std::make_unique<call::Core>(own, *on_threads_, random_, *this, options)
                        : std::make_unique<call::Core>(own, *engine_, *media_, random_, *this, options);
    media_ports_ = core_->status().media.ports_total;
}

void Shard::start() {
    sip_.start();
    if (media_) media_->start();
    if (on_threads_) spread_.set(net::now() + spreading);
    timer_.set(core_->next_timer());
    thread_ = std::thread([this, work = boost::asio::make_work_guard(io_)] { io_.run(); });
    ::pthread_setname_np(thread_.native_handle(), fmt::format("shard {}", number_).c_str());
    if (media_) boost::asio::post(io_, [this] { media_->resume(); });
}

void Shard::stop() {
    const auto close = [this] {
        closed_ = true;
        timer_.set(std::nullopt);
        spread_.set(std::nullopt);
        if (media_) media_->close();
        sip_.close();
    };
    if (!thread_.joinable()) return close();
    boost::asio::post(io_, [this, close] {
        close();
        io_.stop();
    });
    thread_.join();
}

void Shard::ring(Time now) {
    if (const auto due = core_->next_timer(); due && now - *due > stall) {
        ++stalls_;
        log::warning({}, "shard {} stood still: its timers are {} ms late", number_, to_ms(now - *due));
    }
    event([](call::Core& core, Time at) { core.advance(at); });
}

void Shard::spread(Time now) {
    on_threads_->spread(now);
    if (!closed_) spread_.set(now + spreading);
}

void Shard::after_event() {
    if (media_) media_->flush();
    if (closed_) return;
    timer_.set(core_->next_timer());
    if (!leaving_ || !core_->drained()) return;
    leaving_ = false;
    drained_();
}

void Shard::received(std::string_view datagram, const sip::Hop& from) {
    const auto owner = shards_.size() == 1
                           ? std::nullopt
                           : sip::shard_of_message(datagram, static_cast<std::uint8_t>(shards_.size()));
    if (owner && *owner != number_) {
        ++handed_over_;
        return shards_[*owner]->take_over(std::string(datagram), from);
    }
    event([&](call::Core& core, Time now) { core.receive_sip(now, datagram, from); });
}

void Shard::take_over(std::string datagram, const sip::Hop& from) {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= queue_limit) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        overrun_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    boost::asio::post(io_, [this, datagram = std::move(datagram), from] {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        if (closed_) return;
        event([&](call::Core& core, Time now) { core.receive_sip(now, datagram, from); });
    });
}

std::future<HeldShard> Shard::hold(std::shared_future<bool> outcome) {
    auto held = std::make_shared<std::promise<HeldShard>>();
    boost::asio::post(io_, [this, held, outcome = std::move(outcome)] {
        if (media_) {
            media_->pause();
            media_->flush();
        }
        HeldShard out;
        out.at = net::now();
        out.state = core_->save(out.at);
        out.sip = sip_.descriptors();
        out.media = media_ ? media_->descriptors() : on_threads_->descriptors();
        held->set_value(std::move(out));
        if (!outcome.get()) {
            if (media_) media_->resume();
            event([](call::Core& core, Time now) { core.advance(now); });
            return;
        }
        closed_ = true;
        timer_.set(std::nullopt);
        spread_.set(std::nullopt);
        if (media_) media_->close();
        sip_.close();
        io_.stop();
    });
    return held->get_future();
}

Result<void> Shard::inherit(TakenShard& taken) {
    for (File& socket : taken.sip) {
        const auto local = net::SipUdp::bound_to(socket.fd());
        if (!local) return fail("an inherited descriptor is no UDP socket");
        inherited_.emplace_back(*local, std::move(socket));
    }
    for (File& socket : taken.media) {
        const auto done =
            media_ ? media_->inherit(socket.release()) : on_threads_->inherit(std::move(socket));
        if (!done) return done;
    }
    return {};
}

Result<call::RestoreReport> Shard::restore(const TakenShard& taken) {
    restoring_ = true;
    if (media_) {
        media_->mute(true);
        media_->pause();  // receives are for the thread that will serve them
    }
    auto report = core_->restore(taken.at, taken.state.view());
    if (media_) {
        media_->mute(false);
        media_->drop_inherited();
    } else {
        on_threads_->drop_inherited();
    }
    inherited_.clear();
    return report;
}

void Shard::commit() {
    restoring_ = false;
    for (const auto& act : std::exchange(held_back_, {})) act();
}

void Shard::stream_lost(const sip::Hop& to) {
    boost::asio::post(io_, [this, to] {
        if (!closed_) event([&](call::Core& core, Time now) { core.sip_transport_error(now, to); });
    });
}

bool Shard::send(const sip::Hop& to, std::string_view message) {
    if (restoring_) {
        held_back_.push_back([this, to, text = std::string(message)] { send(to, text); });
        return true;
    }
    if (to.transport == sip::Transport::udp) return sip_.send(to, message);
    stream_send_(to, std::string(message));
    return true;
}

void Shard::leave() {
    ask([this](call::Core& core, Time now) {
        core.drain(now);
        leaving_ = true;
    });
}

ShardStatus Shard::status() {
    return ask([this](call::Core& core, Time) {
        return ShardStatus{
            core.status(), sip_.counters(), media_ ? media_->counters() : net::UdpSockets::Counters{},
            handed_over_,  overrun_.load(), stalls_};
    });
}

bool Shard::start(const call::CdrStart& record) {
    if (restoring_) {
        held_back_.push_back([this, record] { start(record); });
        return true;
    }
    return !cdrs_ || cdrs_->start(number_, net::now(), record);
}

void Shard::end(const call::CdrEnd& record) {
    if (restoring_) return held_back_.push_back([this, record] { end(record); });
    if (cdrs_) cdrs_->end(number_, net::now(), record);
}

}  // namespace causeway::gateway
