// Runs batches: reads the header and one descriptor after the other, does what the operation says, writes packets and
// completions, and the completion header last, when memory has acknowledged all else. LOOPBACK copies the packet;
// the operations of the media pipeline complete as unsupported. Memory is used a 64-octet word at a time.
//
// A header that is not to be trusted (magic, bounds) or cannot be read ends the run with nothing written: the host knows
// a run by its completion header only. One of another build is answered by a completion header alone, which names this
// kernel's. A bad descriptor completes with an error and touches nothing.
module causeway_batch
  import causeway_batch_pkg::*;
(
    input  logic         clk,
    input  logic         rst,
    input  logic [ 63:0] base,           // where the batch begins
    input  logic         start_valid,
    output logic         start_ready,
    output logic         done,           // for one cycle
    output logic [ 63:0] m_axi_araddr,
    output logic         m_axi_arvalid,
    input  logic         m_axi_arready,
    input  logic [511:0] m_axi_rdata,
    input  logic [  1:0] m_axi_rresp,
    input  logic         m_axi_rvalid,
    output logic         m_axi_rready,
    output logic [ 63:0] m_axi_awaddr,
    output logic         m_axi_awvalid,
    input  logic         m_axi_awready,
    output logic [511:0] m_axi_wdata,
    output logic [ 63:0] m_axi_wstrb,
    output logic         m_axi_wvalid,
    input  logic         m_axi_wready,
    input  logic [  1:0] m_axi_bresp,
    input  logic         m_axi_bvalid,
    output logic         m_axi_bready
);
  typedef enum logic [3:0] {
    Idle,
    Header,
    NextDescriptor,
    Descriptor,
    Check,
    Load,
    Store,
    Completion,
    CompletionHeader,
    Done
  } state_e;
  state_e state;

  batch_header_t header;
  descriptor_t descriptor;
  completion_t completion;
  completion_header_t completion_header;
  logic [63:0] batch_base;
  logic [31:0] index;     // of the descriptor
  logic [15:0] moved;     // octets of the packet
  logic [511:0] word;     // of the packet
  logic [63:0] cycles;
  logic [31:0] cycles_load, cycles_store, cycles_total;
  logic [7:0] status;

  wire read_done = m_axi_rvalid && m_axi_rready;
  wire read_failed = m_axi_rresp[1];
  wire write_done = m_axi_bvalid && m_axi_bready;
  wire batch_header_t header_read = m_axi_rdata;
  wire [15:0] left = descriptor.length - moved;
  wire [16:0] words = ({1'b0, descriptor.length} + 17'd63) >> 6;
  wire [31:0] rounded = {9'd0, words, 6'd0};

  // The parts of a batch in order: header and descriptors, packets in, completions, packets out.
  function automatic logic sound(input batch_header_t h);
    sound = h.magic == BatchMagic && h.count <= MostDescriptors && !h.size[31] &&
        h.completions[5:0] == 6'd0 && h.output_begin[5:0] == 6'd0 && h.size[5:0] == 6'd0 &&
        h.completions >= ((h.count + 32'd1) << 6) && h.completions < h.size &&
        h.output_begin >= h.completions + ((h.count + 32'd1) << 6) && h.output_begin <= h.size;
  endfunction
  wire in_bounds = descriptor.in_offset[5:0] == 6'd0 && descriptor.out_offset[5:0] == 6'd0 &&
      descriptor.length != 16'd0 && descriptor.in_offset >= ((header.count + 32'd1) << 6) &&
      descriptor.in_offset < header.completions && rounded <= header.completions - descriptor.in_offset &&
      descriptor.out_offset >= header.output_begin && descriptor.out_offset < header.size &&
      rounded <= header.size - descriptor.out_offset;

  always_comb begin
    completion = '0;
    completion.cookie = descriptor.cookie;
    completion.session = descriptor.session;
    completion.generation = descriptor.generation;
    completion.operation = descriptor.operation;
    completion.status = status;
    completion.srtp_index = descriptor.srtp_index;
    if (status == StatusOk) begin
      completion.out_offset = descriptor.out_offset;
      completion.length = descriptor.length;
    end
    completion.cycles_load = cycles_load;
    completion.cycles_store = cycles_store;
    completion.cycles_total = cycles_total;
    completion_header = '0;
    completion_header.magic = CompletionMagic;
    completion_header.build = Build;
    completion_header.epoch = header.epoch;
    completion_header.batch = header.batch;
    completion_header.count = header.count;
    completion_header.cycles = cycles;
  end

  assign start_ready = state == Idle;
  assign done = state == Done;
  assign m_axi_rready = 1'b1;
  assign m_axi_bready = 1'b1;

  task automatic start_read(input logic [31:0] offset);
    m_axi_araddr <= batch_base + {32'd0, offset};
    m_axi_arvalid <= 1'b1;
  endtask
  task automatic start_write(input logic [31:0] offset, input logic [511:0] data, input logic [63:0] strobe);
    m_axi_awaddr <= batch_base + {32'd0, offset};
    m_axi_awvalid <= 1'b1;
    m_axi_wdata <= data;
    m_axi_wstrb <= strobe;
    m_axi_wvalid <= 1'b1;
  endtask
  logic asked;  // the access of this state is under way

  always_ff @(posedge clk) begin
    if (m_axi_arvalid && m_axi_arready) m_axi_arvalid <= 1'b0;
    if (m_axi_awvalid && m_axi_awready) m_axi_awvalid <= 1'b0;
    if (m_axi_wvalid && m_axi_wready) m_axi_wvalid <= 1'b0;
    if (read_done || write_done) asked <= 1'b0;
    cycles <= cycles + 64'd1;
    cycles_total <= cycles_total + 32'd1;
    if (state == Load) cycles_load <= cycles_load + 32'd1;
    if (state == Store) cycles_store <= cycles_store + 32'd1;

    case (state)
      Idle:
      if (start_valid) begin
        batch_base <= base;
        cycles <= 64'd0;
        state <= Header;
      end
      Header: begin
        if (!asked) begin
          start_read(32'd0);
          asked <= 1'b1;
        end else if (read_done) begin
          header <= header_read;
          index <= 32'd0;
          if (read_failed || !sound(header_read)) state <= Done;
          else state <= header_read.build == Build ? NextDescriptor : CompletionHeader;
        end
      end
      NextDescriptor: begin
        cycles_load <= 32'd0;
        cycles_store <= 32'd0;
        cycles_total <= 32'd0;
        moved <= 16'd0;
        state <= index == header.count ? CompletionHeader : Descriptor;
      end
      Descriptor:
      if (!asked) begin
        start_read((index + 32'd1) << 6);
        asked <= 1'b1;
      end else if (read_done) begin
        descriptor <= m_axi_rdata;
        state <= read_failed ? Done : Check;
      end
      Check: begin
        state <= Completion;
        if (descriptor.operation != OpLoopback) status <= StatusUnsupported;
        else if (!in_bounds) status <= StatusBadDescriptor;
        else if (descriptor.length > descriptor.room) status <= StatusNoRoom;
        else begin
          status <= StatusOk;
          state <= Load;
        end
      end
      Load:
      if (!asked) begin
        start_read(descriptor.in_offset + {16'd0, moved});
        asked <= 1'b1;
      end else if (read_done) begin
        word <= m_axi_rdata;
        if (read_failed) status <= StatusMemoryError;
        state <= read_failed ? Completion : Store;
      end
      Store:
      if (!asked) begin
        start_write(descriptor.out_offset + {16'd0, moved}, word,
                    left >= 16'd64 ? '1 : (64'd1 << left[5:0]) - 64'd1);
        asked <= 1'b1;
      end else if (write_done) begin
        moved <= moved + 16'd64;
        if (m_axi_bresp[1]) status <= StatusMemoryError;
        state <= m_axi_bresp[1] || left <= 16'd64 ? Completion : Load;
      end
      Completion:
      if (!asked) begin
        start_write(header.completions + ((index + 32'd1) << 6), completion, '1);
        asked <= 1'b1;
      end else if (write_done) begin
        index <= index + 32'd1;
        state <= m_axi_bresp[1] ? Done : NextDescriptor;
      end
      CompletionHeader:
      if (!asked) begin
        start_write(header.completions, completion_header, '1);
        asked <= 1'b1;
      end else if (write_done) state <= Done;
      default: state <= Idle;  // Done
    endcase
    if (rst) begin
      state <= Idle;
      asked <= 1'b0;
      m_axi_arvalid <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
    end
  end
endmodule
