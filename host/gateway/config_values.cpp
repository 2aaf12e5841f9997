#include "host/gateway/config_values.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "host/base/text.hpp"

namespace causeway::gateway {
namespace {

bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

bool only(std::string_view text, std::string_view marks, std::size_t most) {
    return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alnum(c) || marks.find(c) != std::string_view::npos;
    });
}

struct Unit {
    std::string_view suffix;
    std::uint64_t factor;
};

// A whole number and a unit; nothing where it does not fit 63 bits.
template <std::size_t N>
std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, N>& units) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number<std::uint64_t>(text.substr(0, digits));
    for (const Unit& unit : units) {
        if (!number || text.substr(digits) != unit.suffix) continue;
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        if (*number > most / unit.factor) return std::nullopt;
        return *number * unit.factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    constexpr std::array<Unit, 4> units{
        {{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}}};
    const auto nanoseconds = with_unit(text, units);
    if (!nanoseconds) return std::nullopt;
    return Duration(static_cast<Duration::rep>(*nanoseconds));
}

std::optional<std::uint64_t> parse_octets(std::string_view text) {
    constexpr std::array<Unit, 2> units{{{"MiB", 1ull << 20}, {"GiB", 1ull << 30}}};
    return with_unit(text, units);
}

std::optional<PortSpan> parse_ports(std::string_view text) {
    const auto [from, to] = split_once(text, '-');
    const auto first = parse_number<std::uint16_t>(from);
    const auto last = parse_number<std::uint16_t>(to);
    if (!first || !last || *first < 1024 || *first % 2 != 0 || *last % 2 != 1 || *last < *first) {
        return std::nullopt;
    }
    return PortSpan{*first, *last};
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    const auto [transport, address] = split_once(text, ':');
    const auto endpoint = Endpoint::parse(address);
    if (!endpoint || (transport != "udp" && transport != "tcp")) return std::nullopt;
    return ListenAddress{transport == "udp" ? sip::Transport::udp : sip::Transport::tcp, *endpoint};
}

std::optional<HostPort> parse_host_port(std::string_view text) {
    if (const auto host = parse_domain(text)) return HostPort{*host, std::nullopt};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto host_text = text.substr(0, colon);
    if (host_text.find(':') != std::string_view::npos && host_text.front() != '[') return std::nullopt;
    const auto host = parse_domain(host_text);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!host || !port || *port == 0) return std::nullopt;
    return HostPort{*host, *port};
}

std::optional<Endpoint> parse_peer(std::string_view text) {
    const auto endpoint = Endpoint::parse(text);
    if (!endpoint || endpoint->ip.is_unspecified() || endpoint->port == 0) return std::nullopt;
    return endpoint;
}

std::optional<IpAddress> parse_specified_address(std::string_view text) {
    const auto ip = IpAddress::parse(text);
    if (!ip || ip->is_unspecified()) return std::nullopt;
    return ip;
}

std::optional<std::string> parse_domain(std::string_view text) {
    if (const auto ip = IpAddress::parse(text)) {
        if (ip->is_unspecified()) return std::nullopt;
        return ip->to_uri_host();
    }
    // RFC 3261 section 25.1: the last label of a host name starts with a letter.
    const auto labels = split(text, '.');
    const bool sound = std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return only(label, "-", 63) && label.front() != '-' && label.back() != '-';
    });
    const bool letter = sound && !(labels.back().front() >= '0' && labels.back().front() <= '9');
    if (!letter || text.size() > 253) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_name(std::string_view text) {
    if (!only(text, "._-", 64)) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_dialled(std::string_view text) {
    const bool number = text.find_first_not_of("+*#0123456789") == std::string_view::npos;
    const bool letters = std::any_of(text.begin(), text.end(),
                                     [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; });
    if (!only(text, "+*#._-", 64) || !(number || letters)) return std::nullopt;
    return std::string(text);
}

std::optional<std::string> parse_dialled_or_empty(std::string_view text) {
    return text.empty() ? std::string() : parse_dialled(text);
}

std::optional<std::string> parse_line(std::string_view text) {
    const bool printable = std::all_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    if (!printable || text.empty() || text.size() > 256) return std::nullopt;
    return std::string(text);
}

std::optional<std::filesystem::path> parse_path(std::string_view text) {
    if (text.find('\0') != std::string_view::npos || text.size() > 4000) return std::nullopt;
    return std::filesystem::path(text);
}

std::optional<call::SrtpMode> parse_srtp_mode(std::string_view text) {
    if (text == "off") return call::SrtpMode::off;
    if (text == "optional") return call::SrtpMode::optional;
    if (text == "mandatory") return call::SrtpMode::mandatory;
    return std::nullopt;
}

std::optional<sdp::SrtpSuite> parse_suite(std::string_view text) {
    const auto suite = sdp::parse_srtp_suite(text);
    return suite == sdp::SrtpSuite::none ? std::nullopt : suite;
}

std::optional<MediaSockets> parse_media_sockets(std::string_view text) {
    if (text == "auto") return MediaSockets::automatic;
    if (text == "epoll") return MediaSockets::epoll;
    if (text == "io_uring") return MediaSockets::io_uring;
    if (text == "range") return MediaSockets::range;
    return std::nullopt;
}

std::optional<media::Learning> parse_learning(std::string_view text) {
    if (text == "off") return media::Learning::off;
    if (text == "signaling_address") return media::Learning::signaling_address;
    if (text == "any") return media::Learning::any;
    return std::nullopt;
}

std::optional<log::Level> parse_level(std::string_view text) {
    if (text == "debug") return log::Level::debug;
    if (text == "info") return log::Level::info;
    if (text == "warning") return log::Level::warning;
    if (text == "error") return log::Level::error;
    return std::nullopt;
}

}  // namespace causeway::gateway
