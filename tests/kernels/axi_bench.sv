// The movers with the rules watched, each on a bus of its own.
module axi_bench #(
    parameter int DATA_WIDTH = 512,
    parameter int BURST = 64,
    parameter int OUTSTANDING = 4
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic [            63:0] read_address,
    input  logic [            31:0] read_octets,
    input  logic                    read_valid,
    output logic                    read_ready,
    output logic [  DATA_WIDTH-1:0] out_data,
    output logic [DATA_WIDTH/8-1:0] out_keep,
    output logic                    out_last,
    output logic                    out_valid,
    input  logic                    out_ready,
    output logic [             1:0] read_status,
    output logic                    read_status_valid,
    input  logic                    read_status_ready,
    input  logic [            63:0] write_address,
    input  logic [            31:0] write_octets,
    input  logic                    write_valid,
    output logic                    write_ready,
    input  logic [  DATA_WIDTH-1:0] in_data,
    input  logic                    in_valid,
    output logic                    in_ready,
    output logic [             1:0] write_status,
    output logic                    write_status_valid,
    input  logic                    write_status_ready,
    output logic [            63:0] araddr,
    output logic [             7:0] arlen,
    output logic                    arvalid,
    input  logic                    arready,
    input  logic [  DATA_WIDTH-1:0] rdata,
    input  logic [             1:0] rresp,
    input  logic                    rlast,
    input  logic                    rvalid,
    output logic                    rready,
    output logic [            63:0] awaddr,
    output logic [             7:0] awlen,
    output logic                    awvalid,
    input  logic                    awready,
    output logic [  DATA_WIDTH-1:0] wdata,
    output logic [DATA_WIDTH/8-1:0] wstrb,
    output logic                    wlast,
    output logic                    wvalid,
    input  logic                    wready,
    input  logic [             1:0] bresp,
    input  logic                    bvalid,
    output logic                    bready
);
  logic [2:0] arsize, awsize;
  logic [1:0] arburst, awburst;
  causeway_axi_read #(
      .DATA_WIDTH(DATA_WIDTH),
      .BURST(BURST),
      .OUTSTANDING(OUTSTANDING)
  ) reader (
      .clk,
      .rst,
      .command_address(read_address),
      .command_octets(read_octets),
      .command_valid(read_valid),
      .command_ready(read_ready),
      .out_data,
      .out_keep,
      .out_last,
      .out_valid,
      .out_ready,
      .status_response(read_status),
      .status_valid(read_status_valid),
      .status_ready(read_status_ready),
      .m_axi_araddr(araddr),
      .m_axi_arlen(arlen),
      .m_axi_arsize(arsize),
      .m_axi_arburst(arburst),
      .m_axi_arvalid(arvalid),
      .m_axi_arready(arready),
      .m_axi_rdata(rdata),
      .m_axi_rresp(rresp),
      .m_axi_rlast(rlast),
      .m_axi_rvalid(rvalid),
      .m_axi_rready(rready)
  );
  causeway_axi_write #(
      .DATA_WIDTH(DATA_WIDTH),
      .BURST(BURST),
      .OUTSTANDING(OUTSTANDING)
  ) writer (
      .clk,
      .rst,
      .command_address(write_address),
      .command_octets(write_octets),
      .command_valid(write_valid),
      .command_ready(write_ready),
      .in_data,
      .in_valid,
      .in_ready,
      .status_response(write_status),
      .status_valid(write_status_valid),
      .status_ready(write_status_ready),
      .m_axi_awaddr(awaddr),
      .m_axi_awlen(awlen),
      .m_axi_awsize(awsize),
      .m_axi_awburst(awburst),
      .m_axi_awvalid(awvalid),
      .m_axi_awready(awready),
      .m_axi_wdata(wdata),
      .m_axi_wstrb(wstrb),
      .m_axi_wlast(wlast),
      .m_axi_wvalid(wvalid),
      .m_axi_wready(wready),
      .m_axi_bresp(bresp),
      .m_axi_bvalid(bvalid),
      .m_axi_bready(bready)
  );
  causeway_axi_checker #(
      .DATA_WIDTH(DATA_WIDTH),
      .OUTSTANDING(OUTSTANDING)
  ) rules (
      .*
  );
endmodule
