// What other processes have used so far, from /proc (proc(5)).
#pragma once

#include <cstdint>
#include <vector>

namespace causeway::bench {

struct CpuTime {
    double user = 0, system = 0;  // seconds, of all threads
    double waiting = 0;           // for a core that others had
};

// Summed over the processes; those that are gone count nothing.
CpuTime cpu_time_of(const std::vector<int>& pids);
// Octets: PSS, so that what several share counts once. Takes milliseconds where there is much of it.
std::uint64_t memory_of(const std::vector<int>& pids);

}  // namespace causeway::bench
