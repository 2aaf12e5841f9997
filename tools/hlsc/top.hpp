// A DATAFLOW function as a module: its calls are instances of processes, its streams FIFOs between them.
#pragma once

#include "tools/hlsc/compile.hpp"

namespace causeway::hlsc {

Compiled compile_top(const std::string& source, const std::string& top, const Options& options);

}  // namespace causeway::hlsc
