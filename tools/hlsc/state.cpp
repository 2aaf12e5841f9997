#include "tools/hlsc/state.hpp"

#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Operator.h>
#include <llvm/IR/ReplaceConstant.h>

#include "tools/hlsc/diagnostics.hpp"

namespace causeway::hlsc {
namespace {

using Leaf = std::pair<std::uint64_t, llvm::Type*>;  // offset in bytes, integer type

void find_leaves(llvm::Type* t, std::uint64_t offset, const llvm::GlobalVariable& g,
                 std::vector<Leaf>& leaves) {
    const auto& layout = g.getParent()->getDataLayout();
    if (auto* s = llvm::dyn_cast<llvm::StructType>(t)) {
        for (unsigned i = 0; i < s->getNumElements(); ++i) {
            find_leaves(s->getElementType(i), offset + layout.getStructLayout(s)->getElementOffset(i), g,
                        leaves);
        }
    } else if (auto* a = llvm::dyn_cast<llvm::ArrayType>(t)) {
        for (unsigned i = 0; i < a->getNumElements(); ++i) {
            find_leaves(a->getElementType(), offset + i * layout.getTypeAllocSize(a->getElementType()), g,
                        leaves);
        }
    } else if (t->isIntegerTy()) {
        leaves.push_back(
            {offset, llvm::IntegerType::get(t->getContext(), storage_width(t->getIntegerBitWidth()))});
    } else {
        refuse(where(g), "static variable " + source_name(g) +
                             " holds a pointer or a floating-point number: use integers");
    }
}

}  // namespace

llvm::APInt initial_value(const llvm::GlobalVariable& g, std::uint64_t offset, llvm::Type* type) {
    auto* c = const_cast<llvm::Constant*>(g.getInitializer());
    auto* v =
        llvm::ConstantFoldLoadFromConst(c, type, llvm::APInt(64, offset), g.getParent()->getDataLayout());
    if (auto* i = llvm::dyn_cast_or_null<llvm::ConstantInt>(v)) return i->getValue();
    return llvm::APInt(type->getIntegerBitWidth(), 0);
}

// Whether the process uses `value`; is_indexed if at a place that is not constant.
bool StateLowering::uses(llvm::Value& value, bool& is_indexed) const {
    bool any = false;
    for (auto* u : value.users()) {
        if (auto* i = llvm::dyn_cast<llvm::Instruction>(u)) {
            if (i->getFunction() != &process_) continue;
            any = true;
            if (auto* g = llvm::dyn_cast<llvm::GetElementPtrInst>(i)) {
                if (!g->hasAllConstantIndices()) is_indexed = true;
                uses(*g, is_indexed);
            }
            if (llvm::isa<llvm::PHINode>(i) || llvm::isa<llvm::SelectInst>(i)) is_indexed = true;
        } else if (llvm::isa<llvm::ConstantExpr>(u)) {
            any |= uses(*u, is_indexed);
        }
    }
    return any;
}

void StateLowering::lower(bool final) {
    for (auto& g : process_.getParent()->globals()) {
        if (g.isConstant() || !g.hasInitializer() || done_.count(&g) || memories_.count(&g)) continue;
        bool is_indexed = false;
        if (!uses(g, is_indexed)) continue;
        if (!is_indexed) {
            make_registers(g);
        } else if (final) {
            if (const auto p = pragmas_.partitioned.find(source_name(g)); p != pragmas_.partitioned.end()) {
                refuse(p->second.place(),
                       "array " + source_name(g) +
                           " is partitioned into registers, but its index is not a constant: "
                           "leave the pragma out (the array is then a RAM), or choose an element in a loop "
                           "with constant bounds");
            }
            memories_.insert(&g);
        }
    }
}

void StateLowering::make_registers(llvm::GlobalVariable& g) {
    done_.insert(&g);
    auto& m = *process_.getParent();
    llvm::IRBuilder<> b(&*process_.getEntryBlock().getFirstInsertionPt());
    auto* local = b.CreateAlloca(g.getValueType());
    std::vector<Leaf> leaves;
    find_leaves(g.getValueType(), 0, g, leaves);
    llvm::ReturnInst* end = nullptr;
    for (auto& block : process_) {
        if (auto* r = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator())) end = r;
    }
    llvm::convertUsersOfConstantsToInstructions({&g}, &process_);
    g.replaceUsesWithIf(local, [&](llvm::Use& u) {
        auto* i = llvm::dyn_cast<llvm::Instruction>(u.getUser());
        return i && i->getFunction() == &process_;
    });
    for (auto& [offset, type] : leaves) {
        const std::string w = std::to_string(type->getIntegerBitWidth());
        auto read = m.getOrInsertFunction(
            "hlsc.state.read." + w, llvm::FunctionType::get(type, {g.getType(), b.getInt64Ty()}, false));
        auto write = m.getOrInsertFunction(
            "hlsc.state.write." + w,
            llvm::FunctionType::get(b.getVoidTy(), {g.getType(), b.getInt64Ty(), type}, false));
        b.CreateStore(b.CreateCall(read, {&g, b.getInt64(offset)}),
                      b.CreateConstGEP1_64(b.getInt8Ty(), local, offset));
        if (end == nullptr) continue;
        llvm::IRBuilder<> e(end);
        e.CreateCall(write, {&g, e.getInt64(offset),
                             e.CreateLoad(type, e.CreateConstGEP1_64(e.getInt8Ty(), local, offset))});
    }
}

}  // namespace causeway::hlsc
