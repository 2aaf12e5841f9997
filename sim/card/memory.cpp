#include "sim/card/memory.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace causeway::sim {

Memory::Memory(std::uint64_t size) : size_(size) {
    void* mapped =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
        std::perror("simulated card: device memory");
        std::_Exit(1);
    }
    octets_ = static_cast<std::uint8_t*>(mapped);
}

}  // namespace causeway::sim
