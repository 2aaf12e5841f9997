// Rules of AXI4-Lite (ARM IHI 0022E) for a slave with one access of each kind under way. Simulation asserts all; in the proof of
// a slave those that bind the master are assumed (ASSUME_MASTER).
module causeway_axi_lite_checker #(
    parameter int ADDRESS_WIDTH = 12,
    parameter bit ASSUME_MASTER = 0
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic [ADDRESS_WIDTH-1:0] awaddr,
    input  logic                     awvalid,
    input  logic                     awready,
    input  logic [             31:0] wdata,
    input  logic [              3:0] wstrb,
    input  logic                     wvalid,
    input  logic                     wready,
    input  logic [              1:0] bresp,
    input  logic                     bvalid,
    input  logic                     bready,
    input  logic [ADDRESS_WIDTH-1:0] araddr,
    input  logic                     arvalid,
    input  logic                     arready,
    input  logic [             31:0] rdata,
    input  logic [              1:0] rresp,
    input  logic                     rvalid,
    input  logic                     rready,
    output logic [              1:0] addresses,  // write addresses without response
    output logic [              1:0] words,      // write data without response
    output logic [              1:0] reads       // read addresses without data
);
  logic checking = 1'b0, was_rst, ar_waits, aw_waits, w_waits, r_waits, b_waits;
  logic [ADDRESS_WIDTH-1:0] last_araddr, last_awaddr;
  logic [31:0] last_wdata, last_rdata;
  logic [3:0] last_wstrb;
  logic [1:0] last_bresp, last_rresp;
  wire b = bvalid && bready;
  wire r = rvalid && rready;
  always_ff @(posedge clk) begin
    if (rst) begin
      checking  <= 1'b1;
      addresses <= 2'd0;
      words     <= 2'd0;
      reads     <= 2'd0;
    end else begin
      addresses <= addresses + 2'(awvalid && awready) - 2'(b);
      words     <= words + 2'(wvalid && wready) - 2'(b);
      reads     <= reads + 2'(arvalid && arready) - 2'(r);
    end
    was_rst <= rst;
    ar_waits <= arvalid && !arready;
    aw_waits <= awvalid && !awready;
    w_waits <= wvalid && !wready;
    r_waits <= rvalid && !rready;
    b_waits <= bvalid && !bready;
    last_araddr <= araddr;
    last_awaddr <= awaddr;
    last_wdata <= wdata;
    last_wstrb <= wstrb;
    last_rdata <= rdata;
    last_rresp <= rresp;
    last_bresp <= bresp;
  end

  // A3.2.1: what is offered stays until it is taken. A3.1.2: nothing is offered when reset ends.
  wire ar_stays = was_rst ? !arvalid : !ar_waits || (arvalid && araddr == last_araddr);
  wire aw_stays = was_rst ? !awvalid : !aw_waits || (awvalid && awaddr == last_awaddr);
  wire w_stays = was_rst ? !wvalid : !w_waits || (wvalid && wdata == last_wdata && wstrb == last_wstrb);
  always_ff @(posedge clk) begin
    if (checking && !rst) begin
      if (ASSUME_MASTER) begin
        assume (ar_stays && aw_stays && w_stays);
      end else begin
        assert (ar_stays && aw_stays && w_stays);
      end
      assert (was_rst ? !rvalid : !r_waits || (rvalid && rdata == last_rdata && rresp == last_rresp));
      assert (was_rst ? !bvalid : !b_waits || (bvalid && bresp == last_bresp));
      // A3.3.1: a response follows its address, and a write's also its data.
      assert (!rvalid || reads != 2'd0);
      assert (!bvalid || (addresses != 2'd0 && words != 2'd0));
      assert (addresses <= 2'd2 && words <= 2'd2 && reads <= 2'd1);
      // B1.1.1: no exclusive access.
      assert (!(rvalid && rresp == 2'b01) && !(bvalid && bresp == 2'b01));
    end
  end
endmodule
