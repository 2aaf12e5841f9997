#include "host/store/cdr.hpp"

#include <nlohmann/json.hpp>

namespace causeway::store {

namespace {

using nlohmann::json;

std::int64_t ms(WallTime t) {
    return t.time_since_epoch().count();
}

json ms_or_null(const std::optional<WallTime>& t) {
    return t ? json(ms(*t)) : json();
}

std::string text(const json& record) {
    return record.dump(-1, ' ', false, json::error_handler_t::replace);
}

json figures(const CdrMedia& m) {
    return {{"leg", m.leg},
            {"type", m.type},
            {"codec", m.codec},
            {"suite", m.suite},
            {"engine", m.engine},
            {"local", m.local},
            {"remote", m.remote},
            {"packets_received", m.packets_received},
            {"octets_received", m.octets_received},
            {"packets_lost", m.packets_lost},
            {"jitter_us", m.jitter_us},
            {"max_jitter_us", m.max_jitter_us},
            {"packets_sent", m.packets_sent},
            {"octets_sent", m.octets_sent},
            {"dropped_source", m.dropped_source},
            {"dropped_unauthentic", m.dropped_unauthentic},
            {"dropped_replayed", m.dropped_replayed},
            {"dropped_malformed", m.dropped_malformed},
            {"dropped_payload_type", m.dropped_payload_type},
            {"dropped_direction", m.dropped_direction},
            {"dropped_rtcp", m.dropped_rtcp},
            {"rtcp_implausible", m.rtcp_implausible},
            {"ssrc_collisions", m.ssrc_collisions},
            {"late", m.late},
            {"concealed_us", m.concealed_us},
            {"playout_delay_us", m.playout_delay_us},
            {"rtcp_received", m.rtcp_received},
            {"rtcp_sent", m.rtcp_sent},
            {"round_trip_us", m.round_trip_us ? json(*m.round_trip_us) : json()},
            {"remote_lost", m.remote_lost},
            {"remote_jitter_us", m.remote_jitter_us}};
}

}  // namespace

std::string encode(const CdrStart& r) {
    return text({{"record", "start"},
                 {"attempt", r.attempt},
                 {"start_time", ms(r.start_time)},
                 {"call_id", r.call_id},
                 {"target_call_id", r.target_call_id},
                 {"caller", r.caller},
                 {"callee", r.callee},
                 {"source_trunk", r.source_trunk},
                 {"target_trunk", r.target_trunk}});
}

std::string encode(const CdrEnd& r) {
    json media = json::array();
    for (const CdrMedia& m : r.media) media.push_back(figures(m));
    return text({{"record", "end"},
                 {"attempt", r.attempt},
                 {"ring_time", ms_or_null(r.ring_time)},
                 {"answer_time", ms_or_null(r.answer_time)},
                 {"end_time", ms(r.end_time)},
                 {"status", r.status},
                 {"reason", r.reason},
                 {"ended_by", r.ended_by},
                 {"media", std::move(media)}});
}

}  // namespace causeway::store
