// What hlsc makes of a process: a graph of operations on bits. Truncation, extension, constant shifts and
// masks are wiring: an operand is a list of slices of other nodes and of constants, never a node of its own.
#pragma once

#include <llvm/ADT/APInt.h>

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace llvm {
class Instruction;
}

namespace causeway::hlsc {

enum class Op {
    bit_and,
    bit_or,
    bit_xor,
    bit_not,
    select,         // condition of one bit, then, else
    add,            // modulo its width
    subtract,       // modulo its width
    multiply,       // signed times signed of any widths, modulo its width
    equal,          // one bit
    less_unsigned,  // one bit
    less_signed,    // one bit
    min_signed,     // these two become less and select before scheduling
    max_signed,
    rom,           // index
    ram_read,      // index
    ram_write,     // enable, index, data
    state_read,    // none
    state_write,   // the next value
    stream_read,   // enable
    stream_write,  // enable, data
};
const char* name(Op op);

// `width` bits from `low` on of node `node`, or a constant if node < 0.
struct Slice {
    int node = -1;
    unsigned low = 0, width = 0;
    llvm::APInt constant{1, 0};
    bool is_constant() const { return node < 0; }
    bool operator==(const Slice& o) const;
};

// A value as wiring, lowest bits first. Neighbouring slices of one node are joined, as are constants.
class Bits {
  public:
    Bits() = default;
    explicit Bits(const llvm::APInt& constant);
    Bits(unsigned width, std::uint64_t constant);
    static Bits of(int node, unsigned low, unsigned width);

    unsigned width() const;
    bool is_constant() const { return slices_.size() == 1 && slices_[0].is_constant(); }
    const llvm::APInt& constant() const { return slices_[0].constant; }
    bool is_zero() const { return is_constant() && constant().isZero(); }
    bool is_ones() const { return is_constant() && constant().isAllOnes(); }
    const std::vector<Slice>& slices() const { return slices_; }

    void push(const Slice& slice);
    void append(const Bits& higher);
    Bits slice(unsigned low, unsigned width) const;
    Bits bit(unsigned at) const { return slice(at, 1); }
    Bits zero_extended(unsigned width) const;
    Bits sign_extended(unsigned width) const;
    static Bits repeated(const Bits& bit, unsigned times);
    // Width of the smallest signed value that these bits are the sign extension of, as far as the wiring
    // shows.
    unsigned signed_width() const;
    bool operator==(const Bits& o) const { return slices_ == o.slices_; }

  private:
    std::vector<Slice> slices_;
};

struct Node {
    Op op;
    unsigned width;  // 0 for writes
    std::vector<Bits> operands;
    int object = -1;                            // the stream, state, ROM or RAM
    const llvm::Instruction* source = nullptr;  // for messages
    std::string place;                          // "file:line" of source
};

struct Stream {
    std::string name;
    unsigned width = 0;
    bool is_input = false, is_output = false;
    int node = -1;
};
struct State {
    std::string name;
    unsigned width;
    llvm::APInt initial;
    int read = -1, write = -1;
    std::string place;
};
struct Rom {
    std::string name;
    unsigned width;
    std::vector<llvm::APInt> rows;
};
struct Ram {
    std::string name;
    unsigned width, rows;
    int write = -1;
    std::vector<int> reads;
    unsigned distance = 1;  // iterations between two uses of one row that depend, as DEPENDENCE promises
    std::string place;
    std::vector<llvm::APInt> initial;  // empty: zeros
};

// What may be switched off, one by one, without changing what a program computes.
struct Switches {
    bool fold = true;            // constants and equal operands become wiring
    bool share = true;           // equal operations are one
    bool select_xor = true;      // a choice between x and x^y is x ^ (y & c)
    bool constant_state = true;  // state bits that never change are constants
    bool narrow = true;          // arithmetic as narrow as its range of values
    bool demand = true;          // no bits that nobody needs
    bool balance = true;         // chains of one associative operation become trees
    static const std::vector<std::pair<const char*, bool Switches::*>>& all();
};

class Netlist {
  public:
    explicit Netlist(const Switches& s) : switches(s) {}

    std::string name;
    unsigned interval = 1;  // cycles between two iterations, at least
    std::vector<Node> nodes;
    std::vector<Stream> streams;
    std::vector<State> states;
    std::vector<Rom> roms;
    std::vector<Ram> rams;
    Switches switches;
    const llvm::Instruction* source = nullptr;  // of the nodes being made
    std::string place;

    static unsigned index_width(std::size_t rows);

    // A node, or the equal one that exists.
    int node(Op op, unsigned width, std::vector<Bits> operands, int object = -1);
    Bits make(Op op, unsigned width, std::vector<Bits> operands, int object = -1);
    Bits whole(int n) const { return Bits::of(n, 0, nodes[n].width); }

    Bits bitwise(Op op, const Bits& a, const Bits& b);
    Bits invert(const Bits& a);
    Bits select(const Bits& condition, const Bits& yes, const Bits& no);
    Bits equal(const Bits& a, const Bits& b);
    Bits less(bool is_signed, const Bits& a, const Bits& b);
    Bits add(const Bits& a, const Bits& b);
    Bits subtract(const Bits& a, const Bits& b);
    Bits multiply_signed(const Bits& a, const Bits& b, unsigned width);  // of any widths, modulo 2^width
    enum class Shift { left, right, right_signed };
    Bits shift(Shift kind, const Bits& a, const Bits& distance);

    // The live nodes so that operands come before their users. State and memory reads cut the cycles.
    std::vector<int> order() const;
    // Rewrites every operand; f returns true if it changed its argument.
    template <class F>
    bool rewire(F f);
    // After a pass that changed nodes in place: what they were made of no longer finds them.
    void forget() { known_.clear(); }

  private:
    std::unordered_map<std::string, int> known_;
    Bits by_runs(Op op, const Bits* condition, const std::vector<Bits>& operands,
                 bool (Netlist::*wiring)(Op, const Bits*, const std::vector<Bits>&, Bits&));
    bool bitwise_wiring(Op op, const Bits*, const std::vector<Bits>& run, Bits& result);
    bool select_wiring(Op op, const Bits* condition, const std::vector<Bits>& run, Bits& result);
    bool changed_by_xor(const Bits& a, const Bits& x, Bits& by) const;
};

template <class F>
bool Netlist::rewire(F f) {
    bool changed = false;
    for (auto& n : nodes) {
        for (auto& o : n.operands) changed |= f(o);
    }
    return changed;
}

}  // namespace causeway::hlsc
