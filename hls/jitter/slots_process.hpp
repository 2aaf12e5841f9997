// The jitter slots of 32 sessions as two processes: heads decides by the functions that the CPU engine runs
// (hls/jitter/slots.hpp), payloads stores and plays a word of 16 octets a cycle. What to play and when is
// the host's decision: a TICK names the timestamp.
#pragma once

#include "hls/jitter/slots.hpp"
#include "hls_stream.h"

namespace causeway::hls {

constexpr int jitter_sessions = 32, jitter_slots = 16;
constexpr int slot_octets = 240;  // with its head 256
constexpr int slot_words = 16;    // rows of memory; 15 are in use

enum JitterOperation : std::uint8_t {
    jitter_packet,  // its payload follows in the other stream, whether it is stored or not
    jitter_tick,
    jitter_clear,  // of a new session too: reset does not empty the slots
};
struct JitterCommand {
    ap_uint<2> operation;
    ap_uint<5> session;
    ap_uint<8> payload_type;
    ap_uint<16> sequence;
    ap_uint<9> length;  // octets
    ap_uint<32> timestamp;
};
// One for each command.
struct JitterResult {
    ap_uint<2> operation;
    ap_uint<5> session;
    ap_uint<3> fill;  // of a packet: Fill
    bool found;       // of a tick: the packet is described below, its payload comes in the other stream
    ap_uint<8> payload_type;
    ap_uint<16> sequence;
    ap_uint<9> length;
};
// 16 octets of payload, the first lowest.
struct SlotWord {
    ap_uint<64> low, high;
};
// Between the two.
struct SlotAccess {
    ap_uint<2> what;  // SlotMove
    ap_uint<9> slot;  // of all sessions
    ap_uint<6> words;
};
enum SlotMove : std::uint8_t { slot_store, slot_drop, slot_play };

struct HeadState {
    bool full = false;
    ap_uint<8> payload_type;
    ap_uint<16> sequence;
    ap_uint<9> length;
    ap_uint<32> timestamp;
};
struct HeadsState {
    HeadState heads[jitter_slots];
};

}  // namespace causeway::hls

void jitter_heads(hls::stream<causeway::hls::JitterCommand>& in,
                  hls::stream<causeway::hls::JitterResult>& out,
                  hls::stream<causeway::hls::SlotAccess>& accesses) {
#pragma HLS PIPELINE II = 4
    using namespace causeway::hls;
    static HeadsState sessions[jitter_sessions];
    if (in.empty()) return;
    const JitterCommand command = in.read();
    const HeadsState before = sessions[command.session];
    SlotHeads<jitter_slots> slots;
    for (int i = 0; i < jitter_slots; ++i) {
        const HeadState& h = before.heads[i];
        slots.heads[i].full = h.full;
        slots.heads[i].payload_type = static_cast<std::uint8_t>(h.payload_type);
        slots.heads[i].sequence = static_cast<std::uint16_t>(h.sequence);
        slots.heads[i].length = static_cast<std::uint16_t>(h.length);
        slots.heads[i].timestamp = h.timestamp;
    }
    SlotHead head;
    head.full = true;
    head.payload_type = static_cast<std::uint8_t>(command.payload_type);
    head.sequence = static_cast<std::uint16_t>(command.sequence);
    head.length = static_cast<std::uint16_t>(command.length);
    head.timestamp = command.timestamp;
    Fill fill = Fill::stored;
    int slot = -1;
    if (command.operation == jitter_packet) {
        fill = slots.fill(head, slot_octets);
        slot = slots.place(head.sequence);
    } else if (command.operation == jitter_tick) {
        slot = slots.take(command.timestamp);
        for (int i = 0; i < jitter_slots; ++i) {
            if (i == slot) head = slots.heads[i];
        }
        if (slot < 0) head = SlotHead{};
    } else {
        slots.clear();
        head = SlotHead{};
    }
    HeadsState after;
    for (int i = 0; i < jitter_slots; ++i) {
        const SlotHead& h = slots.heads[i];
        after.heads[i] = {h.full, h.payload_type, h.sequence, h.length, h.timestamp};
    }
    sessions[command.session] = after;
    out.write({command.operation, command.session, static_cast<unsigned>(fill),
               command.operation == jitter_tick && slot >= 0, head.payload_type, head.sequence, head.length});
    if (slot >= 0 && head.length != 0) {
        const bool stores = fill == Fill::stored || fill == Fill::replaced;
        const unsigned what = command.operation == jitter_tick ? slot_play : stores ? slot_store : slot_drop;
        accesses.write({what, static_cast<unsigned>(command.session) * 16U + static_cast<unsigned>(slot),
                        (head.length + 15U) >> 4});
    }
}

void jitter_payloads(hls::stream<causeway::hls::SlotAccess>& accesses,
                     hls::stream<causeway::hls::SlotWord>& in, hls::stream<causeway::hls::SlotWord>& out) {
#pragma HLS PIPELINE II = 1
    using namespace causeway::hls;
    static SlotWord memory[jitter_sessions * jitter_slots * slot_words];
    static ap_uint<2> what = slot_drop;
    static ap_uint<9> slot = 0;
    static ap_uint<6> left = 0, at = 0;
    if (left == 0) {
        if (accesses.empty()) return;
        const SlotAccess access = accesses.read();
        what = access.what;
        slot = access.slot;
        left = access.words;
        at = 0;
        return;
    }
    const unsigned row = static_cast<unsigned>(slot) * slot_words + (static_cast<unsigned>(at) & 15U);
    if (what == slot_play) {
        out.write(memory[row]);
    } else {
        if (in.empty()) return;
        const SlotWord word = in.read();
        if (what == slot_store) memory[row] = word;
    }
    ++at;
    --left;
}
