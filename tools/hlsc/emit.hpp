// A scheduled netlist as SystemVerilog: one module with a clock, a synchronous active-high reset, and for
// each stream <name>_data, <name>_valid, <name>_ready.
#pragma once

#include <string>

#include "tools/hlsc/schedule.hpp"

namespace causeway::hlsc {

struct Emitted {
    std::string text;
    unsigned pipeline_bits = 0;  // registers between stages, without state
};

Emitted emit(const Netlist& netlist, const Schedule& schedule, const std::string& source);

bool is_verilog_word(const std::string& name);

// "[7:0] " or nothing for one bit.
std::string verilog_range(unsigned width);

}  // namespace causeway::hlsc
