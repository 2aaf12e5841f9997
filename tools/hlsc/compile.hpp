// The whole way of one process, from source to SystemVerilog.
#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <string>
#include <vector>

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

struct Options {
    double clock = 3.3;  // ns
    Switches switches;
    std::vector<std::string> clang;  // more options of clang, such as -I
    void switch_off(const std::string& name);
};

struct Compiled {
    std::string name, verilog, report;
    std::vector<Stream> streams;  // in the order of the parameters
    bool has_state = false;
};

// The optimised netlist of a process, whose module is used up.
Netlist netlist_of(llvm::Function& process, const Options& options);

Compiled compile(llvm::Function& process, const Options& options);

}  // namespace causeway::hlsc
