#include "tools/hlsc/front.hpp"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Program.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include <set>

#include "tools/hlsc/diagnostics.hpp"

namespace causeway::hlsc {

const char* const unroll_passes =
    "sroa,early-cse,simplifycfg,instcombine<no-verify-fixpoint>,loop-simplify,lcssa,"
    "loop(loop-rotate,indvars,loop-unroll-full)";
const char* const clean_passes =
    "sroa,early-cse,simplifycfg,instcombine<no-verify-fixpoint>,simplifycfg,gvn,"
    "instcombine<no-verify-fixpoint>,adce,simplifycfg";

namespace {

struct Managers {
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager calls;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder;
    Managers() {
        builder.registerModuleAnalyses(modules);
        builder.registerCGSCCAnalyses(calls);
        builder.registerFunctionAnalyses(functions);
        builder.registerLoopAnalyses(loops);
        builder.crossRegisterProxies(loops, functions, calls, modules);
    }
};

bool is_call_of(const llvm::Instruction& i, llvm::StringRef prefix) {
    const auto* c = llvm::dyn_cast<llvm::CallInst>(&i);
    return c && c->getCalledFunction() && c->getCalledFunction()->getName().starts_with(prefix);
}

// A stream call's pointer and width become a value of the exact type, so that its buffer dissolves.
void lower_streams(llvm::Function& f) {
    std::vector<llvm::CallInst*> calls;
    for (auto& i : llvm::instructions(f)) {
        if (is_call_of(i, "__hlsc_read") || is_call_of(i, "__hlsc_write"))
            calls.push_back(llvm::cast<llvm::CallInst>(&i));
    }
    auto& m = *f.getParent();
    for (auto* c : calls) {
        llvm::IRBuilder<> b(c);
        auto* width = llvm::dyn_cast<llvm::ConstantInt>(c->getArgOperand(2));
        if (!width) refuse(where(c), "a stream's width is not a constant here");
        const auto w = static_cast<unsigned>(width->getZExtValue());
        auto *type = b.getIntNTy(w), *stored = b.getIntNTy(storage_width(w));
        auto* pointer = c->getArgOperand(0)->getType();
        if (is_call_of(*c, "__hlsc_read")) {
            auto read = m.getOrInsertFunction("hlsc.read." + std::to_string(w),
                                              llvm::FunctionType::get(type, {pointer}, false));
            b.CreateStore(b.CreateZExt(b.CreateCall(read, {c->getArgOperand(0)}), stored),
                          c->getArgOperand(1));
        } else {
            auto write =
                m.getOrInsertFunction("hlsc.write." + std::to_string(w),
                                      llvm::FunctionType::get(b.getVoidTy(), {pointer, type}, false));
            b.CreateCall(
                write, {c->getArgOperand(0), b.CreateTrunc(b.CreateLoad(stored, c->getArgOperand(1)), type)});
        }
        c->eraseFromParent();
    }
}

// Loads and stores of odd widths become those of the width in memory: SROA would not split the others. What
// is not aligned as a _BitInt is a small structure that the calling convention passes as an integer: it
// stays.
void widen_memory(llvm::Function& f) {
    std::vector<llvm::Instruction*> all;
    for (auto& i : llvm::instructions(f)) all.push_back(&i);
    const auto wide = [](llvm::Type* t) -> llvm::Type* {
        if (!t->isIntegerTy() || storage_width(t->getIntegerBitWidth()) == t->getIntegerBitWidth())
            return nullptr;
        return llvm::IntegerType::get(t->getContext(), storage_width(t->getIntegerBitWidth()));
    };
    const auto is_bitint = [](llvm::Type* t, llvm::Align align) {
        const unsigned w = t->getIntegerBitWidth();
        return w % 8 != 0 || align.value() >= std::min(8u, storage_width(w) / 8);
    };
    for (auto* i : all) {
        llvm::IRBuilder<> b(i);
        if (auto* a = llvm::dyn_cast<llvm::AllocaInst>(i)) {
            if (auto* t = wide(a->getAllocatedType())) a->setAllocatedType(t);
        } else if (auto* l = llvm::dyn_cast<llvm::LoadInst>(i)) {
            auto* t = wide(l->getType());
            if (!t || !is_bitint(l->getType(), l->getAlign())) continue;
            l->replaceAllUsesWith(b.CreateTrunc(b.CreateLoad(t, l->getPointerOperand()), l->getType()));
            l->eraseFromParent();
        } else if (auto* s = llvm::dyn_cast<llvm::StoreInst>(i)) {
            auto* v = s->getValueOperand();
            auto* t = wide(v->getType());
            if (!t || !is_bitint(v->getType(), s->getAlign())) continue;
            b.CreateStore(b.CreateZExt(v, t), s->getPointerOperand());
            s->eraseFromParent();
        }
    }
}

// The integer that a pointer's object is or wraps, as ap_uint does; null if it is none or is not as wide.
llvm::Type* wrapped_integer(const llvm::Value* pointer, std::uint64_t bytes) {
    llvm::Type* t = nullptr;
    if (const auto* g = llvm::dyn_cast<llvm::GEPOperator>(pointer)) t = g->getResultElementType();
    if (const auto* a = llvm::dyn_cast<llvm::AllocaInst>(pointer)) t = a->getAllocatedType();
    while (t && t->isStructTy() && t->getStructNumElements() == 1) t = t->getStructElementType(0);
    if (!t || !t->isIntegerTy() || storage_width(t->getIntegerBitWidth()) != 8 * bytes) return nullptr;
    return llvm::IntegerType::get(t->getContext(), static_cast<unsigned>(8 * bytes));
}

// A copy of one integer is a load and a store of it: SROA would split the copy where its source is split.
void copy_integers_whole(llvm::Function& f) {
    std::vector<llvm::MemCpyInst*> copies;
    for (auto& i : llvm::instructions(f)) {
        if (auto* c = llvm::dyn_cast<llvm::MemCpyInst>(&i)) copies.push_back(c);
    }
    for (auto* c : copies) {
        const auto* length = llvm::dyn_cast<llvm::ConstantInt>(c->getLength());
        if (!length) continue;
        auto* t = wrapped_integer(c->getRawDest(), length->getZExtValue());
        if (!t) t = wrapped_integer(c->getRawSource(), length->getZExtValue());
        if (!t) continue;
        llvm::IRBuilder<> b(c);
        b.CreateStore(b.CreateLoad(t, c->getRawSource()), c->getRawDest());
        c->eraseFromParent();
    }
}

bool is_table(const llvm::Value* pointer) {
    std::vector<const llvm::Value*> work = {pointer};
    std::set<const llvm::Value*> seen;
    while (!work.empty()) {
        const auto* p = llvm::getUnderlyingObject(work.back());
        work.pop_back();
        if (!seen.insert(p).second) continue;
        if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(p)) {
            work.insert(work.end(), phi->value_op_begin(), phi->value_op_end());
        } else if (const auto* s = llvm::dyn_cast<llvm::SelectInst>(p)) {
            work.insert(work.end(), {s->getTrueValue(), s->getFalseValue()});
        } else if (const auto* g = llvm::dyn_cast<llvm::GlobalVariable>(p); !g || !g->isConstant()) {
            return false;
        }
    }
    return true;
}

bool has_effect(const llvm::Instruction& i) {
    if (is_call_of(i, "hlsc.read") || is_call_of(i, "hlsc.write")) return true;
    const auto* s = llvm::dyn_cast<llvm::StoreInst>(&i);
    return s && !llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(s->getPointerOperand()));
}

