// A thread that serves media ports: an engine, sockets and a clock of its own, no SIP. It alone touches them.
// Others ask it, and wait: it answers between two batches of packets. Requests of io_uring belong to the
// thread that makes them; so what another thread opened here under a lock would be received on that one's
// time.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include "host/base/random.hpp"
#include "host/gateway/media_network.hpp"
#include "host/media/local_ports.hpp"
#include "host/media/spread.hpp"
#include "host/net/alarm.hpp"
#include "host/net/clock.hpp"
#include "host/store/segments.hpp"

namespace causeway::gateway {

using store::File;

struct MediaThreadStatus {
    media::PortsStatus ports;
    net::UdpSockets::Counters sockets;
    media::ThreadLoad load;
    std::uint64_t moved_in = 0, moved_out = 0;  // ports
};

class MediaThread {
  public:
    // `pool` outlives the thread.
    MediaThread(std::size_t number, net::UdpOptions options, media::PortPool& pool, std::uint64_t ntp_zero);
    ~MediaThread();
    MediaThread(const MediaThread&) = delete;
    MediaThread& operator=(const MediaThread&) = delete;

    // Nothing is received before.
    void start();
    // Closes all sockets and ends the thread.
    void stop();

    // Has `f(ports, network, now)` done on this thread, or here and now where it does not run, and waits.
    template <class F>
    auto ask(F f) {
        using Answer = std::invoke_result_t<F, media::LocalPorts&, MediaNetwork&, Time>;
        std::packaged_task<Answer()> task([&] { return event(f); });
        auto answer = task.get_future();
        if (thread_.joinable()) {
            boost::asio::post(io_, [&task] { task(); });
        } else {
            task();
        }
        return answer.get();
    }

    // A port on its way to another thread, with its sockets.
    struct Moving {
        media::LocalPorts::Moving port;
        std::array<File, 2> sockets;
    };
    // One port, or two that are joined. All that had come for them has been dealt with; what comes from here
    // on waits in the sockets. Empty where one of them is closed.
    std::vector<Moving> give_away(std::span<const media::PortId> ports);
    // Two are joined again. False where there is no room: nothing is taken then. Else each port's number
    // here, or why it was closed.
    bool take(std::vector<Moving>& ports, std::vector<Result<media::PortId>>& taken);

    // Stands still, its state does not change by itself; takes it back. What is asked for is still done.
    void hold();
    void resume();

    media::ThreadLoad load() const;
    // A call of that load has moved here, or away, since packets were counted.
    void add_load(std::int64_t packets) { packets_ += packets; }
    void port_opened() { ++opened_; }
    MediaThreadStatus status();
    // Of the engine.
    const media::Capabilities& capabilities() const { return engine_->capabilities(); }
    boost::asio::io_context& io() { return io_; }

  private:
    template <class F>
    auto event(F&& happens) {
        const Done done{*this};
        return happens(ports_, network_, net::now());
    }
    struct Done {
        MediaThread& thread;
        ~Done() { thread.after_event(); }
    };
    void after_event();
    void count(Time now);

    const std::size_t number_;
    boost::asio::io_context io_{1};
    SystemRandom random_;
    std::unique_ptr<media::Engine> engine_;
    MediaNetwork network_;
    media::LocalPorts ports_;
    net::Alarm timer_, second_;
    bool held_ = true, closed_ = false;
    std::uint64_t counted_ = 0;  // packets received, when last counted
    Time counted_at_{};
    std::uint64_t moved_in_ = 0, moved_out_ = 0;
    std::atomic<std::int64_t> packets_{0};  // received in the last second
    std::atomic<std::size_t> open_{0}, opened_{0};
    std::thread thread_;
};

}  // namespace causeway::gateway
