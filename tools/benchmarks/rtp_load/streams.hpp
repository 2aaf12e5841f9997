// RTP streams through a server, evenly spread over time, and what comes back of them. One socket for all
// callers and one for all callees, written and read by batches: the measuring side must stay cheaper than
// what is measured. A packet is known again by the RTP timestamp, which the server may shift for a stream but
// not change otherwise; when it came is the system's own time stamp.
#pragma once

#include <netinet/in.h>

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "drivers/cpu/srtp_provider.hpp"
#include "host/base/ip.hpp"
#include "tools/benchmarks/rtp_load/setup.hpp"

namespace causeway::bench {

struct Stream {
    int from = 0;                      // 0: from the caller's socket to the callee's; 1: the other way
    int to = 1;                        // the socket where it arrives
    Endpoint server;                   // where it goes
    std::uint16_t comes_from = 0;      // the server's port that it arrives from
    int payload_type = 0;              // as it goes out
    std::optional<sdp::SrtpKey> out;   // ours
    std::optional<sdp::SrtpKey> back;  // the server's, where it arrives as SRTP
};

struct Window {
    double rate = 0;          // packets/s wanted
    double rate_sent = 0;     // reached
    std::size_t streams = 0;  // of which so many sent
    std::uint64_t sent = 0, received = 0;
    std::uint64_t unknown = 0;          // of no stream, or not authentic where that was looked at
    std::uint64_t own_drops = 0;        // for want of room at our own sockets
    double lag_ms = 0;                  // how late a packet went out at most
    std::vector<std::uint32_t> delays;  // ns, sorted
    double lost() const {
        return sent == 0 ? 1 : 1 - static_cast<double>(received) / static_cast<double>(sent);
    }
};

class Streams {
  public:
    ~Streams();
    // The local addresses, each "ADDRESS:PORT"; the port behind each is taken too, for RTCP that nobody
    // reads.
    Result<void> open(const std::string& caller, const std::string& callee);
    // `verify`: of how many streams one is decrypted when it arrives as SRTP.
    Result<void> add(std::vector<Stream> streams, std::size_t verify);
    // Some packets of every stream, slowly, to learn the timestamps' shifts. The error says how many streams
    // bring nothing.
    Result<void> greet();
    // `rate` packets/s: from as many streams as send 50 packets/s each, or from all of them, faster. The
    // first `warm_up` s do not count; `on_begin` and `on_end` are called at the ends of what counts.
    Window run(double rate, double warm_up, double seconds, const std::function<void()>& on_begin = {},
               const std::function<void()>& on_end = {});
    std::size_t size() const { return streams_.size(); }

    static constexpr double stream_rate = 50;  // packets/s

  private:
    static constexpr std::size_t batch = 16;    // sent at once
    static constexpr std::size_t wide = 64;     // read at once
    static constexpr std::size_t memory = 128;  // packets of a stream whose sending time is known
    struct State {
        Stream stream;
        sockaddr_in address{};
        std::unique_ptr<cpu::SrtpSession> protect, open;
        std::uint32_t next = 0;     // number of its next packet
        std::uint32_t counted = 0;  // number of the first that counts
        std::uint32_t shift = 0;    // of timestamps
        bool heard = false;
        std::array<std::int64_t, memory> sent_at{};  // ns, the system's clock
    };

    void send(std::size_t first, std::size_t count);
    void receive(bool learn);
    void take(State& s, std::uint32_t timestamp, std::int64_t at, bool learn);
    std::uint64_t drops() const;

    std::array<int, 4> sockets_{-1, -1, -1, -1};  // caller, callee, and their RTCP
    std::unique_ptr<cpu::SrtpProvider> srtp_ = cpu::make_batch_provider();
    std::vector<State> streams_;
    std::array<std::vector<std::int32_t>, 2> by_port_;  // of either socket: the stream that comes from a port
    std::array<Bytes, wide> room_;
    std::array<Bytes, batch> packets_;
    Window window_;
};

}  // namespace causeway::bench
