// The batch that the host hands to the kernel `media` and gets back: one piece of memory, laid out alike in
// the host's shared memory and on the card. kernels/causeway_batch_pkg.sv is its other side. Little-endian;
// offsets are octets from the batch header; all parts begin on 64 octets and come in this order:
//
//   batch header | descriptors | packets in | completion header | completions | packets out
//
// The host fills the first three and says where the last begin; the kernel writes the last three, the
// completion header after all else: a run whose completion header is not that of its batch did not happen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace causeway::card {

constexpr std::uint32_t kernel_build = 2;               // interface version; the kernel refuses others
constexpr std::uint32_t batch_magic = 0x31425743;       // "CWB1"
constexpr std::uint32_t completion_magic = 0x31435743;  // "CWC1"
constexpr std::size_t alignment = 64;                   // octets
constexpr std::uint32_t most_descriptors = 1024;        // in a batch

constexpr std::uint32_t align(std::uint32_t octets) {
    return (octets + 63) / 64 * 64;
}

enum class Operation : std::uint8_t {
    loopback = 1,      // copies the packet
    packet = 2,        // unprotects it, gives it another RTP header, protects it (context.hpp)
    tick = 3,          // play out: decode, encode, protect
    open = 4,          // the packet is the session's context, from the next descriptor on
    rekey = 5,         // as open
    export_state = 6,  // the context comes out
    close = 7,         // the context is zeroed
};

enum class Status : std::uint8_t {
    ok = 0,
    unsupported = 1,     // the operation is not in this kernel
    bad_descriptor = 2,  // an offset or length is out of bounds
    no_room = 3,         // what would come out is longer than `room`
    memory_error = 4,    // device memory refused an access
    timeout = 5,         // the kernel's watchdog
    unauthentic = 6,     // the SRTP tag is wrong
    malformed = 7,       // not as long as its header and tag
    stale = 8,           // the session is not open in this generation
};

struct BatchHeader {
    std::uint32_t magic = batch_magic;
    std::uint32_t build = kernel_build;
    std::uint32_t epoch = 0;  // of the card: another one after each loss
    std::uint32_t batch = 0;  // number of the batch in its epoch
    std::uint32_t count = 0;  // descriptors
    std::uint32_t flags = 0;
    std::uint32_t completions = 0;   // offset of the completion header
    std::uint32_t output_begin = 0;  // offset of the first packet out
    std::uint32_t size = 0;          // of the whole batch
    // Where the unit keeps its sessions' contexts, set by the card's process.
    std::uint32_t sessions = 0;
    std::uint64_t contexts = 0;  // device address
    std::array<std::uint8_t, 16> reserved{};
};

struct Descriptor {
    std::uint64_t cookie = 0;  // comes back in the completion
    std::uint32_t session = 0;
    std::uint16_t generation = 0;  // of the session: guards against the stale
    Operation operation = Operation::loopback;
    std::uint8_t header_words = 0;  // of a PACKET: its RTP header with CSRCs and extension, in 32-bit words
    std::uint32_t in_offset = 0;    // of the packet
    std::uint32_t out_offset = 0;   // of the room for what comes out
    std::uint16_t length = 0;       // octets of the packet
    std::uint16_t room = 0;         // octets
    std::uint32_t play_timestamp = 0;           // RTP timestamp to play (TICK)
    std::uint64_t srtp_index = 0;               // 48 bits, to try
    std::uint64_t outgoing_index = 0;           // 48 bits, spent once submitted
    std::array<std::uint8_t, 12> rtp_header{};  // of the packet that goes out
    std::uint32_t reserved = 0;
};

// Cycles that one packet spent in each stage.
struct CycleLedger {
    std::uint32_t load = 0, unprotect = 0, jitter = 0, codec = 0, protect = 0, store = 0;
    std::uint32_t total = 0;
};

struct Completion {
    std::uint64_t cookie = 0;
    std::uint32_t session = 0;
    std::uint16_t generation = 0;
    Status status = Status::ok;
    Operation operation = Operation::loopback;
    std::uint32_t out_offset = 0;
    std::uint16_t length = 0;  // octets of the packet out; 0: none
    std::uint16_t reserved = 0;
    std::uint64_t srtp_index = 0;  // that was tried
    CycleLedger cycles;
    std::uint32_t reserved_end = 0;
};

struct CompletionHeader {
    std::uint32_t magic = 0;
    std::uint32_t build = 0;
    std::uint32_t epoch = 0;
    std::uint32_t batch = 0;
    std::uint32_t count = 0;
    std::uint32_t status = 0;
    std::uint64_t cycles = 0;  // of the whole batch
    std::array<std::uint8_t, 32> reserved{};
};

static_assert(sizeof(BatchHeader) == 64 && offsetof(BatchHeader, contexts) == 40 &&
              sizeof(Descriptor) == 64 && sizeof(Completion) == 64 && sizeof(CompletionHeader) == 64);
static_assert(offsetof(Descriptor, in_offset) == 16 && offsetof(Descriptor, srtp_index) == 32 &&
              offsetof(Descriptor, rtp_header) == 48 && offsetof(Completion, out_offset) == 16 &&
              offsetof(Completion, srtp_index) == 24 && offsetof(Completion, cycles) == 32 &&
              offsetof(CompletionHeader, cycles) == 24);

// Whether `header` is that of the batch which was handed over.
inline bool completes(const CompletionHeader& header, const BatchHeader& batch) {
    return header.magic == completion_magic && header.build == batch.build && header.epoch == batch.epoch &&
           header.batch == batch.batch && header.count == batch.count;
}

}  // namespace causeway::card
