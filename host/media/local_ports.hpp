// Media ports over one engine and one network. Datagrams and time come in from the edge. RTCP ends here: each
// leg gets reports of ours (RFC 3550 section 6).
// Packets from anyone but the latched source (latch.hpp) are dropped and counted.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "host/base/random.hpp"
#include "host/media/port_pool.hpp"
#include "host/media/ports.hpp"

namespace causeway::media {

struct Datagram {
    Endpoint local;
    Endpoint from;
    ByteView bytes;
};

// What the edge gives and takes: sockets by number. Implemented over drivers/net by the daemon and by the
// simulated world.
class Network {
  public:
    virtual ~Network() = default;
    // Binds RTP on `local` (an even port) and RTCP on the port above it. False where either is taken or
    // refused.
    virtual bool bind(const Endpoint& rtp_local) = 0;
    virtual void release(const Endpoint& rtp_local) = 0;
    // From the socket bound to `local`. Loss is no error: this is UDP.
    virtual void send(const Endpoint& local, const Endpoint& to, ByteView bytes) = 0;
};

class LocalPorts final : public Ports {
  public:
    // The NTP time of Time zero, by chance: all that serve ports of one call have the same (reporter.hpp).
    static std::uint64_t draw_ntp_zero(Random& random) { return std::uint64_t{random.u32()} << 32; }

    // All references outlive the ports.
    LocalPorts(Engine& engine, Network& network, PortPool& pool, Random& random, std::uint64_t ntp_zero);
    ~LocalPorts() override;

    Result<PortId> open(Time now, PortOptions options) override;
    Endpoint advertised(PortId id) const override;
    Result<void> set_remote(Time now, PortId id, const RemoteMedia& remote) override;
    Result<void> join(Time now, PortId a, PortId b) override;
    PortReport close(Time now, PortId id) override;
    PortReport report(PortId id) const override;
    std::optional<PortState> save(PortId id) const override;
    Result<PortId> restore(const PortState& state) override;
    std::optional<Time> next_timer() const override;
    void advance(Time now) override;
    PortsStatus status() const override;
    const Capabilities& capabilities() const override;
    IpAddress advertised_address() const override;

    // From the edge.
    void receive(Time now, std::span<const Datagram> batch);

    // ---- to other LocalPorts of this process, over the same pool
    struct Moving {
        PortState state;
        std::optional<PortPool::Pair> pair;
    };
    // Takes the port away without a word to anyone. What came for it has been received, and its sockets are
    // no longer the network's. It parts from whom it was joined with. Nothing for a closed port.
    std::optional<Moving> detach(Time now, PortId id);
    // The port goes on here; bind() gets its sockets. On error it is closed, sockets and pair are free.
    Result<PortId> attach(Moving port);
    bool has_room(std::size_t ports) const;  // in the engine

    // Whether nobody hears that it moves. What a path that converts has in its decoder, and in its jitter
    // buffer, is not carried.
    bool is_movable(PortId id) const;

    Endpoint local(PortId id) const;                  // RTP
    std::uint64_t packets_received(PortId id) const;  // RTP; 0 for a closed port

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::media
