// IP addresses and endpoints as plain values: comparable, hashable, printable, no system calls.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace causeway {

class IpAddress {
  public:
    // The unspecified IPv4 address, 0.0.0.0.
    IpAddress() = default;
    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    static IpAddress v6(std::array<std::uint8_t, 16> octets);
    // "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". Host names give nothing.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v6() const { return v6_; }
    bool is_unspecified() const { return octets_ == std::array<std::uint8_t, 16>{}; }
    // 4 or 16 octets in network order.
    const std::uint8_t* data() const { return octets_.data(); }
    std::string to_string() const;
    // As it stands in a SIP URI or Via: IPv6 in brackets.
    std::string to_uri_host() const;
    auto operator<=>(const IpAddress&) const = default;

  private:
    std::array<std::uint8_t, 16> octets_{};
    bool v6_ = false;
};

struct Endpoint {
    IpAddress ip;
    std::uint16_t port = 0;

    // "192.0.2.1:5060", "[2001:db8::1]:5060".
    std::string to_string() const;
    // The same forms; the port must be there.
    static std::optional<Endpoint> parse(std::string_view text);
    auto operator<=>(const Endpoint&) const = default;
};

}  // namespace causeway

template <>
struct std::hash<causeway::IpAddress> {
    std::size_t operator()(const causeway::IpAddress& ip) const noexcept {
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(ip.data()), 16});
    }
};
template <>
struct std::hash<causeway::Endpoint> {
    std::size_t operator()(const causeway::Endpoint& e) const noexcept {
        return std::hash<causeway::IpAddress>{}(e.ip) * 31 + e.port;
    }
};
