#include <algorithm>

#include "tools/hlsc/delay.hpp"
#include "tools/hlsc/optimise.hpp"
#include "tools/hlsc/rebuild.hpp"

namespace causeway::hlsc {
namespace {

constexpr unsigned add_limit = 128, compare_limit = 128, equal_limit = 64;

class Lowering {
  public:
    explicit Lowering(Netlist& n) : n_(n) {}
    Bits add(const Bits& a, const Bits& b, bool carry_in);
    Bits less(bool is_signed, const Bits& a, const Bits& b);
    Bits equal(const Bits& a, const Bits& b);
    Bits multiply(const Bits& a, const Bits& b, unsigned width);

  private:
    Netlist& n_;
};

// Chunks of an adder, each with the carry of the one below: {a, 1} + {b, carry}.
Bits Lowering::add(const Bits& a, const Bits& b, bool carry_in) {
    const unsigned w = a.width();
    if (w <= add_limit && !carry_in) return n_.add(a, b);
    Bits sum, carry(1, carry_in);
    for (unsigned at = 0; at < w; at += add_limit) {
        const unsigned k = std::min(add_limit, w - at);
        Bits x(1, 1), y = carry;
        x.append(a.slice(at, k).zero_extended(k + 1));
        y.append(b.slice(at, k).zero_extended(k + 1));
        const Bits s = n_.add(x, y);
        sum.append(s.slice(1, k));
        carry = s.bit(k + 1);
    }
    return sum;
}

Bits Lowering::equal(const Bits& a, const Bits& b) {
    const unsigned w = a.width();
    if (w <= equal_limit) return n_.equal(a, b);
    const unsigned half = w / 2;
    return n_.bitwise(Op::bit_and, equal(a.slice(0, half), b.slice(0, half)),
                      equal(a.slice(half, w - half), b.slice(half, w - half)));
}

Bits Lowering::less(bool is_signed, const Bits& a, const Bits& b) {
    const unsigned w = a.width();
    if (w <= compare_limit) return n_.less(is_signed, a, b);
    const unsigned half = w / 2;
    const Bits ah = a.slice(half, w - half), bh = b.slice(half, w - half);
    const Bits low = less(false, a.slice(0, half), b.slice(0, half));
    return n_.bitwise(Op::bit_or, less(is_signed, ah, bh), n_.bitwise(Op::bit_and, equal(ah, bh), low));
}

// Signed product modulo 2^width; a factor too long for a multiplier block is split into an unsigned low part
// of 17 bits and a signed rest.
Bits Lowering::multiply(const Bits& a, const Bits& b, unsigned width) {
    const Bits x = a.slice(0, std::min(width, a.width())), y = b.slice(0, std::min(width, b.width()));
    const Bits &longer = x.width() >= y.width() ? x : y, &shorter = x.width() >= y.width() ? y : x;
    if (longer.width() <= multiplier_long && shorter.width() <= multiplier_short) {
        return n_.multiply_signed(longer, shorter, width);
    }
    constexpr unsigned part = multiplier_short - 1;
    const Bits low = longer.slice(0, part).zero_extended(part + 1);
    const Bits high = longer.slice(part, longer.width() - part);
    const Bits below = multiply(low, shorter, width);
    if (width <= part) return below;
    const Bits above = multiply(high, shorter, width - part);
    Bits r = below.slice(0, part);
    r.append(add(below.slice(part, width - part), above, false));
    return r;
}

}  // namespace

void lower(Netlist& netlist) {
    netlist =
        rebuilt(netlist, [](Netlist& n, const Node& node, const std::vector<Bits>& o) -> std::optional<Bits> {
            Lowering l(n);
            switch (node.op) {
                case Op::add:
                    return l.add(o[0], o[1], false);
                case Op::subtract:
                    if (node.width <= add_limit) return std::nullopt;
                    return l.add(o[0], n.invert(o[1]), true);
                case Op::equal:
                    return l.equal(o[0], o[1]);
                case Op::less_unsigned:
                    return l.less(false, o[0], o[1]);
                case Op::less_signed:
                    return l.less(true, o[0], o[1]);
                case Op::min_signed:
                    return n.select(l.less(true, o[0], o[1]), o[0], o[1]);
                case Op::max_signed:
                    return n.select(l.less(true, o[0], o[1]), o[1], o[0]);
                case Op::multiply:
                    return l.multiply(o[0], o[1], node.width);
                default:
                    return std::nullopt;
            }
        });
}

}  // namespace causeway::hlsc
