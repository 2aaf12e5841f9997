#include "tools/hlsc/delay.hpp"

#include <llvm/Support/MathExtras.h>

#include <algorithm>

namespace causeway::hlsc {

float Delay::leaf_time(std::uint64_t l, int stage) const {
    const int node = static_cast<int>(l >> 16);
    if (available(node) < stage) return 0;
    return bits_[node][l & 0xFFFF].time;
}

Delay::Bit Delay::of(const Slice& s, unsigned i, int stage) const {
    if (s.is_constant()) return {};
    if (available(s.node) < stage) return {0, {leaf(s.node, s.low + i)}};
    return bits_[s.node][s.low + i];
}

float Delay::worst(const Bits& b, int stage) const {
    float t = 0;
    for (const auto& s : b.slices()) {
        if (s.is_constant() || available(s.node) < stage) continue;
        for (unsigned i = 0; i < s.width; ++i) t = std::max(t, bits_[s.node][s.low + i].time);
    }
    return t;
}

bool Delay::gather(const Bits& b, unsigned low, unsigned width, int stage,
                   std::vector<std::uint64_t>& leaves) const {
    const Bits part = b.slice(low, width);
    for (const auto& s : part.slices()) {
        for (unsigned i = 0; i < s.width; ++i) {
            const Bit bit = of(s, i, stage);
            leaves.insert(leaves.end(), bit.leaves.begin(), bit.leaves.end());
            if (leaves.size() > 64) return false;
        }
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    return leaves.size() <= 8;
}

// Any function of up to eight bits: one table of six, or two or four of them and a multiplexer beside.
Delay::Bit Delay::table(const std::vector<std::uint64_t>& leaves, int stage) const {
    float t = 0;
    for (const auto l : leaves) t = std::max(t, leaf_time(l, stage));
    const auto more = static_cast<float>(leaves.size() > 6 ? leaves.size() - 6 : 0);
    return {t + static_cast<float>(lut_delay) + 0.1f * more, leaves};
}

// Bit for bit: joins the lookup tables of its operands while six inputs are enough.
void Delay::place_logic(int id, int stage, std::vector<Bit>& out) const {
    const Node& n = n_.nodes[id];
    std::vector<std::vector<std::pair<const Slice*, unsigned>>> by_bit;
    for (const auto& o : n.operands) {
        auto& list = by_bit.emplace_back();
        for (const auto& s : o.slices()) {
            for (unsigned i = 0; i < s.width; ++i) list.push_back({&s, i});
        }
    }
    std::vector<std::uint64_t> joined, direct;
    for (unsigned i = 0; i < n.width; ++i) {
        joined.clear();
        direct.clear();
        float time = 0, joined_time = 0;
        for (const auto& list : by_bit) {
            const auto& [s, k] = list[list.size() == 1 ? 0 : i];
            if (s->is_constant()) continue;
            const Bit b = of(*s, k, stage);
            if (n.op == Op::bit_not) {
                out[i] = b;
                continue;
            }
            time = std::max(time, b.time);
            direct.push_back(leaf(s->node, s->low + k));
            joined.insert(joined.end(), b.leaves.begin(), b.leaves.end());
        }
        if (n.op == Op::bit_not) continue;
        std::sort(joined.begin(), joined.end());
        joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
        for (const auto l : joined) joined_time = std::max(joined_time, leaf_time(l, stage));
        if (joined.size() <= 6 && joined_time <= time) {
            out[i] = {joined_time + static_cast<float>(lut_delay), joined};
        } else {
            out[i] = {time + static_cast<float>(lut_delay), direct};
        }
    }
}

double Delay::place(int id, int stage) {
    const Node& n = n_.nodes[id];
    stage_[id] = stage;
    std::vector<Bit> out(std::max(1u, n.width));
    const auto all = [&](double t) {
        for (unsigned i = 0; i < out.size(); ++i) out[i] = {static_cast<float>(t), {leaf(id, i)}};
    };
    const auto latest = [&] {
        double t = 0;
        for (const auto& o : n.operands) t = std::max<double>(t, worst(o, stage));
        return t;
    };
    switch (n.op) {
        case Op::bit_and:
        case Op::bit_or:
        case Op::bit_xor:
        case Op::bit_not:
        case Op::select:
            place_logic(id, stage, out);
            break;
        case Op::add:
        case Op::subtract: {
            std::vector<float> in(n.width, 0);
            for (const auto& o : n.operands) {
                unsigned at = 0;
                for (const auto& s : o.slices()) {
                    for (unsigned i = 0; i < s.width; ++i, ++at)
                        in[at] = std::max(in[at], of(s, i, stage).time);
                }
            }
            float carry = 0;
            std::vector<std::uint64_t> leaves;
            bool is_small = true;
            for (unsigned i = 0; i < n.width; ++i) {
                carry = std::max(i ? carry + 0.012f : 0, in[i]);
                out[i] = {carry + static_cast<float>(lut_delay), {leaf(id, i)}};
                for (const auto& o : n.operands) is_small = is_small && gather(o, i, 1, stage, leaves);
                if (!is_small) continue;
                if (const Bit t = table(leaves, stage); t.time <= out[i].time) out[i] = t;
            }
            break;
        }
        case Op::less_unsigned:
        case Op::less_signed:
        case Op::equal: {
            const unsigned w = n.operands[0].width(), inputs = w * (n.operands[1].is_constant() ? 1 : 2);
            all(latest() + (n.op != Op::equal ? lut_delay + 0.008 * w
                                              : lut_delay * (inputs <= 6    ? 1
                                                             : inputs <= 36 ? 2
                                                                            : 3)));
            std::vector<std::uint64_t> leaves;
            if (gather(n.operands[0], 0, w, stage, leaves) && gather(n.operands[1], 0, w, stage, leaves)) {
                if (const Bit t = table(leaves, stage); t.time <= out[0].time) out[0] = t;
            }
            break;
        }
        case Op::multiply:
            all(latest() + 2.2);
            break;
        case Op::rom: {
            const unsigned a = n.operands[0].width();
            all(latest() + lut_delay * (a <= 8 ? 1 : a <= 10 ? 2 : 3) + (a <= 6 ? 0 : 0.3));
            break;
        }
        case Op::ram_read:
            // When the value comes, a cycle later: the block's output and the choice of what is forwarded.
            all(0.9 + lut_delay);
            bits_[id] = std::move(out);
            return latest();
        case Op::stream_read:
            all(0.1);
            break;
        case Op::state_read:
            all(0);
            break;
        default:
            all(latest());
    }
    bits_[id] = std::move(out);
    return arrival(id);
}

double Delay::arrival(int id) const {
    float t = 0;
    for (const auto& b : bits_[id]) t = std::max(t, b.time);
    return t;
}

int Delay::latest_operand(int id) const {
    int found = -1;
    double time = 0;
    for (const auto& o : n_.nodes[id].operands) {
        for (const auto& s : o.slices()) {
            if (s.is_constant() || available(s.node) < stage_[id]) continue;
            if (found < 0 || arrival(s.node) > time) {
                found = s.node;
                time = arrival(s.node);
            }
        }
    }
    return found;
}

}  // namespace causeway::hlsc
