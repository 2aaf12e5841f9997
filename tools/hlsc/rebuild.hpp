// Makes a netlist anew, node by node, operands first: what the steps of optimise() have in common. Nodes that
// nobody needs are left out, and what folds now, folds.
#pragma once

#include <functional>
#include <optional>

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

// Given an old node and its operands in the new netlist, says what becomes of it; nullopt: the same again.
using Remake = std::function<std::optional<Bits>(Netlist&, const Node&, const std::vector<Bits>&)>;

Netlist rebuilt(const Netlist& old, const Remake& remake);

}  // namespace causeway::hlsc
