#include "tools/hlsc/compile.hpp"

#include <llvm/Support/CommandLine.h>

#include <cstdio>

#include "tools/hlsc/build.hpp"
#include "tools/hlsc/diagnostics.hpp"
#include "tools/hlsc/emit.hpp"
#include "tools/hlsc/front.hpp"
#include "tools/hlsc/optimise.hpp"
#include "tools/hlsc/state.hpp"

namespace causeway::hlsc {
namespace {

// Loops with constant bounds unroll whatever their size.
void tell_llvm() {
    static bool told = false;
    if (std::exchange(told, true)) return;
    const char* arguments[] = {"hlsc", "-unroll-threshold=100000000",
                               "-unroll-max-iteration-count-to-analyze=0", "-unroll-full-max-count=100000",
                               "-inline-threshold=1000000"};
    llvm::cl::ParseCommandLineOptions(std::size(arguments), arguments);
}

std::string report_of(const Netlist& n, const Schedule& s, const Emitted& e) {
    unsigned state_bits = 0, multipliers = 0;
    for (const auto& x : n.states) state_bits += x.read >= 0 && s.stage[x.read] >= 0 ? x.width : 0;
    for (const int id : s.order) multipliers += n.nodes[id].op == Op::multiply;
    char slowest[32];
    std::snprintf(slowest, sizeof slowest, "%.2f", s.slowest);
    std::string r = n.name + ": " + std::to_string(s.stages) + " stages, II " + std::to_string(n.interval) +
                    ", " + std::to_string(s.order.size()) + " operations, " + std::to_string(multipliers) +
                    " multipliers, " + std::to_string(state_bits) + " state bits, " +
                    std::to_string(e.pipeline_bits) + " pipeline bits, slowest stage " + slowest + " ns at " +
                    s.slowest_place + "\n";
    for (std::size_t i = 0; i < n.streams.size(); ++i) {
        const Stream& x = n.streams[i];
        r += n.name + ": stream " + std::to_string(i) + (x.is_input ? " in " : " out ") + x.name + ", " +
             std::to_string(x.width) + " bits\n";
    }
    for (const auto& m : n.rams) {
        if (m.reads.empty()) continue;
        r += n.name + ": memory " + m.name + ", " + std::to_string(m.rows) + " rows of " +
             std::to_string(m.width) + " bits, " + std::to_string(m.reads.size()) + " read ports\n";
    }
    return r;
}

}  // namespace

void Options::switch_off(const std::string& name) {
    for (const auto& [n, member] : Switches::all()) {
        if (name != n && name != "all") continue;
        switches.*member = false;
        if (name == n) return;
    }
    if (name == "all") return;
    throw Refused("hlsc: error: no optimisation is called " + name + ": see hlsc --help");
}

Netlist netlist_of(llvm::Function& f, const Options& options) {
    tell_llvm();
    const Pragmas pragmas(f);
    if (pragmas.is_dataflow)
        refuse(where(f), source_name(f) + " is a DATAFLOW function: compile it with --top");
    if (is_verilog_word(source_name(f))) {
        refuse(where(f), "process " + source_name(f) +
                             " becomes a module, but its name is a word of SystemVerilog: call it otherwise");
    }
    if (!pragmas.is_pipeline)
        refuse(where(f),
               "a process says how often it runs: write #pragma HLS PIPELINE II=1 inside its braces");
    flatten(f);
    StateLowering state(f, pragmas);
    state.lower(false);
    for (int i = 0; i < 5; ++i) run_passes(f, unroll_passes);
    run_passes(f, clean_passes);
    run_passes(f, "mergereturn");
    state.lower(true);
    run_passes(f, clean_passes);
    run_passes(f, clean_passes);
    choose_values(f);
    Netlist n(options.switches);
    build(f, pragmas, n);
    optimise(n);
    for (auto& node : n.nodes) node.source = nullptr;
    n.forget();
    return n;
}

Compiled compile(llvm::Function& process, const Options& options) {
    const std::string source = where(process);
    const Netlist n = netlist_of(process, options);
    const Schedule s = schedule(n, options.clock);
    const Emitted e = emit(n, s, source);
    Compiled c{n.name, e.text, report_of(n, s, e), n.streams, false};
    for (const auto& m : n.rams) c.has_state |= m.write >= 0;
    for (const auto& x : n.states) c.has_state |= x.read >= 0 && s.stage[x.read] >= 0;
    return c;
}

}  // namespace causeway::hlsc
