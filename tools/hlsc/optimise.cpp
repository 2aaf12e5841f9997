#include "tools/hlsc/optimise.hpp"

namespace causeway::hlsc {

void optimise(Netlist& n) {
    if (n.switches.constant_state) remove_constant_state(n);
    if (n.switches.narrow) narrow_to_ranges(n);
    lower(n);
    if (n.switches.balance) balance(n);
    if (n.switches.demand) remove_unneeded_bits(n);
}

}  // namespace causeway::hlsc
