// Arithmetic as narrow as the range of its values: C's int is 32 bits wide, what a program computes in it
// seldom.
#include <algorithm>
#include <limits>
#include <memory>

#include "tools/hlsc/optimise.hpp"
#include "tools/hlsc/rebuild.hpp"

namespace causeway::hlsc {
namespace {

__extension__ typedef __int128 Wide;  // sums and products of what follows

constexpr unsigned widest = 62;  // beyond it nothing is known

// All values of a signed number, both ends included.
struct Range {
    bool is_known = false;
    std::int64_t low = 0, high = 0;

    static Range of_width(unsigned w) {
        if (w > widest) return {};
        return {true, -(std::int64_t{1} << (w - 1)), (std::int64_t{1} << (w - 1)) - 1};
    }
    // Bits of the smallest signed number that takes them all.
    unsigned width() const {
        unsigned w = 1;
        while (w <= widest &&
               (low < -(std::int64_t{1} << (w - 1)) || high > (std::int64_t{1} << (w - 1)) - 1))
            ++w;
        return w;
    }
};

Range join(const Range& a, const Range& b) {
    return {a.is_known && b.is_known, std::min(a.low, b.low), std::max(a.high, b.high)};
}

class Ranges {
  public:
    explicit Ranges(const Netlist& n) : n_(n) {}
    Range of(const Bits& b) {
        learn();
        return value(b);
    }
    static Range result(Op op, const std::vector<Range>& o, unsigned width);

