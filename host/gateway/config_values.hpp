// The values that configuration keys take, as text: addresses, ranges, durations, names. Pure functions from
// text to value; nothing where the text is wrong.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/gateway/config.hpp"

namespace causeway::gateway {

// "500ms", "180s", "10m", "2h".
std::optional<Duration> parse_duration(std::string_view text);
// "256MiB", "2GiB".
std::optional<std::uint64_t> parse_octets(std::string_view text);
// "20000-29999": from an even port to an odd one, so that every RTP port has its RTCP port.
struct PortSpan {
    std::uint16_t first = 0, last = 0;
};
std::optional<PortSpan> parse_ports(std::string_view text);
// "udp:0.0.0.0:5060", "tcp:[::1]:5060".
struct ListenAddress {
    sip::Transport transport = sip::Transport::udp;
    Endpoint endpoint;
};
std::optional<ListenAddress> parse_listen_address(std::string_view text);
// "203.0.113.5", "sbc.example.com:5070", "[2001:db8::1]": the host as in a URI, and the port where given.
struct HostPort {
    std::string host;
    std::optional<std::uint16_t> port;
};
std::optional<HostPort> parse_host_port(std::string_view text);
// A specified IP address and a port above 0.
std::optional<Endpoint> parse_peer(std::string_view text);
std::optional<IpAddress> parse_specified_address(std::string_view text);
// An IP address as in a URI, or a host name.
std::optional<std::string> parse_domain(std::string_view text);
// Up to 64 letters, digits, '.', '_' and '-'.
std::optional<std::string> parse_name(std::string_view text);
// A telephone number (digits, '+', '*', '#', no separators) or a user name (letters, digits, '.', '_', '-').
std::optional<std::string> parse_dialled(std::string_view text);
// The same or nothing: prefixes.
std::optional<std::string> parse_dialled_or_empty(std::string_view text);
// Text without control characters, 1 to 256 octets.
std::optional<std::string> parse_line(std::string_view text);
std::optional<std::filesystem::path> parse_path(std::string_view text);
std::optional<call::SrtpMode> parse_srtp_mode(std::string_view text);
std::optional<sdp::SrtpSuite> parse_suite(std::string_view text);
std::optional<MediaSockets> parse_media_sockets(std::string_view text);
std::optional<media::Learning> parse_learning(std::string_view text);
std::optional<log::Level> parse_level(std::string_view text);

}  // namespace causeway::gateway
