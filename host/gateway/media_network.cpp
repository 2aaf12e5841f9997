#include "host/gateway/media_network.hpp"

#include "host/net/clock.hpp"

namespace causeway::gateway {
namespace {

constexpr std::size_t datagrams_a_batch = 256;
constexpr int most_waiting = 8;  // batches that sockets may have taken when they pause

Endpoint rtcp_of(Endpoint rtp) {
    ++rtp.port;
    return rtp;
}

}  // namespace

// The descriptor of all sockets, awaited. Shared with the pending wait, which may come back after the network
// is gone; the descriptor itself stays the sockets'.
struct MediaNetwork::Watch : std::enable_shared_from_this<Watch> {
    Watch(boost::asio::io_context& io, MediaNetwork& o) : descriptor(io), owner(&o) {}

    void wait() {
        if (waiting) return;
        waiting = true;
        descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this()](boost::system::error_code error) {
                                  self->waiting = false;
                                  if (self->owner == nullptr || self->owner->paused_) return;
                                  if (error) return log::error({}, "media sockets: {}", error.message());
                                  self->owner->read();
                                  if (self->owner != nullptr) self->wait();
                              });
    }

    boost::asio::posix::stream_descriptor descriptor;
    MediaNetwork* owner;  // null once closed
    bool waiting = false;
};

MediaNetwork::MediaNetwork(boost::asio::io_context& io, net::UdpOptions options, Receive receive,
                           int batches_a_turn)
    : receive_(std::move(receive)),
      batches_a_turn_(batches_a_turn),
      sockets_(options),
      watch_(std::make_shared<Watch>(io, *this)) {}

MediaNetwork::~MediaNetwork() {
    close();
}

void MediaNetwork::start() {
    boost::system::error_code error;
    watch_->descriptor.assign(sockets_.descriptor(), error);
    if (error) return log::error({}, "media sockets: {}", error.message());
    watch_->wait();
}

void MediaNetwork::close() {
    watch_->owner = nullptr;
    if (watch_->descriptor.is_open()) watch_->descriptor.release();
}

bool MediaNetwork::bind(const Endpoint& rtp_local) {
    if (auto opened = sockets_.open(rtp_local); !opened) {
        refused(opened.error());
        return false;
    }
    if (auto opened = sockets_.open(rtcp_of(rtp_local)); !opened) {
        refused(opened.error());
        sockets_.close(rtp_local);
        return false;
    }
    return true;
}

// Another program's port, or no descriptors left.
void MediaNetwork::refused(const Error& why) {
    log::limited(refused_log_, net::now(), log::Level::warning, {}, "media port refused: {}", why.what);
}

void MediaNetwork::release(const Endpoint& rtp_local) {
    sockets_.close(rtp_local);
    sockets_.close(rtcp_of(rtp_local));
}

std::array<int, 2> MediaNetwork::descriptors(const Endpoint& rtp_local) const {
    return {sockets_.descriptor_of(rtp_local), sockets_.descriptor_of(rtcp_of(rtp_local))};
}

std::vector<std::array<int, 2>> MediaNetwork::give_away(std::span<const Endpoint> rtp_locals) {
    const auto drain = [this](const Endpoint& local) {
        while (!sockets_.is_drained(local)) read_batch();
    };
    for (const Endpoint& rtp : rtp_locals) {
        sockets_.stop(rtp);
        sockets_.stop(rtcp_of(rtp));
    }
    for (const Endpoint& rtp : rtp_locals) {
        drain(rtp);
        drain(rtcp_of(rtp));
    }
    std::vector<std::array<int, 2>> out;
    for (const Endpoint& rtp : rtp_locals) {
        out.push_back({sockets_.release(rtp), sockets_.release(rtcp_of(rtp))});
    }
    return out;
}

void MediaNetwork::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    if (!muted_) sockets_.send(local, to, bytes);
}

void MediaNetwork::pause() {
    paused_ = true;
    sockets_.pause();
    for (int i = 0; i < most_waiting && read_batch() > 0; ++i) {
    }
}

void MediaNetwork::read() {
    for (int i = 0; i < batches_a_turn_ && read_batch() == datagrams_a_batch; ++i) {
    }
}

void MediaNetwork::resume() {
    paused_ = false;
    sockets_.resume();
    if (watch_->descriptor.is_open()) watch_->wait();
}

std::size_t MediaNetwork::read_batch() {
    const auto before = counters().truncated;
    const auto received = sockets_.receive(datagrams_a_batch);
    if (const auto oversized = counters().truncated - before; oversized > 0) {
        log::limited(oversized_log_, net::now(), log::Level::info, {},
                     "{} media datagrams dropped: longer than any media", oversized);
    }
    if (received.empty()) return 0;
    batch_.clear();
    for (const auto& d : received) batch_.push_back({d.local, d.from, d.bytes});
    receive_(batch_);
    return received.size();
}

}  // namespace causeway::gateway
