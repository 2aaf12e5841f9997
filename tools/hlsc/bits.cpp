#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

bool Slice::operator==(const Slice& o) const {
    if (node != o.node || width != o.width) return false;
    return is_constant() ? constant == o.constant : low == o.low;
}

Bits::Bits(const llvm::APInt& constant) {
    Slice s;
    s.width = constant.getBitWidth();
    s.constant = constant;
    push(s);
}

Bits::Bits(unsigned width, std::uint64_t constant) {
    if (width) *this = Bits(llvm::APInt(width, constant));
}

Bits Bits::of(int node, unsigned low, unsigned width) {
    Bits b;
    Slice s;
    s.node = node;
    s.low = low;
    s.width = width;
    b.push(s);
    return b;
}

unsigned Bits::width() const {
    unsigned w = 0;
    for (const auto& s : slices_) w += s.width;
    return w;
}

void Bits::push(const Slice& s) {
    if (s.width == 0) return;
    if (!slices_.empty()) {
        Slice& last = slices_.back();
        if (!s.is_constant() && last.node == s.node && last.low + last.width == s.low) {
            last.width += s.width;
            return;
        }
        if (s.is_constant() && last.is_constant()) {
            last.constant = s.constant.concat(last.constant);
            last.width += s.width;
            return;
        }
    }
    slices_.push_back(s);
}

void Bits::append(const Bits& higher) {
    for (const auto& s : higher.slices_) push(s);
}

Bits Bits::slice(unsigned low, unsigned width) const {
    Bits r;
    unsigned at = 0;
    for (const auto& s : slices_) {
        const unsigned from = std::max(low, at), to = std::min(low + width, at + s.width);
        if (from < to) {
            Slice t = s;
            t.width = to - from;
            if (s.is_constant()) {
                t.constant = s.constant.extractBits(to - from, from - at);
            } else {
                t.low = s.low + from - at;
            }
            r.push(t);
        }
        at += s.width;
    }
    return r;
}

Bits Bits::zero_extended(unsigned w) const {
    Bits r = *this;
    const unsigned have = width();
    if (w > have) r.append(Bits(llvm::APInt(w - have, 0)));
    return r;
}

Bits Bits::repeated(const Bits& bit, unsigned times) {
    Bits r;
    for (unsigned i = 0; i < times; ++i) r.append(bit);
    return r;
}

Bits Bits::sign_extended(unsigned w) const {
    Bits r = *this;
    const unsigned have = width();
    if (w > have) r.append(repeated(bit(have - 1), w - have));
    return r;
}

unsigned Bits::signed_width() const {
    unsigned w = width();
    if (slices_.empty()) return w;
    const Slice& top = slices_.back();
    if (top.is_constant()) {
        const unsigned same = top.constant.getNumSignBits();
        if (same < top.width) return w - same + 1;
        // All of the top slice is one constant bit: it extends a bit below only if that is constant, too.
        return w - top.width + 1;
    }
    const Bits sign = bit(w - 1);
    while (w > 1 && bit(w - 2) == sign) --w;
    return w;
}

}  // namespace causeway::hlsc
