#include "tools/hlsc/build.hpp"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/CFG.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>

#include "tools/hlsc/diagnostics.hpp"
#include "tools/hlsc/state.hpp"

namespace causeway::hlsc {
namespace {

using Block = const llvm::BasicBlock;

class Builder {
  public:
    Builder(llvm::Function& f, const Pragmas& pragmas, Netlist& netlist)
        : f_(f), pragmas_(pragmas), n_(netlist), dominators_(f), post_dominators_(f) {}
    void run();

  private:
    // One place in the source that reads, writes or stores; those of one object exclude one another.
    struct Access {
        Bits condition, data;
        const llvm::Instruction* at;
    };
    llvm::Function& f_;
    const Pragmas& pragmas_;
    Netlist& n_;
    llvm::DominatorTree dominators_;
    llvm::PostDominatorTree post_dominators_;
    std::map<const llvm::Value*, Bits> values_;
    std::map<std::pair<Block*, Block*>, Bits> reached_;
    std::map<const llvm::Value*, int> streams_;
    std::map<std::pair<const llvm::GlobalVariable*, std::uint64_t>, int> states_, roms_, rams_;
    std::map<int, std::vector<Access>> reads_, polls_, writes_, stores_;

    Bits value(const llvm::Value* v, const llvm::Instruction* user);
    Bits operand(const llvm::Instruction& i, unsigned k) { return value(i.getOperand(k), &i); }
    Bits edge(Block* from, Block* to);
    Bits reach(Block* from, Block* to);
    Bits condition_of(const llvm::Instruction& i) { return reach(&f_.getEntryBlock(), i.getParent()); }
    void instruction(const llvm::Instruction& i);
    Bits phi(const llvm::PHINode& p);
    // The value that p gets on all ways from a block, unless they differ.
    struct Brought {
        const llvm::Value* value = nullptr;
        bool differs = false;
    };
    Brought brought(const llvm::PHINode& p, Block* from, std::map<Block*, Brought>& known) const;
    Bits compare(const llvm::ICmpInst& c);
    Bits shift(const llvm::Instruction& i);
    void call(const llvm::CallInst& c);
    bool intrinsic(const llvm::IntrinsicInst& c, Bits& result);
    int stream_of(const llvm::CallInst& c);
    int state_of(const llvm::CallInst& c, unsigned width);
    void memory(const llvm::Instruction& i);
    void only_once(const std::vector<Access>& before, const llvm::Instruction& i, const std::string& what);
    void finish();
    [[noreturn]] static void local_array_refused(const llvm::Instruction& i) {
        refuse(where(&i),
               "a local array with an index that is not a constant: make it static const (a ROM) or "
               "static (a RAM), or choose an element in a loop with constant bounds");
    }
    [[noreturn]] void operation_refused(const llvm::Instruction& i);
};

Bits Builder::value(const llvm::Value* v, const llvm::Instruction* user) {
    if (auto* c = llvm::dyn_cast<llvm::ConstantInt>(v)) return Bits(c->getValue());
    if (llvm::isa<llvm::UndefValue>(v)) {
        refuse(where(user),
               "a value that was never set is used here, or an index or a shift is out of range: initialise "
               "the variable");
    }
    const auto i = values_.find(v);
    if (i == values_.end()) {
        if (v->getType()->isPointerTy()) {
            refuse(where(user),
                   "a pointer as a value: index an array, choose between values instead of addresses");
        }
        refuse(where(user), "a value that hlsc cannot make");
    }
    return i->second;
}

// The condition of going from a block to its successor.
Bits Builder::edge(Block* from, Block* to) {
    const auto* t = from->getTerminator();
    if (auto* b = llvm::dyn_cast<llvm::BranchInst>(t)) {
        if (b->isUnconditional() || b->getSuccessor(0) == b->getSuccessor(1)) return Bits(1, 1);
        const Bits c = value(b->getCondition(), t);
        return b->getSuccessor(0) == to ? c : n_.invert(c);
    }
    if (auto* s = llvm::dyn_cast<llvm::SwitchInst>(t)) {
        const Bits x = value(s->getCondition(), t);
        Bits any(1, 0), here(1, 0);
        for (const auto& c : s->cases()) {
            const Bits e = n_.equal(x, Bits(c.getCaseValue()->getValue()));
            any = n_.bitwise(Op::bit_or, any, e);
            if (c.getCaseSuccessor() == to) here = n_.bitwise(Op::bit_or, here, e);
        }
        if (s->getDefaultDest() == to) here = n_.bitwise(Op::bit_or, here, n_.invert(any));
        return here;
    }
    refuse(where(t), "control flow outside the subset");
}

// The condition of coming to block `to` once in block `from`, which dominates it.
Bits Builder::reach(Block* from, Block* to) {
    if (from == to) return Bits(1, 1);
    const auto key = std::make_pair(from, to);
    if (const auto i = reached_.find(key); i != reached_.end()) return i->second;
    Bits r;
    Block* above = dominators_[const_cast<llvm::BasicBlock*>(to)]->getIDom()->getBlock();
    if (above != from && dominators_.properlyDominates(from, above)) {
        r = n_.bitwise(Op::bit_and, reach(from, above), reach(above, to));
    } else if (post_dominators_.dominates(to, from)) {
        r = Bits(1, 1);
    } else {
        r = Bits(1, 0);
        std::set<Block*> seen;
        for (const auto* p : llvm::predecessors(to)) {
            if (seen.insert(p).second)
                r = n_.bitwise(Op::bit_or, r, n_.bitwise(Op::bit_and, reach(from, p), edge(p, to)));
        }
    }
    return reached_[key] = r;
}

Builder::Brought Builder::brought(const llvm::PHINode& p, Block* from,
                                  std::map<Block*, Brought>& known) const {
    if (const auto i = known.find(from); i != known.end()) return i->second;
    Brought r;
    for (const auto* s : llvm::successors(from)) {
        const Brought there =
            s == p.getParent() ? Brought{p.getIncomingValueForBlock(from), false} : brought(p, s, known);
        r.differs |= there.differs || (r.value && there.value && r.value != there.value);
        if (there.value) r.value = there.value;
    }
    return known[from] = r;
}

Bits Builder::phi(const llvm::PHINode& p) {
    Block* to = p.getParent();
    const auto above_of = [&](Block* b) {
        return dominators_[const_cast<llvm::BasicBlock*>(b)]->getIDom()->getBlock();
    };
    Block* above = above_of(to);
    const unsigned last = p.getNumIncomingValues() - 1;
    Bits r = value(p.getIncomingValue(last), &p);
    std::map<Block*, Brought> known;
    std::set<Block*> seen = {p.getIncomingBlock(last)};
    for (int k = static_cast<int>(last) - 1; k >= 0; --k) {
        Block* from = p.getIncomingBlock(k);
        const auto is_decided = [&](Block* b) { return b != above && !brought(p, b, known).differs; };
        Bits c;
        if (is_decided(from)) {
            // Where the value was decided: what is decided after it may be known late.
            while (is_decided(above_of(from))) from = above_of(from);
            if (!seen.insert(from).second) continue;
            c = reach(above, from);
        } else {
            if (!seen.insert(from).second) continue;
            c = n_.bitwise(Op::bit_and, reach(above, from), edge(from, to));
        }
        r = n_.select(c, value(p.getIncomingValue(k), &p), r);
    }
    return r;
}

Bits Builder::compare(const llvm::ICmpInst& c) {
    using P = llvm::CmpInst::Predicate;
    const Bits a = operand(c, 0), b = operand(c, 1);
    switch (c.getPredicate()) {
        case P::ICMP_EQ:
            return n_.equal(a, b);
        case P::ICMP_NE:
            return n_.invert(n_.equal(a, b));
        case P::ICMP_ULT:
            return n_.less(false, a, b);
        case P::ICMP_UGT:
            return n_.less(false, b, a);
        case P::ICMP_ULE:
            return n_.invert(n_.less(false, b, a));
        case P::ICMP_UGE:
            return n_.invert(n_.less(false, a, b));
        case P::ICMP_SLT:
            return n_.less(true, a, b);
        case P::ICMP_SGT:
            return n_.less(true, b, a);
        case P::ICMP_SLE:
            return n_.invert(n_.less(true, b, a));
        default:
            return n_.invert(n_.less(true, a, b));
    }
}

Bits Builder::shift(const llvm::Instruction& i) {
    const auto kind = i.getOpcode() == llvm::Instruction::Shl    ? Netlist::Shift::left
                      : i.getOpcode() == llvm::Instruction::LShr ? Netlist::Shift::right
                                                                 : Netlist::Shift::right_signed;
    return n_.shift(kind, operand(i, 0), operand(i, 1));
}

bool Builder::intrinsic(const llvm::IntrinsicInst& c, Bits& r) {
    using namespace llvm::Intrinsic;
    const auto a = [&](unsigned k) { return operand(c, k); };
    const unsigned w = c.getType()->isIntegerTy() ? c.getType()->getIntegerBitWidth() : 0;
    switch (c.getIntrinsicID()) {
        case fshl:
        case fshr: {
            // The high and low halves together, shifted by the distance modulo the width.
            Bits both = a(1), d = a(2);
            both.append(a(0));
            const bool left = c.getIntrinsicID() == fshl;
            if (d.is_constant()) {
                const unsigned k = d.constant().urem(w);
                r = both.slice(left ? w - k : k, w);
            } else if (llvm::isPowerOf2_32(w)) {
                d = d.slice(0, llvm::Log2_32(w));
                const Bits s = n_.shift(left ? Netlist::Shift::left : Netlist::Shift::right, both, d);
                r = left ? s.slice(w, w) : s.slice(0, w);
            } else {
                refuse(where(&c), "a rotation by a variable of a width that is no power of two");
            }
            return true;
        }
        case umin:
            r = n_.select(n_.less(false, a(0), a(1)), a(0), a(1));
            return true;
        case umax:
            r = n_.select(n_.less(false, a(0), a(1)), a(1), a(0));
            return true;
        case smin:
            r = n_.make(Op::min_signed, w, {a(0), a(1)});
            return true;
        case smax:
            r = n_.make(Op::max_signed, w, {a(0), a(1)});
            return true;
        case llvm::Intrinsic::abs:
            r = n_.select(a(0).bit(w - 1), n_.subtract(Bits(llvm::APInt(w, 0)), a(0)), a(0));
            return true;
        case usub_sat:
            r = n_.select(n_.less(false, a(0), a(1)), Bits(llvm::APInt(w, 0)), n_.subtract(a(0), a(1)));
            return true;
        case uadd_sat: {
            const Bits sum = n_.add(a(0), a(1));
            r = n_.select(n_.less(false, sum, a(0)), Bits(llvm::APInt::getAllOnes(w)), sum);
            return true;
        }
        case sadd_sat:
        case ssub_sat: {
            const Bits x = a(0).sign_extended(w + 1), y = a(1).sign_extended(w + 1);
            const Bits exact = c.getIntrinsicID() == sadd_sat ? n_.add(x, y) : n_.subtract(x, y);
            const Bits high(llvm::APInt::getSignedMaxValue(w).sext(w + 1)),
                low(llvm::APInt::getSignedMinValue(w).sext(w + 1));
            r = n_.make(Op::max_signed, w + 1, {n_.make(Op::min_signed, w + 1, {exact, high}), low})
                    .slice(0, w);
            return true;
        }
        case bswap:
            for (unsigned k = 0; k < w; k += 8) r.append(a(0).slice(w - 8 - k, 8));
            return true;
        case bitreverse:
            for (unsigned k = 0; k < w; ++k) r.append(a(0).bit(w - 1 - k));
            return true;
        case ctpop: {
            r = Bits(llvm::APInt(w, 0));
            for (unsigned k = 0; k < w; ++k) r = n_.add(r, a(0).bit(k).zero_extended(w));
            return true;
        }
        case ctlz:
        case cttz: {
            // The last bit tried that is set wins.
            r = Bits(llvm::APInt(w, w));
            for (unsigned k = 0; k < w; ++k) {
                const unsigned at = c.getIntrinsicID() == ctlz ? k : w - 1 - k;
                r = n_.select(a(0).bit(at), Bits(llvm::APInt(w, c.getIntrinsicID() == ctlz ? w - 1 - k : at)),
                              r);
            }
            return true;
        }
        case llvm::Intrinsic::memset:
        case llvm::Intrinsic::memcpy:
        case llvm::Intrinsic::memmove:
            if (llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(c.getArgOperand(0))))
                local_array_refused(c);
            refuse(where(&c),
                   "a whole structure is cleared or copied in a memory: assign it from a local variable");
        case assume:
        case lifetime_start:
        case lifetime_end:
        case experimental_noalias_scope_decl:
        case dbg_value:
        case dbg_declare:
            return false;
        default:
            refuse(where(&c), "LLVM's " + c.getCalledFunction()->getName().str() +
                                  " is outside the subset: write it with plain operators");
    }
}

int Builder::stream_of(const llvm::CallInst& c) {
    const auto i = streams_.find(c.getArgOperand(0));
    if (i == streams_.end())
        refuse(where(&c), "a stream must be a parameter of the process, passed on by reference");
    return i->second;
}

int Builder::state_of(const llvm::CallInst& c, unsigned width) {
    auto* g = llvm::cast<llvm::GlobalVariable>(c.getArgOperand(0));
    const auto offset = llvm::cast<llvm::ConstantInt>(c.getArgOperand(1))->getZExtValue();
    const auto [i, fresh] = states_.try_emplace({g, offset}, static_cast<int>(n_.states.size()));
    if (fresh) {
        std::string name = source_name(*g);
        if (g->getValueType()->isAggregateType()) name += "_" + std::to_string(offset);
        n_.states.push_back({name, width,
                             initial_value(*g, offset, llvm::IntegerType::get(g->getContext(), width)), -1,
                             -1, where(*g)});
    }
    return i->second;
}

void Builder::only_once(const std::vector<Access>& before, const llvm::Instruction& i,
                        const std::string& what) {
    for (const auto& a : before) {
        if (llvm::isPotentiallyReachable(a.at, &i)) refuse(where(&i), what);
    }
}

void Builder::call(const llvm::CallInst& c) {
    if (auto* i = llvm::dyn_cast<llvm::IntrinsicInst>(&c)) {
        Bits r;
        if (intrinsic(*i, r)) values_[&c] = r;
        return;
    }
    const auto name = c.getCalledFunction()->getName();
    if (name.starts_with("hlsc.read.")) {
        const int s = stream_of(c);
        only_once(reads_[s], c,
                  "a second read of stream " + n_.streams[s].name +
                      " in one iteration: read once, keep what is needed in a static variable");
        Stream& stream = n_.streams[s];
        stream.is_input = true;
        stream.width = c.getType()->getIntegerBitWidth();
        if (stream.node < 0) stream.node = n_.node(Op::stream_read, stream.width, {}, s);
        reads_[s].push_back({condition_of(c), {}, &c});
        values_[&c] = n_.whole(stream.node);
    } else if (name == "__hlsc_empty") {
        // The hardware waits for the word instead, see check_polls().
        const int s = stream_of(c);
        polls_[s].push_back({condition_of(c), {}, &c});
        values_[&c] = Bits(1, 0);
    } else if (name.starts_with("hlsc.write.")) {
        const int s = stream_of(c);
        only_once(writes_[s], c,
                  "a second write to stream " + n_.streams[s].name +
                      " in one iteration: write one wider word, or one word an iteration");
        n_.streams[s].is_output = true;
        n_.streams[s].width = c.getArgOperand(1)->getType()->getIntegerBitWidth();
        writes_[s].push_back({condition_of(c), operand(c, 1), &c});
    } else if (name.starts_with("hlsc.state.read.")) {
        const unsigned w = c.getType()->getIntegerBitWidth();
        const int s = state_of(c, w);
        n_.states[s].read = n_.node(Op::state_read, w, {}, s);
        values_[&c] = n_.whole(n_.states[s].read);
    } else {
        const int s = state_of(c, c.getArgOperand(2)->getType()->getIntegerBitWidth());
        n_.states[s].write = n_.node(Op::state_write, 0, {operand(c, 2)}, s);
    }
}

// A load or a store: of a ROM or of a RAM, one for each member of the element.
void Builder::memory(const llvm::Instruction& i) {
    const auto& layout = f_.getParent()->getDataLayout();
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(&i);
    const llvm::Value* base =
        load ? load->getPointerOperand() : llvm::cast<llvm::StoreInst>(i).getPointerOperand();
    llvm::APInt offset(64, 0);
    llvm::MapVector<llvm::Value*, llvm::APInt> indices;
    while (const auto* g = llvm::dyn_cast<llvm::GEPOperator>(base)) {
        if (!g->collectOffset(layout, 64, indices, offset))
            refuse(where(&i), "an address outside the subset");
        base = g->getPointerOperand();
    }
    const auto* g = llvm::dyn_cast<llvm::GlobalVariable>(base);
    if (!g) {
        if (llvm::isa<llvm::AllocaInst>(base)) {
            local_array_refused(i);
        }
        refuse(where(&i), "an access through a pointer that is not known here: index an array, pass values");
    }
    const auto* array = llvm::dyn_cast<llvm::ArrayType>(g->getValueType());
    if (!array || indices.size() > 1)
        refuse(where(&i),
               "an array of more than one dimension with more than one variable index: compute one index");
    const std::uint64_t size = layout.getTypeAllocSize(array->getElementType());
    if (indices.empty()) {
        // A row chosen by a constant.
        const std::uint64_t row = offset.getZExtValue() / size;
        indices.insert({nullptr, llvm::APInt(64, size)});
        offset -= row * size;
        values_[nullptr] = Bits(64, row);
    }
    if (indices.front().second != size || offset.uge(size)) {
        refuse(where(&i), "an index that is not one of whole elements of " + source_name(*g) +
                              ": use an array of one dimension");
    }
    const std::uint64_t at = offset.getZExtValue();
    const auto rows = static_cast<unsigned>(array->getNumElements());
    const unsigned index_width = Netlist::index_width(rows);
    const Bits full = indices.front().first ? value(indices.front().first, &i) : values_[nullptr];
    const Bits index = full.zero_extended(std::max(full.width(), index_width)).slice(0, index_width);
    auto* type = load ? i.getType() : i.getOperand(0)->getType();
    const unsigned w = type->getIntegerBitWidth();
    const auto key = std::make_pair(g, at);
    const std::string name = source_name(*g) + (at ? "_" + std::to_string(at) : "");
    const auto contents = [&] {
        std::vector<llvm::APInt> all;
        for (unsigned r = 0; r < rows; ++r) all.push_back(initial_value(*g, at + r * size, type));
        return all;
    };
    if (g->isConstant()) {
        const auto [r, fresh] = roms_.try_emplace(key, static_cast<int>(n_.roms.size()));
        if (fresh) n_.roms.push_back({name, w, contents()});
        if (n_.roms[r->second].width != w) refuse(where(&i), "table " + name + " is read at two widths");
        values_[&i] = n_.make(Op::rom, w, {index}, r->second);
        return;
    }
    const auto [r, fresh] = rams_.try_emplace(key, static_cast<int>(n_.rams.size()));
    const int m = r->second;
    if (fresh) {
        Ram ram;
        ram.name = name;
        ram.width = w;
        ram.rows = rows;
        ram.place = where(*g);
        if (const auto d = pragmas_.distance.find(source_name(*g)); d != pragmas_.distance.end())
            ram.distance = d->second;
        if (!g->getInitializer()->isNullValue()) ram.initial = contents();
        n_.rams.push_back(ram);
    }
    if (n_.rams[m].width != w)
        refuse(where(&i), "memory " + name + " is accessed at two widths: use one type of element");
    if (load) {
        only_once(stores_[m], i,
                  "memory " + name +
                      " is read after it was written in the same iteration: keep the value in a variable");
        const int node = n_.node(Op::ram_read, w, {index}, m);
        values_[&i] = n_.whole(node);
        auto& reads = n_.rams[m].reads;
        if (std::find(reads.begin(), reads.end(), node) == reads.end()) reads.push_back(node);
    } else {
        only_once(stores_[m], i,
                  "a second write to memory " + name + " in one iteration: a RAM has one write port");
        Bits both = index;
        both.append(operand(i, 0));
        stores_[m].push_back({condition_of(i), both, &i});
    }
}

void Builder::operation_refused(const llvm::Instruction& i) {
    switch (i.getOpcode()) {
        case llvm::Instruction::UDiv:
        case llvm::Instruction::SDiv:
        case llvm::Instruction::URem:
        case llvm::Instruction::SRem:
            refuse(where(&i), "a division: divide by shifting, or multiply by the reciprocal");
        default:
            break;
    }
    if (i.getType()->isFloatingPointTy() ||
        (i.getNumOperands() && i.getOperand(0)->getType()->isFloatingPointTy())) {
        refuse(where(&i), "floating point: use fixed point in integers");
    }
    if (i.getType()->isPointerTy()) {
        refuse(where(&i), "a pointer as a value: choose between values instead of addresses");
    }
    refuse(where(&i), std::string("LLVM's ") + i.getOpcodeName() +
                          " is outside the subset: write it with plain integer operators");
}

void Builder::instruction(const llvm::Instruction& i) {
    n_.source = &i;
    n_.place = where(&i);
    using I = llvm::Instruction;
    if (llvm::isa<llvm::GetElementPtrInst>(i) || llvm::isa<llvm::AllocaInst>(i) || i.isTerminator()) return;
    if (auto* c = llvm::dyn_cast<llvm::CallInst>(&i)) return call(*c);
    if ((llvm::isa<llvm::LoadInst>(i) && i.getType()->isIntegerTy()) ||
        (llvm::isa<llvm::StoreInst>(i) && i.getOperand(0)->getType()->isIntegerTy())) {
        return memory(i);
    }
    if (!i.getType()->isIntegerTy()) operation_refused(i);
    const unsigned w = i.getType()->getIntegerBitWidth();
    Bits r;
    switch (i.getOpcode()) {
        case I::PHI:
            r = phi(llvm::cast<llvm::PHINode>(i));
            break;
        case I::ICmp:
            if (!i.getOperand(0)->getType()->isIntegerTy()) refuse(where(&i), "a comparison of pointers");
            r = compare(llvm::cast<llvm::ICmpInst>(i));
            break;
        case I::Trunc:
            r = operand(i, 0).slice(0, w);
            break;
        case I::ZExt:
            r = operand(i, 0).zero_extended(w);
            break;
        case I::SExt:
            r = operand(i, 0).sign_extended(w);
            break;
        case I::And:
            r = n_.bitwise(Op::bit_and, operand(i, 0), operand(i, 1));
            break;
        case I::Or:
            r = n_.bitwise(Op::bit_or, operand(i, 0), operand(i, 1));
            break;
        case I::Xor:
            r = n_.bitwise(Op::bit_xor, operand(i, 0), operand(i, 1));
            break;
        case I::Select:
            r = n_.select(operand(i, 0), operand(i, 1), operand(i, 2));
            break;
        case I::Freeze:
            r = operand(i, 0);
            break;
        case I::Add:
            r = n_.add(operand(i, 0), operand(i, 1));
            break;
        case I::Sub:
            r = n_.subtract(operand(i, 0), operand(i, 1));
            break;
        case I::Mul:
            r = n_.multiply_signed(operand(i, 0), operand(i, 1), w);
            break;
        case I::Shl:
        case I::LShr:
        case I::AShr:
            r = shift(i);
            break;
        default:
            operation_refused(i);
    }
    values_[&i] = r;
}

// Accesses of one object merge: enabled if any is, with the data of the one that is.
void Builder::finish() {
    const auto merge = [&](const std::vector<Access>& all, Bits& enable, Bits& data) {
        enable = Bits(1, 0);
        for (const auto& a : all) {
            n_.source = a.at;
            n_.place = where(a.at);
            enable = n_.bitwise(Op::bit_or, enable, a.condition);
            data = data.width() == 0 ? a.data : n_.select(a.condition, a.data, data);
        }
    };
    for (auto& [s, polls] : polls_) {
        if (reads_[s].empty())
            refuse(where(polls[0].at), "stream " + n_.streams[s].name + " is polled but never read");
        // An iteration that polls waits, and then reads.
        auto& reads = reads_[s];
        Bits poll, none;
        merge(polls, poll, none);
        n_.streams[s].node = n_.streams[s].node;
        Bits read;
        merge(reads, read, none);
        n_.nodes[n_.streams[s].node].operands = {read, n_.bitwise(Op::bit_or, poll, read)};
    }
    for (auto& [s, reads] : reads_) {
        if (!n_.nodes[n_.streams[s].node].operands.empty()) continue;
        Bits read, none;
        merge(reads, read, none);
        n_.nodes[n_.streams[s].node].operands = {read, read};
    }
    for (auto& [s, writes] : writes_) {
        if (n_.streams[s].is_input)
            refuse(where(writes[0].at),
                   "stream " + n_.streams[s].name + " is both read and written by one process");
        Bits enable, data;
        merge(writes, enable, data);
        n_.streams[s].node = n_.node(Op::stream_write, 0, {enable, data}, s);
    }
    for (auto& [m, stores] : stores_) {
        if (stores.empty()) continue;
        Bits enable, data;
        merge(stores, enable, data);
        Ram& ram = n_.rams[m];
        const unsigned a = Netlist::index_width(ram.rows);
        ram.write = n_.node(Op::ram_write, 0, {enable, data.slice(0, a), data.slice(a, ram.width)}, m);
    }
}

void Builder::run() {
    const llvm::LoopInfo loops(dominators_);
    for (const auto* l : loops) {
        const auto* at = l->getHeader()->getTerminator();
        for (const auto& i : *l->getHeader()) {
            if (i.getDebugLoc() && i.getDebugLoc().getLine()) {
                at = &i;
                break;
            }
        }
        std::string place = where(at);
        if (const auto start = l->getStartLoc(); start && start->getLine()) {
            place = start->getFilename().str() + ":" + std::to_string(start->getLine());
        }
        refuse(place,
               "this loop has no constant bound and cannot be unrolled: bound it by a constant, or do one "
               "round an iteration with static variables");
    }
    for (const auto& a : f_.args()) {
        if (!a.getType()->isPointerTy())
            refuse(where(f_),
                   "parameter " + a.getName().str() + " is no stream: a process takes hls::stream<T>& only");
        streams_[&a] = static_cast<int>(n_.streams.size());
        Stream s;
        s.name = a.hasName() ? a.getName().str() : "stream" + std::to_string(n_.streams.size());
        n_.streams.push_back(s);
    }
    for (const auto* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&f_)) {
        for (const auto& i : *block) instruction(i);
    }
    finish();
    n_.source = nullptr;
    bool any = false;
    for (const auto& s : n_.streams) any |= s.node >= 0;
    if (!any) refuse(where(f_), "the process neither reads nor writes a stream");
    for (const auto& s : n_.streams) {
        if (s.node < 0) refuse(where(f_), "stream " + s.name + " is neither read nor written");
    }
}

}  // namespace

void build(llvm::Function& process, const Pragmas& pragmas, Netlist& netlist) {
    netlist.name = source_name(process);
    netlist.interval = pragmas.interval;
    Builder(process, pragmas, netlist).run();
}

}  // namespace causeway::hlsc
