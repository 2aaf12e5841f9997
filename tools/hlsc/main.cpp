// hlsc: compiles processes of the streaming subset of Vitis-HLS C++ to SystemVerilog. docs/hlsc.md is its
// manual.
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "tools/hlsc/compile.hpp"
#include "tools/hlsc/diagnostics.hpp"
#include "tools/hlsc/front.hpp"
#include "tools/hlsc/interpret.hpp"
#include "tools/hlsc/top.hpp"

namespace {

using namespace causeway::hlsc;

constexpr const char* usage =
    "usage: hlsc SOURCE.cpp --process NAME... [options] [-- CLANG-OPTION...]\n"
    "  --process NAME   compile this function to a module; may be repeated\n"
    "  --top NAME       compile this DATAFLOW function and the processes that it calls\n"
    "  --interpret N    compile nothing: run N iterations of each process on its netlist, from "
    "FOLDER/NAME.in\n"
    "                   to FOLDER/NAME.netlist, lines of stream number and word in hexadecimal\n"
    "  --folder FOLDER  for --interpret (.)\n"
    "  -o FILE          where the SystemVerilog goes (standard output)\n"
    "  --clock NS       period to meet (3.3)\n"
    "  --report FILE    stages, interval, registers, memories, slowest path, as text\n"
    "  --keep-going     with several processes: say which are refused, and go on with the others\n"
    "  --off NAME       switch one optimisation off, or all: ";

int run(int argc, char** argv) {
    Options options;
    std::string source, output = "-", report;
    std::string folder = ".";
    std::vector<std::string> processes, tops;
    long calls = 0;
    bool keep_going = false;
    for (int i = 1; i < argc; ++i) {
        const std::string a = argv[i];
        const auto next = [&]() -> std::string {
            if (++i == argc) throw Refused("hlsc: error: " + a + " needs a value");
            return argv[i];
        };
        if (a == "--process") {
            processes.push_back(next());
        } else if (a == "--top") {
            tops.push_back(next());
        } else if (a == "--interpret") {
            calls = std::stol(next());
        } else if (a == "--keep-going") {
            keep_going = true;
        } else if (a == "--folder") {
            folder = next();
        } else if (a == "-o") {
            output = next();
        } else if (a == "--report") {
            report = next();
        } else if (a == "--clock") {
            options.clock = std::stod(next());
        } else if (a == "--off") {
            options.switch_off(next());
        } else if (a == "--") {
            options.clang.assign(argv + i + 1, argv + argc);
            break;
        } else if (a == "--help") {
            std::cout << usage;
            for (const auto& [name, member] : Switches::all()) std::cout << name << " ";
            std::cout << "\n";
            return 0;
        } else if (a[0] == '-' || !source.empty()) {
            throw Refused("hlsc: error: what is " + a + "? See hlsc --help");
        } else {
            source = a;
        }
    }
    if (source.empty() || (processes.empty() && tops.empty())) {
        std::cerr << usage << "...\n";
        return 2;
    }
    std::string text, figures;
    const auto take = [&](const Compiled& c) {
        text += c.verilog;
        figures += c.report;
    };
    for (const auto& t : tops) take(compile_top(source, t, options));
    if (!processes.empty()) {
        llvm::LLVMContext context;
        context.setDiscardValueNames(false);
        const auto module = load(context, source, options.clang);
        for (const auto& p : processes) {
            // Compiling uses a module up.
            const auto copy = llvm::CloneModule(*module);
            auto& process = find_process(*copy, p);
            try {
                if (calls) {
                    interpret_files(netlist_of(process, options), folder, calls);
                } else {
                    take(compile(process, options));
                }
            } catch (const Refused& r) {
                if (!keep_going) throw;
                std::cout << p << " refused: " << r.what() << "\n";
            }
        }
    }
    if (calls) return 0;
    if (output == "-") {
        std::cout << text;
    } else {
        std::ofstream(output) << text;
    }
    if (!report.empty()) std::ofstream(report) << figures;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const Refused& r) {
        std::cerr << r.what() << "\n";
        return 1;
    }
}
