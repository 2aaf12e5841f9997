// Runs a netlist without a schedule, iteration by iteration: what the generated RTL is to compute, to be held
// against the source as native C++.
#pragma once

#include <deque>

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

class Interpreter {
  public:
    explicit Interpreter(const Netlist& netlist);
    std::vector<std::deque<llvm::APInt>> streams;  // by number: what waits to be read, or has been written
    // One iteration. False, and nothing has happened, if a stream that it waits for is empty.
    bool step();

  private:
    const Netlist& n_;
    const std::vector<int> order_;
    std::vector<llvm::APInt> values_, states_;
    std::vector<std::vector<llvm::APInt>> memories_;

    llvm::APInt operand(const Node& node, std::size_t k) const;
    llvm::APInt evaluate(const Node& node) const;
    void commit();
};

// Reads FOLDER/PROCESS.in ("STREAM HEX" lines), runs up to `calls` iterations, writes FOLDER/PROCESS.netlist.
void interpret_files(const Netlist& netlist, const std::string& folder, long calls);

}  // namespace causeway::hlsc