// An iteration that finds a stream empty must do nothing: then hardware may wait for the word instead, and
// what a process computes does not depend on when words come.
void check_polls(llvm::Function& f) {
    for (auto& i : llvm::instructions(f)) {
        if (!is_call_of(i, "__hlsc_empty")) continue;
        const std::string rule =
            "the result would depend on timing: an iteration that finds a stream empty must do nothing. "
            "Write `if (in.empty()) return;` before any other effect";
        std::vector<llvm::BasicBlock*> work;
        std::set<llvm::BasicBlock*> seen;
        std::vector<std::pair<llvm::Value*, bool>> values = {{&i, true}};
        for (std::size_t k = 0; k < values.size(); ++k) {
            auto [v, when] = values[k];
            for (auto* u : v->users()) {
                auto* b = llvm::dyn_cast<llvm::BranchInst>(u);
                if (b && b->isConditional()) {
                    work.push_back(b->getSuccessor(when ? 0 : 1));
                } else if (auto* x = llvm::dyn_cast<llvm::BinaryOperator>(u);
                           x && x->getOpcode() == llvm::Instruction::Xor) {
                    values.push_back({x, !when});
                } else {
                    refuse(where(&i), "empty() may only decide a branch; " + rule);
                }
            }
        }
        while (!work.empty()) {
            auto* b = work.back();
            work.pop_back();
            if (!seen.insert(b).second) continue;
            for (auto& x : *b) {
                if (has_effect(x)) refuse(where(&x), rule);
            }
            for (auto* s : llvm::successors(b)) work.push_back(s);
        }
        // And nothing may have happened before.
        work = {i.getParent()};
        seen.clear();
        while (!work.empty()) {
            auto* b = work.back();
            work.pop_back();
            for (auto* p : llvm::predecessors(b)) {
                if (!seen.insert(p).second) continue;
                for (auto& x : *p) {
                    if (has_effect(x)) refuse(where(&x), rule);
                }
                work.push_back(p);
            }
        }
        for (auto& x : *i.getParent()) {
            if (&x == &i) break;
            if (has_effect(x)) refuse(where(&x), rule);
        }
    }
}

