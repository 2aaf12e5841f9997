// io_uring: each socket has one multishot receive pending, for which the system takes buffers of ours from a
// ring as datagrams come; what has come is read without a system call. What is queued is sent, for all
// sockets, in one.
#include <liburing.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "drivers/net/udp_io.hpp"
#include "host/base/slots.hpp"

namespace causeway::net {
namespace {

constexpr unsigned buffers =
    1024;  // a power of two; datagrams that may wait for receive() before they wait in sockets
constexpr std::size_t buffer_size = sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_in6) + datagram_size;
constexpr int buffer_group = 0;
constexpr unsigned send_batch = 256;  // datagrams of one system call
constexpr std::uint64_t nobody = 0;   // user data of what is not awaited

// Unmapped when it goes.
class Memory {
  public:
    explicit Memory(std::size_t size)
        : size_(size),
          at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
        if (good()) ::munmap(at_, size_);
    }
    bool good() const { return at_ != MAP_FAILED; }
    void* data() const { return at_; }

  private:
    std::size_t size_;
    void* at_;
};

class Ring {
  public:
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() {
        if (open_) ::io_uring_queue_exit(&ring_);
    }
    // 0, or an error number.
    int open(unsigned entries, unsigned completions) {
        io_uring_params parameters{};
        parameters.flags = IORING_SETUP_CQSIZE;
        parameters.cq_entries = completions;
        const int error = -::io_uring_queue_init_params(entries, &ring_, &parameters);
        open_ = error == 0;
        return error;
    }
    io_uring* get() { return &ring_; }
    const io_uring* get() const { return &ring_; }
    io_uring_sqe* entry() {
        io_uring_sqe* sqe = ::io_uring_get_sqe(&ring_);
        if (sqe == nullptr) {
            ::io_uring_submit(&ring_);
            sqe = ::io_uring_get_sqe(&ring_);
        }
        return sqe;
    }

  private:
    io_uring ring_{};
    bool open_ = false;
};

class Uring final : public UdpIo {
  public:
    Uring() : list_(buffers * sizeof(io_uring_buf)), space_(buffers * buffer_size) {
        header_.msg_namelen = sizeof(sockaddr_in6);
    }

    Result<void> open() {
        if (!list_.good() || !space_.good()) return system_failure("io_uring: memory", ENOMEM);
        if (const int error = receiving_.open(64, 4 * buffers)) return system_failure("io_uring", error);
        if (const int error = sending_.open(send_batch, send_batch)) return system_failure("io_uring", error);
        ::io_uring_buf_ring_init(list());
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<std::uint64_t>(list_.data());
        registration.ring_entries = buffers;
        registration.bgid = buffer_group;
        if (const int error = -::io_uring_register_buf_ring(receiving_.get(), &registration, 0)) {
            return system_failure("io_uring: provided buffers", error);
        }
        for (unsigned i = 0; i < buffers; ++i) used_.push_back(static_cast<std::uint16_t>(i));
        give_back();
        return {};
    }

    int descriptor() const override { return receiving_.get()->ring_fd; }

    Result<void> watch(UdpSocket& socket) override {
        const auto id = watches_.emplace(Watch{&socket, {}, false, false});
        watches_.find(id)->id = id;
        socket.watch = id.value();
        if (!paused_) arm(*watches_.find(id));
        ::io_uring_submit(receiving_.get());
        return {};
    }

    void unwatch(UdpSocket& socket) override {
        Watch* watch = find(socket.watch);
        if (watch == nullptr) return;
        if (watch->armed && !watch->stopped) cancel(socket.watch, 0);
        watches_.erase(watch->id);
    }

    void pause(bool on) override {
        if (on == paused_) return;
        paused_ = on;
        if (on) return cancel(nobody, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        watches_.for_each([this](Handle<Watch>, Watch& watch) {
            if (!watch.armed && !watch.stopped) arm(watch);
        });
        ::io_uring_submit(receiving_.get());
    }

    void stop(UdpSocket& socket) override {
        Watch* watch = find(socket.watch);
        if (watch == nullptr || watch->stopped) return;
        watch->stopped = true;
        if (watch->armed) cancel(socket.watch, 0);
    }
    // The last completion of a receive comes behind all its datagrams.
    bool is_drained(const UdpSocket& socket) const override {
        const Watch* watch = find(socket.watch);
        return watch == nullptr || (watch->stopped && !watch->armed);
    }

    void receive(std::size_t limit, std::vector<UdpDatagram>& out, UdpSockets::Counters& counters) override {
        give_back();
        io_uring_cqe* done = nullptr;
        for (std::size_t taken = 0; taken < limit && ::io_uring_peek_cqe(receiving_.get(), &done) == 0;) {
            if (take(*done, out, counters)) ++taken;
            ::io_uring_cqe_seen(receiving_.get(), done);
        }
        // Those that ended for want of buffers too: more than were handed out are free, or wait to be taken.
        for (const auto id : std::exchange(ended_, {})) {
            Watch* watch = watches_.find(id);
            if (watch != nullptr && !watch->armed && !watch->stopped && !paused_) arm(*watch);
        }
        if (::io_uring_sq_ready(receiving_.get()) > 0) ::io_uring_submit(receiving_.get());
    }

    void send(std::span<UdpQueued> queue, Bytes& octets, UdpSockets::Counters& counters) override {
        while (!queue.empty()) {
            const auto some = queue.first(std::min<std::size_t>(queue.size(), send_batch));
            send_some(some, octets, counters);
            queue = queue.subspan(some.size());
        }
    }

  private:
    struct Watch {
        UdpSocket* socket;
        Handle<Watch> id;
        bool armed;    // its receive is pending
        bool stopped;  // for good
    };

    io_uring_buf_ring* list() const { return static_cast<io_uring_buf_ring*>(list_.data()); }
    std::uint8_t* buffer(unsigned number) const {
        return static_cast<std::uint8_t*>(space_.data()) + number * buffer_size;
    }
    Watch* find(std::uint64_t value) const {
        return watches_.find({static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)});
    }

