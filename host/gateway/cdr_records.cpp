#include "host/gateway/cdr_records.hpp"

#include <limits>

namespace causeway::gateway {
namespace {

// Counters are unsigned in the core and signed in the database.
std::int64_t count(std::uint64_t n) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(n, most));
}

std::int64_t microseconds(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

std::string_view name(call::Ended by) {
    switch (by) {
        case call::Ended::caller:
            return "caller";
        case call::Ended::callee:
            return "callee";
        case call::Ended::gateway:
            return "gateway";
    }
    return "gateway";
}

}  // namespace

WallOffset wall_offset(Time now) {
    return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()) -
           now.time_since_epoch();
}

store::WallTime to_wall(Time t, WallOffset offset) {
    return store::WallTime(std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch() + offset));
}

store::CdrStart to_store(const call::CdrStart& r, WallOffset offset) {
    store::CdrStart s;
    s.attempt = r.attempt;
    s.start_time = to_wall(r.at, offset);
    s.call_id = r.call_id;
    s.target_call_id = r.target_call_id;
    s.caller = r.caller;
    s.callee = r.callee;
    s.source_trunk = r.source_trunk;
    s.target_trunk = r.target_trunk;
    return s;
}

store::CdrEnd to_store(const call::CdrEnd& r, WallOffset offset) {
    store::CdrEnd s;
    s.attempt = r.attempt;
    if (r.ringing) s.ring_time = to_wall(*r.ringing, offset);
    if (r.answered) s.answer_time = to_wall(*r.answered, offset);
    s.end_time = to_wall(r.at, offset);
    s.status = r.status;
    s.reason = r.reason;
    s.ended_by = name(r.by);
    for (const auto& media : r.media) s.media.push_back(to_store(media));
    return s;
}

store::CdrMedia to_store(const call::CdrMedia& r) {
    const media::PortReport& f = r.figures;
    store::CdrMedia s;
    s.leg = r.leg;
    s.type = r.type;
    s.codec = f.codec;
    s.suite = sdp::to_string(f.suite);
    s.engine = f.engine;
    s.local = f.local.to_string();
    s.remote = f.remote.to_string();
    s.packets_received = count(f.packets_received);
    s.octets_received = count(f.octets_received);
    s.packets_lost = f.packets_lost;
    s.jitter_us = microseconds(f.jitter);
    s.max_jitter_us = microseconds(f.max_jitter);
    s.packets_sent = count(f.packets_sent);
    s.octets_sent = count(f.octets_sent);
    s.dropped_source = count(f.dropped_source);
    s.dropped_unauthentic = count(f.dropped_unauthentic);
    s.dropped_replayed = count(f.dropped_replayed);
    s.dropped_malformed = count(f.dropped_malformed);
    s.dropped_payload_type = count(f.dropped_payload_type);
    s.dropped_direction = count(f.dropped_direction);
    s.dropped_rtcp = count(f.dropped_rtcp);
    s.rtcp_implausible = count(f.rtcp_implausible);
    s.ssrc_collisions = count(f.ssrc_collisions);
    s.late = count(f.late);
    s.concealed_us = microseconds(f.concealed);
    s.playout_delay_us = microseconds(f.playout_delay);
    s.rtcp_received = count(f.rtcp_received);
    s.rtcp_sent = count(f.rtcp_sent);
    if (f.round_trip) s.round_trip_us = microseconds(*f.round_trip);
    s.remote_lost = f.remote_lost;
    s.remote_jitter_us = microseconds(f.remote_jitter);
    return s;
}

}  // namespace causeway::gateway
