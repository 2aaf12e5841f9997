// The media engine: what turns packets of one leg into packets of another. The CPU engine (drivers/cpu) and
// the card (drivers/xrt) implement it; media::Ports drives it and owns sockets, addresses and latching, which
// an engine never sees.
//
// An ingress context receives what one m-line of one leg receives (decrypt, validate, measure); an egress
// context makes what it sends (renumber, encrypt). A path joins an ingress to an egress. Egress SSRC,
// sequence numbers, timestamps and SRTP index are the egress context's own even when packets are only
// relayed, and never go back.
//
// Packets go in by batches, results come out when they come. Everything is called on one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/base/slots.hpp"
#include "host/base/time.hpp"
#include "host/media/speech.hpp"
#include "host/rtp/packet.hpp"
#include "host/rtp/renumber.hpp"
#include "host/rtp/srtp_window.hpp"
#include "host/rtp/stats.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway::media {

struct IngressTag;
struct EgressTag;
struct PathTag;
using IngressId = Handle<IngressTag>;
using EgressId = Handle<EgressTag>;
using PathId = Handle<PathTag>;

struct IngressConfig {
    sdp::SrtpKey key;                 // suite none: plain RTP
    std::uint32_t clock_rate = 8000;  // for jitter
    template <class A>
    void archive(A& a) {
        a(key, clock_rate);
    }
};

struct EgressConfig {
    sdp::SrtpKey key;
    std::uint32_t ssrc = 0;
    std::uint16_t first_sequence = 0;  // random, below 2^15 (RFC 3711 3.3.1 advice)
    std::uint32_t first_timestamp = 0;
    template <class A>
    void archive(A& a) {
        a(key, ssrc, first_sequence, first_timestamp);
    }
};

// What is converted on its way, instead of being relayed as it is.
struct Transcoding {
    std::uint8_t payload_type = 0;  // received; where it goes is in PathConfig
    Speech from{}, to{};
    template <class A>
    void archive(A& a) {
        a(payload_type, from, to);
    }
};

// Speech that is not sent on as it comes but played out at an even pace: a jitter buffer, lost packets
// concealed (ITU-T G.711 Appendix I), silence filled with noise where the sender describes it (RFC 3389),
// packets of another length.
struct Playout {
    DelayBounds delay;
    Duration packet = std::chrono::milliseconds(20);  // that goes out: 10, 20, ... 60 ms
    // Payload types of comfort noise. What comes is turned into noise where none can go out.
    std::optional<std::uint8_t> noise_from, noise_to;
    template <class A>
    void archive(A& a) {
        a(delay, packet, noise_from, noise_to);
    }
};

// Payload types of the ingress mapped to those of the egress; `drop` for what was not agreed.
struct PathConfig {
    static constexpr std::uint8_t drop = 255;
    IngressId from;
    EgressId to;
    std::array<std::uint8_t, 128> payload_types;  // index: payload type received
    std::vector<Transcoding> transcodings;
    std::optional<Playout> playout;  // of what is in transcodings, also from a coding into itself
    PathConfig() { payload_types.fill(drop); }
    template <class A>
    void archive(A& a) {
        a(payload_types, transcodings, playout);  // the contexts are their owner's to name
    }
};

enum class Kind : std::uint8_t { rtp, rtcp };
constexpr Kind last_value(Kind) {
    return Kind::rtcp;
}

enum class Verdict : std::uint8_t {
    ok,
    malformed,    // not RTP or RTCP, or no payload of its coding
    unauthentic,  // SRTP tag wrong
    replayed,     // SRTP index seen or too old; else a duplicate, or too late to be sent on
    no_path,      // authentic, but no path takes this payload type now
    stale,        // context closed
};
constexpr std::size_t verdict_count = 6;
constexpr Verdict last_value(Verdict) {
    return Verdict::stale;
}

struct PacketIn {
    IngressId ingress;
    Kind kind = Kind::rtp;
    Time arrival{};
    std::uint64_t cookie = 0;  // comes back in the completion
    ByteView bytes;            // read before submit() returns
};

// What became of one packet in. `header` is valid for authentic RTP.
struct Completion {
    std::uint64_t cookie = 0;
    IngressId ingress;
    Kind kind = Kind::rtp;
    Verdict verdict = Verdict::ok;
    rtp::Header header;
    Bytes rtcp;  // decrypted compound, for kind rtcp and verdict ok
};

// A packet to send. The engine does not know where to: the owner of the egress does.
struct PacketOut {
    EgressId egress;
    Kind kind = Kind::rtp;
    Bytes bytes;
};

struct Results {
    std::vector<Completion> completions;  // in order of submission within an ingress
    std::vector<PacketOut> packets;       // in order within an egress
    void clear() {
        completions.clear();
        packets.clear();
    }
};

