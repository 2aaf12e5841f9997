// Chains of one associative operation become trees, what comes late nearest the root.
#include <algorithm>
#include <functional>
#include <memory>
#include <queue>

#include "tools/hlsc/optimise.hpp"
#include "tools/hlsc/rebuild.hpp"

namespace causeway::hlsc {
namespace {

bool is_associative(Op op) {
    return op == Op::bit_and || op == Op::bit_or || op == Op::bit_xor || op == Op::add;
}

// How many operations deep a value lies, additions counting three.
class Levels {
  public:
    explicit Levels(const Netlist& n) : n_(n) {}
    int of(const Bits& b) {
        int level = 0;
        for (const auto& s : b.slices()) {
            if (!s.is_constant()) level = std::max(level, of_node(s.node));
        }
        return level;
    }

  private:
    const Netlist& n_;
    std::vector<int> known_;
    int of_node(int node) {
        while (static_cast<int>(known_.size()) <= node) {
            const Node& n = n_.nodes[known_.size()];
            int level = 0;
            if (n.op < Op::ram_read) {
                for (const auto& o : n.operands) {
                    for (const auto& s : o.slices()) {
                        if (!s.is_constant() && s.node < static_cast<int>(known_.size()))
                            level = std::max(level, known_[s.node]);
                    }
                }
                level += n.op == Op::add || n.op == Op::subtract ? 3 : n.op == Op::multiply ? 5 : 1;
            }
            known_.push_back(level);
        }
        return known_[node];
    }
};

}  // namespace

void balance(Netlist& netlist) {
    std::vector<int> users(netlist.nodes.size(), 0);
    const auto order = netlist.order();
    for (const int id : order) {
        for (const auto& o : netlist.nodes[id].operands) {
            for (const auto& s : o.slices()) {
                if (!s.is_constant()) ++users[s.node];
            }
        }
    }
    // An operand that is nothing but the same operation, used only here, belongs to its user's chain.
    const auto inner = [&](const Bits& b, Op op) {
        return b.slices().size() == 1 && !b.is_constant() && netlist.nodes[b.slices()[0].node].op == op &&
               b.width() == netlist.nodes[b.slices()[0].node].width && users[b.slices()[0].node] == 1;
    };
    std::vector<char> is_inner(netlist.nodes.size(), 0);
    for (const int id : order) {
        const Node& node = netlist.nodes[id];
        if (!is_associative(node.op)) continue;
        for (const auto& o : node.operands) {
            if (inner(o, node.op)) is_inner[o.slices()[0].node] = 1;
        }
    }
    // Leaves of each chain, taken over by rewriting the root to a node of many operands.
    for (const int id : order) {
        Node& node = netlist.nodes[id];
        if (!is_associative(node.op) || is_inner[id]) continue;
        std::vector<Bits> leaves;
        const std::function<void(const Bits&)> collect = [&](const Bits& b) {
            if (!inner(b, node.op)) {
                leaves.push_back(b);
                return;
            }
            for (const auto& o : netlist.nodes[b.slices()[0].node].operands) collect(o);
        };
        for (const auto& o : node.operands) collect(o);
        if (leaves.size() > 2) node.operands = leaves;
    }
    std::unique_ptr<Levels> levels;
    netlist = rebuilt(
        netlist, [&](Netlist& n, const Node& node, const std::vector<Bits>& o) -> std::optional<Bits> {
            if (!is_associative(node.op) || o.size() < 3) return std::nullopt;
            if (!levels) levels = std::make_unique<Levels>(n);
            std::multimap<int, Bits> by_level;
            for (const auto& b : o) by_level.emplace(levels->of(b), b);
            while (by_level.size() > 1) {
                const auto a = by_level.begin(), b = std::next(a);
                const bool is_add = node.op == Op::add;
                const Bits joined =
                    is_add ? n.add(a->second, b->second) : n.bitwise(node.op, a->second, b->second);
                const int level = b->first + (is_add ? 3 : 1);
                by_level.erase(a);
                by_level.erase(b);
                by_level.emplace(level, joined);
            }
            return by_level.begin()->second;
        });
}

}  // namespace causeway::hlsc
