// Rules of AXI4 (ARM IHI 0022E) for an interface without ids, as the movers speak it: incrementing bursts of whole words.
// Simulation asserts all; in a proof of a master those that bind the slave are assumed (ASSUME_SLAVE).
module causeway_axi_checker #(
    parameter int DATA_WIDTH = 512,
    parameter int ADDRESS_WIDTH = 64,
    parameter int OUTSTANDING = 16,    // bursts of either direction that a master may have under way
    parameter bit ASSUME_SLAVE = 0
) (
    input logic                     clk,
    input logic                     rst,
    input logic [ADDRESS_WIDTH-1:0] araddr,
    input logic [              7:0] arlen,
    input logic [              2:0] arsize,
    input logic [              1:0] arburst,
    input logic                     arvalid,
    input logic                     arready,
    input logic [   DATA_WIDTH-1:0] rdata,
    input logic [              1:0] rresp,
    input logic                     rlast,
    input logic                     rvalid,
    input logic                     rready,
    input logic [ADDRESS_WIDTH-1:0] awaddr,
    input logic [              7:0] awlen,
    input logic [              2:0] awsize,
    input logic [              1:0] awburst,
    input logic                     awvalid,
    input logic                     awready,
    input logic [   DATA_WIDTH-1:0] wdata,
    input logic [ DATA_WIDTH/8-1:0] wstrb,
    input logic                     wlast,
    input logic                     wvalid,
    input logic                     wready,
    input logic [              1:0] bresp,
    input logic                     bvalid,
    input logic                     bready
);
  localparam int B = $clog2(DATA_WIDTH / 8);
  localparam int C = $clog2(OUTSTANDING + 2);
  localparam logic [C-1:0] MOST = C'(OUTSTANDING);

  // Bursts whose data is not complete, the first of them in row 0.
  logic [7:0] reads[OUTSTANDING], writes[OUTSTANDING];
  logic [C-1:0] reading, writing;
  logic [C-1:0] owed;                    // bursts whose data is complete, and that have no response
  logic [7:0] read_words, write_words;   // of the first burst, moved
  logic early;                           // data of the address that is offered is complete before it was taken
  wire ar = arvalid && arready;
  wire r = rvalid && rready;
  wire aw = awvalid && awready;
  wire w = wvalid && wready;
  wire b = bvalid && bready;
  wire r_end = r && rlast;
  wire w_end = w && wlast;
  wire push_write = aw && !early && !(w_end && writing == '0);
  wire pop_write = w_end && writing != '0;
  wire completed = pop_write || (aw && (early || (w_end && writing == '0)));
  wire [7:0] length = writing != '0 ? writes[0] : awlen;
  wire [C-1:0] read_row = reading - C'(r_end);
  wire [C-1:0] write_row = writing - C'(pop_write);
  always_ff @(posedge clk) begin
    if (rst) begin
      reading <= '0;
      writing <= '0;
      owed <= '0;
      read_words <= '0;
      write_words <= '0;
      early <= 1'b0;
    end else begin
      reading <= reading + C'(ar) - C'(r_end);
      writing <= writing + C'(push_write) - C'(pop_write);
      owed <= owed + C'(completed) - C'(b);
      if (r) read_words <= rlast ? '0 : read_words + 1'b1;
      if (w) write_words <= wlast ? '0 : write_words + 1'b1;
      if (aw) early <= 1'b0;
      else if (w_end && writing == '0) early <= 1'b1;
    end
    for (int i = 0; i < OUTSTANDING; i++) begin
      if (r_end && i + 1 < OUTSTANDING) reads[i] <= reads[i+1];
      if (pop_write && i + 1 < OUTSTANDING) writes[i] <= writes[i+1];
      if (ar && C'(i) == read_row) reads[i] <= arlen;
      if (push_write && C'(i) == write_row) writes[i] <= awlen;
    end
  end
  wire [12:0] read_end = {1'b0, araddr[11:0]} + ((13'(arlen) + 13'd1) << B);
  wire [12:0] write_end = {1'b0, awaddr[11:0]} + ((13'(awlen) + 13'd1) << B);

  logic checking = 1'b0, ar_waits, r_waits, aw_waits, w_waits, b_waits, was_rst;
  logic [ADDRESS_WIDTH-1:0] last_araddr, last_awaddr;
  logic [7:0] last_arlen, last_awlen;
  logic [DATA_WIDTH-1:0] last_rdata, last_wdata;
  logic [DATA_WIDTH/8-1:0] last_wstrb;
  logic [1:0] last_rresp, last_bresp;
  logic last_rlast, last_wlast;
  always_ff @(posedge clk) begin
    was_rst <= rst;
    if (rst) checking <= 1'b1;
    ar_waits <= arvalid && !arready;
    r_waits <= rvalid && !rready;
    aw_waits <= awvalid && !awready;
    w_waits <= wvalid && !wready;
    b_waits <= bvalid && !bready;
    last_araddr <= araddr;
    last_arlen <= arlen;
    last_awaddr <= awaddr;
    last_awlen <= awlen;
    last_rdata <= rdata;
    last_rresp <= rresp;
    last_rlast <= rlast;
    last_wdata <= wdata;
    last_wstrb <= wstrb;
    last_wlast <= wlast;
    last_bresp <= bresp;
  end

  // What binds the slave, each rule a wire that is high where it holds.
  wire r_stays = !r_waits || (rvalid && rdata == last_rdata && rresp == last_rresp && rlast == last_rlast);  // A3.2.1
  wire b_stays = !b_waits || (bvalid && bresp == last_bresp);                                              // A3.2.1
  wire r_asked = !rvalid || reading != '0;                                                                 // A3.3.1
  wire r_last = !rvalid || rlast == (read_words == reads[0]);                                              // A3.4.1
  wire b_asked = !bvalid || owed != '0;                                                                    // A3.3.1
  wire no_exclusive = !(rvalid && rresp == 2'b01) && !(bvalid && bresp == 2'b01);                          // A3.4.4
  wire slave_quiet = !was_rst || (!rvalid && !bvalid);                                                     // A3.1.2
  always_ff @(posedge clk) begin
    if (checking && !rst) begin
      // A3.2.1: what is offered stays until it is taken.
      assert (!ar_waits || was_rst || (arvalid && araddr == last_araddr && arlen == last_arlen));
      assert (!aw_waits || was_rst || (awvalid && awaddr == last_awaddr && awlen == last_awlen));
      assert (!w_waits || was_rst || (wvalid && wdata == last_wdata && wstrb == last_wstrb && wlast == last_wlast));
      // A3.1.2: nothing is offered when reset ends.
      assert (!was_rst || (!arvalid && !awvalid && !wvalid));
      // A3.4.1: incrementing bursts of whole words, from a whole word, within 4 KB.
      assert (!arvalid || (arsize == 3'(B) && arburst == 2'b01 && araddr[B-1:0] == '0 && read_end <= 13'd4096));
      assert (!awvalid || (awsize == 3'(B) && awburst == 2'b01 && awaddr[B-1:0] == '0 && write_end <= 13'd4096));
      assert (!ar || reading != MOST || r_end);
      assert (!aw || writing != MOST || w_end);
      // Data belongs to an address that was offered, and its last word says so (A3.4.1).
      assert (!wvalid || writing != '0 || (awvalid && !early));
      assert (!wvalid || wlast == (write_words == length));
      if (ASSUME_SLAVE) begin
        assume (r_stays || was_rst);
        assume (b_stays || was_rst);
        assume (r_asked && r_last && b_asked && no_exclusive && slave_quiet);
      end else begin
        assert (r_stays || was_rst);
        assert (b_stays || was_rst);
        assert (r_asked);
        assert (r_last);
        assert (b_asked);
        assert (no_exclusive);
        assert (slave_quiet);
      end
    end
  end
endmodule
