// AXI4 read mover: commands (address, octets) in, the words of memory out as a stream, and one status a command. Up to
// OUTSTANDING bursts are under way, also of several commands, so that short commands do not wait for each other's
// latency. Responses come in order (no id signals: one id, ARM IHI 0022 A5.3). Whoever takes the words stalls the bus where
// he stalls: put a FIFO behind it.
module causeway_axi_read #(
    parameter int DATA_WIDTH = 512,
    parameter int ADDRESS_WIDTH = 64,
    parameter int LENGTH_WIDTH = 32,
    parameter int BURST = 64,          // words at most in a burst
    parameter int OUTSTANDING = 8
) (
    input  logic                     clk,
    input  logic                     rst,              // synchronous, active high; only while nothing is under way
    input  logic [ADDRESS_WIDTH-1:0] command_address,  // of whole words: the low bits are ignored
    input  logic [ LENGTH_WIDTH-1:0] command_octets,   // none: a status, no words
    input  logic                     command_valid,
    output logic                     command_ready,
    output logic [   DATA_WIDTH-1:0] out_data,
    output logic [ DATA_WIDTH/8-1:0] out_keep,         // which octets the command asked for
    output logic                     out_last,         // of the command
    output logic                     out_valid,
    input  logic                     out_ready,
    output logic [              1:0] status_response,  // the worst: 0 OKAY, 2 SLVERR, 3 DECERR (A3.4.4)
    output logic                     status_valid,
    input  logic                     status_ready,
    output logic [ADDRESS_WIDTH-1:0] m_axi_araddr,
    output logic [              7:0] m_axi_arlen,
    output logic [              2:0] m_axi_arsize,
    output logic [              1:0] m_axi_arburst,
    output logic                     m_axi_arvalid,
    input  logic                     m_axi_arready,
    input  logic [   DATA_WIDTH-1:0] m_axi_rdata,
    input  logic [              1:0] m_axi_rresp,
    input  logic                     m_axi_rlast,
    input  logic                     m_axi_rvalid,
    output logic                     m_axi_rready
);
  localparam int B = $clog2(DATA_WIDTH / 8);
  logic burst_last, burst_empty, burst_valid, burst_ready;
  logic [B-1:0] burst_tail;
  causeway_axi_bursts #(
      .DATA_WIDTH(DATA_WIDTH),
      .ADDRESS_WIDTH(ADDRESS_WIDTH),
      .LENGTH_WIDTH(LENGTH_WIDTH),
      .BURST(BURST)
  ) bursts (
      .clk,
      .rst,
      .command_address,
      .command_octets,
      .command_valid,
      .command_ready,
      .burst_address(m_axi_araddr),
      .burst_length(m_axi_arlen),
      .burst_last,
      .burst_empty,
      .burst_tail,
      .burst_valid,
      .burst_ready
  );

  // What is under way, in order.
  logic room, first_last, first_empty, first_valid, first_ready;
  logic [B-1:0] first_tail;
  causeway_fifo #(
      .WIDTH(B + 2),
      .DEPTH(OUTSTANDING)
  ) under_way (
      .clk,
      .rst,
      .in_data({burst_tail, burst_empty, burst_last}),
      .in_valid(burst_valid && (burst_empty || m_axi_arready)),
      .in_ready(room),
      .out_data({first_tail, first_empty, first_last}),
      .out_valid(first_valid),
      .out_ready(first_ready)
  );
  assign m_axi_arsize  = 3'(B);
  assign m_axi_arburst = 2'b01;  // INCR
  assign m_axi_arvalid = burst_valid && !burst_empty && room;
  assign burst_ready   = room && (burst_empty || m_axi_arready);

  // The word that ends a command waits for room for its status.
  logic [1:0] worst;  // of the words before, of this command
  wire [1:0] response = m_axi_rresp > worst ? m_axi_rresp : worst;
  wire blocked = status_valid && !status_ready;
  wire ends = first_last && m_axi_rlast;
  wire empty = first_valid && first_empty && !blocked;
  wire flows = first_valid && !first_empty && !(ends && blocked);
  assign out_data = m_axi_rdata;
  assign out_last = ends;
  assign out_keep = ends && first_tail != '0 ? ~({(DATA_WIDTH / 8) {1'b1}} << first_tail) : '1;
  assign out_valid = m_axi_rvalid && flows;
  assign m_axi_rready = out_ready && flows;
  wire moves = m_axi_rvalid && m_axi_rready;
  assign first_ready = empty || (moves && m_axi_rlast);
  always_ff @(posedge clk) begin
    if (rst) begin
      status_valid <= 1'b0;
      worst <= 2'b00;
    end else begin
      if (!blocked) status_valid <= empty || (moves && ends);
      if (moves) worst <= ends ? 2'b00 : response;
    end
    if (!blocked) status_response <= empty ? 2'b00 : response;
  end

