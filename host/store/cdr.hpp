// Call detail records as they are stored: plain values in wall time. The gateway converts what the call layer
// says (monotonic time, handles) into these.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace causeway::store {

// UTC, in milliseconds.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Written before the attempt is sent on or refused. A second start of the same attempt replaces the first.
struct CdrStart {
    std::uint64_t attempt = 0;  // unique within one run of the gateway
    WallTime start_time{};      // the incoming INVITE
    std::string call_id;        // of the incoming leg
    std::string target_call_id;
    std::string caller, callee;
    std::string source_trunk, target_trunk;
};

// Figures of one m-line of one leg.
struct CdrMedia {
    std::string leg;    // "caller" or "callee"
    std::string type;   // "audio", ...
    std::string codec;  // "PCMU/8000"
    std::string suite;  // as in a=crypto; "none" for plain RTP
    std::string engine;
    std::string local, remote;  // "192.0.2.1:20000"
    std::int64_t packets_received = 0, octets_received = 0, packets_lost = 0;
    std::int64_t jitter_us = 0, max_jitter_us = 0;
    std::int64_t packets_sent = 0, octets_sent = 0;
    std::int64_t dropped_source = 0, dropped_unauthentic = 0, dropped_replayed = 0, dropped_malformed = 0,
                 dropped_payload_type = 0, dropped_direction = 0;
    std::int64_t dropped_rtcp = 0;  // of those dropped but for direction: RTCP
    std::int64_t rtcp_implausible = 0, ssrc_collisions = 0;
    std::int64_t late = 0, concealed_us = 0, playout_delay_us = 0;
    std::int64_t rtcp_received = 0, rtcp_sent = 0;
    std::optional<std::int64_t> round_trip_us;
    std::int64_t remote_lost = 0, remote_jitter_us = 0;
};

struct CdrEnd {
    std::uint64_t attempt = 0;
    std::optional<WallTime> ring_time, answer_time;
    WallTime end_time{};
    int status = 0;        // final SIP status
    std::string reason;    // phrase or text of a Reason header
    std::string ended_by;  // "caller", "callee" or "gateway"
    std::vector<CdrMedia> media;
};

// As they stand in the journal: JSON objects whose keys are the members' names and the columns of the
// database; times are milliseconds since 1970. Text that is not UTF-8 is repaired.
std::string encode(const CdrStart& record);
std::string encode(const CdrEnd& record);

}  // namespace causeway::store
