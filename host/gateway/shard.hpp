// One shard of a gateway: a core with its sockets, clock and a thread of its own. Shards share nothing on the
// way of a call: each has its own socket of every listener, and what arrives for a call of another shard is
// handed over to that. Media is served on the shard's thread, with an engine and a part of the media ports of
// its own, or by threads that the shards share (media_threads.hpp).
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/base/log_limit.hpp"
#include "host/base/random.hpp"
#include "host/base/result.hpp"
#include "host/call/core.hpp"
#include "host/gateway/cdr_writer.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/handover.hpp"
#include "host/gateway/media_network.hpp"
#include "host/gateway/media_threads.hpp"
#include "host/net/alarm.hpp"
#include "host/net/clock.hpp"
#include "host/net/sip_udp.hpp"

namespace causeway::gateway {

struct ShardStatus {
    call::CoreStatus core;
    net::SipUdp::Counters sip;
    net::UdpSockets::Counters media;  // on its own thread
    std::uint64_t handed_over = 0;    // datagrams received for other shards
    std::uint64_t overrun = 0;        // datagrams of others that found the queue full
    std::uint64_t stalls = 0;         // times that a timer came more than a second late
};

class Shard final : public call::CoreOutput {
  public:
    // All shards of the gateway, this one among them, in the order of their numbers.
    using Shards = std::vector<std::unique_ptr<Shard>>;

    // What goes out by connections, which are the gateway's: see Gateway.
    using StreamSend = std::function<void(const sip::Hop& to, std::string message)>;

    // `shards`, `threads` (null: media on the shard's thread) and `cdrs` (null: keeps no records, also later)
    // outlive the shard. `drained` is called on the shard's thread when no call is left after leave().
    Shard(std::uint8_t number, const Shards& shards, net::UdpOptions media_sockets, MediaThreads* threads,
          call::Load& load, const std::unique_ptr<CdrWriter>& cdrs, StreamSend stream_send,
          std::function<void()> drained);
    ~Shard() override;

    // Binds a UDP listener. Every shard binds each; the first chooses the port where `local` says 0. Takes a
    // socket that it has inherited where one fits.
    Result<Endpoint> listen(std::uint16_t index, const Endpoint& local);
    // The core of `config`. After listen(), before start().
    void configure(const call::Config& config, std::uint8_t shards);
    // Serves on a thread of its own, until stop().
    void start();
    // Closes all sockets and ends the thread. What waits in the queue is done before.
    void stop();

    // Has `f(core, now)` done on the shard's thread, or here and now where that does not run, and waits.
    // One thread at a time may ask.
    template <class F>
    auto ask(F f) {
        using Answer = std::invoke_result_t<F, call::Core&, Time>;
        std::packaged_task<Answer()> task([&] { return event(f); });
        auto answer = task.get_future();
        if (thread_.joinable()) {
            boost::asio::post(io_, [&task] { task(); });
        } else {
            task();
        }
        return answer.get();
    }
    // ---- to another process, and from one: see handover.hpp
    // Stands still as soon as it may, until `outcome` is known: true ends its thread without a word to
    // anyone, false lets it go on. Journals are not the shard's to fill in.
    std::future<HeldShard> hold(std::shared_future<bool> outcome);
    // Sockets for listen() and configure(). The error says what is no socket.
    Result<void> inherit(TakenShard& taken);
    // After configure(): takes up the calls. What that makes it say and record is held back until commit().
    Result<call::RestoreReport> restore(const TakenShard& taken);
    void commit();

    // From any thread: a message that came by a connection, and a hop whose connection is lost.
    void received_by_stream(std::string message, const sip::Hop& from) {
        take_over(std::move(message), from);
    }
    void stream_lost(const sip::Hop& to);
    // New calls get 503 from here on; `drained` follows, at once if no call is left.
    void leave();
    ShardStatus status();
    std::size_t media_ports() const { return media_ports_; }  // of its own
    boost::asio::io_context& io() { return io_; }

  private:
    template <class F>
    auto event(F&& happens) {
        const Time now = net::now();
        const Done done{*this};
        return happens(*core_, now);
    }
    // After everything that happens to the core.
    struct Done {
        Shard& shard;
        ~Done() { shard.after_event(); }
    };
    void after_event();
    void ring(Time now);
    void spread(Time now);
    static Time net_now();
    void received(std::string_view datagram, const sip::Hop& from);
    // A message that another thread received.
    void take_over(std::string datagram, const sip::Hop& from);

    // call::CoreOutput
    bool send(const sip::Hop& to, std::string_view message) override;
    bool start(const call::CdrStart& record) override;
    void end(const call::CdrEnd& record) override;

    const std::uint8_t number_;
    const Shards& shards_;
    call::Load& load_;
    const std::unique_ptr<CdrWriter>& cdrs_;
    const StreamSend stream_send_;
    const std::function<void()> drained_;

    boost::asio::io_context io_{1};
    SystemRandom random_;
    // Either both or the third.
    std::unique_ptr<media::Engine> engine_;
    std::unique_ptr<MediaNetwork> media_;
    std::unique_ptr<ShardMedia> on_threads_;
    net::SipUdp sip_;
    std::unique_ptr<call::Core> core_;
    net::Alarm timer_;   // the core's
    net::Alarm spread_;  // of calls over media threads
    std::size_t media_ports_ = 0;
    bool leaving_ = false, closed_ = false;
    std::vector<std::pair<Endpoint, File>> inherited_;  // SIP
    bool restoring_ = false;
    std::vector<std::function<void()>> held_back_;
    std::uint64_t handed_over_ = 0, stalls_ = 0;
    std::atomic<std::uint64_t> overrun_{0};
    log::Limit unreachable_log_;
    std::atomic<std::size_t> waiting_{0};  // datagrams of others in the queue
    std::thread thread_;
};

}  // namespace causeway::gateway
