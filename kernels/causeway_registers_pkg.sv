// The registers of a compute unit. Made by tools/registers of kernels/registers.toml.
package causeway_registers_pkg;
  localparam logic [11:0] Control = 12'h000;  // start, end and continuation of runs (XRT's ap_ctrl_chain)
  localparam int ApStart = 0;  // write 1: queue a run with the argument; reads 1 while the queue is full
  localparam int ApDone = 1;  // a run has ended and was not continued
  localparam int ApIdle = 2;  // no run is queued or under way
  localparam int ApReady = 3;  // another run can be queued
  localparam int ApContinue = 4;  // write 1: the host has seen the end of one run
  localparam logic [11:0] InterruptGlobal = 12'h004;  // bit 0: the interrupt line is driven
  localparam logic [11:0] InterruptEnable = 12'h008;  // bit 0: ends of runs raise an interrupt; bit 1: starts do
  localparam logic [11:0] InterruptStatus = 12'h00c;  // interrupts raised, bits as in interrupt_enable
  localparam logic [11:0] ArgumentLow = 12'h010;  // device address of the next batch, bits 31 to 0
  localparam logic [11:0] ArgumentHigh = 12'h014;  // device address of the next batch, bits 63 to 32
  localparam logic [11:0] Build = 12'h020;  // interface version of the kernel (kernel_build in drivers/xrt/batch.hpp)
  localparam logic [11:0] Identity = 12'h024;  // 0x59575343, "CSWY" as octets: this is a compute unit of Causeway
  localparam logic [31:0] IdentityValue = 32'h59575343;
  localparam logic [11:0] RunsStarted = 12'h028;  // runs that the kernel has taken since reset, modulo 2^32
  localparam logic [11:0] RunsEnded = 12'h02c;  // runs that have ended since reset, modulo 2^32
endpackage
