#include "tools/causewayctl/print.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace causeway::ctl {
namespace {

using nlohmann::json;

// Members of an answer, whatever version of the gateway gave it: what is missing shows as "-".
std::string text(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end() || found->is_null()) return "-";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

double number(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_number() ? found->get<double>() : 0;
}

json member(const json& object, const char* name) {
    return object.is_object() && object.contains(name) ? object.at(name) : json();
}

// Characters of UTF-8 text.
std::size_t width(std::string_view s) {
    return static_cast<std::size_t>(std::count_if(
        s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string printable(std::string s) {
    std::replace_if(
        s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return s.empty() ? "-" : s;
}

// The codec and protection of the caller's first m-line.
std::string media_text(const json& call) {
    const json media = member(call, "media");
    if (!media.is_array() || media.empty()) return "-";
    const std::string suite = text(media[0], "suite");
    return text(media[0], "codec") + (suite == "none" || suite == "-" ? "" : " " + suite);
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> cells(rows);
    std::vector<std::size_t> widths;
    for (auto& row : cells) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(std::move(row[i]));
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string out;
    for (const auto& row : cells) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

std::string duration_text(double seconds) {
    const auto s = static_cast<long long>(std::max(seconds, 0.0));
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
    return fmt::format("{} d {} h", s / 86400, s / 3600 % 24);
}

std::string status_text(const json& s) {
    const json sip = member(s, "sip"), tcp = member(s, "tcp"), media = member(s, "media"),
               listeners = member(s, "listeners");
    const bool stopping = s.value("stopping", false), draining = s.value("draining", false);
    std::vector<std::vector<std::string>> rows{
        {"gateway",
         fmt::format("causeway {}, up {}{}", text(s, "version"), duration_text(number(s, "uptime_s")),
                     stopping   ? ", stopping"
                     : draining ? ", draining: new calls get 503"
                                : "")},
        {"calls", fmt::format("{} of {}, {} legs, {} transactions", text(s, "calls"), text(s, "max_calls"),
                              text(s, "legs"), text(s, "transactions"))},
        {"attempts", fmt::format("{}, {} answered, {} failed", text(s, "attempts"), text(s, "answered"),
                                 text(s, "failed"))},
        {"sip in", fmt::format("{} datagrams, {} malformed, {} from unknown sources, {} retransmissions",
                               text(sip, "datagrams_in"), text(sip, "malformed"), text(sip, "unknown_source"),
                               text(sip, "retransmissions_in"))},
        {"sip out",
         fmt::format("{} datagrams, {} not sent, {} unreachable, {} retransmissions, {} timeouts",
                     text(sip, "datagrams_out"), text(sip, "send_failures"), text(sip, "unreachable"),
                     text(sip, "retransmissions_out"), text(sip, "timeouts"))},
        {"tcp",
         fmt::format("{} connections, {} accepted, {} opened, {} refused, {} failed, {} broken, {} stalled",
                     text(tcp, "connections"), text(tcp, "accepted"), text(tcp, "opened"),
                     text(tcp, "refused"), text(tcp, "failed"), text(tcp, "broken"), text(tcp, "stalled"))},
        {"media", fmt::format("{} of {} ports, {} packets in, {} out, {} dropped",
                              text(media, "ports_in_use"), text(media, "ports_total"),
                              text(media, "packets_in"), text(media, "packets_out"), text(media, "dropped"))},
        {"drops",
         fmt::format("{} from strangers, {} not authentic, {} replayed, {} malformed, {} oversized, {} "
                     "not agreed, {} after the end",
                     text(media, "dropped_source"), text(media, "dropped_unauthentic"),
                     text(media, "dropped_replayed"), text(media, "dropped_malformed"),
                     text(media, "oversized"), text(media, "dropped_payload_type"),
                     text(media, "dropped_closed"))},
        {"oddities", fmt::format("{} packets under our SSRC, {} reports that cannot be",
                                 text(media, "ssrc_collisions"), text(media, "rtcp_implausible"))},
    };
    const json shards = member(s, "shards");
    for (std::size_t i = 0; shards.is_array() && shards.size() > 1 && i < shards.size(); ++i) {
        const json& shard = shards[i];
        rows.push_back(
            {fmt::format("shard {}", i),
             fmt::format("{} calls, {} attempts, {} datagrams in, {} handed over, {} overrun",
                         text(shard, "calls"), text(shard, "attempts"), text(shard, "datagrams_in"),
                         text(shard, "handed_over"), text(shard, "overrun"))});
    }
    const json media_threads = member(s, "media_threads");
    for (std::size_t i = 0; media_threads.is_array() && i < media_threads.size(); ++i) {
        const json& t = media_threads[i];
        rows.push_back(
            {fmt::format("media {}", i),
             fmt::format("{} ports, {} packets in, {} out, {} in the last second, {} ports moved in, "
                         "{} out",
                         text(t, "ports"), text(t, "packets_in"), text(t, "packets_out"),
                         text(t, "packets_in_last_second"), text(t, "moved_in"), text(t, "moved_out"))});
    }
    if (listeners.is_array()) {
        for (const json& l : listeners) {
            rows.push_back(
                {"listener", fmt::format("{}: {} {}, advertised {}", text(l, "name"), text(l, "transport"),
                                         text(l, "local"), text(l, "advertised"))});
        }
    }
    return table(rows);
}

std::string calls_text(const json& calls) {
    if (!calls.is_array() || calls.empty()) return "no calls\n";
    std::vector<std::vector<std::string>> rows{
        {"ID", "STATE", "CALLER", "CALLEE", "FROM", "TO", "SINCE", "MEDIA", "CALL-ID"}};
    for (const json& call : calls) {
        const json incoming = member(call, "incoming");
        rows.push_back({text(call, "id"), text(call, "state"), text(call, "caller"), text(call, "callee"),
                        text(incoming, "trunk"), text(member(call, "outgoing"), "trunk"),
                        duration_text(number(call, "duration_s")), media_text(call),
                        text(incoming, "call_id")});
    }
    return table(rows);
}

std::string profile_trial_text(const json& trial) {
    const auto block = [&](const char* name) {
        std::string out = fmt::format("---- {}\n", name);
        const std::string message = text(trial, name);
        std::size_t begin = 0;
        while (begin < message.size()) {
            const auto end = std::min(message.find("\r\n", begin), message.size());
            const auto line = message.substr(begin, end - begin);
            out += (line.empty() ? line : printable(line)) + '\n';
            begin = end + 2;
        }
        return out;
    };
    std::string out = block("before") + block("after") + "---- rules\n";
    const json rules = member(trial, "rules");
    if (!rules.is_array() || rules.empty()) return out + "none applies\n";
    for (const json& rule : rules) {
        if (rule.is_string()) out += printable(rule.get<std::string>()) + '\n';
    }
    return out;
}

}  // namespace causeway::ctl
