#include <fmt/format.h>

#include <cmath>

#include "host/python/bindings.hpp"

namespace causeway::python {

py::str text(std::string_view octets) {
    PyObject* decoded =
        PyUnicode_DecodeUTF8(octets.data(), static_cast<py::ssize_t>(octets.size()), "surrogateescape");
    if (decoded == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::str>(decoded);
}

py::bytes octets(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void value_error(const std::string& what) {
    throw py::value_error(what);
}

Endpoint endpoint(std::string_view text) {
    const auto e = Endpoint::parse(text);
    if (!e) value_error(fmt::format("\"{}\" is no ADDRESS:PORT", text));
    return *e;
}

IpAddress address(std::string_view text) {
    const auto ip = IpAddress::parse(text);
    if (!ip) value_error(fmt::format("\"{}\" is no IP address", text));
    return *ip;
}

double seconds(Duration d) {
    return std::chrono::duration<double>(d).count();
}

Duration duration(double seconds) {
    constexpr double longest = 1e9;  // 30 years
    if (!(seconds >= 0 && seconds <= longest)) value_error("seconds must be between 0 and 1e9");
    return Duration(std::llround(seconds * 1e9));
}

gateway::Config config(std::string_view toml) {
    auto parsed = gateway::parse_config(toml);
    if (parsed) return std::move(*parsed);
    std::string all;
    for (const auto& error : parsed.error()) {
        if (!all.empty()) all += '\n';
        all += error.to_string("configuration");
    }
    value_error(all);
}

namespace {

template <class T>
py::object or_none(const std::optional<T>& value, double (*convert)(T)) {
    return value ? py::object(py::float_(convert(*value))) : py::none();
}

py::dict to_dict(const call::LegInfo& leg) {
    py::dict d;
    d["call_id"] = text(leg.call_id);
    d["trunk"] = leg.trunk;
    d["remote"] = leg.remote.to_string();
    d["state"] = leg.state;
    return d;
}

}  // namespace

py::dict to_dict(const call::CoreStatus& s) {
    py::dict sip, media, d;
    sip["requests_in"] = s.sip.requests_in;
    sip["responses_in"] = s.sip.responses_in;
    sip["retransmissions_in"] = s.sip.retransmissions_in;
    sip["retransmissions_out"] = s.sip.retransmissions_out;
    sip["stray_responses"] = s.sip.stray_responses;
    sip["timeouts"] = s.sip.timeouts;
    sip["transport_errors"] = s.sip.transport_errors;
    media["ports_in_use"] = s.media.ports_in_use;
    media["ports_total"] = s.media.ports_total;
    media["contexts"] = s.media.engine.ingresses + s.media.engine.egresses;
    media["paths"] = s.media.engine.paths;
    media["packets_in"] = s.media.packets_in;
    media["packets_out"] = s.media.packets_out;
    media["dropped"] = s.media.dropped;
    d["calls"] = s.calls;
    d["legs"] = s.legs;
    d["transactions"] = s.transactions;
    d["attempts"] = s.attempts;
    d["answered"] = s.answered;
    d["failed"] = s.failed;
    d["malformed"] = s.malformed;
    d["unknown_source"] = s.unknown_source;
    d["draining"] = s.draining;
    d["sip"] = sip;
    d["media"] = media;
    return d;
}

py::dict to_dict(const call::CdrMedia& m) {
    const media::PortReport& f = m.figures;
    py::dict d;
    d["leg"] = m.leg;
    d["type"] = text(m.type);
    d["packets_received"] = f.packets_received;
    d["octets_received"] = f.octets_received;
    d["packets_lost"] = f.packets_lost;
    d["jitter"] = seconds(f.jitter);
    d["max_jitter"] = seconds(f.max_jitter);
    d["packets_sent"] = f.packets_sent;
    d["octets_sent"] = f.octets_sent;
    d["dropped_source"] = f.dropped_source;
    d["dropped_direction"] = f.dropped_direction;
    d["dropped_unauthentic"] = f.dropped_unauthentic;
    d["dropped_replayed"] = f.dropped_replayed;
    d["dropped_malformed"] = f.dropped_malformed;
    d["dropped_payload_type"] = f.dropped_payload_type;
    d["dropped_rtcp"] = f.dropped_rtcp;
    d["rtcp_implausible"] = f.rtcp_implausible;
    d["ssrc_collisions"] = f.ssrc_collisions;
    d["late"] = f.late;
    d["concealed"] = seconds(f.concealed);
    d["playout_delay"] = seconds(f.playout_delay);
    d["rtcp_received"] = f.rtcp_received;
    d["rtcp_sent"] = f.rtcp_sent;
    d["round_trip"] = or_none(f.round_trip, seconds);
    d["remote_lost"] = f.remote_lost;
    d["remote_jitter"] = seconds(f.remote_jitter);
    d["codec"] = text(f.codec);
    d["suite"] = sdp::to_string(f.suite);
    d["engine"] = f.engine;
    d["local"] = f.local.to_string();
    d["remote"] = f.remote.to_string();
    return d;
}

py::dict to_dict(const call::CallInfo& call, Time epoch) {
    py::list media;
    for (const auto& m : call.media) media.append(to_dict(m));
    py::dict d;
    d["id"] = call.id;
    d["state"] = call.state;
    d["caller"] = text(call.caller);
    d["callee"] = text(call.callee);
    d["started"] = seconds(call.started - epoch);
    d["answered"] = call.answered ? py::object(py::float_(seconds(*call.answered - epoch))) : py::none();
    d["incoming"] = to_dict(call.incoming);
    d["outgoing"] = call.outgoing ? py::object(to_dict(*call.outgoing)) : py::none();
    d["media"] = media;
    return d;
}

py::dict to_dict(const gateway::GatewayStatus& s) {
    py::list listeners;
    for (const auto& l : s.listeners) {
        py::dict d;
        d["name"] = l.name;
        d["local"] = l.local.to_string();
        d["advertised"] = l.advertised;
        listeners.append(d);
    }
    py::dict d = to_dict(s.core);
    d["uptime"] = seconds(s.uptime);
    d["max_calls"] = s.max_calls;
    d["stopping"] = s.stopping;
    d["listeners"] = listeners;
    d["sip_received"] = s.sip_received;
    d["sip_sent"] = s.sip_sent;
    d["sip_send_failures"] = s.sip_send_failures;
    d["sip_unreachable"] = s.sip_unreachable;
    d["media_received"] = s.media_received;
    d["media_sent"] = s.media_sent;
    d["media_send_failures"] = s.media_send_failures;
    d["media_oversized"] = s.media_oversized;
    return d;
}

}  // namespace causeway::python
