// Media ports: the anchor of every m-line. A port belongs to one m-line of one leg, both directions: an RTP
// socket and the RTCP socket above it, an ingress and an egress context of the engine. The call layer opens,
// describes, joins and closes ports; where they are and what passes through them is the business of who
// implements this (local_ports.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/ip.hpp"
#include "host/base/slots.hpp"
#include "host/media/engine.hpp"
#include "host/media/latch.hpp"
#include "host/media/reporter.hpp"
#include "host/sdp/session.hpp"

namespace causeway::media {

class Port;
using PortId = Handle<Port>;

struct PortOptions {
    std::string call_id;         // for log lines; ports with the same one are better served together
    IpAddress signaling_source;  // where this leg's signalling comes from
    Learning learning = Learning::signaling_address;
    std::uint32_t clock_rate = 8000;
    template <class A>
    void archive(A& a) {
        a(call_id, signaling_source, learning, clock_rate);
    }
};

// The remote side of an m-line as negotiated.
struct RemoteMedia {
    Endpoint rtp;                                         // unspecified address or port 0: do not send
    Endpoint rtcp;                                        // port 0: the port above rtp
    sdp::SrtpKey receive_key;                             // theirs: decrypts what they send
    sdp::SrtpKey send_key;                                // ours: encrypts what we send
    std::vector<sdp::Codec> codecs;                       // payload types that may be sent to them
    std::vector<sdp::Codec> ours;                         // payload types that they may send to us
    sdp::Direction direction = sdp::Direction::sendrecv;  // as seen from us: sendonly = we may only send
    std::optional<DelayBounds> jitter_buffer{};           // speech that they send is played out of one
    // Speech to them is cut into packets of `packet`, or of `asked` where only the other side is played out.
    std::optional<Duration> packet{};
    Duration asked = std::chrono::milliseconds(20);  // a=ptime
    template <class A>
    void archive(A& a) {
        a(rtp, rtcp, receive_key, send_key, codecs, ours, direction, jitter_buffer, packet, asked);
    }
};

// Figures of one port, for CDRs and tools.
struct PortReport {
    std::uint64_t packets_received = 0, octets_received = 0;
    std::int64_t packets_lost = 0;
    Duration jitter{}, max_jitter{};
    std::uint64_t packets_sent = 0, octets_sent = 0;
    std::uint64_t dropped_source = 0;     // from a source that is not latched
    std::uint64_t dropped_direction = 0;  // on a line that does not receive: held, or not described yet
    std::uint64_t dropped_unauthentic = 0, dropped_replayed = 0, dropped_malformed = 0,
                  dropped_payload_type = 0;
    std::uint64_t dropped_rtcp = 0;      // of those dropped but for direction: RTCP
    std::uint64_t rtcp_implausible = 0;  // received, with figures that cannot be: they are not used
    std::uint64_t ssrc_collisions = 0;   // RTP and RTCP received under our own SSRC
    std::uint64_t rtcp_received = 0, rtcp_sent = 0;
    std::optional<Duration> round_trip;  // from their last report
    std::int64_t remote_lost = 0;        // what they say of what we send
    Duration remote_jitter{};
    std::uint64_t late = 0;                 // of the packets received: too late to be played out
    Duration concealed{}, playout_delay{};  // of speech received, where it is played out
    std::string codec;  // "PCMU/8000", of the last audio packet received; empty where none came
    sdp::SrtpSuite suite = sdp::SrtpSuite::none;
    std::string_view engine;  // "cpu"
    Endpoint local, remote;   // remote as latched

