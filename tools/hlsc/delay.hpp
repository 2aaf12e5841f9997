// How long a bit takes from the registers at the head of its stage: an estimate for UltraScale+ by 6-input
// lookup tables, carry chains and multiplier blocks, in nanoseconds with nets. Unproved against Vivado.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

constexpr double register_delay = 0.45;                          // clock to output, set-up
constexpr double lut_delay = 0.55;                               // a lookup table and its net
constexpr unsigned multiplier_long = 27, multiplier_short = 18;  // what one multiplier block takes, signed

// Cycles after a node's stage in which its value is there.
inline int latency(Op op) {
    return op == Op::ram_read ? 1 : 0;
}

class Delay {
  public:
    explicit Delay(const Netlist& n) : n_(n), stage_(n.nodes.size(), -1), bits_(n.nodes.size()) {}
    // Puts a node into a stage, after its operands; returns when its last bit arrives.
    double place(int node, int stage);
    int stage(int node) const { return stage_[node]; }
    // The first stage in which its value is there.
    int available(int node) const { return stage_[node] + latency(n_.nodes[node].op); }
    double arrival(int node) const;
    // The operand's node that arrives last in the node's stage, or -1 if all come from registers.
    int latest_operand(int node) const;

  private:
    // Arrival of a bit, and the inputs of the lookup table at its root.
    struct Bit {
        float time = 0;
        std::vector<std::uint64_t> leaves;
    };
    const Netlist& n_;
    std::vector<int> stage_;
    std::vector<std::vector<Bit>> bits_;

    static std::uint64_t leaf(int node, unsigned bit) { return static_cast<std::uint64_t>(node) << 16 | bit; }
    float leaf_time(std::uint64_t leaf, int stage) const;
    Bit of(const Slice& s, unsigned i, int stage) const;
    float worst(const Bits& b, int stage) const;
    // Takes in the leaves of operand bits; false when they are more than a few.
    bool gather(const Bits& b, unsigned low, unsigned width, int stage,
                std::vector<std::uint64_t>& leaves) const;
    Bit table(const std::vector<std::uint64_t>& leaves, int stage) const;
    void place_logic(int node, int stage, std::vector<Bit>& out) const;
};

}  // namespace causeway::hlsc
