// hlsc: compiles processes of the streaming subset of Vitis-HLS C++ to SystemVerilog. docs/hlsc.md is its
// manual.
#include <llvm/Support/raw_ostream.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "tools/hlsc/compile.hpp"
#include "tools/hlsc/diagnostics.hpp"

namespace {

using namespace causeway::hlsc;

constexpr const char* usage =
    "usage: hlsc SOURCE.cpp --process NAME... [options] [-- CLANG-OPTION...]\n"
    "  --process NAME   compile this function to a module; may be repeated\n"
    "  -o FILE          where the SystemVerilog goes (standard output)\n"
    "  --clock NS       period to meet (3.3)\n"
    "  --report FILE    stages, interval, registers, memories, slowest path, as text\n"
    "  --off NAME       switch one optimisation off: ";

int run(int argc, char** argv) {
    Options options;
    std::string source, output = "-", report;
    std::vector<std::string> processes;
    for (int i = 1; i < argc; ++i) {
        const std::string a = argv[i];
        const auto next = [&]() -> std::string {
            if (++i == argc) throw Refused("hlsc: error: " + a + " needs a value");
            return argv[i];
        };
        if (a == "--process") {
            processes.push_back(next());
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
    if (source.empty() || processes.empty()) {
        std::cerr << usage << "...\n";
        return 2;
    }
    std::string text, figures;
    for (const auto& p : processes) {
        const Compiled c = compile(source, p, options);
        text += c.verilog;
        figures += c.report;
    }
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
