// What makes a netlist smaller or faster without changing what it computes, each step by a switch; and what
// must be done before scheduling: operations that fit no single cycle become several.
#pragma once

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

void optimise(Netlist& netlist);

// The steps, in order.
void remove_constant_state(Netlist& netlist);
void narrow_to_ranges(Netlist& netlist);
void lower(Netlist& netlist);  // not optional
void balance(Netlist& netlist);
void remove_unneeded_bits(Netlist& netlist);

}  // namespace causeway::hlsc