  private:
    const Netlist& n_;
    std::vector<Range> known_;  // by node
    Range value(const Bits& b) const;
    Range of_slice(const Slice& s) const;
    void learn();
};

Range Ranges::result(Op op, const std::vector<Range>& o, unsigned width) {
    const Range full = Range::of_width(width);
    Range r;
    const auto corners = [&](auto f) {
        Wide low = std::numeric_limits<std::int64_t>::max(), high = std::numeric_limits<std::int64_t>::min();
        for (const auto a : {o[0].low, o[0].high}) {
            for (const auto b : {o[1].low, o[1].high}) {
                const Wide v = f(static_cast<Wide>(a), static_cast<Wide>(b));
                low = std::min(low, v);
                high = std::max(high, v);
            }
        }
        if (!full.is_known || low < full.low || high > full.high) return full;
        return Range{true, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
    };
    for (const auto& x : o) {
        if (!x.is_known) return full;
    }
    switch (op) {
        case Op::add:
            return corners([](Wide a, Wide b) { return a + b; });
        case Op::subtract:
            return corners([](Wide a, Wide b) { return a - b; });
        case Op::multiply:
            return corners([](Wide a, Wide b) { return a * b; });
        case Op::min_signed:
            r = {true, std::min(o[0].low, o[1].low), std::min(o[0].high, o[1].high)};
            break;
        case Op::max_signed:
            r = {true, std::max(o[0].low, o[1].low), std::max(o[0].high, o[1].high)};
            break;
        case Op::select:
            r = join(o[1], o[2]);
            break;
        case Op::bit_not:
            r = {true, -1 - o[0].high, -1 - o[0].low};
            break;
        case Op::bit_and:
        case Op::bit_or:
        case Op::bit_xor: {
            const unsigned w = std::max(o[0].width(), o[1].width());
            r = Range::of_width(w);
            if (o[0].low >= 0 && o[1].low >= 0) r.low = 0;
            if (op == Op::bit_and && (o[0].low >= 0 || o[1].low >= 0)) {
                r.low = 0;
                r.high = o[0].low < 0 ? o[1].high : o[1].low < 0 ? o[0].high : std::min(o[0].high, o[1].high);
            }
            break;
        }
        default:
            return full;
    }
    return full.is_known && r.is_known && r.low >= full.low && r.high <= full.high ? r : full;
}

void Ranges::learn() {
    while (known_.size() < n_.nodes.size()) {
        const Node& node = n_.nodes[known_.size()];
        const unsigned w = node.width;
        Range r = Range::of_width(std::max(1u, w));
        if (node.op == Op::rom && w <= widest) {
            const auto& rows = n_.roms[node.object].rows;
            // An index beyond the rows gives zero.
            r = {true, 0, 0};
            if (rows.size() == std::size_t{1} << Netlist::index_width(rows.size()))
                r.low = r.high = rows[0].getSExtValue();
            for (const auto& v : rows) r = join(r, {true, v.getSExtValue(), v.getSExtValue()});
        } else if (w > 0 && node.op <= Op::max_signed && node.op != Op::equal && node.op != Op::less_signed &&
                   node.op != Op::less_unsigned) {
            std::vector<Range> o;
            for (const auto& x : node.operands) {
                o.push_back(value(x));  // operands are older nodes, hence known
            }
            r = result(node.op, o, w);
        }
        known_.push_back(r);
    }
}

// Of a slice as a signed number.
Range Ranges::of_slice(const Slice& s) const {
    if (s.is_constant()) {
        if (s.width > widest) return {};
        return {true, s.constant.getSExtValue(), s.constant.getSExtValue()};
    }
    const Range full = Range::of_width(s.width);
    if (static_cast<std::size_t>(s.node) >= known_.size()) return full;
    const Range& whole = known_[s.node];
    if (!whole.is_known) return full;
    const Range shifted = {true, whole.low >> s.low, whole.high >> s.low};
    // The upper bits that the slice leaves out must be copies of its sign.
    return shifted.width() <= s.width ? shifted : full;
}

Range Ranges::value(const Bits& b) const {
    // Zeros below scale the rest.
    unsigned zeros = 0;
    const auto& s = b.slices();
    if (s.size() > 1 && s[0].is_constant() && s[0].constant.isZero()) zeros = s[0].width;
    if (zeros) {
        const Range r = value(b.slice(zeros, b.width() - zeros));
        if (!r.is_known || r.width() + zeros > widest) return Range::of_width(b.width());
        return {true, r.low << zeros, r.high << zeros};
    }
    if (s.size() == 1) return of_slice(s[0]);
    const unsigned w = b.signed_width();
    // Zeros above make the rest unsigned.
    if (s.back().is_constant() && s.back().constant.isZero()) {
        const Bits rest = b.slice(0, b.width() - s.back().width);
        if (rest.width() + 1 > widest) return Range::of_width(b.width());
        const Range r = value(rest);
        if (r.is_known && r.low >= 0) return r;
        return {true, 0, (std::int64_t{1} << rest.width()) - 1};
    }
    if (w < b.width()) return value(b.slice(0, w));
    return Range::of_width(w);
}

}  // namespace

void narrow_to_ranges(Netlist& netlist) {
    Ranges* ranges = nullptr;
    std::unique_ptr<Ranges> owned;
    netlist = rebuilt(
        netlist, [&](Netlist& n, const Node& node, const std::vector<Bits>& o) -> std::optional<Bits> {
            if (!ranges) {
                owned = std::make_unique<Ranges>(n);
                ranges = owned.get();
            }
            if (node.op > Op::max_signed) return std::nullopt;
            std::vector<Range> r;
            for (const auto& x : o) {
                r.push_back(ranges->of(x));
                if (!r.back().is_known) return std::nullopt;
            }
            const auto both = [&] { return std::max(r[0].width(), r[1].width()); };
            const auto cut = [&](std::size_t k, unsigned w) {
                return o[k].slice(0, std::min(w, o[k].width()));
            };
            switch (node.op) {
                case Op::equal:
                    return n.equal(cut(0, both()), cut(1, both()));
                case Op::less_signed:
                    return n.less(true, cut(0, both()), cut(1, both()));
                case Op::less_unsigned:
                    if (r[0].low < 0 || r[1].low < 0) return std::nullopt;
                    return n.less(false, cut(0, both()), cut(1, both()));
                default:
                    break;
            }
            const Range all = Ranges::result(node.op, r, node.width);
            if (!all.is_known) return std::nullopt;
            const unsigned w = std::min(all.width(), node.width);
            Bits result;
            switch (node.op) {
                case Op::bit_and:
                case Op::bit_or:
                case Op::bit_xor: {
                    // The range may be narrower than its operands: cut both, bit for bit the same.
                    result = n.bitwise(node.op, cut(0, w), cut(1, w));
                    break;
                }
                case Op::bit_not:
                    result = n.invert(cut(0, w));
                    break;
                case Op::select:
                    result = n.select(o[0], cut(1, w), cut(2, w));
                    break;
                case Op::add:
                    result = n.add(cut(0, w), cut(1, w));
                    break;
                case Op::subtract:
                    result = n.subtract(cut(0, w), cut(1, w));
                    break;
                case Op::multiply:
                    result = n.multiply_signed(cut(0, r[0].width()), cut(1, r[1].width()), w);
                    break;
                case Op::min_signed:
                case Op::max_signed: {
                    const unsigned k = std::min(both(), node.width);
                    result = n.make(node.op, k, {cut(0, k), cut(1, k)}).slice(0, std::min(w, k));
                    break;
                }
                default:
                    return std::nullopt;
            }
            if (all.low >= 0 && result.width() > 1)
                return result.slice(0, std::max(1u, w - 1)).zero_extended(node.width);
            return result.sign_extended(node.width);
        });
}

}  // namespace causeway::hlsc
