#include "host/gateway/handover.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "host/base/archive.hpp"

extern "C" char** environ;

namespace causeway::gateway {
namespace {

constexpr std::uint32_t version = 1;
constexpr std::size_t packet_size = 16 << 10;  // octets
constexpr int successors_channel = 3;          // descriptor

struct ShardHead {
    Time at{};
    std::string journal_instance;
    template <class A>
    void archive(A& a) {
        std::int64_t since = at.time_since_epoch().count();  // not moved: the clock is the same
        a(since, journal_instance);
        at = Time(Duration(since));
    }
};

template <class T>
Secret sealed(const T& value) {
    Encoder out(Time{});
    out(value);
    return out.seal(version);
}

template <class T>
Result<T> unsealed(ByteView bytes) {
    auto in = Decoder::open(Time{}, version, bytes);
    if (!in) return tl::make_unexpected(in.error());
    T value;
    (*in)(value);
    in->finish();
    if (!in->ok()) return fail(in->error());
    return value;
}

Result<void> write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const auto n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return tl::make_unexpected(store::system_error("memory for the state"));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

// The state travels as a file in memory, which is zeroed when it has been read.
Result<File> to_memory(const Secret& state) {
    File file(::memfd_create("causeway-state", MFD_CLOEXEC));
    if (!file) return tl::make_unexpected(store::system_error("memory for the state"));
    if (auto written = write_all(file.fd(), state.view()); !written)
        return tl::make_unexpected(written.error());
    return file;
}

Result<Secret> from_memory(const File& file) {
    const off_t size = ::lseek(file.fd(), 0, SEEK_END);
    if (size <= 0) return fail("the state is empty");
    Bytes bytes(static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < bytes.size();) {
        const auto n = ::pread(file.fd(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return tl::make_unexpected(store::system_error("the state"));
        at += static_cast<std::size_t>(n);
    }
    Secret state(std::move(bytes));
    if (void* p = ::mmap(nullptr, state.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
        p != MAP_FAILED) {
        OPENSSL_cleanse(p, state.size());
        ::munmap(p, state.size());
    }
    return state;
}

std::string_view name(Channel::Kind kind) {
    constexpr std::array<std::string_view, 11> names{"facts", "hello", "shard", "sip",  "media", "control",
                                                     "all",   "ready", "go",    "done", "failed"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace

// ----------------------------------------------------------------------------------------------------
// the channel

Channel::Channel(File socket) : socket_(std::move(socket)) {
    const timeval limit{std::chrono::seconds(patience).count(), 0};
    std::ignore = ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::ignore = ::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Result<std::pair<Channel, File>> Channel::pair() {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return tl::make_unexpected(store::system_error("socket pair"));
    }
    return std::pair{Channel(File(ends[0])), File(ends[1])};
}

Result<void> Channel::send(Kind kind, ByteView bytes, const std::vector<int>& files) {
    bytes = bytes.first(std::min(bytes.size(), packet_size - 1));
    auto first = static_cast<std::uint8_t>(kind);
    std::array<iovec, 2> parts{{{&first, 1}, {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}}};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most_files * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    if (!files.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
        std::memcpy(CMSG_DATA(head), files.data(), files.size() * sizeof(int));
    }
    while (::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL) < 0) {
        if (errno == EINTR) continue;
        if (errno == EPIPE || errno == ECONNRESET) return fail("the other process has ended");
        return tl::make_unexpected(
            store::system_error(fmt::format("\"{}\" to the other process", name(kind))));
    }
    return {};
}

Result<Channel::Packet> Channel::receive() {
    Packet packet;
    packet.bytes.resize(packet_size);
    iovec part{packet.bytes.data(), packet.bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most_files * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t n = 0;
    // One that left with something unread is told of once, before its last words, which are still there.
    bool left = false;
    do {
        left = n < 0 && errno == ECONNRESET;
        n = ::recvmsg(socket_.fd(), &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && (errno == EINTR || (errno == ECONNRESET && !left)));
    for (cmsghdr* c = n < 0 ? nullptr : CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            packet.files.emplace_back(fd);
        }
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return fail(
            fmt::format("the other process was silent for {} s", std::chrono::seconds(patience).count()));
    }
    if (n < 0 && errno != ECONNRESET)
        return tl::make_unexpected(store::system_error("from the other process"));
    if (n <= 0) return fail("the other process has ended");
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return fail("descriptors or octets were lost on the way: too many open files?");
    }
    if (packet.bytes[0] > static_cast<std::uint8_t>(Kind::failed))
        return fail("the other process is not understood");
    packet.kind = static_cast<Kind>(packet.bytes[0]);
    packet.bytes.resize(static_cast<std::size_t>(n));
    packet.bytes.erase(packet.bytes.begin());
    return packet;
}

Result<Channel::Packet> Channel::expect(Kind kind) {
    auto packet = receive();
    if (!packet || packet->kind == kind) return packet;
    if (packet->kind == Kind::failed) return fail(std::string(as_text(packet->bytes)));
    return fail(
        fmt::format("\"{}\" instead of \"{}\" from the other process", name(packet->kind), name(kind)));
}

// ----------------------------------------------------------------------------------------------------
// the old process

Result<Successor> Successor::start(const std::vector<std::string>& command, File channel) {
    const std::string number = std::to_string(successors_channel);
    std::vector<char*> arguments;
    for (const auto& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(const_cast<char*>(take_over_option));
    arguments.push_back(const_cast<char*>(number.c_str()));
    arguments.push_back(nullptr);
    // Standard streams stay; of all else it gets what is handed to it.
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    // Where it happens to have that number already, the copy would keep its close-on-exec flag.
    const File high(::fcntl(channel.fd(), F_DUPFD_CLOEXEC, successors_channel + 1));
    ::posix_spawn_file_actions_adddup2(&actions, high.fd(), successors_channel);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, successors_channel + 1);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        errno = error;
        return tl::make_unexpected(store::system_error(command[0]));
    }
    return Successor(pid);
}

Successor::~Successor() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Result<void> hand_over(Channel& channel, std::span<const HeldShard> shards, int control) {
    const auto in_parts = [&](Channel::Kind kind, std::span<const int> files) -> Result<void> {
        while (!files.empty()) {
            const auto part = files.first(std::min(files.size(), Channel::most_files));
            files = files.subspan(part.size());
            if (auto sent = channel.send(kind, {}, {part.begin(), part.end()}); !sent) return sent;
        }
        return {};
    };
    for (const auto& shard : shards) {
        auto memory = to_memory(shard.state);
        if (!memory) return tl::make_unexpected(memory.error());
        std::vector<int> files{memory->fd()};
        if (shard.journal_lock >= 0) files.push_back(shard.journal_lock);
        const Secret head = sealed(ShardHead{shard.at, shard.journal_instance});
        if (auto sent = channel.send(Channel::Kind::shard, head.view(), files); !sent) return sent;
        if (auto sent = in_parts(Channel::Kind::sip, shard.sip); !sent) return sent;
        if (auto sent = in_parts(Channel::Kind::media, shard.media); !sent) return sent;
    }
    if (control >= 0) {
        if (auto sent = channel.send(Channel::Kind::control, {}, {control}); !sent) return sent;
    }
    return channel.send(Channel::Kind::all);
}

// ----------------------------------------------------------------------------------------------------
// the new process

Result<Taken> take_over(Channel& channel, const Facts& ours) {
    auto first = channel.expect(Channel::Kind::facts);
    if (!first) return tl::make_unexpected(first.error());
    const auto theirs = unsealed<Facts>(first->bytes);
    if (!theirs) return tl::make_unexpected(theirs.error());
    if (theirs->shards != ours.shards) {
        return fail(fmt::format("gateway.shards: {} run, {} are configured: cannot change while calls go on",
                                theirs->shards, ours.shards));
    }
    if (theirs->cdr_directory != ours.cdr_directory) {
        return fail(fmt::format("cdr.directory: \"{}\" is in use: cannot change while calls go on",
                                theirs->cdr_directory));
    }
    if (auto sent = channel.send(Channel::Kind::hello); !sent) return tl::make_unexpected(sent.error());

    Taken taken;
    for (;;) {
        auto packet = channel.receive();
        if (!packet) return tl::make_unexpected(packet.error());
        auto& files = packet->files;
        switch (packet->kind) {
            case Channel::Kind::shard: {
                const auto head = unsealed<ShardHead>(packet->bytes);
                if (!head) return tl::make_unexpected(head.error());
                if (files.empty()) return fail("a shard without its state");
                auto state = from_memory(files[0]);
                if (!state) return tl::make_unexpected(state.error());
                TakenShard& shard = taken.shards.emplace_back();
                shard.at = head->at;
                shard.state = std::move(*state);
                shard.journal_instance = head->journal_instance;
                if (files.size() > 1) shard.journal_lock = std::move(files[1]);
                break;
            }
            case Channel::Kind::sip:
            case Channel::Kind::media: {
                if (taken.shards.empty()) return fail("sockets of no shard");
                auto& shard = taken.shards.back();
                auto& to = packet->kind == Channel::Kind::sip ? shard.sip : shard.media;
                std::move(files.begin(), files.end(), std::back_inserter(to));
                break;
            }
            case Channel::Kind::control:
                // On another path ours is opened anew.
                if (!files.empty() && theirs->control_socket == ours.control_socket)
                    taken.control = std::move(files[0]);
                break;
            case Channel::Kind::all:
                if (taken.shards.size() != ours.shards) return fail("shards are missing");
                return taken;
            default:
                return fail("the other process is not understood");
        }
    }
}

Secret to_bytes(const Facts& facts) {
    return sealed(facts);
}

Secret to_bytes(const call::RestoreReport& report) {
    return sealed(report);
}

Result<call::RestoreReport> read_report(ByteView bytes) {
    return unsealed<call::RestoreReport>(bytes);
}

}  // namespace causeway::gateway
