#include "host/gateway/control.hpp"

#include <unistd.h>

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway::gateway {
namespace {

using nlohmann::json;

constexpr std::uint64_t calls_an_answer = 1000;

double seconds(Duration d) {
    return static_cast<double>(to_ms(d)) / 1000.0;
}

json to_json(const call::LegInfo& leg) {
    return {{"call_id", leg.call_id},
            {"trunk", leg.trunk},
            {"remote", leg.remote.to_string()},
            {"state", leg.state}};
}

json to_json(const call::CdrMedia& media) {
    const media::PortReport& f = media.figures;
    json out = {{"leg", media.leg},
                {"type", media.type},
                {"codec", f.codec},
                {"suite", sdp::to_string(f.suite)},
                {"engine", f.engine},
                {"local", f.local.to_string()},
                {"remote", f.remote.to_string()},
                {"packets_received", f.packets_received},
                {"packets_lost", f.packets_lost},
                {"packets_sent", f.packets_sent},
                {"jitter_s", std::chrono::duration<double>(f.jitter).count()},
                {"dropped", f.dropped_source + f.dropped_unauthentic + f.dropped_replayed +
                                f.dropped_malformed + f.dropped_payload_type}};
    if (f.playout_delay > Duration{} || f.concealed > Duration{}) {
        out["playout_delay_s"] = std::chrono::duration<double>(f.playout_delay).count();
        out["concealed_s"] = std::chrono::duration<double>(f.concealed).count();
        out["late"] = f.late;
    }
    if (f.round_trip) out["round_trip_s"] = std::chrono::duration<double>(*f.round_trip).count();
    return out;
}

// A parameter that is a whole number; `fallback` where it is absent, nothing where it is something else.
std::optional<std::uint64_t> number(const json& params, const char* name, std::uint64_t fallback) {
    const auto found = params.find(name);
    if (found == params.end()) return fallback;
    if (!found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

tl::unexpected<RpcError> invalid(std::string message) {
    return tl::make_unexpected(RpcError{RpcError::invalid_params, std::move(message)});
}

tl::expected<json, RpcError> calls(Gateway& gateway, const json& params) {
    const auto after = number(params, "after", 0);
    const auto limit = number(params, "limit", calls_an_answer);
    if (!after) return invalid("after: expected a call id");
    if (!limit || *limit < 1 || *limit > calls_an_answer) return invalid("limit: expected 1 to 1000");
    auto running = gateway.calls();
    std::sort(running.begin(), running.end(),
              [](const CallStatus& a, const CallStatus& b) { return a.info.id < b.info.id; });
    json list = json::array();
    bool more = false;
    for (const CallStatus& call : running) {
        if (call.info.id <= *after) continue;
        if (list.size() == *limit) {
            more = true;
            break;
        }
        list.push_back(to_json(call));
    }
    return json{{"calls", std::move(list)}, {"more", more}};
}

tl::expected<json, RpcError> hangup(Gateway& gateway, const json& params) {
    const auto id = number(params, "id", 0);
    if (!id || *id == 0) return invalid("id: expected a call id");
    if (!gateway.hangup(*id)) {
        return tl::make_unexpected(RpcError{RpcError::refused, fmt::format("there is no call {}", *id)});
    }
    return json{{"id", *id}};
}

tl::expected<json, RpcError> try_profile(Gateway& gateway, const json& params) {
    const auto text = [&](const char* name) {
        const auto found = params.find(name);
        return found != params.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto profile = text("profile"), direction = text("direction"), message = text("message");
    if (profile.empty()) return invalid("profile: expected a name");
    if (direction != "in" && direction != "out") return invalid("direction: expected \"in\" or \"out\"");
    if (message.empty()) return invalid("message: expected the text of a SIP message");
    const auto tried = gateway.try_profile(profile, direction == "in", message);
    if (!tried) return tl::make_unexpected(RpcError{RpcError::refused, tried.error().what});
    return json{{"before", tried->before}, {"after", tried->after}, {"rules", tried->notes}};
}

}  // namespace

json to_json(const GatewayStatus& s) {
    const auto& c = s.core;
    json listeners = json::array();
    for (const auto& l : s.listeners) {
        listeners.push_back({{"name", l.name},
                             {"transport", to_lower(sip::to_string(l.transport))},
                             {"local", l.local.to_string()},
                             {"advertised", l.advertised}});
    }
    json shards = json::array();
    for (const ShardStatus& shard : s.shards) {
        shards.push_back({{"calls", shard.core.calls},
                          {"attempts", shard.core.attempts},
                          {"datagrams_in", shard.sip.received},
                          {"handed_over", shard.handed_over},
                          {"overrun", shard.overrun},
                          {"stalls", shard.stalls}});
    }
    json media_threads = json::array();
    for (const MediaThreadStatus& t : s.media_threads) {
        media_threads.push_back({{"ports", t.ports.ports_in_use},
                                 {"packets_in", t.ports.packets_in},
                                 {"packets_out", t.ports.packets_out},
                                 {"packets_in_last_second", t.load.packets},
                                 {"moved_in", t.moved_in},
                                 {"moved_out", t.moved_out}});
    }
    return {{"version", CAUSEWAY_VERSION},
            {"uptime_s", seconds(s.uptime)},
            {"draining", c.draining},
            {"stopping", s.stopping},
            {"calls", c.calls},
            {"max_calls", s.max_calls},
            {"legs", c.legs},
            {"transactions", c.transactions},
            {"attempts", c.attempts},
            {"answered", c.answered},
            {"failed", c.failed},
            {"listeners", std::move(listeners)},
            {"shards", std::move(shards)},
            {"media_threads", std::move(media_threads)},
            {"sip",
             {{"datagrams_in", s.sip_received},
              {"datagrams_out", s.sip_sent},
              {"send_failures", s.sip_send_failures},
              {"unreachable", s.sip_unreachable},
              {"malformed", c.malformed},
              {"unknown_source", c.unknown_source},
              {"requests_in", c.sip.requests_in},
              {"responses_in", c.sip.responses_in},
              {"retransmissions_in", c.sip.retransmissions_in},
              {"retransmissions_out", c.sip.retransmissions_out},
              {"stray_responses", c.sip.stray_responses},
              {"timeouts", c.sip.timeouts},
              {"transport_errors", c.sip.transport_errors}}},
            {"pid", ::getpid()},
            {"tcp",
             {{"connections", s.connections},
              {"accepted", s.tcp.accepted},
              {"opened", s.tcp.opened},
              {"refused", s.tcp.refused},
              {"failed", s.tcp.failed},
              {"broken", s.tcp.broken},
              {"stalled", s.tcp.stalled},
              {"messages_in", s.tcp.received},
              {"messages_out", s.tcp.sent}}},
            {"media",
             {{"ports_in_use", c.media.ports_in_use},
              {"ports_total", c.media.ports_total},
              {"ingresses", c.media.engine.ingresses},
              {"egresses", c.media.engine.egresses},
              {"paths", c.media.engine.paths},
              {"datagrams_in", s.media_received},
              {"datagrams_out", s.media_sent},
              {"send_failures", s.media_send_failures},
              {"packets_in", c.media.packets_in},
              {"packets_out", c.media.packets_out},
              {"dropped", c.media.dropped},
              {"dropped_source", c.media.dropped_source},
              {"dropped_unauthentic", c.media.dropped_unauthentic},
              {"dropped_replayed", c.media.dropped_replayed},
              {"dropped_malformed", c.media.dropped_malformed},
              {"dropped_payload_type", c.media.dropped_payload_type},
              {"dropped_closed", c.media.dropped_closed},
              {"rtcp_implausible", c.media.rtcp_implausible},
              {"ssrc_collisions", c.media.ssrc_collisions},
              {"oversized", s.media_oversized}}}};
}

json to_json(const CallStatus& call) {
    const call::CallInfo& i = call.info;
    json out = {{"id", i.id},
                {"state", i.state},
                {"caller", i.caller},
                {"callee", i.callee},
                {"started_ms", call.started.time_since_epoch().count()},
                {"duration_s", seconds(call.age)},
                {"answered_s", i.answered ? json(seconds(call.age - (*i.answered - i.started))) : json()},
                {"incoming", to_json(i.incoming)},
                {"outgoing", i.outgoing ? to_json(*i.outgoing) : json()},
                {"media", json::array()}};
    for (const auto& media : i.media) out["media"].push_back(to_json(media));
    return out;
}

void add_control_methods(Rpc& rpc, Gateway& gateway) {
    rpc.add("status", [&gateway](const json&) { return to_json(gateway.status()); });
    rpc.add("calls", [&gateway](const json& params) { return calls(gateway, params); });
    rpc.add("hangup", [&gateway](const json& params) { return hangup(gateway, params); });
    rpc.add("reload", [&gateway](const json&) -> tl::expected<json, RpcError> {
        if (auto done = gateway.reload(); !done) {
            return tl::make_unexpected(RpcError{RpcError::refused, done.error().what});
        }
        return json{{"calls", gateway.status().core.calls}};
    });
    rpc.add("profile_try", [&gateway](const json& params) { return try_profile(gateway, params); });
    rpc.add("restart", [&gateway](const json&) -> tl::expected<json, RpcError> {
        const auto done = gateway.restart();
        if (!done) return tl::make_unexpected(RpcError{RpcError::refused, done.error().what});
        return json{{"calls", done->carried}, {"lost", done->unanswered + done->changing + done->failed}};
    });
    rpc.add("drain", [&gateway](const json&) -> tl::expected<json, RpcError> {
        gateway.shutdown();
        return json{{"calls", gateway.status().core.calls}};
    });
}

}  // namespace causeway::gateway
