#include "host/base/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway {

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    IpAddress ip;
    std::copy(octets.begin(), octets.end(), ip.octets_.begin());
    return ip;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
    IpAddress ip;
    ip.octets_ = octets;
    ip.v6_ = true;
    return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
        if (text.find(':') == std::string_view::npos) return std::nullopt;
    }
    char buffer[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
    *std::copy(text.begin(), text.end(), buffer) = '\0';
    if (std::array<std::uint8_t, 4> four; inet_pton(AF_INET, buffer, four.data()) == 1) return v4(four);
    if (std::array<std::uint8_t, 16> all; inet_pton(AF_INET6, buffer, all.data()) == 1) return v6(all);
    return std::nullopt;
}

std::string IpAddress::to_string() const {
    char buffer[INET6_ADDRSTRLEN];
    inet_ntop(v6_ ? AF_INET6 : AF_INET, octets_.data(), buffer, sizeof buffer);
    return buffer;
}

std::string IpAddress::to_uri_host() const {
    return v6_ ? "[" + to_string() + "]" : to_string();
}

std::string Endpoint::to_string() const {
    return ip.to_uri_host() + ":" + std::to_string(port);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos && host.front() != '[') return std::nullopt;
    const auto ip = IpAddress::parse(host);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!ip || !port) return std::nullopt;
    return Endpoint{*ip, *port};
}

}  // namespace causeway
