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

// What is known of the packet in a slot.
struct SlotHead {
    bool full = false;
    std::uint8_t payload_type = 0;
    std::uint16_t sequence = 0;
    std::uint16_t length = 0;  // octets of payload
    std::uint32_t timestamp = 0;
};

// Count slots, a power of two, without the payloads. Sequence numbers and timestamps wrap.
template <int Count>
struct SlotHeads {
    static_assert(Count > 0 && (Count & (Count - 1)) == 0);
    SlotHead heads[Count];

    // For a new SSRC or timeline: what waits is of another one.
    constexpr void clear() {
        for (int i = 0; i < Count; ++i) heads[i].full = false;
    }

    // Where a packet of that sequence number waits.
    static constexpr int place(std::uint16_t sequence) { return sequence & (Count - 1); }

    // Whoever gets `stored` or `replaced` stores the payload at place(). No more than `most` octets fit.
    constexpr Fill fill(const SlotHead& packet, int most) {
        if (packet.length > most) return Fill::too_long;
        const int at = place(packet.sequence);
        SlotHead waits;
        for (int i = 0; i < Count; ++i) {
            if (i == at) waits = heads[i];
        }
        Fill result = Fill::stored;
        if (waits.full) {
            const auto ahead = static_cast<std::uint16_t>(packet.sequence - waits.sequence);
            if (ahead == 0) return Fill::duplicate;
            if (ahead >= 0x8000) return Fill::late;
            result = Fill::replaced;
        }
        for (int i = 0; i < Count; ++i) {
            if (i != at) continue;
            heads[i] = packet;
            heads[i].full = true;
        }
        return result;
    }

    // The slot of that timestamp, now free. -1: nothing to play.
    // Of several packets of one timestamp (video frames, events) the first in slot order is taken.
    constexpr int take(std::uint32_t timestamp) {
        int found = -1;
        for (int i = Count - 1; i >= 0; --i) {
            if (heads[i].full && heads[i].timestamp == timestamp) found = i;
        }
        for (int i = 0; i < Count; ++i) {
            if (i == found) heads[i].full = false;
        }
        return found;
    }
};

// With Bytes of payload each.
template <int Count = 16, int Bytes = 240>
struct JitterSlots {
    static constexpr int count = Count;
    static constexpr int bytes = Bytes;
    SlotHeads<Count> slots;
    std::uint8_t payloads[Count][Bytes] = {};

    constexpr void clear() { slots.clear(); }

    constexpr Fill fill(std::uint16_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
                        const std::uint8_t* payload, int length) {
        if (length < 0 || length > Bytes) return Fill::too_long;
        const Fill result =
            slots.fill({true, payload_type, sequence, static_cast<std::uint16_t>(length), timestamp}, Bytes);
        if (result == Fill::stored || result == Fill::replaced) {
            std::uint8_t* to = payloads[slots.place(sequence)];
            for (int i = 0; i < length; ++i) to[i] = payload[i];
        }
        return result;
    }

    // The slot, whose content stands until the next fill(); or -1.
    constexpr int take(std::uint32_t timestamp) { return slots.take(timestamp); }
    constexpr const SlotHead& head(int slot) const { return slots.heads[slot]; }
    constexpr const std::uint8_t* payload(int slot) const { return payloads[slot]; }
};

}  // namespace causeway::hls
