// Restart without dropping calls: the running process starts the program on disk again and hands its calls,
// sockets, journals and control socket to it over a socket pair. Until the very last message nothing is lost
// where the other fails: the old process then goes on as if nothing had been.
//
//   old                                       new
//   start it, facts ───────────────────────►  checks its configuration
//   INVITEs wait, changes finish  ◄─────────  hello
//   shards stand still: state, sockets ────►  takes up the calls, sends nothing yet
//   journals are closed           ◄─────────  ready
//   go ────────────────────────────────────►  opens the journals
//   ends                          ◄─────────  done; serves
//
// What arrives while shards stand still waits in the sockets, which both processes share.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/base/time.hpp"
#include "host/call/core.hpp"
#include "host/store/segments.hpp"

namespace causeway::gateway {

using store::File;

// What has to be the same in both.
struct Facts {
    std::uint8_t shards = 1;
    std::string cdr_directory;   // empty: keeps no records
    std::string control_socket;  // empty: has none
    template <class A>
    void archive(A& a) {
        a(shards, cdr_directory, control_socket);
    }
};

// What one shard hands over.
struct HeldShard {
    Time at{};     // when the core stood still; both processes have the same clock
    Secret state;  // Core::save()
    std::vector<int> sip, media;
    std::string journal_instance;
    int journal_lock = -1;
};
// The same where it has arrived.
struct TakenShard {
    Time at{};
    Secret state;
    std::vector<File> sip, media;
    std::string journal_instance;
    File journal_lock;
};
struct Taken {
    std::vector<TakenShard> shards;
    File control;
};

// One end of the socket pair. Every wait is bounded; errors say what the other side did or failed to do.
class Channel {
  public:
    static constexpr auto patience = std::chrono::seconds(5);

    explicit Channel(File socket);
    static Result<std::pair<Channel, File>> pair();

    enum class Kind : std::uint8_t { facts, hello, shard, sip, media, control, all, ready, go, done, failed };
    struct Packet {
        Kind kind = Kind::failed;
        Bytes bytes;
        std::vector<File> files;
    };
    // Descriptors go by copy: the caller's stay open. At most `most_files` of them.
    Result<void> send(Kind kind, ByteView bytes = {}, const std::vector<int>& files = {});
    // The next packet, which must be of that kind; `failed` comes back as its error.
    Result<Packet> expect(Kind kind);
    static constexpr std::size_t most_files = 200;

    Result<Packet> receive();

  private:
    File socket_;
};

// ---- the old process

// The program that was started with `command`, again, with the channel's other end. Ends it, unless it was
// let go, when destroyed.
class Successor {
  public:
    static Result<Successor> start(const std::vector<std::string>& command, File channel);
    Successor(Successor&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Successor& operator=(Successor&&) = delete;
    ~Successor();
    int pid() const { return pid_; }
    void let_go() { pid_ = -1; }

  private:
    explicit Successor(int pid) : pid_(pid) {}
    int pid_;
};
// The option that tells the program the number of its channel's descriptor.
constexpr const char* take_over_option = "--take-over";

Result<void> hand_over(Channel& channel, std::span<const HeldShard> shards, int control);

// ---- the new process

Result<Taken> take_over(Channel& channel, const Facts& ours);

// Both: sealed values as payload.
Secret to_bytes(const Facts& facts);
Secret to_bytes(const call::RestoreReport& report);
Result<call::RestoreReport> read_report(ByteView bytes);

}  // namespace causeway::gateway
