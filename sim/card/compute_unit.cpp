#include "sim/card/compute_unit.hpp"

#include <unistd.h>

#include <cstdio>

#include "Vmedia___024root.h"

namespace causeway::sim {

ComputeUnit::ComputeUnit(const std::string& name, const Memory& memory, const Knobs& knobs,
                         std::uint64_t seed)
    : model_(&context_, name.c_str()), memory_(memory, knobs, seed) {
    if (!knobs.trace.empty()) {
        context_.traceEverOn(true);
        trace_ = std::make_unique<VerilatedFstC>();
        model_.trace(trace_.get(), 99);
        trace_->open((knobs.trace + "." + name + ".fst").c_str());
    }
    constexpr int reset_cycles = 4;
    for (int i = 0; i < reset_cycles; ++i) tick();
    model_.ap_rst_n = 1;
    while (busy()) tick();
    tick();  // nothing is offered in the cycle in which reset ends
}

bool ComputeUnit::busy() const {
    return model_.rootp->media__DOT__busy;
}

void ComputeUnit::tick() {
    settle();
    rise();
}

// The first half of a cycle: what is driven now reaches all outputs that do not wait for the clock.
void ComputeUnit::settle() {
    memory_.drive(model_);
    model_.ap_clk = 0;
    model_.eval();
    if (trace_) trace_->dump(time_);
    if (const std::string broken = rules_.check(model_); model_.ap_rst_n && !broken.empty()) {
        std::fprintf(stderr, "simulated card: %s, cycle %llu: breaks AXI, %s\n", model_.name(),
                     static_cast<unsigned long long>(time_ / 2), broken.c_str());
        if (trace_) trace_->close();
        _exit(1);
    }
}

void ComputeUnit::rise() {
    memory_.take(model_);
    model_.ap_clk = 1;
    model_.eval();
    if (trace_) trace_->dump(time_ + 1);
    time_ += 2;
}

bool ComputeUnit::write(std::uint32_t address, std::uint32_t value) {
    model_.s_axi_control_awaddr = address;
    model_.s_axi_control_awvalid = 1;
    model_.s_axi_control_wdata = value;
    model_.s_axi_control_wstrb = 0xf;
    model_.s_axi_control_wvalid = 1;
    model_.s_axi_control_bready = 1;
    for (int i = 0; i < patience; ++i) {
        settle();
        const bool address_taken = model_.s_axi_control_awready;
        const bool data_taken = model_.s_axi_control_wready;
        const bool answered = model_.s_axi_control_bvalid;
        rise();
        if (address_taken) model_.s_axi_control_awvalid = 0;
        if (data_taken) model_.s_axi_control_wvalid = 0;
        if (answered) return true;
    }
    return false;
}

std::uint32_t ComputeUnit::read(std::uint32_t address) {
    model_.s_axi_control_araddr = address;
    model_.s_axi_control_arvalid = 1;
    model_.s_axi_control_rready = 1;
    for (int i = 0; i < patience; ++i) {
        settle();
        const bool address_taken = model_.s_axi_control_arready;
        const bool answered = model_.s_axi_control_rvalid;
        const std::uint32_t value = model_.s_axi_control_rdata;
        rise();
        if (address_taken) model_.s_axi_control_arvalid = 0;
        if (answered) return value;
    }
    return ~std::uint32_t{0};
}

void ComputeUnit::flush() {
    if (trace_) trace_->flush();
}

void ComputeUnit::end_trace() {
    if (trace_) trace_->close();
}

}  // namespace causeway::sim
