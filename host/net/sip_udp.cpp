// Sockets are waited for with Asio and read without blocking until they are empty. IP_RECVERR makes ICMP
// errors arrive in the socket's error queue together with the address that they are about (ip(7)); without
// it, an unconnected socket never hears of them. The price: an error that waits also makes the next call of
// any kind fail once.
#include "host/net/sip_udp.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <cstring>

#include "host/net/clock.hpp"
#include "host/net/endpoint.hpp"

namespace causeway::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

void set_option(int fd, int level, int name, int value) {
    // Best effort: without it the listener still works.
    std::ignore = ::setsockopt(fd, level, name, &value, sizeof value);
}

// Errors of RFC 3261 18.4: no host, network, protocol or port. Others (time exceeded, too big) are none.
bool says_unreachable(const sock_extended_err& e) {
    constexpr std::uint8_t icmp6_unreachable = 1;
    if (e.ee_origin == SO_EE_ORIGIN_ICMP)
        return e.ee_type == ICMP_DEST_UNREACH && e.ee_code != ICMP_FRAG_NEEDED;
    if (e.ee_origin == SO_EE_ORIGIN_ICMP6) return e.ee_type == icmp6_unreachable;
    return false;
}

constexpr int receive_buffer = 4 << 20;       // octets; the system may grant less
constexpr std::size_t datagrams_a_turn = 64;  // then others get their turn

}  // namespace

class SipUdp::Listener : public std::enable_shared_from_this<Listener> {
  public:
    Listener(SipUdp& owner, std::uint16_t index) : owner_(owner), index_(index), socket_(owner.io_) {}

    Result<Endpoint> open(const Endpoint& local, Sharing sharing) {
        const auto endpoint = to_asio<udp>(local);
        boost::system::error_code error;
        socket_.open(endpoint.protocol(), error);
        if (!error) socket_.non_blocking(true, error);
        if (error) return fail(error.message());
        const int fd = socket_.native_handle();
        if (local.ip.is_v6()) {
            set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
            set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
            set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
        } else {
            set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
            set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
        }
        set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
        if (sharing == Sharing::joining) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        socket_.bind(endpoint, error);
        if (error) return fail(error.message());
        // Set before bind it would also let a second gateway in.
        if (sharing == Sharing::first) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        const auto bound = socket_.local_endpoint(error);
        if (error) return fail(error.message());
        return from_asio(bound);
    }

    Result<Endpoint> adopt(int fd, const Endpoint& local) {
        boost::system::error_code error;
        socket_.assign(to_asio<udp>(local).protocol(), fd, error);
        if (!error) socket_.non_blocking(true, error);
        if (error) return fail(error.message());
        return local;
    }
    int descriptor() { return socket_.native_handle(); }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    // The wait may come back after close(), when the owner is gone: then the socket is not open.
    void wait() {
        socket_.async_wait(
            udp::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
                if (!self->socket_.is_open()) return;
                if (error) {
                    log::error({}, "listener {}: {}; it receives no more", self->index_, error.message());
                    return;
                }
                self->receive();
                if (self->socket_.is_open()) self->wait();
            });
    }

    bool send(const Endpoint& to, std::string_view message) {
        boost::system::error_code error;
        for (int attempt = 0; attempt < 2; ++attempt) {
            socket_.send_to(asio::buffer(message), to_asio<udp>(to), 0, error);
            if (!error) {
                ++owner_.counters_.sent;
                return true;
            }
            if (error == asio::error::would_block || error == asio::error::no_buffer_space) {
                ++owner_.counters_.dropped;
                return true;
            }
            // The first failure may be an earlier message's ICMP error; this call has cleared it.
        }
        ++owner_.counters_.refused;
        log::limited(owner_.unsendable_log_, now(), log::Level::warning, {},
                     "cannot send {} octets to {}: {}", message.size(), to.to_string(), error.message());
        return false;
    }

  private:
    void receive() {
        read_errors();
        udp::endpoint from;
        for (std::size_t i = 0; i < datagrams_a_turn && socket_.is_open(); ++i) {
            boost::system::error_code error;
            const auto size = socket_.receive_from(asio::buffer(owner_.buffer_), from, 0, error);
            if (error == asio::error::would_block) return;
            if (error) continue;  // an ICMP error, reported from the error queue
            ++owner_.counters_.received;
            owner_.handlers_.datagram({owner_.buffer_.data(), size},
                                      {sip::Transport::udp, index_, from_asio(from)});
        }
    }

    void read_errors() {
        for (std::size_t i = 0; i < datagrams_a_turn && socket_.is_open(); ++i) {
            udp::endpoint destination;
            alignas(cmsghdr) std::array<char, 512> control;
            char datagram = 0;  // the failed message's first octet: of no use
            iovec part{&datagram, 1};
            msghdr message{};
            message.msg_name = destination.data();
            message.msg_namelen = static_cast<socklen_t>(destination.capacity());
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            if (::recvmsg(socket_.native_handle(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
            if (message.msg_namelen == 0) continue;
            destination.resize(message.msg_namelen);
            for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
                const bool ip = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
                const bool ip6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
                if (!ip && !ip6) continue;
                sock_extended_err detail;
                std::memcpy(&detail, CMSG_DATA(c), sizeof detail);
                if (!says_unreachable(detail)) continue;
                ++owner_.counters_.unreachable;
                const boost::system::error_code why(static_cast<int>(detail.ee_errno),
                                                    boost::system::system_category());
                owner_.handlers_.unreachable({sip::Transport::udp, index_, from_asio(destination)},
                                             why.message());
                break;
            }
        }
    }

    SipUdp& owner_;
    const std::uint16_t index_;
    udp::socket socket_;
};

SipUdp::SipUdp(boost::asio::io_context& io, Handlers handlers) : handlers_(std::move(handlers)), io_(io) {}

SipUdp::~SipUdp() {
    close();
}

Result<Endpoint> SipUdp::open(std::uint16_t index, const Endpoint& local, Sharing sharing) {
    auto listener = std::make_shared<Listener>(*this, index);
    auto bound = listener->open(local, sharing);
    if (bound) listeners_[index] = std::move(listener);
    return bound;
}

std::optional<Endpoint> SipUdp::bound_to(int fd) {
    udp::endpoint local;
    auto length = static_cast<socklen_t>(local.capacity());
    if (::getsockname(fd, local.data(), &length) != 0) return std::nullopt;
    if (local.data()->sa_family != AF_INET && local.data()->sa_family != AF_INET6) return std::nullopt;
    local.resize(length);
    return from_asio(local);
}

Result<Endpoint> SipUdp::adopt(std::uint16_t index, int fd) {
    const auto local = bound_to(fd);
    if (!local) return fail("an inherited descriptor is no UDP socket");
    auto listener = std::make_shared<Listener>(*this, index);
    auto bound = listener->adopt(fd, *local);
    if (bound) listeners_[index] = std::move(listener);
    return bound;
}

std::vector<int> SipUdp::descriptors() const {
    std::vector<int> out;
    for (const auto& [index, listener] : listeners_) out.push_back(listener->descriptor());
    return out;
}

void SipUdp::start() {
    for (const auto& [index, listener] : listeners_) listener->wait();
}

void SipUdp::close() {
    for (const auto& [index, listener] : listeners_) listener->close();
    listeners_.clear();
}

bool SipUdp::send(const sip::Hop& to, std::string_view message) {
    const auto listener = listeners_.find(to.listener);
    return to.transport == sip::Transport::udp && listener != listeners_.end() &&
           listener->second->send(to.remote, message);
}

}  // namespace causeway::net
