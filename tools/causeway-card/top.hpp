// The counters of cards that other programs have open, read from the memory that those share with their
// card's process.
#pragma once

#include <sys/types.h>

#include <vector>

#include "drivers/xrt/shared.hpp"

namespace causeway::card {

struct OpenCard {
    pid_t process;  // in which XRT lives
    Shared shared;
};

// Of all that this user may see.
std::vector<OpenCard> open_cards();

}  // namespace causeway::card
