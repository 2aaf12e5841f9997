// What an engine was asked and what came of it, written down: another engine, or another version of the same,
// can be asked the same later and must give the same.
#pragma once

#include <memory>

#include "host/base/archive.hpp"
#include "host/media/engine.hpp"

namespace causeway::media {

// An engine that is another one, and writes down what passes.
class Recorder : public Engine {
  public:
    // `engine` has no contexts yet, and outlives the recorder. Times are written as distances from `begin`.
    Recorder(Engine& engine, Time begin);
    ~Recorder() override;
    // What was written so far. It holds keys.
    Secret recording() const;

    const Capabilities& capabilities() const override;
    Result<IngressId> open_ingress(const IngressConfig& config) override;
    Result<EgressId> open_egress(const EgressConfig& config) override;
    Result<void> rekey_ingress(IngressId id, const sdp::SrtpKey& key) override;
    Result<void> rekey_egress(EgressId id, const sdp::SrtpKey& key) override;
    void close_ingress(IngressId id) override;
    void close_egress(EgressId id) override;
    Result<PathId> open_path(const PathConfig& config) override;
    void close_path(PathId id) override;
    void submit(Time now, std::span<const PacketIn> batch) override;
    void submit_rtcp(Time now, EgressId egress, ByteView compound) override;
    std::optional<Time> next_timer() const override;
    void advance(Time now) override;
    void collect(Time now, Results& results) override;
    IngressCounters counters(IngressId id) const override;
    EgressCounters counters(EgressId id) const override;
    PathCounters counters(PathId id) const override;
    rtp::Reception* reception(IngressId id) override;
    std::optional<IngressState> save(IngressId id) const override;
    std::optional<EgressState> save(EgressId id) const override;
    Result<IngressId> restore(const IngressState& state) override;
    Result<EgressId> restore(const EgressState& state) override;
    Live live() const override;

  private:
    Engine& engine_;
    Encoder out_;
};

struct Replayed {
    std::size_t batches = 0, packets_in = 0, packets_out = 0;
};

// Asks `engine`, which has no contexts yet, what the recording asked. Results may come at other times, but in
// the same order within a context, and the same to the octet. The error says what is no recording, what was
// refused that was not, or the first difference.
Result<Replayed> replay(Time begin, ByteView recording, Engine& engine);

}  // namespace causeway::media