    // The buffers of the datagrams handed out before.
    void give_back() {
        if (used_.empty()) return;
        int n = 0;
        for (const auto number : used_) {
            ::io_uring_buf_ring_add(list(), buffer(number), buffer_size, number,
                                    ::io_uring_buf_ring_mask(buffers), n++);
        }
        ::io_uring_buf_ring_advance(list(), n);
        used_.clear();
    }

    void arm(Watch& watch) {
        io_uring_sqe* sqe = receiving_.entry();
        if (sqe == nullptr) return;
        ::io_uring_prep_recvmsg_multishot(sqe, watch.socket->fd.get(), &header_, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = buffer_group;
        ::io_uring_sqe_set_data64(sqe, watch.id.value());
        watch.armed = true;
    }

    // Returns when the system is through with it; its file is let go.
    void cancel(std::uint64_t user_data, unsigned flags) {
        io_uring_sync_cancel_reg which{};
        which.addr = user_data;
        which.fd = -1;
        which.flags = flags;
        which.timeout = {-1, -1};
        ::io_uring_register_sync_cancel(receiving_.get(), &which);
        ::io_uring_get_events(receiving_.get());
    }

    // Whether a buffer came with it.
    bool take(const io_uring_cqe& done, std::vector<UdpDatagram>& out, UdpSockets::Counters& counters) {
        Watch* watch = find(done.user_data);
        if (watch != nullptr && (done.flags & IORING_CQE_F_MORE) == 0) {
            watch->armed = false;
            ended_.push_back(watch->id);
        }
        if ((done.flags & IORING_CQE_F_BUFFER) == 0) return false;
        const unsigned number = done.flags >> IORING_CQE_BUFFER_SHIFT;
        used_.push_back(static_cast<std::uint16_t>(number));
        if (watch == nullptr || done.res < 0) return true;
        auto* message = ::io_uring_recvmsg_validate(buffer(number), done.res, &header_);
        if (message == nullptr) return true;
        if ((message->flags & MSG_TRUNC) != 0) {
            ++counters.truncated;
            return true;
        }
        Address from{};
        std::memcpy(&from, ::io_uring_recvmsg_name(message),
                    std::min<std::size_t>(message->namelen, sizeof from));
        ++counters.received;
        out.push_back({watch->socket->local,
                       read(from),
                       {static_cast<std::uint8_t*>(::io_uring_recvmsg_payload(message, &header_)),
                        ::io_uring_recvmsg_payload_length(message, done.res, &header_)}});
        return true;
    }

    // None of them waits (MSG_DONTWAIT), so all are done when the call returns, in their order.
    void send_some(std::span<UdpQueued> some, Bytes& octets, UdpSockets::Counters& counters) {
        messages_.assign(some.size(), {});
        parts_.resize(some.size());
        unsigned n = 0;
        for (std::size_t i = 0; i < some.size(); ++i) {
            parts_[i] = {octets.data() + some[i].begin, some[i].size};
            messages_[i].msg_name = &some[i].to;
            messages_[i].msg_namelen = some[i].to_length;
            messages_[i].msg_iov = &parts_[i];
            messages_[i].msg_iovlen = 1;
            io_uring_sqe* sqe = sending_.entry();
            if (sqe == nullptr) {
                ++counters.send_failed;
                continue;
            }
            ::io_uring_prep_sendmsg(sqe, some[i].from->fd.get(), &messages_[i], MSG_DONTWAIT);
            ++n;
        }
        ::io_uring_submit_and_wait(sending_.get(), n);
        for (unsigned i = 0; i < n; ++i) {
            io_uring_cqe* done = nullptr;
            if (::io_uring_wait_cqe(sending_.get(), &done) != 0) break;
            // Refused, or a queue is full: it is lost, as any datagram may be.
            ++(done->res < 0 ? counters.send_failed : counters.sent);
            ::io_uring_cqe_seen(sending_.get(), done);
        }
    }

    // In this order: rings end before what they use.
    Memory list_, space_;
    msghdr header_{};  // what a receive asks for besides the octets: the sender
    Slots<Watch> watches_;
    std::vector<Handle<Watch>> ended_;  // to be armed again
    std::vector<std::uint16_t> used_;   // buffers to be given back
    std::vector<msghdr> messages_;
    std::vector<iovec> parts_;
    bool paused_ = false;
    Ring receiving_, sending_;
};

}  // namespace

Result<std::unique_ptr<UdpIo>> make_uring() {
    auto made = std::make_unique<Uring>();
    if (auto opened = made->open(); !opened) return tl::make_unexpected(opened.error());
    return made;
}

}  // namespace causeway::net
