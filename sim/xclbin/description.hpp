// A kernel's description (kernels/*.toml): arguments, registers, memory. One file for the xclbin, the
// simulated card and the link step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/result.hpp"

namespace causeway::sim {

struct Description {
    struct Argument {
        std::string name, type, port;
        std::uint64_t offset = 0;  // of its register
        std::uint64_t size = 0;    // octets
    };
    struct Memory {
        std::string tag;
        std::uint64_t base = 0, size = 0;  // octets
    };
    std::string name;
    bool chained = false;  // ap_ctrl_chain rather than ap_ctrl_hs
    std::uint64_t compute_units = 0;
    std::uint64_t base = 0;   // of the first unit's registers
    std::uint64_t range = 0;  // octets of registers a unit
    std::vector<Argument> arguments;
    std::vector<Memory> memories;
};

// `text` is TOML. Fails where a key is missing, of another type, or out of range.
Result<Description> parse_description(std::string_view text);

}  // namespace causeway::sim
