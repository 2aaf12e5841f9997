#include "host/sdp/session.hpp"

#include <algorithm>

#include "host/base/ip.hpp"
#include "host/base/text.hpp"

namespace causeway::sdp {

namespace {

constexpr Direction directions[] = {Direction::inactive, Direction::recvonly, Direction::sendonly,
                                    Direction::sendrecv};

std::optional<Direction> direction_of(const Attribute& a) {
    if (a.value) return std::nullopt;
    for (const Direction d : directions)
        if (a.name == to_string(d)) return d;
    return std::nullopt;
}

std::optional<Direction> first_direction(const std::vector<Attribute>& attributes) {
    for (const Attribute& a : attributes)
        if (const auto d = direction_of(a)) return d;
    return std::nullopt;
}

std::string_view first_value(const std::vector<Attribute>& attributes, std::string_view name) {
    for (const Attribute& a : attributes)
        if (a.name == name) return a.value ? std::string_view(*a.value) : std::string_view();
    return {};
}

}  // namespace

std::string_view to_string(Direction d) {
    switch (d) {
        case Direction::inactive:
            return "inactive";
        case Direction::recvonly:
            return "recvonly";
        case Direction::sendonly:
            return "sendonly";
        case Direction::sendrecv:
            break;
    }
    return "sendrecv";
}

Direction reversed(Direction d) {
    if (d == Direction::sendonly) return Direction::recvonly;
    if (d == Direction::recvonly) return Direction::sendonly;
    return d;
}

Direction both(Direction a, Direction b) {
    return static_cast<Direction>(static_cast<std::uint8_t>(a) & static_cast<std::uint8_t>(b));
}

bool Connection::unspecified() const {
    if (const auto ip = IpAddress::parse(address)) return ip->is_unspecified();
    constexpr std::string_view invalid = ".invalid";  // RFC 6157 5
    return address.size() > invalid.size() &&
           iequals(std::string_view(address).substr(address.size() - invalid.size()), invalid);
}

bool Media::is_rtp() const {
    for (const auto rtp : {"RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"})
        if (iequals(protocol, rtp)) return true;
    return false;
}

std::string_view Media::attribute(std::string_view name) const {
    return first_value(attributes, name);
}

bool Media::has_attribute(std::string_view name) const {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const Attribute& a) { return a.name == name; });
}

void Media::erase_attributes(std::string_view name) {
    std::erase_if(attributes, [&](const Attribute& a) { return a.name == name; });
}

std::optional<Direction> Media::direction() const {
    return first_direction(attributes);
}

void Media::set_direction(Direction d) {
    const auto is_direction = [](const Attribute& a) { return direction_of(a).has_value(); };
    const auto first = std::find_if(attributes.begin(), attributes.end(), is_direction);
    if (first == attributes.end()) {
        attributes.push_back({std::string(sdp::to_string(d)), {}});
        return;
    }
    first->name = sdp::to_string(d);
    attributes.erase(std::remove_if(first + 1, attributes.end(), is_direction), attributes.end());
}

std::optional<std::uint32_t> Media::ptime_ms() const {
    return parse_number<std::uint32_t>(trim(attribute("ptime")));
}

Direction Session::direction(const Media& m) const {
    Direction d = Direction::sendrecv;
    if (const auto own = m.direction())
        d = *own;
    else if (const auto common = first_direction(attributes))
        d = *common;
    const Connection* c = connection_of(m);
    return c && c->unspecified() ? both(d, Direction::sendonly) : d;
}

const Connection* Session::connection_of(const Media& m) const {
    if (m.connection) return &*m.connection;
    return connection ? &*connection : nullptr;
}

std::string_view Session::attribute(std::string_view attribute_name) const {
    return first_value(attributes, attribute_name);
}

}  // namespace causeway::sdp
