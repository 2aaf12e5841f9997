// Device memory, shared by the process that answers XRT and the one that runs the model. Only pages that were
// touched exist.
#pragma once

#include <cstdint>

namespace causeway::sim {

class Memory {
  public:
    // Ends the process where the system refuses.
    explicit Memory(std::uint64_t size);

    // nullptr where not all of it is memory.
    std::uint8_t* at(std::uint64_t address, std::uint64_t size) const {
        return address <= size_ && size <= size_ - address ? octets_ + address : nullptr;
    }

  private:
    std::uint64_t size_;
    std::uint8_t* octets_;
};

}  // namespace causeway::sim
