#include "tools/hlsc/rebuild.hpp"

#include <algorithm>

namespace causeway::hlsc {
namespace {

Bits same_again(Netlist& n, const Node& node, const std::vector<Bits>& o) {
    switch (node.op) {
        case Op::bit_and:
        case Op::bit_or:
        case Op::bit_xor:
            return n.bitwise(node.op, o[0], o[1]);
        case Op::bit_not:
            return n.invert(o[0]);
        case Op::select:
            return n.select(o[0], o[1], o[2]);
        case Op::add:
            return n.add(o[0], o[1]);
        case Op::subtract:
            return n.subtract(o[0], o[1]);
        case Op::multiply:
            return n.multiply_signed(o[0], o[1], node.width);
        case Op::equal:
            return n.equal(o[0], o[1]);
        case Op::less_unsigned:
            return n.less(false, o[0], o[1]);
        case Op::less_signed:
            return n.less(true, o[0], o[1]);
        case Op::rom:
            if (n.switches.fold && o[0].is_constant()) {
                const auto& rows = n.roms[node.object].rows;
                const auto row = o[0].constant().getZExtValue();
                return Bits(row < rows.size() ? rows[row] : llvm::APInt(node.width, 0));
            }
            return n.make(node.op, node.width, o, node.object);
        default:
            return n.make(node.op, node.width, o, node.object);
    }
}

}  // namespace

Netlist rebuilt(const Netlist& old, const Remake& remake) {
    Netlist n(old.switches);
    n.name = old.name;
    n.interval = old.interval;
    n.streams = old.streams;
    n.states = old.states;
    n.roms = old.roms;
    n.rams = old.rams;
    for (auto& s : n.streams) s.node = -1;
    for (auto& s : n.states) s.read = s.write = -1;
    for (auto& r : n.rams) r.write = -1, r.reads.clear();
    std::vector<Bits> made(old.nodes.size());
    for (const int id : old.order()) {
        const Node& node = old.nodes[id];
        std::vector<Bits> operands;
        for (const auto& o : node.operands) {
            auto& mapped = operands.emplace_back();
            for (const auto& s : o.slices()) {
                if (s.is_constant()) {
                    mapped.push(s);
                } else {
                    mapped.append(made[s.node].slice(s.low, s.width));
                }
            }
        }
        n.place = node.place;
        n.source = node.source;
        if (node.width == 0) {
            const int w = n.node(node.op, 0, operands, node.object);
            if (node.op == Op::state_write) n.states[node.object].write = w;
            if (node.op == Op::ram_write) n.rams[node.object].write = w;
            if (node.op == Op::stream_write) n.streams[node.object].node = w;
            continue;
        }
        auto r = remake(n, node, operands);
        made[id] = r ? *r : same_again(n, node, operands);
        if (node.op == Op::state_read)
            n.states[node.object].read = n.node(Op::state_read, n.states[node.object].width, {}, node.object);
        if (node.op == Op::stream_read) n.streams[node.object].node = made[id].slices()[0].node;
        if (node.op == Op::ram_read) {
            const int read = made[id].slices()[0].node;
            auto& reads = n.rams[node.object].reads;
            if (std::find(reads.begin(), reads.end(), read) == reads.end()) reads.push_back(read);
        }
    }
    n.source = nullptr;
    n.place.clear();
    return n;
}

}  // namespace causeway::hlsc
