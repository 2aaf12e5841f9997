// Round-robin arbiter of N requests. A grant is given in the cycle of the request and stays until its holder is done; the
// next goes to the request that follows the last holder's. A request waits for N - 1 others at most.
module causeway_arbiter #(
    parameter int N = 2
) (
    input  logic         clk,
    input  logic         rst,      // synchronous, active high
    input  logic [N-1:0] request,
    input  logic         done,     // the holder's last cycle, where there is a grant
    output logic [N-1:0] grant     // one bit, or none
);
  logic held;             // the grant began before
  logic [N-1:0] holder;
  logic [N-1:0] after;    // the requests behind the last holder's, which go first
  wire [N-1:0] first = request & after;
  wire [N-1:0] pick = first != '0 ? first & (~first + 1'b1) : request & (~request + 1'b1);
  assign grant = held ? holder : pick;
  always_ff @(posedge clk) begin
    if (rst) begin
      held  <= 1'b0;
      after <= '0;
    end else if (grant != '0) begin
      held <= !done;
      if (done) after <= ~(grant | (grant - 1'b1));
    end
    if (!held) holder <= pick;
  end

`ifdef FORMAL
  // One request, arbitrarily chosen, is watched: while it waits, at most N - 1 others are done.
  localparam int C = $clog2(N) + 2;
  (* anyconst *) logic [C-1:0] watched;
  logic past = 1'b0;
  logic [C-1:0] passed = '0;  // others that were done while it waited
  logic [C-1:0] next, before, holder_before, at;
  always_comb begin
    next = '0;  // who goes first
    at = '0;
    for (int i = 0; i < N; i++) begin
      if (!after[i]) next = next + 1'b1;
      if (holder[i]) at = i;
    end
    if (next == N) next = '0;
    before = watched >= next ? watched - next : watched + N - next;  // how many go before it
    holder_before = at >= next ? at - next : at + N - next;
  end
  wire waits = request[watched] && !grant[watched];
  always_ff @(posedge clk) begin
    assume (watched < N);
    past <= 1'b1;
    if (rst || !waits) passed <= '0;
    else if (done && grant != '0) passed <= passed + 1'b1;
    if (!past) assume (rst);
    else begin
      assert ((~after & (~after + 1'b1)) == '0);
      if (held) assert (holder != '0 && (holder & (holder - 1'b1)) == '0);
      assert ((grant & (grant - 1'b1)) == '0);
      assert ((grant != '0) == (held || request != '0));
      if (!held) assert ((grant & ~request) == '0);
      if (!$past(rst) && $past(grant != '0 && !done)) assert ($stable(grant));
      if (passed != '0) assert (passed + before < N && (!held || holder_before < before));
      assert (passed < N);
      cover (passed == N - 1);
    end
  end
`endif
endmodule
