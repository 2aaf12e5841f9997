// Bits that nobody needs are not computed: constants for state that never changes, narrower nodes for the
// others.
#include "tools/hlsc/optimise.hpp"
#include "tools/hlsc/rebuild.hpp"

namespace causeway::hlsc {
namespace {

// Which bits of a state keep their first value for ever, as far as the wiring shows.
llvm::APInt fixed_bits(const Netlist& n, const State& s) {
    llvm::APInt fixed(s.width, 0);
    if (s.read < 0 || s.write < 0) return fixed;
    unsigned at = 0;
    for (const auto& x : n.nodes[s.write].operands[0].slices()) {
        for (unsigned i = 0; i < x.width; ++i, ++at) {
            if (x.is_constant() ? x.constant[i] == s.initial[at] : x.node == s.read && x.low + i == at)
                fixed.setBit(at);
        }
    }
    return fixed;
}

// Which bits of each node somebody needs, and how many operands' bits that asks for.
class Demand {
  public:
    explicit Demand(const Netlist& n);
    const llvm::APInt& of(int node) const { return needed_[node]; }

  private:
    const Netlist& n_;
    std::vector<llvm::APInt> needed_;
    llvm::APInt asked(int node, std::size_t operand) const;
};

Demand::Demand(const Netlist& n) : n_(n) {
    for (const auto& node : n.nodes) needed_.push_back(llvm::APInt(std::max(1u, node.width), 0));
    const auto order = n.order();
    for (bool changed = true; changed;) {
        changed = false;
        for (auto i = order.rbegin(); i != order.rend(); ++i) {
            const auto& operands = n.nodes[*i].operands;
            for (std::size_t k = 0; k < operands.size(); ++k) {
                const llvm::APInt mask = asked(*i, k);
                unsigned at = 0;
                for (const auto& s : operands[k].slices()) {
                    if (!s.is_constant()) {
                        const auto bits =
                            mask.extractBits(s.width, at).zext(n.nodes[s.node].width).shl(s.low);
                        if (!bits.isSubsetOf(needed_[s.node])) {
                            needed_[s.node] |= bits;
                            changed = true;
                        }
                    }
                    at += s.width;
                }
            }
        }
    }
}

llvm::APInt Demand::asked(int id, std::size_t k) const {
    const Node& node = n_.nodes[id];
    const unsigned w = node.operands[k].width();
    const auto none = llvm::APInt(w, 0), all = llvm::APInt::getAllOnes(w);
    switch (node.op) {
        case Op::bit_and:
        case Op::bit_or:
        case Op::bit_xor:
        case Op::bit_not:
            return needed_[id];
        case Op::select:
            return k ? needed_[id] : needed_[id].isZero() ? none : all;
        case Op::add:
        case Op::subtract:
        case Op::multiply:
            return llvm::APInt::getLowBitsSet(w, std::min(w, needed_[id].getActiveBits()));
        case Op::state_write:
            return n_.states[node.object].read >= 0 ? needed_[n_.states[node.object].read] : none;
        case Op::ram_write: {
            if (k < 2) return all;
            llvm::APInt any = none;
            for (const int r : n_.rams[node.object].reads) any |= needed_[r];
            return any;
        }
        case Op::stream_read:
        case Op::stream_write:
            return all;
        default:
            return needed_[id].isZero() ? none : all;
    }
}

}  // namespace

void remove_constant_state(Netlist& netlist) {
    for (bool again = true; again;) {
        again = false;
        std::vector<llvm::APInt> fixed;
        for (const auto& s : netlist.states) {
            fixed.push_back(fixed_bits(netlist, s));
            again |= s.read >= 0 && !fixed.back().isZero();
        }
        if (!again) return;
        bool changed = false;
        Netlist next = rebuilt(
            netlist, [&](Netlist& n, const Node& node, const std::vector<Bits>&) -> std::optional<Bits> {
                if (node.op != Op::state_read) return std::nullopt;
                const Bits whole = n.make(Op::state_read, node.width, {}, node.object);
                Bits r;
                for (unsigned i = 0; i < node.width; ++i) {
                    r.append(fixed[node.object][i] ? Bits(1, netlist.states[node.object].initial[i])
                                                   : whole.bit(i));
                }
                changed |= !(r == whole);
                return r;
            });
        // Reads that are all constants now are gone with the next order().
        again = changed && next.order().size() < netlist.order().size();
        netlist = std::move(next);
    }
}

void remove_unneeded_bits(Netlist& netlist) {
    const Demand demand(netlist);
    std::vector<unsigned> state_width, ram_width;
    for (const auto& s : netlist.states) {
        state_width.push_back(s.read >= 0 ? std::max(1u, demand.of(s.read).getActiveBits()) : s.width);
    }
    for (const auto& m : netlist.rams) {
        unsigned w = 1;
        for (const int r : m.reads) w = std::max(w, demand.of(r).getActiveBits());
        ram_width.push_back(w);
    }
    // Nodes shrink from the top; what still names an upper bit gets zero, as it does not matter.
    std::vector<unsigned> width;
    for (std::size_t i = 0; i < netlist.nodes.size(); ++i) {
        Node& node = netlist.nodes[i];
        width.push_back(node.width);
        const unsigned w = std::max(1u, demand.of(static_cast<int>(i)).getActiveBits());
        switch (node.op) {
            case Op::bit_and:
            case Op::bit_or:
            case Op::bit_xor:
            case Op::bit_not:
            case Op::select:
            case Op::add:
            case Op::subtract:
                for (std::size_t k = node.op == Op::select; k < node.operands.size(); ++k)
                    node.operands[k] = node.operands[k].slice(0, w);
                node.width = w;
                break;
            case Op::multiply:
                node.width = w;
                break;
            case Op::state_read:
                node.width = state_width[node.object];
                break;
            case Op::state_write:
                node.operands[0] = node.operands[0].slice(0, state_width[node.object]);
                break;
            case Op::ram_read:
                node.width = ram_width[node.object];
                break;
            case Op::ram_write:
                node.operands[2] = node.operands[2].slice(0, ram_width[node.object]);
                break;
            default:
                break;
        }
    }
    for (std::size_t i = 0; i < netlist.states.size(); ++i) {
        netlist.states[i].width = state_width[i];
        netlist.states[i].initial = netlist.states[i].initial.trunc(state_width[i]);
    }
    for (std::size_t i = 0; i < netlist.rams.size(); ++i) netlist.rams[i].width = ram_width[i];
    netlist.rewire([&](Bits& b) {
        Bits r;
        for (const auto& s : b.slices()) {
            if (s.is_constant()) {
                r.push(s);
                continue;
            }
            const unsigned have = netlist.nodes[s.node].width, end = std::min(s.low + s.width, have);
            if (end > s.low) r.append(Bits::of(s.node, s.low, end - s.low));
            if (s.low + s.width > std::max(end, s.low))
                r.append(Bits(s.low + s.width - std::max(end, s.low), 0));
        }
        b = r;
        return false;
    });
    netlist.forget();
    netlist = rebuilt(netlist, [](Netlist&, const Node&, const std::vector<Bits>&) { return std::nullopt; });
}

}  // namespace causeway::hlsc
