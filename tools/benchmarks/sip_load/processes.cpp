#include "tools/benchmarks/sip_load/processes.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace causeway::bench {

CpuTime cpu_time_of(const std::vector<int>& pids) {
    CpuTime sum;
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    for (const int pid : pids) {
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        std::string line;
        std::getline(stat, line);
        // Fields 14 and 15; the second is a name in brackets that may hold anything.
        std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
        std::string skipped;
        for (int i = 3; i < 14; ++i) fields >> skipped;
        double user = 0;
        double system = 0;
        if (fields >> user >> system) {
            sum.user += user / ticks;
            sum.system += system / ticks;
        }
        std::error_code gone;
        for (const auto& thread :
             std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
            double running = 0;
            double waiting = 0;
            if (std::ifstream(thread.path() / "schedstat") >> running >> waiting)
                sum.waiting += waiting / 1e9;
        }
    }
    return sum;
}

std::uint64_t memory_of(const std::vector<int>& pids) {
    std::uint64_t sum = 0;
    for (const int pid : pids) {
        std::ifstream memory("/proc/" + std::to_string(pid) + "/smaps_rollup");
        std::string line;
        while (std::getline(memory, line))
            if (line.starts_with("Pss:")) sum += std::stoull(line.substr(4)) * 1024;
    }
    return sum;
}

}  // namespace causeway::bench
