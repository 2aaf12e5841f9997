#include "host/gateway/media_thread.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>

#include "drivers/cpu/engine.hpp"

namespace causeway::gateway {
namespace {

constexpr Duration counting = std::chrono::seconds(1);

}  // namespace

MediaThread::MediaThread(std::size_t number, net::UdpOptions options, media::PortPool& pool,
                         std::uint64_t ntp_zero)
    : number_(number),
      engine_(cpu::make_engine()),
      network_(
          io_, options,
          [this](std::span<const media::Datagram> batch) {
              event([&](media::LocalPorts& ports, MediaNetwork&, Time now) { ports.receive(now, batch); });
          },
          1),
      ports_(*engine_, network_, pool, random_, ntp_zero),
      timer_(io_,
             [this](Time) {
                 event([](media::LocalPorts& ports, MediaNetwork&, Time now) { ports.advance(now); });
             }),
      second_(io_, [this](Time now) { count(now); }) {
    network_.pause();
}

MediaThread::~MediaThread() {
    stop();
}

void MediaThread::start() {
    network_.start();
    thread_ = std::thread([this, work = boost::asio::make_work_guard(io_)] { io_.run(); });
    ::pthread_setname_np(thread_.native_handle(), fmt::format("media {}", number_).c_str());
    resume();
}

void MediaThread::stop() {
    const auto close = [this] {
        closed_ = true;
        timer_.set(std::nullopt);
        second_.set(std::nullopt);
        network_.close();
    };
    if (!thread_.joinable()) return close();
    boost::asio::post(io_, [this, close] {
        close();
        io_.stop();
    });
    thread_.join();
}

void MediaThread::after_event() {
    network_.flush();
    open_ = ports_.status().ports_in_use;
    if (!held_ && !closed_) timer_.set(ports_.next_timer());
}

void MediaThread::count(Time now) {
    const auto received = ports_.status().packets_in;
    packets_ = static_cast<std::int64_t>(media::a_second(received - counted_, now - counted_at_));
    opened_ = 0;
    counted_ = received;
    counted_at_ = now;
    if (!closed_) second_.set(now + counting);
}

media::ThreadLoad MediaThread::load() const {
    const auto packets = std::max<std::int64_t>(packets_, 0);
    return {static_cast<std::uint64_t>(packets), open_, opened_};
}

void MediaThread::hold() {
    ask([this](media::LocalPorts&, MediaNetwork& network, Time) {
        network.pause();
        held_ = true;
        timer_.set(std::nullopt);
    });
}

void MediaThread::resume() {
    ask([this](media::LocalPorts&, MediaNetwork& network, Time now) {
        held_ = false;
        network.resume();
        counted_ = ports_.status().packets_in;
        counted_at_ = now;
        second_.set(now + counting);
    });
}

std::vector<MediaThread::Moving> MediaThread::give_away(std::span<const media::PortId> ids) {
    return ask([&](media::LocalPorts& ports, MediaNetwork& network, Time now) {
        std::vector<Moving> out;
        std::vector<Endpoint> locals;
        for (const auto id : ids) {
            locals.push_back(ports.local(id));
            if (locals.back().port == 0) return out;
        }
        const auto sockets = network.give_away(locals);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            out.push_back(
                {std::move(*ports.detach(now, ids[i])), {File(sockets[i][0]), File(sockets[i][1])}});
        }
        moved_out_ += ids.size();
        return out;
    });
}

bool MediaThread::take(std::vector<Moving>& moving, std::vector<Result<media::PortId>>& taken) {
    return ask([&](media::LocalPorts& ports, MediaNetwork& network, Time now) {
        if (!ports.has_room(moving.size())) return false;
        for (Moving& m : moving) {
            for (File& socket : m.sockets) {
                if (socket) std::ignore = network.inherit(socket.release());
            }
            taken.push_back(ports.attach(std::move(m.port)));
        }
        network.drop_inherited();
        if (taken.size() == 2 && taken[0] && taken[1]) std::ignore = ports.join(now, *taken[0], *taken[1]);
        moved_in_ += moving.size();
        return true;
    });
}

MediaThreadStatus MediaThread::status() {
    return ask([this](media::LocalPorts& ports, MediaNetwork& network, Time) {
        return MediaThreadStatus{ports.status(), network.counters(), load(), moved_in_, moved_out_};
    });
}

}  // namespace causeway::gateway