void check_calls(llvm::Function& f) {
    for (auto& i : llvm::instructions(f)) {
        auto* c = llvm::dyn_cast<llvm::CallBase>(&i);
        if (!c || llvm::isa<llvm::IntrinsicInst>(c)) continue;
        if (!c->getCalledFunction())
            refuse(where(&i), "a call through a pointer: call the function by its name");
        const auto n = c->getCalledFunction()->getName();
        if (n.starts_with("__hlsc_") || n.starts_with("hlsc.")) continue;
        if (c->getCalledFunction() == &f) refuse(where(&i), "recursion: write a loop with a constant bound");
        if (n.starts_with("__cxa_guard")) {
            refuse(where(&i),
                   "a static variable whose initial value is computed at run time: initialise it with a "
                   "constant");
        }
        refuse(where(&i),
               "call of " + source_name(*c->getCalledFunction()) +
                   (c->getCalledFunction()->isDeclaration()
                        ? ", which has no body here: only functions whose source is included can be compiled"
                        : ", which is recursive: write a loop with a constant bound"));
    }
}

}  // namespace

unsigned storage_width(unsigned w) {
    return w <= 8 ? 8 : w <= 16 ? 16 : w <= 32 ? 32 : (w + 63) / 64 * 64;
}

std::unique_ptr<llvm::Module> load(llvm::LLVMContext& context, const std::string& source,
                                   const std::vector<std::string>& clang_options) {
    std::string bitcode = source;
    const bool compile = !llvm::StringRef(source).ends_with(".bc");
    if (compile) {
        llvm::SmallString<128> path;
        if (llvm::sys::fs::createTemporaryFile("hlsc", "bc", path))
            throw Refused("hlsc: error: no temporary file can be made");
        bitcode = path.str().str();
        const auto clang = llvm::sys::findProgramByName("clang++-19");
        if (!clang) throw Refused("hlsc: error: clang++-19 is not installed");
        std::vector<std::string> arguments = {*clang,
                                              "-std=c++20",
                                              "-D__HLSC__",
                                              "-O2",
                                              "-Xclang",
                                              "-disable-llvm-passes",
                                              "-g",
                                              "-fno-discard-value-names",
                                              "-fno-exceptions",
                                              "-fno-rtti",
                                              "-fno-strict-aliasing",
                                              "-fno-threadsafe-statics",
                                              "-ftrivial-auto-var-init=zero",
                                              "-Wall",
                                              "-Wno-unknown-pragmas",
                                              "-Wno-unused-function",
                                              "-Werror=uninitialized",
                                              "-Werror=sometimes-uninitialized",
                                              "-Werror=return-type",
                                              "-emit-llvm",
                                              "-c",
                                              source,
                                              "-o",
                                              bitcode};
        arguments.insert(arguments.end(), clang_options.begin(), clang_options.end());
        std::vector<llvm::StringRef> views(arguments.begin(), arguments.end());
        if (llvm::sys::ExecuteAndWait(*clang, views) != 0) {
            llvm::sys::fs::remove(bitcode);
            throw Refused(source + ": error: clang++-19 does not compile it (see above)");
        }
    }
    llvm::SMDiagnostic problem;
    auto module = llvm::parseIRFile(bitcode, problem, context);
    if (compile) llvm::sys::fs::remove(bitcode);
    if (!module) throw Refused(source + ": error: " + problem.getMessage().str());
    return module;
}

