// AXI4 write mover: commands (address, octets) and a stream of words in, one status a command out when memory has acknowledged all
// of it. Up to OUTSTANDING bursts are under way, also of several commands. No id signals: responses come in order (ARM IHI 0022
// A5.3). A burst's address goes out before its words are there: feed it from a FIFO that holds what it commands.
module causeway_axi_write #(
    parameter int DATA_WIDTH = 512,
    parameter int ADDRESS_WIDTH = 64,
    parameter int LENGTH_WIDTH = 32,
    parameter int BURST = 64,          // words at most in a burst
    parameter int OUTSTANDING = 8
) (
    input  logic                     clk,
    input  logic                     rst,              // synchronous, active high; only while nothing is under way
    input  logic [ADDRESS_WIDTH-1:0] command_address,  // of whole words: the low bits are ignored
    input  logic [ LENGTH_WIDTH-1:0] command_octets,   // takes as many words as hold them; none: a status only
    input  logic                     command_valid,
    output logic                     command_ready,
    input  logic [   DATA_WIDTH-1:0] in_data,          // octets beyond the command's are not written
    input  logic                     in_valid,
    output logic                     in_ready,
    output logic [              1:0] status_response,  // the worst: 0 OKAY, 2 SLVERR, 3 DECERR (A3.4.4)
    output logic                     status_valid,
    input  logic                     status_ready,
    output logic [ADDRESS_WIDTH-1:0] m_axi_awaddr,
    output logic [              7:0] m_axi_awlen,
    output logic [              2:0] m_axi_awsize,
    output logic [              1:0] m_axi_awburst,
    output logic                     m_axi_awvalid,
    input  logic                     m_axi_awready,
    output logic [   DATA_WIDTH-1:0] m_axi_wdata,
    output logic [ DATA_WIDTH/8-1:0] m_axi_wstrb,
    output logic                     m_axi_wlast,
    output logic                     m_axi_wvalid,
    input  logic                     m_axi_wready,
    input  logic [              1:0] m_axi_bresp,
    input  logic                     m_axi_bvalid,
    output logic                     m_axi_bready
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
      .burst_address(m_axi_awaddr),
      .burst_length(m_axi_awlen),
      .burst_last,
      .burst_empty,
      .burst_tail,
      .burst_valid,
      .burst_ready
  );

  // Bursts that wait for words, and those that wait for a response, in order. The former are among the latter.
  logic room, words_valid, words_room, first_last, first_empty, first_valid, first_ready, words_last;
  logic [7:0] words_length;
  logic [B-1:0] words_tail;
  wire started = m_axi_awvalid && m_axi_awready;
  causeway_fifo #(
      .WIDTH(B + 9),
      .DEPTH(OUTSTANDING)
  ) for_words (
      .clk,
      .rst,
      .in_data({burst_tail, burst_last, m_axi_awlen}),
      .in_valid(started),
      .in_ready(words_room),
      .out_data({words_tail, words_last, words_length}),
      .out_valid(words_valid),
      .out_ready(m_axi_wvalid && m_axi_wready && m_axi_wlast)
  );
  causeway_fifo #(
      .WIDTH(2),
      .DEPTH(OUTSTANDING)
  ) for_response (
      .clk,
      .rst,
      .in_data({burst_empty, burst_last}),
      .in_valid(started || (burst_valid && burst_empty)),
      .in_ready(room),
      .out_data({first_empty, first_last}),
      .out_valid(first_valid),
      .out_ready(first_ready)
  );
  assign m_axi_awsize  = 3'(B);
  assign m_axi_awburst = 2'b01;  // INCR
  assign m_axi_awvalid = burst_valid && !burst_empty && room && words_room;
  assign burst_ready   = room && (burst_empty || (words_room && m_axi_awready));

  logic [7:0] moved;  // words of the first burst
  assign m_axi_wdata  = in_data;
  assign m_axi_wvalid = in_valid && words_valid;
  assign m_axi_wlast  = moved == words_length;
  assign m_axi_wstrb  = m_axi_wlast && words_last && words_tail != '0 ? ~({(DATA_WIDTH / 8) {1'b1}} << words_tail) : '1;
  assign in_ready     = words_valid && m_axi_wready;

  logic [1:0] worst;  // of the responses before, of this command
  wire [1:0] response = m_axi_bresp > worst ? m_axi_bresp : worst;
  wire blocked = status_valid && !status_ready;
  wire empty = first_valid && first_empty && !blocked;
  assign m_axi_bready = first_valid && !first_empty && !(first_last && blocked);
  wire answered = m_axi_bvalid && m_axi_bready;
  assign first_ready = empty || answered;
  always_ff @(posedge clk) begin
    if (rst) begin
      moved <= '0;
      status_valid <= 1'b0;
      worst <= 2'b00;
    end else begin
      if (m_axi_wvalid && m_axi_wready) moved <= m_axi_wlast ? '0 : moved + 1'b1;
      if (!blocked) status_valid <= empty || (answered && first_last);
      if (answered) worst <= first_last ? 2'b00 : response;
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
      .araddr('0),
      .arlen('0),
      .arsize('0),
      .arburst('0),
      .arvalid(1'b0),
      .arready(1'b0),
      .rdata('0),
      .rresp('0),
      .rlast(1'b0),
      .rvalid(1'b0),
      .rready(1'b0),
      .awaddr(m_axi_awaddr),
      .awlen(m_axi_awlen),
      .awsize(m_axi_awsize),
      .awburst(m_axi_awburst),
      .awvalid(m_axi_awvalid),
      .awready(m_axi_awready),
      .wdata(m_axi_wdata),
      .wstrb(m_axi_wstrb),
      .wlast(m_axi_wlast),
      .wvalid(m_axi_wvalid),
      .wready(m_axi_wready),
      .bresp(m_axi_bresp),
      .bvalid(m_axi_bvalid),
      .bready(m_axi_bready)
  );
  // One command, arbitrarily chosen, is followed through: as many words as it has, strobes of its octets only, then one
  // status that tells the worst response.
  logic past = 1'b0;
  (* anyseq *) logic choose;
  logic followed = 1'b0;
  logic [3:0] open = '0;           // commands without status
  logic [3:0] ahead;               // of them before the followed one
  logic [LENGTH_WIDTH-1:0] octets;
  logic [LENGTH_WIDTH:0] before;   // octets, in whole words, of commands that were taken before and whose words were not
  logic [LENGTH_WIDTH:0] pending = '0;
  logic [LENGTH_WIDTH:0] seen;     // octets written of the followed one
  logic [1:0] seen_worst;
  wire take = command_valid && command_ready;
  wire told = status_valid && status_ready;
  wire w = m_axi_wvalid && m_axi_wready;
  wire [LENGTH_WIDTH:0] rounded = ({1'b0, command_octets} + (DATA_WIDTH / 8 - 1)) & ~(DATA_WIDTH / 8 - 1);
  wire [LENGTH_WIDTH:0] left = octets - seen;
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (rst) begin
      followed <= 1'b0;
      open <= '0;
      pending <= '0;
    end else begin
      open <= open + take - told;
      pending <= pending + (take ? rounded : 0) - (w ? DATA_WIDTH / 8 : 0);
      if (!followed && take && choose) begin
        followed <= 1'b1;
        ahead <= open - told;
        octets <= command_octets;
        before <= pending - (w ? DATA_WIDTH / 8 : 0);
        seen <= '0;
        seen_worst <= '0;
      end else if (followed) begin
        if (told) ahead <= ahead - 1'b1;
        if (told && ahead == '0) followed <= 1'b0;
        if (w && before != '0) before <= before - DATA_WIDTH / 8;
        if (w && before == '0 && seen < octets) seen <= seen + DATA_WIDTH / 8;
        if (answered && ahead == {3'd0, status_valid} && m_axi_bresp > seen_worst) seen_worst <= m_axi_bresp;
      end
    end
    if (!past) assume (rst);
    else begin
      assume (!rst);
      assume (pending + rounded <= {1'b0, {LENGTH_WIDTH{1'b1}}});  // what the proof's counters hold
      if ($past(rst)) assert (!m_axi_awvalid && !m_axi_wvalid && !status_valid);
      else begin
        if ($past(command_valid && !command_ready)) assume (command_valid && $stable(command_address) && $stable(command_octets));
        if ($past(in_valid && !in_ready)) assume (in_valid && $stable(in_data));
        if ($past(status_valid && !status_ready)) assert (status_valid && $stable(status_response));
      end
      if (followed && w && before == '0 && seen < octets)
        for (int i = 0; i < DATA_WIDTH / 8; i++) assert (m_axi_wstrb[i] == (i < left));
      if (w) assert (m_axi_wdata == in_data && in_valid && in_ready && pending != '0);
      if (!w) assert (!(in_valid && in_ready));
      if (followed && ahead == '0 && status_valid) begin
        assert (before == '0 && seen >= octets && status_response == seen_worst);
      end
      cover (followed && status_valid && ahead == '0 && octets > (BURST + 1) * (DATA_WIDTH / 8) && status_response == 2'd3);
    end
  end
`endif
endmodule
