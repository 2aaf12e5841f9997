// Two-entry output buffer: no ready path crosses it. in_ready is a register.
module causeway_skid #(
    parameter int WIDTH = 8
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
  logic kept_valid;
  logic [WIDTH-1:0] kept;
  assign in_ready = !kept_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      out_valid  <= 0;
      kept_valid <= 0;
    end else if (!out_valid || out_ready) begin
      out_valid  <= kept_valid || in_valid;
      kept_valid <= 0;
    end else if (in_valid) begin
      kept_valid <= 1;
    end
    if (!out_valid || out_ready) out_data <= kept_valid ? kept : in_data;
    if (in_ready) kept <= in_data;
  end
endmodule
