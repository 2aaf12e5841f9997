// verilator lint_off SYMRSVDWORD
// The kernel `media`, one compute unit: control, and the batches that it starts. Ports are named as Vitis packages
// them; media.toml describes the same to the host.
module media (
    input  logic         ap_clk,
    input  logic         ap_rst_n,
    output logic         interrupt,
    // AXI4-Lite control
    input  logic [ 11:0] s_axi_control_awaddr,
    input  logic         s_axi_control_awvalid,
    output logic         s_axi_control_awready,
    input  logic [ 31:0] s_axi_control_wdata,
    input  logic [  3:0] s_axi_control_wstrb,
    input  logic         s_axi_control_wvalid,
    output logic         s_axi_control_wready,
    output logic [  1:0] s_axi_control_bresp,
    output logic         s_axi_control_bvalid,
    input  logic         s_axi_control_bready,
    input  logic [ 11:0] s_axi_control_araddr,
    input  logic         s_axi_control_arvalid,
    output logic         s_axi_control_arready,
    output logic [ 31:0] s_axi_control_rdata,
    output logic [  1:0] s_axi_control_rresp,
    output logic         s_axi_control_rvalid,
    input  logic         s_axi_control_rready,
    // AXI4 to device memory
    output logic [ 63:0] m_axi_gmem_araddr,
    output logic [  7:0] m_axi_gmem_arlen,
    output logic [  2:0] m_axi_gmem_arsize,
    output logic [  1:0] m_axi_gmem_arburst,
    output logic         m_axi_gmem_arvalid,
    input  logic         m_axi_gmem_arready,
    input  logic [511:0] m_axi_gmem_rdata,
    input  logic [  1:0] m_axi_gmem_rresp,
    input  logic         m_axi_gmem_rlast,
    input  logic         m_axi_gmem_rvalid,
    output logic         m_axi_gmem_rready,
    output logic [ 63:0] m_axi_gmem_awaddr,
    output logic [  7:0] m_axi_gmem_awlen,
    output logic [  2:0] m_axi_gmem_awsize,
    output logic [  1:0] m_axi_gmem_awburst,
    output logic         m_axi_gmem_awvalid,
    input  logic         m_axi_gmem_awready,
    output logic [511:0] m_axi_gmem_wdata,
    output logic [ 63:0] m_axi_gmem_wstrb,
    output logic         m_axi_gmem_wlast,
    output logic         m_axi_gmem_wvalid,
    input  logic         m_axi_gmem_wready,
    input  logic [  1:0] m_axi_gmem_bresp,
    input  logic         m_axi_gmem_bvalid,
    output logic         m_axi_gmem_bready
);
  logic rst;
  always_ff @(posedge ap_clk) rst <= !ap_rst_n;

  logic [63:0] base;
  logic start_valid, start_ready, done;
  // For the simulated card, which stops the clock while nothing happens.
  logic busy  /* verilator public_flat_rd */;
  assign busy = start_valid || !start_ready || rst || s_axi_control_bvalid || s_axi_control_rvalid ||
      !s_axi_control_awready || !s_axi_control_wready;

  causeway_control #(
      .BUILD(causeway_batch_pkg::Build)
  ) control (
      .clk(ap_clk),
      .rst,
      .s_axi_awaddr(s_axi_control_awaddr),
      .s_axi_awvalid(s_axi_control_awvalid),
      .s_axi_awready(s_axi_control_awready),
      .s_axi_wdata(s_axi_control_wdata),
      .s_axi_wstrb(s_axi_control_wstrb),
      .s_axi_wvalid(s_axi_control_wvalid),
      .s_axi_wready(s_axi_control_wready),
      .s_axi_bresp(s_axi_control_bresp),
      .s_axi_bvalid(s_axi_control_bvalid),
      .s_axi_bready(s_axi_control_bready),
      .s_axi_araddr(s_axi_control_araddr),
      .s_axi_arvalid(s_axi_control_arvalid),
      .s_axi_arready(s_axi_control_arready),
      .s_axi_rdata(s_axi_control_rdata),
      .s_axi_rresp(s_axi_control_rresp),
      .s_axi_rvalid(s_axi_control_rvalid),
      .s_axi_rready(s_axi_control_rready),
      .interrupt,
      .argument(base),
      .start_valid,
      .start_ready,
      .done
  );

  assign m_axi_gmem_arlen = 8'd0;
  assign m_axi_gmem_arsize = 3'd6;
  assign m_axi_gmem_arburst = 2'b01;
  assign m_axi_gmem_awlen = 8'd0;
  assign m_axi_gmem_awsize = 3'd6;
  assign m_axi_gmem_awburst = 2'b01;
  assign m_axi_gmem_wlast = 1'b1;
  causeway_batch batch (
      .clk(ap_clk),
      .rst,
      .base,
      .start_valid,
      .start_ready,
      .done,
      .m_axi_araddr(m_axi_gmem_araddr),
      .m_axi_arvalid(m_axi_gmem_arvalid),
      .m_axi_arready(m_axi_gmem_arready),
      .m_axi_rdata(m_axi_gmem_rdata),
      .m_axi_rresp(m_axi_gmem_rresp),
      .m_axi_rvalid(m_axi_gmem_rvalid),
      .m_axi_rready(m_axi_gmem_rready),
      .m_axi_awaddr(m_axi_gmem_awaddr),
      .m_axi_awvalid(m_axi_gmem_awvalid),
      .m_axi_awready(m_axi_gmem_awready),
      .m_axi_wdata(m_axi_gmem_wdata),
      .m_axi_wstrb(m_axi_gmem_wstrb),
      .m_axi_wvalid(m_axi_gmem_wvalid),
      .m_axi_wready(m_axi_gmem_wready),
      .m_axi_bresp(m_axi_gmem_bresp),
      .m_axi_bvalid(m_axi_gmem_bvalid),
      .m_axi_bready(m_axi_gmem_bready)
  );
  wire unused = &{1'b0, m_axi_gmem_rlast};
endmodule
