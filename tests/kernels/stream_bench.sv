// Five streams of 32 bits, each through another block: the skid buffer, FIFOs of 1, 4 and 5 words, and three merged into one.
module stream_bench (
    input  logic              clk,
    input  logic              rst,
    input  logic [ 6:0][31:0] in_data,   // 0 skid, 1 to 3 FIFOs, 4 to 6 merged
    input  logic [ 6:0]       in_last,
    input  logic [ 6:0]       in_valid,
    output logic [ 6:0]       in_ready,
    output logic [ 4:0][31:0] out_data,  // 4 the merged
    output logic              out_last,
    output logic [ 2:0]       out_from,
    output logic [ 4:0]       out_valid,
    input  logic [ 4:0]       out_ready
);
  causeway_skid #(
      .WIDTH(32)
  ) skid (
      .clk,
      .rst,
      .in_data(in_data[0]),
      .in_valid(in_valid[0]),
      .in_ready(in_ready[0]),
      .out_data(out_data[0]),
      .out_valid(out_valid[0]),
      .out_ready(out_ready[0])
  );
  localparam int DEPTHS[3] = '{1, 4, 5};
  for (genvar i = 0; i < 3; i++) begin : g_fifo
    causeway_fifo #(
        .WIDTH(32),
        .DEPTH(DEPTHS[i])
    ) fifo (
        .clk,
        .rst,
        .in_data(in_data[1+i]),
        .in_valid(in_valid[1+i]),
        .in_ready(in_ready[1+i]),
        .out_data(out_data[1+i]),
        .out_valid(out_valid[1+i]),
        .out_ready(out_ready[1+i])
    );
  end
  causeway_merge #(
      .N(3),
      .WIDTH(32)
  ) merge (
      .clk,
      .rst,
      .in_data(in_data[6:4]),
      .in_last(in_last[6:4]),
      .in_valid(in_valid[6:4]),
      .in_ready(in_ready[6:4]),
      .out_data(out_data[4]),
      .out_from,
      .out_last,
      .out_valid(out_valid[4]),
      .out_ready(out_ready[4])
  );
  wire unused = &{1'b0, in_last[3:0]};
endmodule
