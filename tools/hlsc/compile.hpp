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
    std::string verilog, report;
    std::vector<Stream> streams;  // in the order of the parameters
};

// The optimised netlist of a process of a module, which is used up.
Netlist netlist_of(llvm::Module& module, const std::string& process, const Options& options);

Compiled compile(const std::string& source, const std::string& process, const Options& options);

}  // namespace causeway::hlsc
