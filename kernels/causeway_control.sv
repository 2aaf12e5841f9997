// AXI4-Lite control of a kernel with one 64-bit argument, by the rules of ap_ctrl_chain: a write of ap_start queues
// the argument (four deep, so that the next batch starts without the host), every end counts until the host
// says ap_continue.
//
//   0x00  0 ap_start (reads 1 while the queue is full)  1 ap_done  2 ap_idle  3 ap_ready  4 ap_continue (write)
//   0x04  global interrupt enable   0x08  interrupts enabled (0 done, 1 ready)   0x0c  interrupts, write 1 to toggle
//   0x10  argument, low word        0x14  argument, high word                    0x20  build (read only)
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

  logic have_address, have_data;
  logic [11:0] address;
  logic [31:0] data;
  logic [ 3:0] strobe;
  wire write = have_address && have_data && !s_axi_bvalid;
  wire write_control = write && address == 12'h000 && strobe[0];
  wire push = pending && queued != 3'd4;
  wire pop = start_valid && start_ready;
  wire read = s_axi_arvalid && s_axi_arready;

  assign s_axi_awready = !have_address;
  assign s_axi_wready = !have_data;
  assign s_axi_bresp = 2'b00;
  assign s_axi_arready = !s_axi_rvalid;
  assign s_axi_rresp = 2'b00;
  assign argument = queue[first];
  assign start_valid = queued != 3'd0;
  assign interrupt = global_enable && |(raised & enabled);

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
        12'h004: global_enable <= strobe[0] ? data[0] : global_enable;
        12'h008: enabled <= strobe[0] ? data[1:0] : enabled;
        12'h00c: raised <= raised ^ (strobe[0] ? data[1:0] : 2'b00);
        12'h010: written[31:0] <= merged(written[31:0]);
        12'h014: written[63:32] <= merged(written[63:32]);
        default: ;
      endcase
    end
    if (write_control && data[0]) pending <= 1'b1;
    else if (push) pending <= 1'b0;
    if (push) queue[first+queued[1:0]] <= written;
    if (pop) first <= first + 2'd1;
    queued <= queued + {2'b0, push} - {2'b0, pop};
    running <= running + {2'b0, pop} - {2'b0, done};
    ended <= ended + {3'b0, done} - {3'b0, write_control && data[4] && ended != 4'd0};
    if (done) raised <= raised | (2'b01 & enabled);
    if (pop) raised <= raised | (2'b10 & enabled);
    if (read) begin
      s_axi_rvalid <= 1'b1;
      case (s_axi_araddr)
        12'h000:
        s_axi_rdata <= {
          27'd0, 1'b0, !pending && queued != 3'd4, !pending && queued == 3'd0 && running == 3'd0, ended != 4'd0, pending || queued == 3'd4
        };
        12'h004: s_axi_rdata <= {31'd0, global_enable};
        12'h008: s_axi_rdata <= {30'd0, enabled};
        12'h00c: s_axi_rdata <= {30'd0, raised};
        12'h010: s_axi_rdata <= written[31:0];
        12'h014: s_axi_rdata <= written[63:32];
        12'h020: s_axi_rdata <= BUILD;
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
      first <= 2'd0;
      running <= 3'd0;
      ended <= 4'd0;
      global_enable <= 1'b0;
      enabled <= 2'b00;
      raised <= 2'b00;
      written <= 64'd0;
    end
  end
endmodule
