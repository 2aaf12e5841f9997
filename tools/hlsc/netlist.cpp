#include "tools/hlsc/netlist.hpp"

#include <llvm/ADT/SmallString.h>
#include <llvm/Support/MathExtras.h>

#include <functional>

namespace causeway::hlsc {
namespace {

std::string key(const Bits& b) {
    std::string s;
    for (const auto& x : b.slices()) {
        if (x.is_constant()) {
            llvm::SmallString<32> digits;
            x.constant.toString(digits, 16, false);
            s += "c" + std::to_string(x.width) + "'" + digits.str().str();
        } else {
            s += "n" + std::to_string(x.node) + "." + std::to_string(x.low) + "." + std::to_string(x.width);
        }
    }
    return s;
}

// Lengths of the runs in which no operand changes slice, a constant being cut into runs of equal bits.
std::vector<unsigned> run_lengths(const std::vector<Bits>& operands) {
    std::set<unsigned> cuts;
    for (const auto& o : operands) {
        unsigned at = 0;
        for (const auto& s : o.slices()) {
            if (s.is_constant()) {
                for (unsigned i = 1; i < s.width; ++i) {
                    if (s.constant[i] != s.constant[i - 1]) cuts.insert(at + i);
                }
            }
            cuts.insert(at += s.width);
        }
    }
    std::vector<unsigned> lengths;
    unsigned last = 0;
    for (unsigned c : cuts) {
        lengths.push_back(c - last);
        last = c;
    }
    return lengths;
}

}  // namespace

const char* name(Op op) {
    static const char* const names[] = {
        "and", "or",  "xor", "not",       "select",    "add",       "sub",   "mul",         "eq",   "ltu",
        "lts", "min", "max", "rom_value", "ram_value", "ram_write", "state", "state_write", "word", "send"};
    return names[static_cast<int>(op)];
}

const std::vector<std::pair<const char*, bool Switches::*>>& Switches::all() {
    static const std::vector<std::pair<const char*, bool Switches::*>> list = {
        {"fold", &Switches::fold},
        {"share", &Switches::share},
        {"select-xor", &Switches::select_xor},
        {"constant-state", &Switches::constant_state},
        {"narrow", &Switches::narrow},
        {"demand", &Switches::demand},
        {"balance", &Switches::balance}};
    return list;
}

unsigned Netlist::index_width(std::size_t rows) {
    return rows <= 2 ? 1 : llvm::Log2_64_Ceil(rows);
}

int Netlist::node(Op op, unsigned width, std::vector<Bits> operands, int object) {
    const auto append = [&] {
        nodes.push_back({op, width, std::move(operands), object, source, place});
        return static_cast<int>(nodes.size()) - 1;
    };
    if (!switches.share && op != Op::stream_read && op != Op::state_read) return append();
    std::string k =
        std::to_string(static_cast<int>(op)) + ":" + std::to_string(width) + ":" + std::to_string(object);
    for (const auto& o : operands) k += "|" + key(o);
    const auto [it, fresh] = known_.try_emplace(k, static_cast<int>(nodes.size()));
    if (fresh) append();
    return it->second;
}

Bits Netlist::make(Op op, unsigned width, std::vector<Bits> operands, int object) {
    return whole(node(op, width, std::move(operands), object));
}

// Cuts the operands into runs: those that turn out to be wiring stay wiring, the others become nodes.
Bits Netlist::by_runs(Op op, const Bits* condition, const std::vector<Bits>& operands,
                      bool (Netlist::*wiring)(Op, const Bits*, const std::vector<Bits>&, Bits&)) {
    Bits result;
    std::vector<Bits> pending(operands.size());
    const auto flush = [&] {
        const unsigned w = pending[0].width();
        if (w == 0) return;
        std::vector<Bits> o;
        if (condition) o.push_back(*condition);
        for (auto& p : pending) o.push_back(std::move(p));
        pending.assign(operands.size(), {});
        result.append(make(op, w, std::move(o)));
    };
    unsigned at = 0;
    for (const unsigned w : run_lengths(operands)) {
        std::vector<Bits> run;
        for (const auto& o : operands) run.push_back(o.slice(at, w));
        at += w;
        Bits r;
        if (switches.fold && (this->*wiring)(op, condition, run, r)) {
            flush();
            result.append(r);
        } else {
            for (std::size_t i = 0; i < run.size(); ++i) pending[i].append(run[i]);
        }
    }
    flush();
    return result;
}

bool Netlist::bitwise_wiring(Op op, const Bits*, const std::vector<Bits>& run, Bits& result) {
    if (op == Op::bit_not) {
        if (!run[0].is_constant()) return false;
        result = Bits(~run[0].constant());
        return true;
    }
    for (int i = 0; i < 2; ++i) {
        const Bits &x = run[i], &y = run[1 - i];
        if (x.is_zero()) {
            result = op == Op::bit_and ? x : y;
            return true;
        }
        if (x.is_ones()) {
            result = op == Op::bit_or ? x : op == Op::bit_and ? y : invert(y);
            return true;
        }
    }
    if (run[0] == run[1]) {
        result = op == Op::bit_xor ? Bits(llvm::APInt(run[0].width(), 0)) : run[0];
        return true;
    }
    return false;
}

Bits Netlist::bitwise(Op op, const Bits& a, const Bits& b) {
    return by_runs(op, nullptr, {a, b}, &Netlist::bitwise_wiring);
}

Bits Netlist::invert(const Bits& a) {
    const auto& s = a.slices();
    if (switches.fold && s.size() == 1 && !a.is_constant() && nodes[s[0].node].op == Op::bit_not) {
        return nodes[s[0].node].operands[0].slice(s[0].low, s[0].width);
    }
    return by_runs(Op::bit_not, nullptr, {a}, &Netlist::bitwise_wiring);
}

// Is a the exclusive or of x and something?
bool Netlist::changed_by_xor(const Bits& a, const Bits& x, Bits& by) const {
    if (!switches.select_xor || a.slices().size() != 1 || a.is_constant()) return false;
    const Slice& s = a.slices()[0];
    const Node& n = nodes[s.node];
    if (n.op != Op::bit_xor) return false;
    for (int i = 0; i < 2; ++i) {
        if (n.operands[i].slice(s.low, s.width) == x) {
            by = n.operands[1 - i].slice(s.low, s.width);
            return true;
        }
    }
    return false;
}

bool Netlist::select_wiring(Op, const Bits* condition, const std::vector<Bits>& run, Bits& result) {
    const Bits &yes = run[0], &no = run[1], &c = *condition;
    const unsigned w = yes.width();
    Bits by;
    if (yes == no) {
        result = yes;
    } else if (changed_by_xor(yes, no, by)) {
        result = bitwise(Op::bit_xor, no, bitwise(Op::bit_and, by, Bits::repeated(c, w)));
    } else if (changed_by_xor(no, yes, by)) {
        result = bitwise(Op::bit_xor, yes, bitwise(Op::bit_and, by, Bits::repeated(invert(c), w)));
    } else if (yes.is_ones() && no.is_zero()) {
        result = Bits::repeated(c, w);
    } else if (yes.is_zero() && no.is_ones()) {
        result = Bits::repeated(invert(c), w);
    } else if (yes.is_ones() && w == 1) {
        result = bitwise(Op::bit_or, c, no);
    } else if (no.is_zero() && w == 1) {
        result = bitwise(Op::bit_and, c, yes);
    } else {
        return false;
    }
    return true;
}

Bits Netlist::select(const Bits& condition, const Bits& yes, const Bits& no) {
    if (switches.fold) {
        if (condition.is_constant()) return condition.is_ones() ? yes : no;
        if (yes == no) return yes;
    }
    return by_runs(Op::select, &condition, {yes, no}, &Netlist::select_wiring);
}

Bits Netlist::equal(const Bits& a, const Bits& b) {
    if (!switches.fold) return make(Op::equal, 1, {a, b});
    // Only the runs that may differ count.
    Bits x, y;
    unsigned at = 0;
    for (const unsigned w : run_lengths({a, b})) {
        const Bits p = a.slice(at, w), q = b.slice(at, w);
        at += w;
        if (p == q) continue;
        if (p.is_constant() && q.is_constant()) return Bits(1, 0);
        x.append(p);
        y.append(q);
    }
    if (x.width() == 0) return Bits(1, 1);
    if (x.width() == 1 && y.is_constant()) return y.is_ones() ? x : invert(x);
    if (y.width() == 1 && x.is_constant()) return x.is_ones() ? y : invert(y);
    return make(Op::equal, 1, {x, y});
}

Bits Netlist::less(bool is_signed, const Bits& a, const Bits& b) {
    if (switches.fold) {
        if (a == b) return Bits(1, 0);
        if (a.is_constant() && b.is_constant()) {
            return Bits(1, is_signed ? a.constant().slt(b.constant()) : a.constant().ult(b.constant()));
        }
        if (is_signed && b.is_zero()) return a.bit(a.width() - 1);
        if (is_signed && a.is_ones()) return invert(b.bit(b.width() - 1));
        if (!is_signed && b.is_zero()) return Bits(1, 0);
        if (!is_signed && a.is_zero()) return invert(equal(b, a));
    }
    return make(is_signed ? Op::less_signed : Op::less_unsigned, 1, {a, b});
}

Bits Netlist::add(const Bits& a, const Bits& b) {
    if (switches.fold) {
        if (a.is_constant() && b.is_constant()) return Bits(a.constant() + b.constant());
        if (a.is_zero()) return b;
        if (b.is_zero()) return a;
    }
    return make(Op::add, a.width(), {a, b});
}

Bits Netlist::subtract(const Bits& a, const Bits& b) {
    if (switches.fold) {
        if (a.is_constant() && b.is_constant()) return Bits(a.constant() - b.constant());
        if (b.is_zero()) return a;
    }
    return make(Op::subtract, a.width(), {a, b});
}

Bits Netlist::multiply_signed(const Bits& a, const Bits& b, unsigned width) {
    if (!switches.fold) return make(Op::multiply, width, {a, b});
    for (int i = 0; i < 2; ++i) {
        const Bits &c = i ? a : b, &x = i ? b : a;
        if (!c.is_constant()) continue;
        if (c.is_zero()) return Bits(llvm::APInt(width, 0));
        const llvm::APInt factor = c.constant().sextOrTrunc(width);
        const Bits other = x.sign_extended(width).slice(0, width);
        if (other.is_constant()) return Bits(other.constant() * factor);
        if (factor.isPowerOf2()) {
            Bits r = Bits(factor.logBase2(), 0);
            r.append(other.slice(0, width - factor.logBase2()));
            return r;
        }
    }
    return make(Op::multiply, width, {a, b});
}

// By powers of two, so that a distance of the width or more leaves zeros, or copies of the sign.
Bits Netlist::shift(Shift kind, const Bits& a, const Bits& distance) {
    const unsigned w = a.width();
    const Bits sign = kind == Shift::right_signed ? a.bit(w - 1) : Bits(1, 0);
    const auto by = [&](const Bits& x, std::uint64_t n) {
        Bits r;
        const auto k = static_cast<unsigned>(std::min<std::uint64_t>(n, w));
        if (kind == Shift::left) {
            r = Bits(k, 0);
            r.append(x.slice(0, w - k));
        } else {
            r = x.slice(k, w - k);
            r.append(Bits::repeated(sign, k));
        }
        return r;
    };
    if (distance.is_constant()) return by(a, distance.constant().getLimitedValue(w));
    Bits r = a;
    for (unsigned i = 0; i < distance.width(); ++i) {
        r = select(distance.bit(i), by(r, i < 32 ? std::uint64_t{1} << i : w), r);
    }
    return r;
}

std::vector<int> Netlist::order() const {
    std::vector<char> live(nodes.size(), 0), mark(nodes.size(), 0);
    std::vector<int> work;
    const auto want = [&](int n) {
        if (n >= 0 && !live[n]) {
            live[n] = 1;
            work.push_back(n);
        }
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (nodes[i].op == Op::stream_read || nodes[i].op == Op::stream_write) want(static_cast<int>(i));
    }
    while (!work.empty()) {
        const Node& n = nodes[work.back()];
        work.pop_back();
        for (const auto& o : n.operands) {
            for (const auto& s : o.slices()) want(s.node);
        }
        if (n.op == Op::state_read) want(states[n.object].write);
        if (n.op == Op::ram_read) want(rams[n.object].write);
    }
    std::vector<int> order;
    const std::function<void(int)> visit = [&](int n) {
        if (mark[n] || !live[n]) return;
        mark[n] = 1;
        for (const auto& o : nodes[n].operands) {
            for (const auto& s : o.slices()) {
                if (!s.is_constant()) visit(s.node);
            }
        }
        order.push_back(n);
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) visit(static_cast<int>(i));
    return order;
}

}  // namespace causeway::hlsc
