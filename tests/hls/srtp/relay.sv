// Two SRTP kernels: what one has unprotected, the other protects.
module relay (
    input  logic clk,
    input  logic rst,
    input  logic [541:0] a_jobs_data, input logic a_jobs_valid, output logic a_jobs_ready,
    input  logic [127:0] a_keys_data, input logic a_keys_valid, output logic a_keys_ready,
    input  logic [128:0] in_data, input logic in_valid, output logic in_ready,
    input  logic [541:0] b_jobs_data, input logic b_jobs_valid, output logic b_jobs_ready,
    input  logic [127:0] b_keys_data, input logic b_keys_valid, output logic b_keys_ready,
    output logic [13:0] a_verdicts_data, output logic a_verdicts_valid, input logic a_verdicts_ready,
    output logic [133:0] out_data, output logic out_valid, input logic out_ready,
    output logic [13:0] b_verdicts_data, output logic b_verdicts_valid, input logic b_verdicts_ready
);
  logic [133:0] clear_data;
  logic clear_valid, clear_ready;
  srtp u_unprotect (
      .clk, .rst,
      .jobs_data(a_jobs_data), .jobs_valid(a_jobs_valid), .jobs_ready(a_jobs_ready),
      .keys_data(a_keys_data), .keys_valid(a_keys_valid), .keys_ready(a_keys_ready),
      .in_data, .in_valid, .in_ready,
      .out_data(clear_data), .out_valid(clear_valid), .out_ready(clear_ready),
      .verdicts_data(a_verdicts_data), .verdicts_valid(a_verdicts_valid), .verdicts_ready(a_verdicts_ready)
  );
  // A Beat's data and last are a PacketBeat.
  srtp u_protect (
      .clk, .rst,
      .jobs_data(b_jobs_data), .jobs_valid(b_jobs_valid), .jobs_ready(b_jobs_ready),
      .keys_data(b_keys_data), .keys_valid(b_keys_valid), .keys_ready(b_keys_ready),
      .in_data({clear_data[133], clear_data[127:0]}), .in_valid(clear_valid), .in_ready(clear_ready),
      .out_data, .out_valid, .out_ready,
      .verdicts_data(b_verdicts_data), .verdicts_valid(b_verdicts_valid), .verdicts_ready(b_verdicts_ready)
  );
endmodule
