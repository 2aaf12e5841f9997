// The threads that serve the media of all shards, and what a shard sees of them: its ports, each on one of
// the threads. The ports of a call are on one thread; calls are spread when they begin, and moved where the
// threads turn out to have clearly more and less to do (host/media/spread.hpp). A port that moves keeps its
// sockets: what comes meanwhile waits in the system, in its order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/gateway/media_thread.hpp"

namespace causeway::gateway {

class MediaThreads {
  public:
    // `number` of them, at least one.
    MediaThreads(std::size_t number, net::UdpOptions sockets, const std::vector<media::PortRange>& ranges);

    void start();
    void stop();
    // See MediaThread: before shards stand still, and after they go on.
    void hold();
    void resume();
    void mute(bool on);  // sends nothing while it is on

    std::size_t size() const { return threads_.size(); }
    MediaThread& operator[](std::size_t number) { return *threads_[number]; }
    std::vector<media::ThreadLoad> loads() const;
    const media::PortPool& pool() const { return pool_; }
    std::vector<MediaThreadStatus> status();

  private:
    SystemRandom random_;
    media::PortPool pool_;
    std::vector<std::unique_ptr<MediaThread>> threads_;
};

// Used by the shard's thread alone.
class ShardMedia final : public media::Ports {
  public:
    // `threads` outlives it.
    explicit ShardMedia(MediaThreads& threads) : threads_(threads) {}

    Result<media::PortId> open(Time now, media::PortOptions options) override;
    Endpoint advertised(media::PortId id) const override;
    Result<void> set_remote(Time now, media::PortId id, const media::RemoteMedia& remote) override;
    // Where they are on two threads, `b` moves.
    Result<void> join(Time now, media::PortId a, media::PortId b) override;
    media::PortReport close(Time now, media::PortId id) override;
    media::PortReport report(media::PortId id) const override;
    std::optional<media::PortState> save(media::PortId id) const override;
    Result<media::PortId> restore(const media::PortState& state) override;
    // The threads see to that.
    std::optional<Time> next_timer() const override { return std::nullopt; }
    void advance(Time) override {}
    media::PortsStatus status() const override { return {}; }
    const media::Capabilities& capabilities() const override { return threads_[0].capabilities(); }
    IpAddress advertised_address() const override;

    // Moves calls of this shard where that is due. Once a second.
    void spread(Time now);
    // The port, and whom it is joined with, to that thread. The error says why it stayed where it was, or was
    // closed.
    Result<void> move(Time now, media::PortId id, std::size_t thread);
    std::size_t thread_of(media::PortId id) const;

    // For a process that takes over: the sockets of this shard's ports; those of the process before, for
    // restore().
    std::vector<int> descriptors();
    Result<void> inherit(File socket);
    void drop_inherited() { inherited_.clear(); }

  private:
    struct Entry {
        std::size_t thread = 0;
        media::PortId at;  // there
        Endpoint local, advertised;
        std::string call_id;
        media::PortId peer;  // of ours
        Time since{};        // on its thread
        // To know how much it receives: packets, and when they were counted.
        std::uint64_t counted = 0;
        std::optional<Time> counted_at;
    };
    std::size_t thread_for(const std::string& call_id) const;
    media::PortId enter(Entry entry);
    Result<void> transfer(Time now, const std::vector<media::PortId>& ids, std::size_t thread);
    void part(const Entry& entry);
    struct Received {
        std::uint64_t packets = 0;
        bool movable = false;
    };
    std::vector<Received> received(std::size_t thread, const std::vector<media::PortId>& ids) const;

    MediaThreads& threads_;
    Slots<Entry, media::Port> entries_;
    std::unordered_map<std::string, media::PortId> of_call_;  // the port opened last
    std::unordered_map<Endpoint, File> inherited_;
    bool moving_ = false;
};

}  // namespace causeway::gateway
