// Takes the packet in a buffer through the SRTP kernel, in place: first the job, then the round keys as they come from
// memory, then the packet's beats. What comes out never overtakes what goes in, and only its tag goes beyond it.
module causeway_srtp_pass
  import causeway_batch_pkg::*;
(
    input  logic         clk,
    input  logic         rst,
    // Starts a pass; all of this stays until `done`.
    input  logic         start,
    input  logic         protect,
    input  side_t        side,
    input  logic [ 47:0] index,
    input  logic [  7:0] header_words,  // of 32 bits
    input  logic [ 10:0] length,
    output logic         done,          // from the end to the next start; may come before all keys have been taken
    output logic [  1:0] status,        // with it: 0 ok, 1 not authentic, 2 malformed
    output logic [ 11:0] length_out,
    // Round keys
    input  logic [127:0] key,
    input  logic         key_valid,
    output logic         key_ready,
    // The buffer: beats of 16 octets, the first octet highest. Reads are combinational.
    output logic [  6:0] read_at,
    input  logic [127:0] read_data,
    output logic         write,
    output logic [  6:0] write_at,
    output logic [127:0] write_data,
    input  logic [ 31:0] ssrc
);
  function automatic logic [319:0] reversed40(input logic [319:0] octets);
    for (int i = 0; i < 40; i++) reversed40[8*i+:8] = octets[8*(39-i)+:8];
  endfunction
  function automatic logic [111:0] reversed14(input logic [111:0] octets);
    for (int i = 0; i < 14; i++) reversed14[8*i+:8] = octets[8*(13-i)+:8];
  endfunction

  logic running, job_valid, job_ready, feeding;
  logic [7:0] beat;  // to feed
  logic [7:0] back;  // to come out
  logic last_back, verdict_seen;
  wire [7:0] beats = {1'b0, 7'((12'(length) + 12'd15) >> 4)};
  wire [10:0] header = {1'b0, header_words, 2'b00};
  // SrtpJob of hls/srtp/srtp.hpp, the last member first.
  wire [541:0] job = {
    reversed40(side.authentication), ssrc, index, reversed14(side.salt), length, header, side.tag[4:0], side.flags[2],
    side.flags[1], protect
  };

  logic in_ready, out_valid, verdict_valid;
  logic [133:0] out_data;
  logic [13:0] verdict;
  wire in_valid = feeding && beat != beats;
  wire last = beat + 8'd1 == beats;
  wire [1:0] verdict_status = verdict[1:0];
  srtp kernel (
      .clk,
      .rst,
      .jobs_data(job),
      .jobs_valid(job_valid),
      .jobs_ready(job_ready),
      .keys_data(key),
      .keys_valid(key_valid),
      .keys_ready(key_ready),
      .in_data({last, read_data}),
      .in_valid,
      .in_ready,
      .out_data,
      .out_valid,
      .out_ready(1'b1),
      .verdicts_data(verdict),
      .verdicts_valid(verdict_valid),
      .verdicts_ready(running && !verdict_seen)
  );
  assign read_at = beat[6:0];
  assign write = out_valid;
  assign write_at = back[6:0];
  assign write_data = out_data[127:0];

  always_ff @(posedge clk) begin
    if (start) begin
      done <= 1'b0;
      running <= 1'b1;
      job_valid <= 1'b1;
      feeding <= 1'b0;
      beat <= 8'd0;
      back <= 8'd0;
      last_back <= 1'b0;
      verdict_seen <= 1'b0;
    end else begin
      if (job_valid && job_ready) begin
        job_valid <= 1'b0;
        feeding <= 1'b1;
      end
      if (in_valid && in_ready) beat <= beat + 8'd1;
      if (out_valid) begin
        back <= back + 8'd1;
        last_back <= out_data[133];
      end
      if (running && !verdict_seen && verdict_valid) begin
        verdict_seen <= 1'b1;
        status <= verdict_status;
        length_out <= verdict[13:2];
      end
      if (running && verdict_seen && beat == beats && (last_back || length_out == 12'd0)) begin
        running <= 1'b0;
        done <= 1'b1;
      end
    end
    if (rst) begin
      running <= 1'b0;
      job_valid <= 1'b0;
      feeding <= 1'b0;
      verdict_seen <= 1'b0;
      done <= 1'b0;
    end
  end
endmodule
