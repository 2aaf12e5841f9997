#include "tools/hlsc/top.hpp"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include "tools/hlsc/diagnostics.hpp"
#include "tools/hlsc/emit.hpp"
#include "tools/hlsc/front.hpp"

namespace causeway::hlsc {
namespace {

// A stream of the top: a parameter, or one between two processes.
struct Link {
    std::string name, place;
    Stream stream;
    unsigned depth = 0;  // 0: a parameter
    int readers = 0, writers = 0;
};
struct Instance {
    std::string module, name;
    std::vector<std::pair<std::string, std::size_t>> connections;  // port, link
};

class Top {
  public:
    Top(llvm::Module& module, const std::string& name, const Options& options)
        : module_(module), function_(find_process(module, name)), pragmas_(function_), options_(options) {}
    Compiled run();

  private:
    llvm::Module& module_;
    llvm::Function& function_;
    const Pragmas pragmas_;
    const Options& options_;
    std::vector<Link> links_;
    std::map<std::pair<const llvm::Value*, std::uint64_t>, std::size_t> known_;
    std::map<std::string, Compiled> modules_;  // by mangled name
    std::map<std::string, int> instances_of_;
    std::vector<Instance> instances_;

    std::size_t link(llvm::Value* v, const llvm::CallInst& c);
    void instance(const llvm::CallInst& c);
    void check() const;
    std::string verilog() const;
};

std::size_t Top::link(llvm::Value* v, const llvm::CallInst& c) {
    llvm::APInt offset(64, 0);
    const auto& layout = module_.getDataLayout();
    auto* base = v->stripAndAccumulateConstantOffsets(layout, offset, true);
    const auto [i, fresh] = known_.try_emplace({base, offset.getZExtValue()}, links_.size());
    if (!fresh) return i->second;
    Link l;
    l.place = where(&c);
    llvm::Type* type = nullptr;
    std::string variable;
    if (auto* a = llvm::dyn_cast<llvm::Argument>(base)) {
        l.name = a->getName().str();
    } else if (auto* g = llvm::dyn_cast<llvm::GlobalVariable>(base)) {
        l.name = source_name(*g);
        type = g->getValueType();
        variable = l.name;
    } else if (auto* local = llvm::dyn_cast<llvm::AllocaInst>(base)) {
        l.name = local->getName().str();
        type = local->getAllocatedType();
        variable = l.name;
    } else {
        refuse(where(&c), "a process is connected to something that is no stream of this function");
    }
    if (type) {
        // hls::stream<T, DEPTH> is DEPTH bytes large; without a depth it holds two words, as in Vitis.
        if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
            type = array->getElementType();
            l.name += "_" + std::to_string(offset.getZExtValue() / layout.getTypeAllocSize(type));
        }
        l.depth = std::max<unsigned>(2, layout.getTypeAllocSize(type));
        if (const auto d = pragmas_.depth.find(variable); d != pragmas_.depth.end()) l.depth = d->second;
    }
    links_.push_back(l);
    return i->second;
}

void Top::instance(const llvm::CallInst& c) {
    const auto& callee = *c.getCalledFunction();
    const std::string mangled = callee.getName().str();
    if (!modules_.count(mangled)) {
        const auto copy = llvm::CloneModule(module_);
        modules_[mangled] = compile(*copy->getFunction(mangled), options_);
        for (const auto& [other, m] : modules_) {
            if (other != mangled && m.name == modules_[mangled].name) {
                refuse(where(&c), "two processes are called " + m.name + ": give them different names");
            }
        }
    }
    const Compiled& m = modules_[mangled];
    const int number = instances_of_[mangled]++;
    if (number && m.has_state) {
        refuse(where(&c), "process " + m.name +
                              " has static variables and is called twice: in C++ both would share them. "
                              "Make it a template over a number and call each number once");
    }
    Instance i{m.name, "u_" + m.name + (number ? "_" + std::to_string(number) : ""), {}};
    for (std::size_t k = 0; k < m.streams.size(); ++k) {
        const std::size_t at = link(c.getArgOperand(static_cast<unsigned>(k)), c);
        Link& l = links_[at];
        (m.streams[k].is_input ? l.readers : l.writers)++;
        l.stream.width = m.streams[k].width;
        l.stream.is_input = m.streams[k].is_input;
        i.connections.push_back({m.streams[k].name, at});
    }
    instances_.push_back(i);
}

void Top::check() const {
    for (const auto& l : links_) {
        const bool right = l.depth ? l.readers == 1 && l.writers == 1 : l.readers + l.writers == 1;
        if (right) continue;
        refuse(l.place,
               l.depth ? "stream " + l.name + " needs one writer and one reader, it has " +
                             std::to_string(l.writers) + " and " + std::to_string(l.readers)
                       : "stream " + l.name + " is a parameter of the top and used by more than one process");
    }
    for (const auto& a : function_.args()) {
        if (!known_.count({&a, 0}))
            refuse(where(function_), "stream " + a.getName().str() + " is connected to no process");
    }
}

std::string Top::verilog() const {
    std::string v = "module " + source_name(function_) + " (\n  input  logic clk,\n  input  logic rst";
    for (const auto& a : function_.args()) {
        const Link& l = links_[known_.at({&a, 0})];
        const std::string forward = l.stream.is_input ? "input  logic " : "output logic ";
        v += ",\n  " + forward + verilog_range(l.stream.width) + l.name + "_data,\n  " + forward + l.name +
             "_valid,\n  " + (l.stream.is_input ? "output logic " : "input  logic ") + l.name + "_ready";
    }
    v += "\n);\n";
    for (const auto& l : links_) {
        if (!l.depth) continue;
        for (const std::string side : {"_in", "_out"}) {
            v += "  logic " + verilog_range(l.stream.width) + l.name + side + "_data;\n  logic " + l.name +
                 side + "_valid, " + l.name + side + "_ready;\n";
        }
        v += "  causeway_fifo #(.WIDTH(" + std::to_string(l.stream.width) + "), .DEPTH(" +
             std::to_string(l.depth) + ")) fifo_" + l.name + " (\n    .clk, .rst";
        for (const std::string side : {"in", "out"}) {
            for (const std::string x : {"_data", "_valid", "_ready"})
                v += ", ." + side + x + "(" + l.name + "_" + side + x + ")";
        }
        v += ");\n";
    }
    for (const auto& i : instances_) {
        v += "  " + i.module + " " + i.name + " (\n    .clk, .rst";
        for (const auto& [port, at] : i.connections) {
            const Link& l = links_[at];
            const Compiled* m = nullptr;
            for (const auto& [mangled, c] : modules_) {
                if (c.name == i.module) m = &c;
            }
            bool reads = false;
            for (const auto& s : m->streams) reads |= s.name == port && s.is_input;
            for (const std::string x : {"_data", "_valid", "_ready"}) {
                v += ", ." + port + x + "(" + l.name + (l.depth ? reads ? "_out" : "_in" : "") + x + ")";
            }
        }
        v += ");\n";
    }
    return v + "endmodule\n";
}

Compiled Top::run() {
    if (!pragmas_.is_dataflow)
        refuse(where(function_), source_name(function_) + " has no #pragma HLS DATAFLOW");
    for (int i = 0; i < 3; ++i) run_passes(function_, unroll_passes);
    for (auto& i : llvm::instructions(function_)) {
        auto* c = llvm::dyn_cast<llvm::CallInst>(&i);
        if (llvm::isa<llvm::StoreInst>(i) &&
            !llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(i.getOperand(1)))) {
            refuse(where(&i), "a DATAFLOW function only calls processes: move this into one");
        }
        if (!c || llvm::isa<llvm::IntrinsicInst>(c)) continue;
        auto* callee = c->getCalledFunction();
        if (callee && callee->getName().starts_with("_ZN3hls6stream") &&
            callee->getReturnType()->isVoidTy() && c->arg_size() == 2)
            continue;  // made
        if (!callee || callee->isDeclaration() || callee->getName().starts_with("_ZN3hls")) {
            refuse(where(&i), "a DATAFLOW function only calls processes: move this into one");
        }
        if (c->getParent() != &function_.getEntryBlock())
            refuse(where(&i), "a process is called under a condition: call it always");
        instance(*c);
    }
    if (instances_.empty()) refuse(where(function_), "the DATAFLOW function calls no process");
    check();
    Compiled c;
    c.name = source_name(function_);
    for (const auto& [mangled, m] : modules_) {
        c.verilog += m.verilog + "\n";
        c.report += m.report;
    }
    c.verilog += verilog();
    int k = 0;
    for (const auto& a : function_.args()) {
        const Link& l = links_[known_.at({&a, 0})];
        c.report += c.name + ": stream " + std::to_string(k++) + (l.stream.is_input ? " in " : " out ") +
                    l.name + ", " + std::to_string(l.stream.width) + " bits\n";
    }
    return c;
}

}  // namespace

Compiled compile_top(const std::string& source, const std::string& top, const Options& options) {
    llvm::LLVMContext context;
    context.setDiscardValueNames(false);
    const auto module = load(context, source, options.clang);
    return Top(*module, top, options).run();
}

}  // namespace causeway::hlsc
