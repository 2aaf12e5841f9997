// From LLVM IR without loops to a netlist: every block's condition becomes bits, every phi a choice.
#pragma once

#include <llvm/IR/Function.h>

#include "tools/hlsc/front.hpp"
#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

// Refuses what is outside the subset.
void build(llvm::Function& process, const Pragmas& pragmas, Netlist& netlist);

}  // namespace causeway::hlsc
