// One Verilated compute unit with its memory port, and the master of its registers.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <memory>

#include "Vmedia.h"
#include "sim/card/axi_memory.hpp"
#include "sim/card/axi_rules.hpp"

namespace causeway::sim {

class ComputeUnit {
  public:
    // Comes out of reset. `name` and the trace's path name the unit in waveforms.
    ComputeUnit(const std::string& name, const Memory& memory, const Knobs& knobs, std::uint64_t seed);

    bool busy() const;  // has anything to do without being asked
    // One clock cycle. Ends the process where the unit breaks a rule of AXI.
    void tick();
    AxiMemory& memory() { return memory_; }

    // Register accesses take cycles; each gives up after `patience` of them and then false or ones.
    bool write(std::uint32_t address, std::uint32_t value);
    std::uint32_t read(std::uint32_t address);
    void flush();      // waveforms to the file
    void end_trace();  // makes the file whole; nothing may follow

  private:
    static constexpr int patience = 1000;  // cycles
    void settle();
    void rise();

    VerilatedContext context_;
    Vmedia model_;
    AxiMemory memory_;
    AxiRules rules_;
    std::unique_ptr<VerilatedFstC> trace_;
    std::uint64_t time_ = 0;
};

}  // namespace causeway::sim
