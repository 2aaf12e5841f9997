// A stream between two processes.
module causeway_fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 2
) (
    input  logic clk,
    input  logic rst,
    input  logic [WIDTH-1:0] in_data,
    input  logic in_valid,
    output logic in_ready,
    output logic [WIDTH-1:0] out_data,
    output logic out_valid,
    input  logic out_ready
);
  localparam int A = DEPTH <= 2 ? 1 : $clog2(DEPTH);
  logic [WIDTH-1:0] rows [1 << A];
  logic [A:0] write, read;
  assign in_ready = write - read != (A + 1)'(1 << A);
  assign out_valid = write != read;
  assign out_data = rows[read[A-1:0]];
  always_ff @(posedge clk) begin
    if (in_valid && in_ready) rows[write[A-1:0]] <= in_data;
    if (rst) begin
      write <= 0;
      read  <= 0;
    end else begin
      if (in_valid && in_ready) write <= write + 1;
      if (out_valid && out_ready) read <= read + 1;
    end
  end
endmodule
