// Which stage of the pipeline each node stands in.
//
// An iteration begins every `interval` cycles at most. State read in stage r and written in stage w is right
// if r <= w <= r + interval - 1: the next iteration reads after that. A RAM whose rows depend over `distance`
// iterations allows w <= r + interval * distance - 1, and one cycle more if the write is forwarded.
#pragma once

#include <vector>

#include "tools/hlsc/netlist.hpp"

namespace causeway::hlsc {

struct Schedule {
    std::vector<int> order;  // the live nodes, operands first
    std::vector<int> stage;  // by node
    int stages = 0;
    double slowest = 0;          // ns, the slowest stage with its registers
    std::string slowest_place;   // where in the source
    std::vector<char> forwards;  // by RAM: a read may meet the write of the iteration before

    int available(const Netlist& n, int node) const;
};

// Refuses a program whose recurrence, or a single operation, does not meet the clock (ns).
Schedule schedule(const Netlist& netlist, double clock);

}  // namespace causeway::hlsc
