// AXI4-Lite control of a kernel with one 64-bit argument, by the rules of ap_ctrl_chain: a write of ap_start queues
// the argument (four deep, so that the next batch starts without the host), every end counts until the host
// says ap_continue. Seven runs at most are started and not continued. While ap_start reads 1 the host writes neither it nor
// the argument.
// Registers: docs/registers.md.
module causeway_control #(
    parameter logic [31:0] BUILD = 32'd0
) (
    input  logic        clk,
    input  logic        rst,
    input  logic [11:0] s_axi_awaddr,
    input  logic        s_axi_awvalid,
    output logic        s_axi_awready,
    input  logic [31:0] s_axi_wdata,
    input  logic [ 3:0] s_axi_wstrb,
    input  logic        s_axi_wvalid,
    output logic        s_axi_wready,
    output logic [ 1:0] s_axi_bresp,
    output logic        s_axi_bvalid,
    input  logic        s_axi_bready,
    input  logic [11:0] s_axi_araddr,
    input  logic        s_axi_arvalid,
    output logic        s_axi_arready,
    output logic [31:0] s_axi_rdata,
    output logic [ 1:0] s_axi_rresp,
    output logic        s_axi_rvalid,
    input  logic        s_axi_rready,
    output logic        interrupt,
    // The kernel: takes an argument when it is ready for one, and says when that run has ended.
    output logic [63:0] argument,
    output logic        start_valid,
    input  logic        start_ready,
    input  logic        done
);
  logic [63:0] queue[4];
  logic [2:0] queued;
  logic [1:0] first;
  logic [2:0] running;  // taken by the kernel, and not ended
  logic [3:0] ended;    // ended, and not yet continued
  logic [63:0] written;
  logic pending, global_enable;
  logic [1:0] enabled, raised;
  logic [31:0] started, finished;  // since reset

  logic have_address, have_data;
  logic [11:0] address;
  logic [31:0] data;
  logic [ 3:0] strobe;
  wire write = have_address && have_data && !s_axi_bvalid;
  wire write_control = write && address == causeway_registers_pkg::Control && strobe[0];
  wire push = pending && queued != 3'd4;
  wire pop = start_valid && start_ready;
  wire read = s_axi_arvalid && s_axi_arready;
  wire [1:0] toggled = write && address == causeway_registers_pkg::InterruptStatus && strobe[0] ? data[1:0] : 2'b00;

  assign s_axi_awready = !have_address;
  assign s_axi_wready = !have_data;
  assign s_axi_bresp = 2'b00;
  assign s_axi_arready = !s_axi_rvalid;
  assign s_axi_rresp = 2'b00;
  assign argument = queue[first];
  assign start_valid = queued != 3'd0 && {1'b0, running} + ended < 4'd7;
  assign interrupt = global_enable && |(raised & enabled);

  logic [31:0] control;
  always_comb begin
    control = 32'd0;
    control[causeway_registers_pkg::ApStart] = pending || queued == 3'd4;
    control[causeway_registers_pkg::ApDone] = ended != 4'd0;
    control[causeway_registers_pkg::ApIdle] = !pending && queued == 3'd0 && running == 3'd0;
    control[causeway_registers_pkg::ApReady] = !pending && queued != 3'd4;
  end

  function automatic logic [31:0] merged(input logic [31:0] old);
    for (int i = 0; i < 4; i++) merged[8*i+:8] = strobe[i] ? data[8*i+:8] : old[8*i+:8];
  endfunction

  always_ff @(posedge clk) begin
    if (s_axi_awvalid && s_axi_awready) begin
      address <= s_axi_awaddr;
      have_address <= 1'b1;
    end
    if (s_axi_wvalid && s_axi_wready) begin
      data <= s_axi_wdata;
      strobe <= s_axi_wstrb;
      have_data <= 1'b1;
    end
    if (s_axi_bvalid && s_axi_bready) s_axi_bvalid <= 1'b0;
    if (s_axi_rvalid && s_axi_rready) s_axi_rvalid <= 1'b0;
    if (write) begin
      have_address <= 1'b0;
      have_data <= 1'b0;
      s_axi_bvalid <= 1'b1;
      case (address)
        causeway_registers_pkg::InterruptGlobal: global_enable <= strobe[0] ? data[0] : global_enable;
        causeway_registers_pkg::InterruptEnable: enabled <= strobe[0] ? data[1:0] : enabled;
        causeway_registers_pkg::ArgumentLow: written[31:0] <= merged(written[31:0]);
        causeway_registers_pkg::ArgumentHigh: written[63:32] <= merged(written[63:32]);
        default: ;
      endcase
    end
    if (write_control && data[causeway_registers_pkg::ApStart]) pending <= 1'b1;
    else if (push) pending <= 1'b0;
    if (push) queue[first+queued[1:0]] <= written;
    if (pop) first <= first + 2'd1;
    queued <= queued + {2'b0, push} - {2'b0, pop};
    running <= running + {2'b0, pop} - {2'b0, done};
    ended <= ended + {3'b0, done} - {3'b0, write_control && data[causeway_registers_pkg::ApContinue] && ended != 4'd0};
    started <= started + {31'd0, pop};
    finished <= finished + {31'd0, done};
    raised <= (raised ^ toggled) | ({pop, done} & enabled);
    if (read) begin
      s_axi_rvalid <= 1'b1;
      case (s_axi_araddr)
        causeway_registers_pkg::Control: s_axi_rdata <= control;
        causeway_registers_pkg::InterruptGlobal: s_axi_rdata <= {31'd0, global_enable};
        causeway_registers_pkg::InterruptEnable: s_axi_rdata <= {30'd0, enabled};
        causeway_registers_pkg::InterruptStatus: s_axi_rdata <= {30'd0, raised};
        causeway_registers_pkg::ArgumentLow: s_axi_rdata <= written[31:0];
        causeway_registers_pkg::ArgumentHigh: s_axi_rdata <= written[63:32];
        causeway_registers_pkg::Build: s_axi_rdata <= BUILD;
        causeway_registers_pkg::Identity: s_axi_rdata <= causeway_registers_pkg::IdentityValue;
        causeway_registers_pkg::RunsStarted: s_axi_rdata <= started;
        causeway_registers_pkg::RunsEnded: s_axi_rdata <= finished;
        default: s_axi_rdata <= 32'd0;
      endcase
    end
    if (rst) begin
      have_address <= 1'b0;
      have_data <= 1'b0;
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
      pending <= 1'b0;
      queued <= 3'd0;
      started <= 32'd0;
      finished <= 32'd0;
      first <= 2'd0;
      running <= 3'd0;
      ended <= 4'd0;
      global_enable <= 1'b0;
      enabled <= 2'b00;
      raised <= 2'b00;
      written <= 64'd0;
    end
  end

`ifdef FORMAL
  logic [1:0] addresses, words, reads;
  causeway_axi_lite_checker #(
      .ASSUME_MASTER(1)
  ) rules (
      .clk,
      .rst,
      .awaddr(s_axi_awaddr),
      .awvalid(s_axi_awvalid),
      .awready(s_axi_awready),
      .wdata(s_axi_wdata),
      .wstrb(s_axi_wstrb),
      .wvalid(s_axi_wvalid),
      .wready(s_axi_wready),
      .bresp(s_axi_bresp),
      .bvalid(s_axi_bvalid),
      .bready(s_axi_bready),
      .araddr(s_axi_araddr),
      .arvalid(s_axi_arvalid),
      .arready(s_axi_arready),
      .rdata(s_axi_rdata),
      .rresp(s_axi_rresp),
      .rvalid(s_axi_rvalid),
      .rready(s_axi_rready),
      .addresses,
      .words,
      .reads
  );
  // One start, arbitrarily chosen, is followed through: the kernel gets its argument once, after those before it.
  logic past = 1'b0;
  (* anyseq *) logic choose;
  logic followed = 1'b0;
  logic [63:0] value;
  logic [2:0] ahead;
  logic [2:0] waiting = 3'd0;  // starts that the kernel has not taken
  logic [3:0] unseen = 4'd0;   // taken, and not continued
  wire start = write_control && data[causeway_registers_pkg::ApStart];
  wire [1:0] row = first + ahead[1:0];
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (rst) begin
      followed <= 1'b0;
      waiting <= 3'd0;
      unseen <= 4'd0;
    end else begin
      waiting <= waiting + {2'd0, start} - {2'd0, pop};
      unseen <= unseen + {3'd0, pop} - {3'd0, write_control && data[causeway_registers_pkg::ApContinue] && ended != 4'd0};
      if (!followed && start && choose) begin
        followed <= 1'b1;
        value <= written;
        ahead <= waiting - {2'd0, pop};
      end else if (followed && pop) begin
        if (ahead == 3'd0) followed <= 1'b0;
        else ahead <= ahead - 3'd1;
      end
    end
    if (!past) assume (rst);
    else begin
      // The host, while ap_start reads 1. The kernel ends only what it has taken.
      if (pending) assume (!start && !(write && (address == causeway_registers_pkg::ArgumentLow || address == causeway_registers_pkg::ArgumentHigh)));
      if (running == 3'd0) assume (!done);
      assert (addresses == {1'b0, have_address} + {1'b0, s_axi_bvalid});
      assert (words == {1'b0, have_data} + {1'b0, s_axi_bvalid});
      assert (reads == {1'b0, s_axi_rvalid});
      assert (waiting == queued + {2'd0, pending} && queued <= 3'd4);
      assert (started - finished == {29'd0, running});
      assert (unseen == {1'b0, running} + ended && unseen <= 4'd7 && ended <= 4'd7);
      if (followed) begin
        assert (ahead < waiting);
        if (ahead < queued) assert (queue[row] == value);
        else assert (pending && written == value);
      end
      if (followed && pop && ahead == 3'd0) assert (argument == value);
      if (!$past(rst)) begin
        if ($past(start_valid && !start_ready)) assert (start_valid && $stable(argument));
        if ($past(read && s_axi_araddr == causeway_registers_pkg::Control)) begin
          assert (s_axi_rdata[0] == $past(pending || queued == 3'd4));
          assert (s_axi_rdata[1] == $past(unseen != {1'b0, running}));           // done: ended, not continued
          assert (s_axi_rdata[2] == $past(waiting == 3'd0 && running == 3'd0));  // idle
        end
        if ($past(done && enabled[0])) assert (raised[0]);
        if ($past(pop && enabled[1])) assert (raised[1]);
      end
      cover (followed && ahead == 3'd3);
    end
  end
`endif
endmodule
