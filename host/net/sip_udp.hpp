// SIP over UDP (RFC 3261 section 18): our listeners' sockets. Datagrams come in with the hop that they came
// by, messages go out to a hop; ICMP errors, which come later, are reported with the hop that cannot be
// reached (18.4).
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "host/base/log_limit.hpp"
#include "host/base/result.hpp"
#include "host/sip/transactions.hpp"

namespace causeway::net {

class SipUdp {
  public:
    // Both are called on the thread of the io_context, never from inside send().
    struct Handlers {
        // One datagram of up to 65,535 octets; the view is valid during the call.
        std::function<void(std::string_view datagram, const sip::Hop& from)> datagram;
        // A message sent to this hop earlier did not arrive. `why` is the system's word.
        std::function<void(const sip::Hop& to, std::string_view why)> unreachable;
    };

    SipUdp(boost::asio::io_context& io, Handlers handlers);
    ~SipUdp();
    SipUdp(const SipUdp&) = delete;
    SipUdp& operator=(const SipUdp&) = delete;

    // Whether sockets of other threads are bound to the same endpoint: the system spreads peers over them.
    enum class Sharing {
        alone,
        first,    // finds out whether the endpoint is free, then lets others of this user join
        joining,  // after the first
    };
    // Binds a listener, which hops name by `index`. The endpoint bound comes back: with the port that the
    // system chose where `local` says 0. The error says what the system refused.
    Result<Endpoint> open(std::uint16_t index, const Endpoint& local, Sharing sharing = Sharing::alone);
    // The same with a socket of a process before this one; it is ours from here on.
    Result<Endpoint> adopt(std::uint16_t index, int fd);
    std::vector<int> descriptors() const;  // by listener
    // Where a socket is bound; nothing where it is no UDP socket.
    static std::optional<Endpoint> bound_to(int fd);
    // Receives from here on.
    void start();
    void close();

    // False where the system refuses this destination or message for good. A full socket buffer is loss, as
    // anywhere on the way: retransmission copes.
    bool send(const sip::Hop& to, std::string_view message);

    struct Counters {
        std::uint64_t received = 0, sent = 0;
        std::uint64_t refused = 0;      // by the system when sending
        std::uint64_t dropped = 0;      // the socket's buffer was full
        std::uint64_t unreachable = 0;  // ICMP errors
    };
    const Counters& counters() const { return counters_; }

  private:
    class Listener;
    Handlers handlers_;
    boost::asio::io_context& io_;
    std::map<std::uint16_t, std::shared_ptr<Listener>> listeners_;
    std::array<char, 65536> buffer_;
    Counters counters_;
    log::Limit unsendable_log_;
};

}  // namespace causeway::net