llvm::Function& find_process(llvm::Module& module, const std::string& process) {
    for (auto& f : module) {
        if (!f.isDeclaration() && !f.hasLinkOnceODRLinkage() && source_name(f) == process) return f;
    }
    throw Refused("hlsc: error: the source has no function " + process);
}

void run_passes(llvm::Function& function, llvm::StringRef passes) {
    Managers m;
    llvm::FunctionPassManager pipeline;
    if (auto e = m.builder.parsePassPipeline(pipeline, passes))
        throw Refused("hlsc: internal: " + llvm::toString(std::move(e)));
    pipeline.run(function, m.functions);
}

void choose_values(llvm::Function& f) {
    for (bool changed = true; changed;) {
        changed = false;
        for (auto& i : llvm::instructions(f)) {
            auto* l = llvm::dyn_cast<llvm::LoadInst>(&i);
            if (!l || !is_table(l->getPointerOperand())) continue;
            auto* pointer = l->getPointerOperand()->stripPointerCasts();
            const auto load_at = [&](llvm::Value* from, llvm::Instruction* before) {
                llvm::IRBuilder<> b(before);
                b.SetCurrentDebugLocation(l->getDebugLoc());
                return b.CreateLoad(l->getType(), from);
            };
            llvm::Value* value = nullptr;
            if (auto* phi = llvm::dyn_cast<llvm::PHINode>(pointer)) {
                llvm::IRBuilder<> b(phi);
                auto* chosen = b.CreatePHI(l->getType(), phi->getNumIncomingValues());
                for (unsigned k = 0; k < phi->getNumIncomingValues(); ++k) {
                    auto* block = phi->getIncomingBlock(k);
                    chosen->addIncoming(load_at(phi->getIncomingValue(k), block->getTerminator()), block);
                }
                value = chosen;
            } else if (auto* s = llvm::dyn_cast<llvm::SelectInst>(pointer)) {
                auto *yes = load_at(s->getTrueValue(), s), *no = load_at(s->getFalseValue(), s);
                llvm::IRBuilder<> b(s);
                value = b.CreateSelect(s->getCondition(), yes, no);
            }
            if (!value) continue;
            l->replaceAllUsesWith(value);
            l->eraseFromParent();
            changed = true;
            break;
        }
    }
    run_passes(f, "adce");
}

void flatten(llvm::Function& process) {
    auto& module = *process.getParent();
    process.setLinkage(llvm::GlobalValue::ExternalLinkage);  // a template's would be dropped as unused
    for (auto& f : module) {
        if (f.isDeclaration() || &f == &process) continue;
        f.removeFnAttr(llvm::Attribute::NoInline);
        f.addFnAttr(llvm::Attribute::AlwaysInline);
        if (!f.hasLocalLinkage()) f.setLinkage(llvm::GlobalValue::InternalLinkage);
    }
    Managers m;
    llvm::ModulePassManager pipeline;
    if (auto e = m.builder.parsePassPipeline(pipeline, "globaldce,always-inline"))
        llvm::consumeError(std::move(e));
    pipeline.run(module, m.modules);
    check_calls(process);
    lower_streams(process);
    widen_memory(process);
    copy_integers_whole(process);
    run_passes(process, "mergereturn,sroa,early-cse");
    check_polls(process);
}

}  // namespace causeway::hlsc
