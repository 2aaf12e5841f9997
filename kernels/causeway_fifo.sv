// FIFO of DEPTH words of WIDTH bits on one clock. DEPTH is exact: 1 or more, also where it is no power of two.
// One word a cycle when neither empty nor full; a word can leave the cycle after it came. Ready and valid are
// functions of registers only. Rows are read asynchronously (LUT RAM on the card).
module causeway_fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 2
) (
    input  logic             clk,
    input  logic             rst,        // synchronous, active high; drops what is inside
    input  logic [WIDTH-1:0] in_data,
    input  logic             in_valid,
    output logic             in_ready,
    output logic [WIDTH-1:0] out_data,
    output logic             out_valid,
    input  logic             out_ready
);
  localparam int A = DEPTH <= 2 ? 1 : $clog2(DEPTH);
  localparam int C = $clog2(DEPTH + 1);
  localparam logic [A-1:0] LAST = A'(DEPTH - 1);
  logic [WIDTH-1:0] rows[DEPTH > 1 ? DEPTH : 2];
  logic [A-1:0] write, read;
  logic [C-1:0] count;
  wire take = in_valid && in_ready;
  wire give = out_valid && out_ready;
  assign in_ready  = count != C'(DEPTH);
  assign out_valid = count != '0;
  assign out_data  = rows[read];
  always_ff @(posedge clk) begin
    if (take) rows[write] <= in_data;
    if (rst) begin
      write <= '0;
      read  <= '0;
      count <= '0;
    end else begin
      if (take) write <= write == LAST ? '0 : write + 1'b1;
      if (give) read <= read == LAST ? '0 : read + 1'b1;
      if (take && !give) count <= count + 1'b1;
      if (give && !take) count <= count - 1'b1;
    end
  end

`ifdef FORMAL
  // One word, arbitrarily chosen, is followed through: it leaves once, unchanged, after those before it.
  logic past = 1'b0;
  (* anyseq *) logic choose;
  logic followed = 1'b0;
  logic [C-1:0] ahead;
  logic [WIDTH-1:0] word;
  logic [C:0] inside = '0;
  wire [A+C:0] at = {{(C + 1) {1'b0}}, read} + {{(A + 1) {1'b0}}, ahead};
  wire [A+C:0] row = at >= DEPTH ? at - DEPTH : at;
  wire [A+C:0] end_at = {{(C + 1) {1'b0}}, read} + {{(A + 1) {1'b0}}, count};
  wire [A+C:0] end_row = end_at >= DEPTH ? end_at - DEPTH : end_at;
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (rst) begin
      inside   <= '0;
      followed <= 1'b0;
    end else begin
      inside <= inside + {{C{1'b0}}, take} - {{C{1'b0}}, give};
      if (!followed && take && choose) begin
        followed <= 1'b1;
        word     <= in_data;
        ahead    <= count - {{(C - 1) {1'b0}}, give};
      end else if (followed && give) begin
        if (ahead == '0) followed <= 1'b0;
        else ahead <= ahead - 1'b1;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (!past) assume (rst);
    else begin
      assert (inside == {1'b0, count} && inside <= DEPTH);
      assert (read < DEPTH && write < DEPTH && end_row == {{(C + 1) {1'b0}}, write});
      assert (in_ready == (inside < DEPTH) && out_valid == (inside != '0));
      if (followed) assert (ahead < count && rows[row[A-1:0]] == word);
      if (followed && ahead == '0) assert (out_data == word);
      if ($past(rst)) assert (!out_valid && in_ready);
      else begin
        if ($past(out_valid && !out_ready)) assert (out_valid && $stable(out_data));
        if ($past(take)) assert (out_valid);
      end
      cover (!in_ready && give);
    end
  end
`endif
endmodule
