// A whole gateway: its shards (shard.hpp), call records and the control socket. The daemon runs one, the
// Python module and tests run some in their own process: nothing here is global (the log sink is the
// program's business).
//
// Calls are served by the shards, on threads of their own. Control and connections (SIP over TCP) have the
// thread that is in run(): all else
// may be called from any thread and waits until that thread has done it; while none is in run(), the caller's
// own thread does.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/call/core.hpp"
#include "host/call/profile_trial.hpp"
#include "host/gateway/config.hpp"
#include "host/gateway/shard.hpp"
#include "host/net/sip_tcp.hpp"

namespace causeway::gateway {

struct GatewayStatus {
    struct Listener {
        std::string name;
        sip::Transport transport = sip::Transport::udp;
        Endpoint local;  // as bound
        std::string advertised;
    };
    call::CoreStatus core;                         // of all shards together
    std::vector<ShardStatus> shards;               // by number
    std::vector<MediaThreadStatus> media_threads;  // by number; none: shards serve media themselves
    Duration uptime{};
    std::size_t max_calls = 0;
    bool stopping = false;
    std::vector<Listener> listeners;
    std::uint64_t sip_received = 0, sip_sent = 0, sip_send_failures = 0, sip_unreachable = 0;
    net::SipTcp::Counters tcp;
    std::size_t connections = 0;
    std::uint64_t media_received = 0, media_sent = 0, media_send_failures = 0, media_oversized = 0;
};

struct CallStatus {
    call::CallInfo info;
    std::chrono::sys_time<std::chrono::milliseconds> started{};
    Duration age{};  // since the start
};

// What a program needs to be restarted without dropping calls.
struct Restarting {
    std::vector<std::string> command;  // that starts it again; empty: cannot be
    File channel;                      // to the process whose calls are taken over; none: starts afresh
};

// Hears, in run()'s thread, what a gateway does: for what is the program's, its log and service manager.
class Observer {
  public:
    virtual ~Observer() = default;
    virtual void reloading() {}
    // Null where nothing has changed, because the file is wrong.
    virtual void reloaded(const Config*) {}
    // New calls are refused; run() ends within `limit`.
    virtual void stopping(Duration /*limit*/) {}
    // A restart is under way: all shards have answered, and will not until it is done or has failed.
    virtual void restarting() {}
    virtual void handed_over(int /*pid*/) {}
};

class Gateway {
  public:
    // Binds, opens and checks everything; calls come in once run() runs. The error names what cannot be had:
    // "listener "public" (0.0.0.0:5060): Address already in use".
    // `file` is what reload() reads; without one there is no reload.
    static Result<std::unique_ptr<Gateway>> start(const Config& config, std::filesystem::path file = {},
                                                  Restarting restarting = {});
    ~Gateway();

    // Serves until stop() or shutdown() have had their effect.
    void run();

    // New calls get 503 from here on; calls go on, and so does the gateway.
    void drain();
    // drain(), then stop() when the last call has ended or the configured drain_limit has passed.
    void shutdown();
    // Hangs up every call and ends run() when the peers have answered, or after 2 s; at once if called again.
    void stop();

    // Reads the file again: calls from here on go by it, those that run keep what they began with. On error
    // nothing changes; it says what is wrong and where, or what cannot change while the gateway runs.
    Result<void> reload();
    // Before run(); it outlives that.
    void observe(Observer& observer);

    // The program is started again and takes over calls, sockets and journals (handover.hpp); run() ends
    // then, without a word to anyone. On error all goes on here; it says what the other process lacks.
    Result<call::RestoreReport> restart();

    GatewayStatus status();
    std::vector<CallStatus> calls();
    // False where there is no call of that id.
    bool hangup(call::AttemptId id);
    // A profile of the configuration that new calls go by; see call::try_profile. Error also where there is
    // none of that name.
    Result<call::ProfileTrial> try_profile(std::string_view profile, bool received, std::string_view text);
    // In the order of the configuration, with the ports that the system chose.
    std::vector<Endpoint> listeners();

    // What run() runs on, for programs that wait for more, signals for instance. run() ends regardless of
    // that.
    boost::asio::io_context& io();
    // What the shards and the media threads run on.
    std::vector<boost::asio::io_context*> loops();

  private:
    struct Impl;
    explicit Gateway(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::gateway