    // But for the engine: it is the reader's.
    template <class A>
    void archive(A& a) {
        a(packets_received, octets_received, packets_lost, jitter, max_jitter, packets_sent, octets_sent,
          dropped_source, dropped_direction, dropped_unauthentic, dropped_replayed, dropped_malformed,
          dropped_payload_type, dropped_rtcp, rtcp_implausible, ssrc_collisions, rtcp_received, rtcp_sent,
          round_trip, remote_lost, remote_jitter, late, concealed, playout_delay, codec, suite, local,
          remote);
    }
};

// What a port counts by itself; the rest is the engine's.
struct PortCounters {
    std::uint64_t dropped_source = 0, dropped_source_rtcp = 0, dropped_direction = 0,
                  dropped_payload_type = 0;
    std::uint64_t rtcp_malformed = 0, rtcp_received = 0, rtcp_sent = 0, rtcp_implausible = 0;
    std::uint64_t ssrc_collisions = 0;
    std::uint64_t numbers_sent = 0;  // sequence numbers used, gaps included
    std::uint64_t late = 0;          // on paths that are closed
    Duration concealed{}, playout_delay{};
    template <class A>
    void archive(A& a) {
        a(dropped_source, dropped_source_rtcp, dropped_direction, dropped_payload_type, rtcp_malformed,
          rtcp_received, rtcp_sent, rtcp_implausible, ssrc_collisions, numbers_sent, late, concealed,
          playout_delay);
    }
};

// A port as a value, for a process that takes over.
struct PortState {
    PortOptions options;
    Endpoint local, advertised;  // RTP
    IngressState ingress;
    EgressState egress;
    RemoteMedia remote;
    Latch rtp, rtcp;
    Reporter reporter;
    std::optional<Time> next_report;
    bool joined = false;
    std::optional<std::uint8_t> voice;
    std::optional<rtp::Header> newest;
    std::optional<std::uint16_t> last_sent;
    PortCounters counters;
    template <class A>
    void archive(A& a) {
        a(options, local, advertised, ingress, egress, remote, rtp, rtcp, reporter, next_report, joined,
          voice, newest, last_sent, counters);
    }
};

struct PortsStatus {
    std::size_t ports_in_use = 0, ports_total = 0;
    Engine::Live engine;
    std::uint64_t packets_in = 0, packets_out = 0;
    std::uint64_t dropped = 0;  // of all kinds; among them:
    std::uint64_t dropped_source = 0, dropped_unauthentic = 0, dropped_replayed = 0, dropped_malformed = 0,
                  dropped_payload_type = 0, dropped_closed = 0;  // closed: for a port that is no more
    std::uint64_t rtcp_implausible = 0, ssrc_collisions = 0;     // not dropped
};

class Ports {
  public:
    virtual ~Ports() = default;

    // The error says what ran out: ports or contexts.
    virtual Result<PortId> open(Time now, PortOptions options) = 0;
    // Where the remote side shall send: the advertised address. RTCP is one above.
    virtual Endpoint advertised(PortId id) const = 0;
    // After each offer/answer. Rekeys only where keys differ.
    virtual Result<void> set_remote(Time now, PortId id, const RemoteMedia& remote) = 0;
    // Two paths, one each way: payload types mapped by encoding, and anew with each set_remote of either. A
    // port that was joined with another parts from it. No path leads to or from where the direction forbids
    // it.
    virtual Result<void> join(Time now, PortId a, PortId b) = 0;
    // Ends RTCP with a BYE, frees sockets, contexts and keys; the last figures come back.
    virtual PortReport close(Time now, PortId id) = 0;
    virtual PortReport report(PortId id) const = 0;

    // Nothing for a closed port. Paths are not part of it: join() makes them anew.
    virtual std::optional<PortState> save(PortId id) const = 0;
    // The port again, on the same numbers, also where these are no longer in the ranges. The error says what
    // is missing: the socket, a context, a key; nothing is open then.
    virtual Result<PortId> restore(const PortState& state) = 0;

    // What time brings, RTCP reports for one. Nothing where others see to that.
    virtual std::optional<Time> next_timer() const = 0;
    virtual void advance(Time now) = 0;

    virtual PortsStatus status() const = 0;
    virtual const Capabilities& capabilities() const = 0;  // of the engine
    virtual IpAddress advertised_address()
        const = 0;  // of the first range: for an SDP that has no live m-line
};

}  // namespace causeway::media
