// The memory that a user of the card shares with the card's process, and nothing else passes between them but
// a socket: an octet either way says "look", its end says that the other has gone.
//
// Each compute unit has a ring of slots, used in order. A slot is the memory of one batch (batch.hpp) and
// belongs to one side at a time, as its state says: the user fills it, the process has the card work on it
// and brings back the completions, the user reads them and has it again.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace causeway::card {

constexpr unsigned most_units = 16;
constexpr unsigned most_slots = 8;                           // of a unit
constexpr const char* shared_memory_name = "causeway-card";  // as /proc/PID/fd shows it
constexpr int shared_memory_fd = 3;                          // in the card's process
constexpr int peer_fd = 4;                                   // the socket, there

enum class SlotState : std::uint32_t { empty, filled, running, done };
enum class ProcessState : std::uint32_t { starting, ready, failed };

// Read at any time by who displays them.
struct UnitCounters {
    std::atomic<std::uint64_t> batches, packets, octets_in, octets_out;
    std::atomic<std::uint64_t> refused;      // completions whose status is not ok
    std::atomic<std::uint64_t> cycles;       // of the unit, in batches
    std::atomic<std::uint64_t> nanoseconds;  // from start to completion of runs
    std::atomic<std::uint32_t> running;      // batches on the card now
};

// What was found. Texts end with a zero.
struct Facts {
    char device[64] = "";
    char bdf[32] = "";
    char xclbin[256] = "";
    char uuid[48] = "";
    std::uint32_t units = 0;
    std::uint32_t build = 0;      // of the kernel
    std::uint32_t emulated = 0;   // hw_emu rather than a card
    std::uint32_t clock_mhz = 0;  // 0: not known
};

struct SharedPage {
    static constexpr std::uint32_t right_version = 0x43570001;
    std::uint32_t version = right_version;
    // Set by the user.
    std::uint32_t slots = 0;      // of a unit
    std::uint32_t slot_size = 0;  // octets, a multiple of a memory page
    std::uint32_t epoch = 0;
    std::uint32_t sessions = 0;      // that a unit has contexts for
    std::uint64_t run_deadline = 0;  // nanoseconds
    // Set by the card's process.
    std::atomic<ProcessState> state{ProcessState::starting};
    std::atomic<std::uint64_t> heartbeat{0};
    char failure[1024] = "";  // once the state is failed
    Facts facts;              // once it is ready
    UnitCounters counters[most_units]{};
    std::atomic<SlotState> slot_states[most_units][most_slots]{};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<SlotState>::is_always_lock_free);

template <std::size_t n>
void set_text(char (&to)[n], std::string_view text) {
    const std::size_t size = std::min(text.size(), n - 1);
    std::memcpy(to, text.data(), size);
    to[size] = '\0';
}

// A mapping of the shared memory.
class Shared {
  public:
    static constexpr std::size_t page_room = 16384;  // octets before the slots
    static_assert(sizeof(SharedPage) <= page_room);

    Shared() = default;
    // Maps `fd`; valid() says whether that went well. Read-only mappings are for display.
    Shared(int fd, std::size_t size, bool writable)
        : size_(size),
          base_(mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0)) {}
    Shared(Shared&& other) noexcept : size_(other.size_), base_(other.base_) { other.base_ = MAP_FAILED; }
    Shared& operator=(Shared&&) = delete;
    ~Shared() {
        if (valid()) munmap(base_, size_);
    }

    bool valid() const { return base_ != MAP_FAILED; }
    SharedPage& page() const { return *static_cast<SharedPage*>(base_); }
    std::uint8_t* slot(unsigned unit, unsigned slot) const {
        return static_cast<std::uint8_t*>(base_) + page_room +
               (std::size_t{unit} * page().slots + slot) * page().slot_size;
    }
    static std::size_t size_for(unsigned slots, std::size_t slot_size) {
        return page_room + most_units * slots * slot_size;
    }

  private:
    std::size_t size_ = 0;
    void* base_ = MAP_FAILED;
};

}  // namespace causeway::card