struct IngressCounters {
    std::array<std::uint64_t, verdict_count> verdicts{};  // RTP packets, by verdict
    std::array<std::uint64_t, verdict_count> rtcp_verdicts{};
    template <class A>
    void archive(A& a) {
        a(verdicts, rtcp_verdicts);
    }
};
struct EgressCounters {
    std::uint64_t packets = 0, octets = 0;  // RTP payload, as an SR reports them
    std::uint32_t last_timestamp = 0;       // of the last packet sent
    Time last_sent{};
    std::uint32_t ssrc = 0;
    template <class A>
    void archive(A& a) {
        a(packets, octets, last_timestamp, last_sent, ssrc);
    }
};

// Of a path that plays out. Times are of speech.
struct PathCounters {
    std::uint64_t late = 0;  // packets that came when their time had passed, and so were lost
    Duration played{}, concealed{}, silent{};
    Duration delay{};  // of the buffer, now
};

// ---- Contexts as values, for a process that takes over.

// What one SSRC has used of an SRTP key: indices (rollover counter and sequence number, RFC 3711 3.3.1) and
// SRTCP indices.
struct SrtpSource {
    std::uint32_t ssrc = 0;
    rtp::SrtpWindow rtp, rtcp;
    template <class A>
    void archive(A& a) {
        a(ssrc, rtp, rtcp);
    }
    bool operator==(const SrtpSource&) const = default;
};
struct SrtpState {
    sdp::SrtpKey key;
    std::vector<SrtpSource> sources;
    template <class A>
    void archive(A& a) {
        a(key, sources);
    }
};
// The last is the one in use, those before it may come back.
using KeysState = std::vector<SrtpState>;

struct IngressState {
    KeysState keys;
    rtp::Reception reception;
    IngressCounters counters;
    template <class A>
    void archive(A& a) {
        a(keys, reception, counters);
    }
};
// No index, sequence number or timestamp is used a second time afterwards.
struct EgressState {
    KeysState keys;
    rtp::Renumber renumber{0, 0};
    EgressCounters counters;
    template <class A>
    void archive(A& a) {
        a(keys, renumber, counters);
    }
};

struct Capabilities {
    std::string_view name;               // "cpu", "card"
    std::vector<sdp::SrtpSuite> suites;  // in order of preference
    std::vector<Speech> speech;          // which it converts, each into each, and plays out
    std::size_t max_contexts = 0;
};

class Engine {
  public:
    virtual ~Engine() = default;
    virtual const Capabilities& capabilities() const = 0;

    virtual Result<IngressId> open_ingress(const IngressConfig& config) = 0;
    virtual Result<EgressId> open_egress(const EgressConfig& config) = 0;
    // New keys take effect with the next packet. The same key again changes nothing: rollover counter and
    // replay window stay (RFC 3711 3.3.1). An egress keeps SSRC, sequence and timestamps.
    virtual Result<void> rekey_ingress(IngressId id, const sdp::SrtpKey& key) = 0;
    virtual Result<void> rekey_egress(EgressId id, const sdp::SrtpKey& key) = 0;
    virtual void close_ingress(IngressId id) = 0;  // its paths close too; keys are zeroed
    virtual void close_egress(EgressId id) = 0;
    virtual Result<PathId> open_path(const PathConfig& config) = 0;
    virtual void close_path(PathId id) = 0;

    // Takes the batch. RTP that passes goes out through every path of its ingress.
    virtual void submit(Time now, std::span<const PacketIn> batch) = 0;
    // A plain RTCP compound of ours, to be sent (encrypted where the egress is SRTP).
    virtual void submit_rtcp(Time now, EgressId egress, ByteView compound) = 0;
    // When something is to be played out; nothing while no path does that.
    virtual std::optional<Time> next_timer() const = 0;
    virtual void advance(Time now) = 0;
    // Appends what is ready.
    virtual void collect(Time now, Results& results) = 0;

    virtual IngressCounters counters(IngressId id) const = 0;
    virtual EgressCounters counters(EgressId id) const = 0;
    virtual PathCounters counters(PathId id) const = 0;
    virtual rtp::Reception* reception(IngressId id) = 0;  // null for a stale id

    // Nothing for a stale id.
    virtual std::optional<IngressState> save(IngressId id) const = 0;
    virtual std::optional<EgressState> save(EgressId id) const = 0;
    virtual Result<IngressId> restore(const IngressState& state) = 0;
    virtual Result<EgressId> restore(const EgressState& state) = 0;

    struct Live {
        std::size_t ingresses = 0, egresses = 0, paths = 0;
    };
    virtual Live live() const = 0;  // all zero when every call has ended
};

}  // namespace causeway::media
