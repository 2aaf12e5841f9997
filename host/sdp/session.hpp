// SDP as a value (RFC 8866): parsed, changed, written. Attributes that Causeway does not know and lines that
// it does not interpret are kept in order. A description with an unknown type letter is refused, as section 5
// asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

namespace causeway::sdp {

// a=name or a=name:value
struct Attribute {
    std::string name;
    std::optional<std::string> value;
    template <class A>
    void archive(A& a) {
        a(name, value);
    }
    bool operator==(const Attribute&) const = default;
};

struct Connection {
    bool ip6 = false;
    std::string address;  // without TTL and count; may be a host name
    std::string suffix;   // "/ttl[/count]" as written, for multicast
    // 0.0.0.0, :: or a name below .invalid: nothing can be sent there. The hold of RFC 2543 (RFC 3264 8.4).
    bool unspecified() const;
    template <class A>
    void archive(A& a) {
        a(ip6, address, suffix);
    }
    auto operator<=>(const Connection&) const = default;
};

enum class Direction : std::uint8_t { inactive = 0, recvonly = 1, sendonly = 2, sendrecv = 3 };
constexpr Direction last_value(Direction) {
    return Direction::sendrecv;
}
std::string_view to_string(Direction d);
Direction reversed(Direction d);           // as the other side sees it
Direction both(Direction a, Direction b);  // what is left where both must agree

// A payload format of an RTP m-line: rtpmap and fmtp together. Static types without rtpmap get RFC 3551's
// name.
struct Codec {
    std::uint8_t payload_type = 0;
    std::string name;                 // as written: "PCMU", "telephone-event"
    std::uint32_t clock_rate = 8000;  // Hz
    std::uint8_t channels = 1;
    std::string fmtp;  // empty where there is none
    // Same encoding (name without case, clock, channels); payload types may differ.
    bool same_encoding(const Codec& other) const;
    template <class A>
    void archive(A& a) {
        a(payload_type, name, clock_rate, channels, fmtp);
    }
    bool operator==(const Codec&) const = default;
};

struct Media {
    std::string type;        // "audio", "video", ...
    std::uint16_t port = 0;  // 0: rejected or, in an offer, disabled
    std::uint16_t port_count = 1;
    std::string protocol;  // "RTP/AVP", "RTP/SAVP", ...
    std::vector<std::string> formats;
    std::optional<std::string> title;  // i=
    std::optional<Connection> connection;
    std::vector<std::string> bandwidths;  // values of b=
    std::optional<std::string> key;       // k=, obsolete: kept
    std::vector<Attribute> attributes;

    bool rejected() const { return port == 0; }
    bool is_rtp() const;                                      // RTP/AVP, RTP/SAVP, RTP/AVPF, RTP/SAVPF
    std::string_view attribute(std::string_view name) const;  // value of the first; empty where absent
    bool has_attribute(std::string_view name) const;
    void erase_attributes(std::string_view name);
    // In the order of the formats, each payload type once. Formats that name no codec (dynamic without
    // rtpmap, not a number) are left out; none for what is not RTP.
    std::vector<Codec> codecs() const;
    // Replaces formats, rtpmap and fmtp; the new attributes stand where the first old one stood.
    void set_codecs(const std::vector<Codec>& codecs);
    // Own direction attribute, else the session's is the caller's business: see Session::direction.
    std::optional<Direction> direction() const;
    void set_direction(Direction d);
    std::optional<std::uint32_t> ptime_ms() const;
    template <class A>
    void archive(A& a) {
        a(type, port, port_count, protocol, formats, title, connection, bandwidths, key, attributes);
    }
    bool operator==(const Media&) const = default;
};

struct Origin {
    std::string username = "-";
    std::uint64_t session_id = 0;
    std::uint64_t version = 0;
    bool ip6 = false;
    std::string address;
    template <class A>
    void archive(A& a) {
        a(username, session_id, version, ip6, address);
    }
    bool operator==(const Origin&) const = default;
};

struct Session {
    Origin origin;
    std::string name = "-";
    std::vector<std::string> information;  // i=, u=, e=, p= lines as written, in order ("i=...")
    std::optional<Connection> connection;
    std::vector<std::string> bandwidths;
    std::vector<std::string> times;  // t=, r=, z= lines as written; "t=0 0" where empty
    std::optional<std::string> key;
    std::vector<Attribute> attributes;
    std::vector<Media> media;

    // Lenient on line ends and on order within a section, strict on what must be there (v, o, s, a connection
    // for each live m-line). The error names the line by number and letter and never quotes it (keys).
    static Result<Session> parse(std::string_view text);
    // With CRLF line ends. CR, LF and NUL inside a value become spaces: a value cannot start a line of its
    // own.
    std::string to_string() const;
    // Effective values of one m-line. An unspecified connection address takes the receiving half away, so
    // that every form of hold reads the same.
    Direction direction(const Media& m) const;
    const Connection* connection_of(const Media& m) const;  // null where there is none
    std::string_view attribute(std::string_view attribute_name) const;
    template <class A>
    void archive(A& a) {
        a(origin, name, information, connection, bandwidths, times, key, attributes, media);
    }
    bool operator==(const Session&) const = default;

    // Bounds of what parse() takes.
    static constexpr std::size_t max_line = 4096;  // octets
    static constexpr std::size_t max_lines = 1024;
    static constexpr std::size_t max_media = 32;
};

}  // namespace causeway::sdp
