// Writes the xclbin of a simulated card: what XRT loads. The layout is that of <xrt/xclbin.h>; Debian
// packages no tool that writes one.
#pragma once

#include <string>
#include <string_view>

#include "sim/xclbin/description.hpp"

namespace causeway::sim {

// The whole file. `simulator` is the program that XRT starts as the card (an ELF executable). The identity
// (UUID) follows from the contents.
std::string hw_emu_xclbin(const Description& description, std::string_view simulator);

}  // namespace causeway::sim