`ifdef FORMAL
  causeway_axi_checker #(
      .DATA_WIDTH(DATA_WIDTH),
      .ADDRESS_WIDTH(ADDRESS_WIDTH),
      .OUTSTANDING(OUTSTANDING),
      .ASSUME_SLAVE(1)
  ) rules (
      .clk,
      .rst,
      .araddr(m_axi_araddr),
      .arlen(m_axi_arlen),
      .arsize(m_axi_arsize),
      .arburst(m_axi_arburst),
      .arvalid(m_axi_arvalid),
      .arready(m_axi_arready),
      .rdata(m_axi_rdata),
      .rresp(m_axi_rresp),
      .rlast(m_axi_rlast),
      .rvalid(m_axi_rvalid),
      .rready(m_axi_rready),
      .awaddr('0),
      .awlen('0),
      .awsize('0),
      .awburst('0),
      .awvalid(1'b0),
      .awready(1'b0),
      .wdata('0),
      .wstrb('0),
      .wlast(1'b0),
      .wvalid(1'b0),
      .wready(1'b0),
      .bresp('0),
      .bvalid(1'b0),
      .bready(1'b0)
  );
  // One command, arbitrarily chosen, is followed through: as many words as it has, then one status that tells the worst.
  logic past = 1'b0;
  (* anyseq *) logic choose;
  logic followed = 1'b0;
  logic [3:0] open = '0;    // commands without status
  logic [3:0] ahead;        // of them before the followed one
  logic [LENGTH_WIDTH-1:0] octets, seen;
  logic [1:0] seen_worst;
  wire take = command_valid && command_ready;
  wire told = status_valid && status_ready;
  // Its words come when those before it have status, or the last of them is being told.
  wire mine = out_valid && out_ready && followed && ahead == {3'd0, status_valid};
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (rst) begin
      followed <= 1'b0;
      open <= '0;
    end else begin
      open <= open + take - told;
      if (!followed && take && choose) begin
        followed <= 1'b1;
        ahead <= open - told;
        octets <= command_octets;
        seen <= '0;
        seen_worst <= '0;
      end else if (followed) begin
        if (told) ahead <= ahead - 1'b1;
        if (told && ahead == '0) followed <= 1'b0;
        if (mine) begin
          seen <= seen + (DATA_WIDTH / 8);
          if (m_axi_rresp > seen_worst) seen_worst <= m_axi_rresp;
        end
      end
    end
    if (!past) assume (rst);
    else begin
      assume (!rst);
      if ($past(rst)) assert (!out_valid && !status_valid && !m_axi_arvalid);
      else begin
        if ($past(command_valid && !command_ready)) assume (command_valid && $stable(command_address) && $stable(command_octets));
        if ($past(out_valid && !out_ready)) assert (out_valid && $stable(out_data) && $stable(out_keep) && $stable(out_last));
        if ($past(status_valid && !status_ready)) assert (status_valid && $stable(status_response));
      end
      assert (open <= OUTSTANDING + 2);
      if (followed && ahead == '0 && status_valid) begin
        assert (seen >= octets && seen - octets < DATA_WIDTH / 8);
        assert (status_response == seen_worst);
      end
      if (mine) begin
        assert (seen < octets);
        assert (out_last == (octets - seen <= DATA_WIDTH / 8));
        for (int i = 0; i < DATA_WIDTH / 8; i++) assert (out_keep[i] == (i < octets - seen));
      end
      cover (followed && status_valid && ahead == '0 && octets > (BURST + 1) * (DATA_WIDTH / 8) && status_response == 2'd3);
    end
  end
`endif
endmodule
