// The batch interface of the kernel `media` in device memory, little-endian; drivers/xrt/batch.hpp is its C++ side
// and explains it. A packed structure names its last octets first.
package causeway_batch_pkg;
  localparam logic [31:0] BatchMagic = 32'h3142_5743;       // "CWB1"
  localparam logic [31:0] CompletionMagic = 32'h3143_5743;  // "CWC1"
  localparam logic [31:0] Build = 32'd2;
  localparam logic [31:0] MostDescriptors = 32'd1024;

  typedef enum logic [7:0] {
    OpLoopback = 8'd1,
    OpPacket = 8'd2,
    OpTick = 8'd3,
    OpOpen = 8'd4,
    OpRekey = 8'd5,
    OpExport = 8'd6,
    OpClose = 8'd7
  } operation_e;

  typedef enum logic [7:0] {
    StatusOk = 8'd0,
    StatusUnsupported = 8'd1,
    StatusBadDescriptor = 8'd2,
    StatusNoRoom = 8'd3,
    StatusMemoryError = 8'd4,
    StatusTimeout = 8'd5,
    StatusUnauthentic = 8'd6,
    StatusMalformed = 8'd7,
    StatusStale = 8'd8
  } status_e;

  typedef struct packed {
    logic [127:0] reserved;      // 48
    logic [63:0] contexts;       // 40
    logic [31:0] sessions;       // 36
    logic [31:0] size;           // 32
    logic [31:0] output_begin;   // 28
    logic [31:0] completions;    // 24
    logic [31:0] flags;          // 20
    logic [31:0] count;          // 16
    logic [31:0] batch;          // 12
    logic [31:0] epoch;          // 8
    logic [31:0] build;          // 4
    logic [31:0] magic;          // 0
  } batch_header_t;

  typedef struct packed {
    logic [31:0] reserved;        // 60
    logic [95:0] rtp_header;      // 48
    logic [63:0] outgoing_index;  // 40
    logic [63:0] srtp_index;      // 32
    logic [31:0] play_timestamp;  // 28
    logic [15:0] room;            // 26
    logic [15:0] length;          // 24
    logic [31:0] out_offset;      // 20
    logic [31:0] in_offset;       // 16
    logic [7:0] flags;            // 15
    logic [7:0] operation;        // 14
    logic [15:0] generation;      // 12
    logic [31:0] session;         // 8
    logic [63:0] cookie;          // 0
  } descriptor_t;

  typedef struct packed {
    logic [31:0] reserved;          // 60
    logic [31:0] cycles_total;      // 56
    logic [31:0] cycles_store;      // 52
    logic [31:0] cycles_protect;    // 48
    logic [31:0] cycles_codec;      // 44
    logic [31:0] cycles_jitter;     // 40
    logic [31:0] cycles_unprotect;  // 36
    logic [31:0] cycles_load;       // 32
    logic [63:0] srtp_index;        // 24
    logic [15:0] reserved_length;   // 22
    logic [15:0] length;            // 20
    logic [31:0] out_offset;        // 16
    logic [7:0] operation;          // 15
    logic [7:0] status;             // 14
    logic [15:0] generation;        // 12
    logic [31:0] session;           // 8
    logic [63:0] cookie;            // 0
  } completion_t;

  typedef struct packed {
    logic [255:0] reserved;  // 32
    logic [63:0] cycles;     // 24
    logic [31:0] status;     // 20
    logic [31:0] count;      // 16
    logic [31:0] batch;      // 12
    logic [31:0] epoch;      // 8
    logic [31:0] build;      // 4
    logic [31:0] magic;      // 0
  } completion_header_t;

  // A session's context: two sides of five words each, what comes and what goes out. The words behind the
  // first hold round keys. Fields of more than an octet but the generation are in network order.
  localparam int ContextShift = 13;      // 8 KiB a session
  localparam logic [31:0] SideSize = 32'd320;
  localparam logic [31:0] ContextSize = 32'd640;
  typedef struct packed {
    logic [15:0] reserved_end;    // 62
    logic [111:0] salt;           // 48
    logic [319:0] authentication; // 8
    logic [31:0] reserved;        // 4
    logic [15:0] generation;      // 2
    logic [7:0] tag;              // 1, octets
    logic [7:0] flags;            // 0: 0 SRTP, 1 GCM, 2 AES-256, 7 open
  } side_t;
endpackage
