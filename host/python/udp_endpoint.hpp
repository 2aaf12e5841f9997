// An endpoint with sockets and a clock around it: one thread waits for datagrams and timers, any thread may
// use the endpoint. Knows nothing of Python: nothing here needs the interpreter's lock, and callers give it
// up before they come in.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "drivers/net/udp.hpp"
#include "host/endpoint/endpoint.hpp"

namespace causeway::python {

class UdpEndpoint final : private endpoint::Output {
  public:
    struct Happened {
        Time at{};
        endpoint::Event event;
    };

    // Binds `options.address`, with port 0 a free one.
    static Result<std::unique_ptr<UdpEndpoint>> open(endpoint::Options options);
    ~UdpEndpoint() override;

    Endpoint address() const { return address_; }
    Time opened() const { return opened_; }
    // Ends the thread and closes all sockets, whatever calls there are. What has happened stays readable;
    // waits end.
    void close();
    bool closed() const;

    // Uses the core, and sends what that makes. False, or nothing, once closed.
    template <class F>
    auto act(F f) {
        const std::lock_guard held(mutex_);
        decltype(f(*core_, Time{})) done{};
        if (closed_) return done;
        done = f(*core_, now());
        settle();
        wake();
        return done;
    }
    // Reads the core, closed or not.
    template <class F>
    auto read(F f) const {
        const std::lock_guard held(mutex_);
        return f(static_cast<const endpoint::Endpoint&>(*core_));
    }

    // All that ever happened has a number, from 0. The first event from `begin` on that `wanted` takes, with
    // its number; nothing when `deadline` has passed or the endpoint is closed without one.
    using Wanted = std::function<bool(const Happened&)>;
    std::optional<std::pair<std::size_t, Happened>> wait_event(std::size_t begin, const Wanted& wanted,
                                                               Time deadline);
    // Until `done` says so of the call's media: true. False when the call is over or unknown, or the endpoint
    // closed, without that; nothing at the deadline.
    std::optional<bool> wait_media(endpoint::CallId call,
                                   const std::function<bool(const endpoint::MediaStream&)>& done,
                                   Time deadline);

  private:
    explicit UdpEndpoint(int wake_descriptor);
    void run();
    void receive(Time at);
    void settle();
    void wake() const;
    static Time now();

    bool send_sip(const Endpoint& to, std::string_view message) override;
    std::optional<Endpoint> open_media() override;
    void close_media(const Endpoint& local) override;
    void send_media(const Endpoint& local, const Endpoint& to, ByteView bytes) override;

    const int wake_;  // eventfd
    const Time opened_;
    SystemRandom random_;
    Endpoint address_;

    mutable std::mutex mutex_;  // of all below
    std::condition_variable changed_;
    net::UdpSockets sockets_;
    std::unique_ptr<endpoint::Endpoint> core_;
    std::vector<Happened> happened_;
    std::unordered_set<endpoint::CallId> over_;
    bool closed_ = false;

    std::mutex joining_;
    std::thread thread_;
};

}  // namespace causeway::python
