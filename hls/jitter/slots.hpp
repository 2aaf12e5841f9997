// Where received packets wait for their turn: PACKET fills a slot, TICK plays the one that has the RTP
// timestamp it names. Only storage: what to play and when is decided by the host (playout.hpp), for it owns
// time. Plain integer C++ of fixed size, for the CPU engine and the kernel alike.
#pragma once

#include <cstdint>

namespace causeway::hls {

enum class Fill : std::uint8_t {
    stored,
    replaced,   // stored, in place of a packet that is `Count` or more sequence numbers behind and unplayed
    duplicate,  // this sequence number is waiting already
    late,       // a newer packet is in its place
    too_long,   // the payload does not fit
};

// Count slots, a power of two; Bytes of payload each. Sequence numbers and timestamps wrap.
template <int Count = 16, int Bytes = 240>
struct JitterSlots {
    static_assert(Count > 0 && (Count & (Count - 1)) == 0);
    static constexpr int count = Count;
    static constexpr int bytes = Bytes;

    struct Slot {
        bool full = false;
        std::uint8_t payload_type = 0;
        std::uint16_t sequence = 0;
        std::uint16_t length = 0;  // octets of payload
        std::uint32_t timestamp = 0;
        std::uint8_t payload[Bytes] = {};
    };
    Slot slots[Count];

    // For a new SSRC or timeline: what waits is of another one.
    constexpr void clear() {
        for (int i = 0; i < Count; ++i) slots[i].full = false;
    }

    constexpr Fill fill(std::uint16_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
                        const std::uint8_t* payload, int length) {
        if (length < 0 || length > Bytes) return Fill::too_long;
        Slot& slot = slots[sequence & (Count - 1)];
        Fill result = Fill::stored;
        if (slot.full) {
            const auto ahead = static_cast<std::uint16_t>(sequence - slot.sequence);
            if (ahead == 0) return Fill::duplicate;
            if (ahead >= 0x8000) return Fill::late;
            result = Fill::replaced;
        }
        slot.full = true;
        slot.payload_type = payload_type;
        slot.sequence = sequence;
        slot.timestamp = timestamp;
        slot.length = static_cast<std::uint16_t>(length);
        for (int i = 0; i < Bytes; ++i) {
            if (i < length) slot.payload[i] = payload[i];
        }
        return result;
    }

    // The slot of that timestamp, now free; its content stands until the next fill(). -1: nothing to play.
    // Of several packets of one timestamp (video frames, events) the first in slot order is taken.
    constexpr int take(std::uint32_t timestamp) {
        int found = -1;
        for (int i = Count - 1; i >= 0; --i) {
            if (slots[i].full && slots[i].timestamp == timestamp) found = i;
        }
        if (found >= 0) slots[found].full = false;
        return found;
    }
};

}  // namespace causeway::hls
