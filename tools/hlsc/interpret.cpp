#include "tools/hlsc/interpret.hpp"

#include <llvm/ADT/SmallString.h>

#include <algorithm>
#include <fstream>

#include "tools/hlsc/diagnostics.hpp"

namespace causeway::hlsc {

Interpreter::Interpreter(const Netlist& netlist)
    : streams(netlist.streams.size()), n_(netlist), order_(netlist.order()) {
    for (const auto& node : n_.nodes) values_.push_back(llvm::APInt(std::max(1u, node.width), 0));
    for (const auto& s : n_.states) states_.push_back(s.initial);
    for (const auto& m : n_.rams) {
        auto& rows =
            memories_.emplace_back(std::size_t{1} << Netlist::index_width(m.rows), llvm::APInt(m.width, 0));
        for (std::size_t i = 0; i < m.initial.size(); ++i) rows[i] = m.initial[i].trunc(m.width);
    }
}

llvm::APInt Interpreter::operand(const Node& node, std::size_t k) const {
    const auto& slices = node.operands[k].slices();
    const auto value = [&](const Slice& s) {
        return s.is_constant() ? s.constant : values_[s.node].extractBits(s.width, s.low);
    };
    if (slices.size() == 1) return value(slices[0]);
    llvm::APInt v(node.operands[k].width(), 0);
    unsigned at = 0;
    for (const auto& s : slices) {
        v.insertBits(value(s), at);
        at += s.width;
    }
    return v;
}

llvm::APInt Interpreter::evaluate(const Node& node) const {
    const auto o = [&](std::size_t k) { return operand(node, k); };
    const auto bit = [](bool b) { return llvm::APInt(1, b); };
    switch (node.op) {
        case Op::bit_and:
            return o(0) & o(1);
        case Op::bit_or:
            return o(0) | o(1);
        case Op::bit_xor:
            return o(0) ^ o(1);
        case Op::bit_not:
            return ~o(0);
        case Op::select:
            return o(0).isOne() ? o(1) : o(2);
        case Op::add:
            return o(0) + o(1);
        case Op::subtract:
            return o(0) - o(1);
        case Op::multiply:
            return o(0).sextOrTrunc(node.width) * o(1).sextOrTrunc(node.width);
        case Op::equal:
            return bit(o(0) == o(1));
        case Op::less_unsigned:
            return bit(o(0).ult(o(1)));
        case Op::less_signed:
            return bit(o(0).slt(o(1)));
        case Op::min_signed:
            return o(0).slt(o(1)) ? o(0) : o(1);
        case Op::max_signed:
            return o(0).slt(o(1)) ? o(1) : o(0);
        case Op::rom: {
            const auto row = o(0).getZExtValue();
            const auto& rows = n_.roms[node.object].rows;
            return row < rows.size() ? rows[row] : llvm::APInt(node.width, 0);
        }
        case Op::ram_read:
            return memories_[node.object][o(0).getZExtValue()].trunc(node.width);
        case Op::state_read:
            return states_[node.object].trunc(node.width);
        default:
            return llvm::APInt(1, 0);
    }
}

bool Interpreter::step() {
    for (const int id : order_) {
        const Node& node = n_.nodes[id];
        if (node.op != Op::stream_read) {
            if (node.width) values_[id] = evaluate(node);
            continue;
        }
        const auto& queue = streams[node.object];
        if (!queue.empty()) {
            values_[id] = queue.front();
        } else if (operand(node, 1).isOne()) {
            return false;
        } else {
            // Nobody may look at a word that is not read: what stands here must not matter.
            values_[id] = llvm::APInt::getSplat(node.width, llvm::APInt(4, 0xA));
        }
    }
    commit();
    return true;
}

void Interpreter::commit() {
    for (const int id : order_) {
        const Node& node = n_.nodes[id];
        switch (node.op) {
            case Op::state_write:
                states_[node.object] = operand(node, 0);
                break;
            case Op::ram_write:
                if (operand(node, 0).isOne())
                    memories_[node.object][operand(node, 1).getZExtValue()] = operand(node, 2);
                break;
            case Op::stream_read:
                if (operand(node, 0).isOne()) streams[node.object].pop_front();
                break;
            case Op::stream_write:
                if (operand(node, 0).isOne()) streams[node.object].push_back(operand(node, 1));
                break;
            default:
                break;
        }
    }
}

void interpret_files(const Netlist& netlist, const std::string& folder, long calls) {
    Interpreter run(netlist);
    std::ifstream in(folder + "/" + netlist.name + ".in");
    std::size_t stream = 0;
    std::string hex;
    while (in >> stream >> hex) {
        if (stream >= run.streams.size())
            throw Refused("hlsc: error: " + netlist.name + " has no stream " + std::to_string(stream));
        const unsigned wide =
            std::max<unsigned>(netlist.streams[stream].width, 4 * static_cast<unsigned>(hex.size()));
        run.streams[stream].push_back(llvm::APInt(wide, hex, 16).trunc(netlist.streams[stream].width));
    }
    while (calls-- > 0 && run.step()) {
    }
    std::ofstream out(folder + "/" + netlist.name + ".netlist");
    for (std::size_t k = 0; k < run.streams.size(); ++k) {
        if (netlist.streams[k].is_input) continue;
        for (const auto& w : run.streams[k]) {
            llvm::SmallString<64> digits;
            w.toStringUnsigned(digits, 16);
            out << k << " " << digits.str().lower() << "\n";
        }
    }
}

}  // namespace causeway::hlsc
