// Skid buffer: a stream of WIDTH bits through registers both ways, so that no combinational path crosses it.
// Two words deep, one word a cycle, latency one cycle.
module causeway_skid #(
    parameter int WIDTH = 8
) (
    input  logic             clk,
    input  logic             rst,        // synchronous, active high; drops what is inside
    input  logic [WIDTH-1:0] in_data,
    input  logic             in_valid,
    output logic             in_ready,   // a register: never depends on out_ready of the same cycle
    output logic [WIDTH-1:0] out_data,
    output logic             out_valid,
    input  logic             out_ready
);
  logic kept_valid;
  logic [WIDTH-1:0] kept;
  assign in_ready = !kept_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      out_valid  <= 1'b0;
      kept_valid <= 1'b0;
    end else if (!out_valid || out_ready) begin
      out_valid  <= kept_valid || in_valid;
      kept_valid <= 1'b0;
    end else if (in_valid) begin
      kept_valid <= 1'b1;
    end
    if (!out_valid || out_ready) out_data <= kept_valid ? kept : in_data;
    if (in_ready) kept <= in_data;
  end

`ifdef FORMAL
  // One word, arbitrarily chosen, is followed through: it leaves once, unchanged, after those before it.
  logic past = 1'b0;
  (* anyseq *) logic choose;
  logic followed = 1'b0;
  logic [1:0] ahead;
  logic [WIDTH-1:0] word;
  logic [1:0] inside = 2'd0;
  wire take = in_valid && in_ready;
  wire give = out_valid && out_ready;
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (rst) begin
      inside   <= 2'd0;
      followed <= 1'b0;
    end else begin
      inside <= inside + {1'b0, take} - {1'b0, give};
      if (!followed && take && choose) begin
        followed <= 1'b1;
        word     <= in_data;
        ahead    <= inside - {1'b0, give};
      end else if (followed && give) begin
        if (ahead == 2'd0) followed <= 1'b0;
        else ahead <= ahead - 2'd1;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (!past) assume (rst);
    else begin
      assert (inside == {1'b0, out_valid} + {1'b0, kept_valid});
      assert (!kept_valid || out_valid);
      assert (!followed || ahead < inside);
      if (followed && ahead == 2'd0) assert (out_valid && out_data == word);
      if (followed && ahead == 2'd1) assert (kept_valid && kept == word);
      if ($past(rst)) assert (!out_valid && in_ready);
      else begin
        if ($past(out_valid && !out_ready)) assert (out_valid && $stable(out_data));
        if ($past(out_ready)) assert (in_ready);
        if ($past(take)) assert (out_valid);
      end
      cover (inside == 2'd2 && give);
    end
  end
`endif
endmodule
