// The registers of a compute unit. Made by tools/registers of kernels/registers.toml.
#pragma once

#include <cstdint>

// clang-format off

namespace causeway::card::registers {

constexpr std::uint32_t control = 0x00;  // octets; read, write: start, end and continuation of runs (XRT's ap_ctrl_chain)
constexpr std::uint32_t ap_start = 1U << 0;  // write 1: queue a run with the argument; reads 1 while the queue is full
constexpr std::uint32_t ap_done = 1U << 1;  // a run has ended and was not continued
constexpr std::uint32_t ap_idle = 1U << 2;  // no run is queued or under way
constexpr std::uint32_t ap_ready = 1U << 3;  // another run can be queued
constexpr std::uint32_t ap_continue = 1U << 4;  // write 1: the host has seen the end of one run
constexpr std::uint32_t interrupt_global = 0x04;  // octets; read, write: bit 0: the interrupt line is driven
constexpr std::uint32_t interrupt_enable = 0x08;  // octets; read, write: bit 0: ends of runs raise an interrupt; bit 1: starts do
constexpr std::uint32_t interrupt_status = 0x0c;  // octets; read, write 1 to toggle: interrupts raised, bits as in interrupt_enable
constexpr std::uint32_t argument_low = 0x10;  // octets; read, write: device address of the next batch, bits 31 to 0
constexpr std::uint32_t argument_high = 0x14;  // octets; read, write: device address of the next batch, bits 63 to 32
constexpr std::uint32_t build = 0x20;  // octets; read: interface version of the kernel (kernel_build in drivers/xrt/batch.hpp)
constexpr std::uint32_t identity = 0x24;  // octets; read: 0x59575343, "CSWY" as octets: this is a compute unit of Causeway
constexpr std::uint32_t identity_value = 0x59575343;
constexpr std::uint32_t runs_started = 0x28;  // octets; read: runs that the kernel has taken since reset, modulo 2^32
constexpr std::uint32_t runs_ended = 0x2c;  // octets; read: runs that have ended since reset, modulo 2^32

}  // namespace causeway::card::registers
