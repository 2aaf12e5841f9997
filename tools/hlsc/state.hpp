// Static variables of a process. Those whose every access has a constant place become registers: read once
// when an iteration begins (hlsc.state.read), written once when it ends (hlsc.state.write). The others are
// RAMs.
#pragma once

#include <llvm/IR/Module.h>

#include <set>

#include "tools/hlsc/front.hpp"

namespace causeway::hlsc {

class StateLowering {
  public:
    StateLowering(llvm::Function& process, const Pragmas& pragmas) : process_(process), pragmas_(pragmas) {}
    // With `final` false, arrays whose index is not constant wait: unrolling may still make it so.
    void lower(bool final);

  private:
    llvm::Function& process_;
    const Pragmas& pragmas_;
    std::set<llvm::GlobalVariable*> done_, memories_;

    bool uses(llvm::Value& value, bool& is_indexed) const;
    void make_registers(llvm::GlobalVariable& variable);
};

// The constant that a variable holds at `offset` bytes when the process starts; unset bytes are zero.
llvm::APInt initial_value(const llvm::GlobalVariable& variable, std::uint64_t offset, llvm::Type* type);

}  // namespace causeway::hlsc
