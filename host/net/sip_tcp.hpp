// SIP over TCP (RFC 3261 section 18): our listeners, and connections in both directions. A connection is
// known by its listener and its remote endpoint; what is sent to such a hop takes the connection that is
// open, or opens one. Everything about a peer is bounded: how many connections it has, how long one may take
// to open or to finish a message, how long it may be silent, and how much may wait for one that does not
// read.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "host/base/result.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::net {

struct TcpLimits {
    std::size_t connections = 8192;                         // in all; beyond, none is accepted or opened
    std::size_t per_peer = 64;                              // accepted from one address
    std::size_t queue = 1 << 20;                            // octets that wait for one peer
    std::chrono::milliseconds connect{10'000};              // to open one
    std::chrono::milliseconds message{10'000};              // from a message's first octet to its last
    std::chrono::milliseconds first{30'000};                // to the first message of an accepted one
    std::chrono::milliseconds idle{std::chrono::hours(1)};  // without a message in either direction
};

class SipTcp {
  public:
    // Both are called on the thread of the io_context, never from inside send().
    struct Handlers {
        // One message; the view is valid during the call.
        std::function<void(std::string_view message, const sip::Hop& from)> message;
        // What was sent to this hop may not have arrived (RFC 3261 18.4). `why` in words.
        std::function<void(const sip::Hop& to, std::string_view why)> lost;
    };

    SipTcp(boost::asio::io_context& io, Handlers handlers, TcpLimits limits = {});
    ~SipTcp();
    SipTcp(const SipTcp&) = delete;
    SipTcp& operator=(const SipTcp&) = delete;

    // Listens on `local`, which hops name by `index`. The endpoint bound comes back: with the port that the
    // system chose where `local` says 0. The error says what the system refused. `joining`: another process
    // of ours may still listen there; that it did was not by chance.
    Result<Endpoint> open(std::uint16_t index, const Endpoint& local, bool joining = false);
    // Accepts from here on.
    void start();
    void close();

    // By the connection to this hop. Where there is none, a response goes to the sent-by of its Via (18.2.2).
    // For a request one is opened to the hop and, where nobody listens, to the address that the request
    // names (its first Route, else its Request-URI): a hop that was a peer's connection came from any port.
    // Failure is reported by `lost`.
    void send(const sip::Hop& to, std::string_view message);

    struct Counters {
        std::uint64_t accepted = 0, opened = 0;
        std::uint64_t refused = 0;             // connections of peers beyond the limits
        std::uint64_t failed = 0;              // ours that did not open
        std::uint64_t broken = 0;              // streams that were no SIP
        std::uint64_t stalled = 0;             // peers that did not read, or finish a message, in time
        std::uint64_t received = 0, sent = 0;  // messages
    };
    const Counters& counters() const;
    std::size_t connections() const;

  private:
    struct State;
    class Listener;
    class Connection;
    std::shared_ptr<State> state_;
};

}  // namespace causeway::net
