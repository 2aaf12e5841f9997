// The gateway's core: transactions, calls and media ports wired together, without I/O. Datagrams and the time
// go in; datagrams and records come out through CoreOutput. The daemon, the Python module and the simulated
// world all run this very class.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/random.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/call/cdr.hpp"
#include "host/call/config.hpp"
#include "host/media/engine.hpp"
#include "host/media/local_ports.hpp"

namespace causeway::call {

class CoreOutput : public CdrSink {
  public:
    // Sends one SIP message. False where the transport refuses. Must not call back into the core.
    virtual bool send(const sip::Hop& to, std::string_view message) = 0;
};

// What the cores of a gateway share: limits that span shards.
struct Load {
    std::atomic<std::size_t> calls{0};
};

// A core's place among those of one gateway.
struct CoreOptions {
    sip::Shard shard;
    Load* load = nullptr;  // null: the core's own. Outlives the core.
};

// The n-th attempt of a shard, n from 1; a single shard's are 1, 2, 3.
constexpr AttemptId attempt_id(sip::Shard shard, std::uint64_t n) {
    return (n - 1) * shard.count + shard.number + 1;
}
constexpr std::uint8_t shard_of_attempt(AttemptId id, std::uint8_t count) {
    return static_cast<std::uint8_t>((id - 1) % count);
}

struct LegInfo {
    std::string call_id;
    std::string trunk;
    Endpoint remote;
    std::string state;  // "inviting", "ringing", "confirmed", ...
};

struct CallInfo {
    AttemptId id = 0;
    std::string state;  // "trying", "ringing", "answered", "ending"
    std::string caller, callee;
    Time started{};
    std::optional<Time> answered;
    LegInfo incoming;
    std::optional<LegInfo> outgoing;
    std::vector<CdrMedia> media;
};

struct CoreStatus {
    std::size_t calls = 0, legs = 0, transactions = 0;
    std::uint64_t attempts = 0, answered = 0, failed = 0;
    std::uint64_t malformed = 0;       // datagrams that are no SIP
    std::uint64_t unknown_source = 0;  // requests from no trunk
    bool draining = false;
    sip::TransactionCounters sip;
    media::PortsStatus media;
};

// Of what Core::save() writes; goes up with every change of what any saved value holds.
constexpr std::uint32_t state_version = 4;

// What became of the calls of a core that was saved, in numbers.
struct RestoreReport {
    std::size_t carried = 0;
    // Lost, each with the end of its record: not answered yet; a re-INVITE under way; no socket, context or
    // listener to go on with.
    std::size_t unanswered = 0, changing = 0, failed = 0;
    template <class A>
    void archive(A& a) {
        a(carried, unanswered, changing, failed);
    }
};

class Core {
  public:
    // With media ports of its own on that engine and network, for which receive_media() is; or with others',
    // to which media comes on other ways.
    Core(const Config& config, media::Engine& engine, media::Network& network, Random& random,
         CoreOutput& output, CoreOptions options = {});
    Core(const Config& config, media::Ports& ports, Random& random, CoreOutput& output,
         CoreOptions options = {});
    ~Core();

    void receive_sip(Time now, std::string_view datagram, const sip::Hop& from);
    void sip_transport_error(Time now, const sip::Hop& to);
    void receive_media(Time now, std::span<const media::Datagram> batch);
    std::optional<Time> next_timer() const;
    void advance(Time now);

    // Trunks, profiles, extensions, routes and limits for calls from here on; those that run keep what they
    // began with. Listeners, media ranges, timers and user agent stay what they were.
    void reconfigure(Config config);

    // New calls get 503 from here on; true once no call is left.
    void drain(Time now);
    bool drained() const;
    // ---- for a process that takes over

    // Before save(): INVITEs and re-INVITEs are not heard from here on, so that those under way can finish
    // (settled()); over UDP they are sent again, and reach the next process. False takes it back.
    void settle(bool on);
    bool settled() const;
    // All calls as one sealed value with its version, and their keys: it is wiped when freed. Nothing changes
    // here, so a core whose successor fails may go on; until that is known nothing may happen to it, or the
    // successor would use the same SRTP indices again.
    Secret save(Time now) const;
    // On a fresh core: takes up the calls of a saved one, each with the trunks, ports and records that it
    // has. Answered calls go on. Times move with the clock, so a call seems shorter by what the restart took.
    // Error where the bytes are damaged, or of another version or shard: nothing is open then.
    Result<RestoreReport> restore(Time now, ByteView saved);

    // Ends a call as if both sides had hung up; false where there is none of that id.
    bool hangup(Time now, AttemptId id);
    std::vector<CallInfo> calls() const;
    CoreStatus status() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::call
