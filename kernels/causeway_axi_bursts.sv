// Cuts a command (address, octets) into AXI4 bursts of whole words. A burst ends where the address is a multiple of BURST words, so
// none crosses 4 KB (ARM IHI 0022 A3.4.1) as long as BURST words are 4 KB or less, and all but the first begin there. A command
// of no octets makes one entry that is empty.
module causeway_axi_bursts #(
    parameter int DATA_WIDTH = 512,    // bits, a power of two
    parameter int ADDRESS_WIDTH = 64,
    parameter int LENGTH_WIDTH = 32,
    parameter int BURST = 64           // words, a power of two, 256 at most (A3.4.1)
) (
    input  logic                            clk,
    input  logic                            rst,              // synchronous, active high
    input  logic [       ADDRESS_WIDTH-1:0] command_address,  // of whole words: the low bits are ignored
    input  logic [        LENGTH_WIDTH-1:0] command_octets,
    input  logic                            command_valid,
    output logic                            command_ready,
    output logic [       ADDRESS_WIDTH-1:0] burst_address,
    output logic [                     7:0] burst_length,     // words less one
    output logic                            burst_last,       // of the command
    output logic                            burst_empty,      // no words; last is set
    output logic [$clog2(DATA_WIDTH/8)-1:0] burst_tail,       // octets in the last word of the command, 0: all
    output logic                            burst_valid,
    input  logic                            burst_ready
);
  localparam int B = $clog2(DATA_WIDTH / 8);
  localparam int L = $clog2(BURST);
  localparam int W = LENGTH_WIDTH - B + 1;
  logic [ADDRESS_WIDTH-1:B] at;
  logic [W-1:0] left;  // words
  // BURST less the words since its last multiple.
  wire [L:0] room = (L + 1)'(BURST) - {1'b0, at[B+L-1:B]};
  wire [L:0] words = burst_last ? left[L:0] : room;
  assign burst_last = left <= W'(room);
  assign burst_empty = left == '0;
  assign burst_length = 8'(words) - 8'd1;
  assign burst_address = {at, {B{1'b0}}};
  assign command_ready = !burst_valid || (burst_ready && burst_last);
  always_ff @(posedge clk) begin
    if (rst) burst_valid <= 1'b0;
    else if (command_ready) burst_valid <= command_valid;
    if (command_ready) begin
      at <= command_address[ADDRESS_WIDTH-1:B];
      left <= W'(command_octets[LENGTH_WIDTH-1:B]) + W'(command_octets[B-1:0] != '0);
      burst_tail <= command_octets[B-1:0];
    end else if (burst_valid && burst_ready) begin
      at <= at + (ADDRESS_WIDTH - B)'(words);
      left <= left - W'(words);
    end
  end
  wire unused = &{1'b0, command_address[B-1:0]};

`ifdef FORMAL
  logic past = 1'b0;
  logic [ADDRESS_WIDTH-1:0] expected;  // where the next burst begins
  logic [LENGTH_WIDTH:0] remaining;    // octets of the command that no burst has covered
  wire [12:0] end_in_page = {1'b0, burst_address[11:0]} + ((burst_length + 13'd1) << B);
  wire [LENGTH_WIDTH:0] covered = (burst_length + 1) << B;
  always_ff @(posedge clk) begin
    past <= 1'b1;
    if (command_valid && command_ready) begin
      expected  <= {command_address[ADDRESS_WIDTH-1:B], {B{1'b0}}};
      remaining <= command_octets;
    end else if (burst_valid && burst_ready) begin
      expected  <= expected + ((burst_length + 1) << B);
      remaining <= remaining - covered;
    end
    if (!past) assume (rst);
    else begin
      if ($past(rst)) assert (!burst_valid);
      else if ($past(burst_valid && !burst_ready))
        assert (burst_valid && $stable(burst_address) && $stable(burst_length) && $stable(burst_last) && $stable(burst_empty) &&
                $stable(burst_tail));
      if (burst_valid) begin
        assert (burst_address == expected);
        assert (left == (remaining + (1 << B) - 1) >> B && remaining[B-1:0] == burst_tail && !remaining[LENGTH_WIDTH]);
        assert (burst_empty == (remaining == 0));
        if (!burst_empty) begin
          assert (end_in_page <= 13'd4096);
          assert (burst_length < BURST);
          assert (burst_last == (remaining <= covered));
          if (burst_last) assert (covered - remaining < (1 << B));
          else assert (((burst_address >> B) + burst_length + 1) % BURST == 0);
        end else assert (burst_last);
      end
      cover (burst_valid && burst_last && !burst_empty && burst_tail != '0 && $past(burst_valid && burst_length == BURST - 1));
      cover (burst_valid && burst_empty);
    end
  end
`endif
endmodule
