// media::Network over real sockets: RTP and RTCP in pairs, datagrams in batches.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "drivers/net/udp.hpp"
#include "host/base/log_limit.hpp"
#include "host/media/local_ports.hpp"

namespace causeway::gateway {

class MediaNetwork final : public media::Network {
  public:
    static constexpr int usual_turn = 8;  // batches, before others on the same thread get their turn
    // A batch; its bytes are valid during the call.
    using Receive = std::function<void(std::span<const media::Datagram>)>;

    MediaNetwork(boost::asio::io_context& io, net::UdpOptions options, Receive receive,
                 int batches_a_turn = usual_turn);
    ~MediaNetwork() override;
    MediaNetwork(const MediaNetwork&) = delete;
    MediaNetwork& operator=(const MediaNetwork&) = delete;

    // Receives from here on.
    void start();
    void close();

    // For a process that takes over: bind() uses this socket where it fits; nothing is sent while muted.
    Result<void> inherit(int fd) { return sockets_.inherit(fd); }
    void drop_inherited() { sockets_.drop_inherited(); }
    std::vector<int> descriptors() const { return sockets_.descriptors(); }
    // Both sockets of a port, RTP and RTCP; -1 for what is not open.
    std::array<int, 2> descriptors(const Endpoint& rtp_local) const;
    // To another network of this process, which inherits them: hands out what has come on any of these ports,
    // sends what that leads to, and gives the sockets away without closing them.
    std::vector<std::array<int, 2>> give_away(std::span<const Endpoint> rtp_locals);
    void mute(bool on) { muted_ = on; }
    // Hands out all that has come, and then takes no more until resume(): it waits for another process.
    void pause();
    void resume();

    bool bind(const Endpoint& rtp_local) override;
    void release(const Endpoint& rtp_local) override;
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes) override;
    // What was sent since the last flush goes to the system in one call: after every event.
    void flush() { sockets_.flush(); }
    const net::UdpSockets::Counters& counters() const { return sockets_.counters(); }

  private:
    struct Watch;
    void read();
    std::size_t read_batch();
    void refused(const Error& why);

    Receive receive_;
    const int batches_a_turn_;
    net::UdpSockets sockets_;
    std::shared_ptr<Watch> watch_;
    std::vector<media::Datagram> batch_;
    bool muted_ = false, paused_ = false;
    log::Limit refused_log_, oversized_log_;
};

}  // namespace causeway::gateway
