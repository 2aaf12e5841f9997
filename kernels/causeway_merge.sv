// N streams of packets into one, in turn. A packet (up to the word with last) stays whole; where every word has last, words
// take turns. Combinational from input to output: put a causeway_skid behind it where timing asks for one.
module causeway_merge #(
    parameter int N = 2,
    parameter int WIDTH = 8
) (
    input  logic               clk,
    input  logic               rst,        // synchronous, active high
    input  logic [N*WIDTH-1:0] in_data,    // the first stream's lowest
    input  logic [      N-1:0] in_last,
    input  logic [      N-1:0] in_valid,
    output logic [      N-1:0] in_ready,
    output logic [  WIDTH-1:0] out_data,
    output logic [      N-1:0] out_from,   // one bit: whose word it is
    output logic               out_last,
    output logic               out_valid,
    input  logic               out_ready
);
  causeway_arbiter #(
      .N(N)
  ) arbiter (
      .clk,
      .rst,
      .request(in_valid),
      .done(out_valid && out_ready && out_last),
      .grant(out_from)
  );
  assign in_ready  = out_from & {N{out_ready}};
  assign out_valid = (in_valid & out_from) != '0;
  assign out_last  = (in_last & out_from) != '0;
  always_comb begin
    out_data = '0;
    for (int i = 0; i < N; i++) if (out_from[i]) out_data = out_data | in_data[i*WIDTH+:WIDTH];
  end

`ifdef FORMAL
  logic past = 1'b0;
  (* anyconst *) logic [$clog2(N):0] watched;  // a stream, arbitrarily chosen
  wire [WIDTH-1:0] watched_data = in_data >> (watched * WIDTH);
  always_ff @(posedge clk) begin
    assume (watched < N);
    past <= 1'b1;
    if (!past) assume (rst);
    else begin
      if (!$past(rst)) begin
        if ($past(out_valid && !out_ready)) assume ((in_valid & $past(out_from)) != '0 && $stable(in_data) && $stable(in_last));
        if ($past(out_valid && !out_ready)) assert (out_valid && $stable(out_data) && $stable(out_last) && $stable(out_from));
        // Only the last word of a packet lets go of the output.
        if ($past(out_from != '0 && !(out_valid && out_ready && out_last))) assert ($stable(out_from));
      end
      // Every word that leaves is the one that its stream gives in this cycle. The arbiter's proof shows that it is fair.
      assert ((in_ready & in_valid) == (out_valid && out_ready ? out_from : '0));
      assert ((in_valid != '0) || !out_valid);
      if (out_valid && out_from[watched]) assert (in_valid[watched] && out_data == watched_data && out_last == in_last[watched]);
      if ($past(out_valid && out_ready && out_last && !rst)) assert (out_valid == (in_valid != '0));
      cover ($past(out_from[0] && out_valid && out_ready && out_last) && out_from[1] && in_valid[0]);
    end
  end
`endif
endmodule
