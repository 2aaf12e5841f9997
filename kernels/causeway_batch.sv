// Runs batches: reads the header and one descriptor after the other, does what the operation says, writes packets and
// completions, and the completion header last, when memory has acknowledged all else. Memory is used a 64-octet word at
// a time, one descriptor after the other.
//
//   LOOPBACK            copies the packet
//   PACKET              unprotects it, gives it the descriptor's RTP header, protects it: a side without SRTP is passed over
//   OPEN, REKEY         copy the packet to the session's context
//   EXPORT, CLOSE       copy the context out; zero it
//   TICK                completes as unsupported
//
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
  typedef enum logic [4:0] {
    Idle,
    Header,
    NextDescriptor,
    Descriptor,
    Check,
    Load,
    Store,
    PacketLoad,
    PacketSplit,
    Side,
    Keys,
    KeysPush,
    Pass,
    PassEnd,
    NewHeader,
    PacketJoin,
    PacketStore,
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
  logic [31:0] cycles_load, cycles_unprotect, cycles_protect, cycles_store, cycles_total;
  logic [7:0] status;

  wire read_done = m_axi_rvalid && m_axi_rready;
  wire read_failed = m_axi_rresp[1];
  wire write_done = m_axi_bvalid && m_axi_bready;
  wire batch_header_t header_read = m_axi_rdata;
  wire [15:0] left = packet_length - moved;
  wire [16:0] words = ({1'b0, descriptor.length} + 17'd63) >> 6;
  wire [31:0] rounded = {9'd0, words, 6'd0};

  // The parts of a batch in order: header and descriptors, packets in, completions, packets out.
  function automatic logic sound(input batch_header_t h);
    sound = h.magic == BatchMagic && h.count <= MostDescriptors && !h.size[31] &&
        h.completions[5:0] == 6'd0 && h.output_begin[5:0] == 6'd0 && h.size[5:0] == 6'd0 &&
        h.completions >= ((h.count + 32'd1) << 6) && h.completions < h.size &&
        h.output_begin >= h.completions + ((h.count + 32'd1) << 6) && h.output_begin <= h.size;
  endfunction
  wire in_there = descriptor.in_offset[5:0] == 6'd0 && descriptor.length != 16'd0 &&
      descriptor.in_offset >= ((header.count + 32'd1) << 6) && descriptor.in_offset < header.completions &&
      rounded <= header.completions - descriptor.in_offset;
  wire [16:0] room_words = ({1'b0, descriptor.room} + 17'd63) >> 6;
  wire out_there = descriptor.out_offset[5:0] == 6'd0 && descriptor.out_offset >= header.output_begin &&
      descriptor.out_offset <= header.size && {9'd0, room_words, 6'd0} <= header.size - descriptor.out_offset;
  wire session_there = descriptor.session < header.sessions;
  wire [63:0] context_base = header.contexts + ({32'd0, descriptor.session} << ContextShift);

  // The packet of the operation PACKET, and where it is.
  localparam logic [15:0] LongestPacket = 16'd1984;  // with room for a tag below 2 KiB and 11 bits
  logic [127:0] buffer[128];
  logic egress;  // the side that it is at
  side_t side;
  logic [15:0] packet_length;
  logic [15:0] join_at;   // octets that have gone out
  logic [511:0] group;    // four beats, on their way from or to memory
  logic [2:0] part;       // of them
  logic [3:0] keys_left;  // round keys
  logic [2:0] key_word;   // of the side, as read
  logic pass_start, pass_done, key_ready, pass_write;
  logic [1:0] pass_status;
  logic [11:0] pass_length;
  logic [6:0] pass_read_at, pass_write_at;
  logic [127:0] pass_write_data;
  wire [15:0] join_left = packet_length - join_at;
  wire [31:0] side_offset = egress ? SideSize : 32'd0;
  wire side_t side_read = m_axi_rdata;

  function automatic logic [127:0] swapped(input logic [127:0] octets);
    for (int i = 0; i < 16; i++) swapped[8*i+:8] = octets[8*(15-i)+:8];
  endfunction
  function automatic logic [95:0] swapped12(input logic [95:0] octets);
    for (int i = 0; i < 12; i++) swapped12[8*i+:8] = octets[8*(11-i)+:8];
  endfunction

  causeway_srtp_pass pass (
      .clk,
      .rst,
      .start(pass_start),
      .protect(egress),
      .side,
      .index(egress ? descriptor.outgoing_index[47:0] : descriptor.srtp_index[47:0]),
      .header_words(descriptor.flags),
      .length(packet_length[10:0]),
      .done(pass_done),
      .status(pass_status),
      .length_out(pass_length),
      .key(swapped(group[127:0])),
      .key_valid(state == KeysPush),
      .key_ready,
      .read_at(pass_read_at),
      .read_data(buffer[pass_read_at]),
      .write(pass_write),
      .write_at(pass_write_at),
      .write_data(pass_write_data),
      .ssrc(buffer[0][63:32])
  );

  always_comb begin
    completion = '0;
    completion.cookie = descriptor.cookie;
    completion.session = descriptor.session;
    completion.generation = descriptor.generation;
    completion.operation = descriptor.operation;
    completion.status = status;
    completion.srtp_index = descriptor.srtp_index;
    if (status == StatusOk && gives) begin
      completion.out_offset = descriptor.out_offset;
      completion.length = packet_length;
    end
    completion.cycles_unprotect = cycles_unprotect;
    completion.cycles_protect = cycles_protect;
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

  task automatic start_read(input logic [63:0] from, input logic [31:0] offset);
    m_axi_araddr <= from + {32'd0, offset};
    m_axi_arvalid <= 1'b1;
  endtask
  task automatic start_write(input logic [63:0] to, input logic [31:0] offset, input logic [511:0] data,
                             input logic [63:0] strobe);
    m_axi_awaddr <= to + {32'd0, offset};
    m_axi_awvalid <= 1'b1;
    m_axi_wdata <= data;
    m_axi_wstrb <= strobe;
    m_axi_wvalid <= 1'b1;
  endtask
  logic asked;  // the access of this state is under way
  logic gives;  // a packet comes out
  // A copy of `packet_length` octets.
  logic [63:0] copy_from, copy_to;
  logic copy_zero;

  always_ff @(posedge clk) begin
    if (m_axi_arvalid && m_axi_arready) m_axi_arvalid <= 1'b0;
    if (m_axi_awvalid && m_axi_awready) m_axi_awvalid <= 1'b0;
    if (m_axi_wvalid && m_axi_wready) m_axi_wvalid <= 1'b0;
    if (read_done || write_done) asked <= 1'b0;
    cycles <= cycles + 64'd1;
    cycles_total <= cycles_total + 32'd1;
    pass_start <= 1'b0;
    if (state == Load || state == PacketLoad || state == PacketSplit) cycles_load <= cycles_load + 32'd1;
    if (state == Store || state == PacketJoin || state == PacketStore) cycles_store <= cycles_store + 32'd1;
    if (state inside {Side, Keys, KeysPush, Pass, PassEnd}) begin
      if (egress) cycles_protect <= cycles_protect + 32'd1;
      else cycles_unprotect <= cycles_unprotect + 32'd1;
    end
    if (pass_write) buffer[pass_write_at] <= pass_write_data;

    case (state)
      Idle:
      if (start_valid) begin
        batch_base <= base;
        cycles <= 64'd0;
        state <= Header;
      end
      Header: begin
        if (!asked) begin
          start_read(batch_base, 32'd0);
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
        cycles_unprotect <= 32'd0;
        cycles_protect <= 32'd0;
        cycles_total <= 32'd0;
        moved <= 16'd0;
        state <= index == header.count ? CompletionHeader : Descriptor;
      end
      Descriptor:
      if (!asked) begin
        start_read(batch_base, (index + 32'd1) << 6);
        asked <= 1'b1;
      end else if (read_done) begin
        descriptor <= m_axi_rdata;
        state <= read_failed ? Done : Check;
      end
      Check: begin
        state <= Completion;
        status <= StatusOk;
        packet_length <= descriptor.length;
        copy_from <= batch_base + {32'd0, descriptor.in_offset};
        copy_to <= batch_base + {32'd0, descriptor.out_offset};
        copy_zero <= descriptor.operation == OpClose;
        gives <= descriptor.operation inside {OpLoopback, OpPacket, OpExport};
        egress <= 1'b0;
        case (descriptor.operation)
          OpLoopback:
          if (!in_there || !out_there) status <= StatusBadDescriptor;
          else if (descriptor.length > descriptor.room) status <= StatusNoRoom;
          else state <= Load;
          OpPacket:
          if (!in_there || !out_there || !session_there || descriptor.length > LongestPacket) begin
            status <= StatusBadDescriptor;
          end else state <= PacketLoad;
          OpOpen, OpRekey:
          if (!in_there || !session_there || {16'd0, descriptor.length} != ContextSize) status <= StatusBadDescriptor;
          else begin
            copy_to <= context_base;
            state   <= Load;
          end
          OpExport:
          if (!out_there || !session_there) status <= StatusBadDescriptor;
          else if ({16'd0, descriptor.room} < ContextSize) status <= StatusNoRoom;
          else begin
            packet_length <= ContextSize[15:0];
            copy_from <= context_base;
            state <= Load;
          end
          OpClose:
          if (!session_there) status <= StatusBadDescriptor;
          else begin
            packet_length <= ContextSize[15:0];
            copy_to <= context_base;
            state <= Store;
            word <= '0;
          end
          default: status <= StatusUnsupported;
        endcase
      end
      Load:
      if (!asked) begin
        start_read(copy_from, {16'd0, moved});
        asked <= 1'b1;
      end else if (read_done) begin
        word <= m_axi_rdata;
        if (read_failed) status <= StatusMemoryError;
        state <= read_failed ? Completion : Store;
      end
      Store:
      if (!asked) begin
        start_write(copy_to, {16'd0, moved}, word, left >= 16'd64 ? '1 : (64'd1 << left[5:0]) - 64'd1);
        asked <= 1'b1;
      end else if (write_done) begin
        moved <= moved + 16'd64;
        if (m_axi_bresp[1]) status <= StatusMemoryError;
        if (m_axi_bresp[1] || left <= 16'd64) state <= Completion;
        else state <= copy_zero ? Store : Load;
      end

      PacketLoad:
      if (!asked) begin
        start_read(copy_from, {16'd0, moved});
        asked <= 1'b1;
      end else if (read_done) begin
        group <= m_axi_rdata;
        part <= 3'd0;
        if (read_failed) status <= StatusMemoryError;
        state <= read_failed ? Completion : PacketSplit;
      end
      PacketSplit: begin
        buffer[{moved[10:6], part[1:0]}] <= swapped(group[127:0]);
        group <= {128'd0, group[511:128]};
        part <= part + 3'd1;
        if (part == 3'd3) begin
          moved <= moved + 16'd64;
          state <= left <= 16'd64 ? Side : PacketLoad;
        end
      end
      Side:
      if (!asked) begin
        start_read(context_base, side_offset);
        asked <= 1'b1;
      end else if (read_done) begin
        side <= side_read;
        keys_left <= side_read.flags[2] ? 4'd15 : 4'd11;
        key_word <= 3'd1;
        state <= Completion;
        if (read_failed) status <= StatusMemoryError;
        else if (!side_read.flags[7] || side_read.generation != descriptor.generation) status <= StatusStale;
        else if (side_read.flags[0]) begin
          pass_start <= 1'b1;
          state <= Keys;
        end else begin
          part <= 3'd0;
          state <= egress ? PacketJoin : NewHeader;
        end
      end
      Keys:
      if (!asked) begin
        start_read(context_base, side_offset + {23'd0, key_word, 6'd0});
        asked <= 1'b1;
      end else if (read_done) begin
        group <= m_axi_rdata;
        part <= 3'd0;
        key_word <= key_word + 3'd1;
        state <= KeysPush;
      end
      KeysPush:
      if (key_ready) begin
        group <= {128'd0, group[511:128]};
        part <= part + 3'd1;
        keys_left <= keys_left - 4'd1;
        if (keys_left == 4'd1) state <= Pass;
        else if (part == 3'd3) state <= Keys;
      end
      Pass: if (pass_done) state <= PassEnd;
      PassEnd: begin
        packet_length <= {4'd0, pass_length};
        state <= Completion;
        if (pass_status == 2'd1) status <= StatusUnauthentic;
        else if (pass_status == 2'd2) status <= StatusMalformed;
        else begin
          part <= 3'd0;
          state <= egress ? PacketJoin : NewHeader;
        end
      end
      NewHeader: begin
        buffer[0][127:32] <= swapped12(descriptor.rtp_header);
        egress <= 1'b1;
        join_at <= 16'd0;
        state <= Side;
      end
      PacketJoin: begin
        group <= {swapped(buffer[{join_at[10:6], part[1:0]}]), group[511:128]};
        part <= part + 3'd1;
        if (packet_length > descriptor.room) begin
          status <= StatusNoRoom;
          state  <= Completion;
        end else if (part == 3'd3) state <= PacketStore;
      end
      PacketStore:
      if (!asked) begin
        start_write(copy_to, {16'd0, join_at}, group,
                    join_left >= 16'd64 ? '1 : (64'd1 << join_left[5:0]) - 64'd1);
        asked <= 1'b1;
      end else if (write_done) begin
        join_at <= join_at + 16'd64;
        part <= 3'd0;
        if (m_axi_bresp[1]) status <= StatusMemoryError;
        state <= m_axi_bresp[1] || join_left <= 16'd64 ? Completion : PacketJoin;
      end
      Completion:
      if (!asked) begin
        start_write(batch_base, header.completions + ((index + 32'd1) << 6), completion, '1);
        asked <= 1'b1;
      end else if (write_done) begin
        index <= index + 32'd1;
        state <= m_axi_bresp[1] ? Done : NextDescriptor;
      end
      CompletionHeader:
      if (!asked) begin
        start_write(batch_base, header.completions, completion_header, '1);
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
