// Text to Session (RFC 8866 section 5). One pass over the lines; everything after an m= line belongs to that
// m-line. Input comes from strangers: bounded in every dimension, and errors quote nothing of it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/base/ip.hpp"
#include "host/sdp/fields.hpp"
#include "host/sdp/session.hpp"

namespace causeway::sdp {

namespace {

// What is wrong with a line; null where nothing is.
using Fault = const char*;

constexpr bool alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

Fault read_address(std::string_view nettype, std::string_view addrtype, std::string_view address, bool& ip6,
                   std::string& out) {
    if (!iequals(nettype, "IN")) return "network type is not IN";
    ip6 = iequals(addrtype, "IP6");
    if (!ip6 && !iequals(addrtype, "IP4")) return "address type is neither IP4 nor IP6";
    const bool clean = !address.empty() && std::all_of(address.begin(), address.end(), [](char c) {
        return alphanumeric(c) || c == '.' || c == '-' || c == ':' || c == '_';
    });
    if (!clean) return "address is malformed";
    const auto ip = IpAddress::parse(address);
    if (ip && ip->is_v6() != ip6) return "address is not of its type";
    if (!ip && address.find(':') != std::string_view::npos) return "address is malformed";
    out = address;
    return nullptr;
}

Fault read_origin(std::string_view value, Origin& origin) {
    const auto f = fields(value);
    if (f.size() != 6) return "six fields are expected";
    const auto id = parse_number<std::uint64_t>(f[1]), version = parse_number<std::uint64_t>(f[2]);
    if (!id || !version) return "session id or version is not a number of 64 bits";
    origin.username = f[0];
    origin.session_id = *id;
    origin.version = *version;
    return read_address(f[3], f[4], f[5], origin.ip6, origin.address);
}

Fault read_connection(std::string_view value, std::optional<Connection>& connection) {
    if (connection) return "second connection";
    const auto f = fields(value);
    if (f.size() != 3) return "three fields are expected";
    const auto slash = std::min(f[2].find('/'), f[2].size());
    Connection c;
    c.suffix = f[2].substr(slash);
    if (c.suffix.find_first_not_of("/0123456789") != std::string::npos) return "TTL or count is malformed";
    if (const Fault fault = read_address(f[0], f[1], f[2].substr(0, slash), c.ip6, c.address)) return fault;
    connection = std::move(c);
    return nullptr;
}

// RFC 4566 section 9, `token`; a protocol is several with '/' between them.
bool is_token(std::string_view text, bool is_protocol = false) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        constexpr std::string_view excluded = "\"(),/:;<=>?@[\\]";
        return c > ' ' && c < 0x7f &&
               (excluded.find(c) == std::string_view::npos || (is_protocol && c == '/'));
    });
}

Fault read_media(std::string_view value, Media& media) {
    const auto f = fields(value);
    if (f.size() < 3) return "type, port, protocol and formats are expected";
    if (!is_token(f[0]) || !is_token(f[2], true)) return "type or protocol is malformed";
    if (!std::all_of(f.begin() + 3, f.end(), [](auto format) { return is_token(format); }))
        return "format is malformed";
    const auto slash = f[1].find('/');
    const auto port = parse_number<std::uint16_t>(f[1].substr(0, slash));
    if (!port) return "port is malformed";
    if (slash != std::string_view::npos) {
        const auto count = parse_number<std::uint16_t>(f[1].substr(slash + 1));
        if (!count || *count == 0) return "number of ports is malformed";
        media.port_count = *count;
    }
    // A rejected line without formats is against the grammar, but seen and harmless.
    if (f.size() == 3 && *port != 0) return "no format";
    media.type = f[0];
    media.port = *port;
    media.protocol = f[2];
    media.formats.assign(f.begin() + 3, f.end());
    return nullptr;
}

Attribute read_attribute(std::string_view value) {
    const auto colon = value.find(':');
    if (colon == std::string_view::npos) return {std::string(value), {}};
    return {std::string(value.substr(0, colon)), std::string(value.substr(colon + 1))};
}

class Parser {
  public:
    Fault line(char type, std::string_view value) {
        if (type == 'm') {
            if (session.media.size() == Session::max_media) return "too many m-lines";
            return read_media(value, session.media.emplace_back());
        }
        return session.media.empty() ? session_line(type, value) : media_line(type, value);
    }

    bool complete() const { return version_ && origin_ && name_; }

    Session session;

  private:
    Fault session_line(char type, std::string_view value) {
        switch (type) {
            case 'v':
                if (std::exchange(version_, true)) return "second version";
                return trim(value) == "0" ? nullptr : "version is not 0";
            case 'o':
                if (std::exchange(origin_, true)) return "second origin";
                return read_origin(value, session.origin);
            case 's':
                if (std::exchange(name_, true)) return "second session name";
                if (!value.empty()) session.name = value;
                return nullptr;
            case 'i':
            case 'u':
            case 'e':
            case 'p':
                session.information.push_back(as_written(type, value));
                return nullptr;
            case 't':
            case 'r':
            case 'z':
                session.times.push_back(as_written(type, value));
                return nullptr;
            case 'c':
                return read_connection(value, session.connection);
            case 'b':
                session.bandwidths.emplace_back(value);
                return nullptr;
            case 'k':
                session.key = value;
                return nullptr;
            case 'a':
                session.attributes.push_back(read_attribute(value));
                return nullptr;
            default:
                return "unknown type letter";
        }
    }

    Fault media_line(char type, std::string_view value) {
        Media& m = session.media.back();
        switch (type) {
            case 'i':
                m.title = value;
                return nullptr;
            case 'c':
                return read_connection(value, m.connection);
            case 'b':
                m.bandwidths.emplace_back(value);
                return nullptr;
            case 'k':
                m.key = value;
                return nullptr;
            case 'a':
                m.attributes.push_back(read_attribute(value));
                return nullptr;
            default:
                return "type letter does not belong below an m-line";
        }
    }

    static std::string as_written(char type, std::string_view value) {
        return std::string{type, '='}.append(value);
    }

    bool version_ = false, origin_ = false, name_ = false;
};

}  // namespace

Result<Session> Session::parse(std::string_view text) {
    Parser parser;
    std::size_t number = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;  // between CR and LF, or a blank line
        if (++number > max_lines) return fail("SDP: too many lines");
        Fault fault = nullptr;
        if (line.size() < 2 || line[1] != '=')
            return fail(fmt::format("SDP line {}: not of the form type=value", number));
        if (line.size() > max_line)
            fault = "too long";
        else if (line.find('\0') != std::string_view::npos)
            fault = "NUL";
        else
            fault = parser.line(line[0], line.substr(2));
        if (fault) {
            const char letter = alphanumeric(line[0]) ? line[0] : '?';
            return fail(fmt::format("SDP line {} ({}=): {}", number, letter, fault));
        }
    }
    if (!parser.complete()) return fail("SDP: v=, o= or s= is missing");
    Session& s = parser.session;
    for (std::size_t i = 0; i < s.media.size(); ++i)
        if (!s.media[i].rejected() && !s.connection_of(s.media[i]))
            return fail(fmt::format("SDP m-line {}: no connection", i + 1));
    const bool timed =
        std::any_of(s.times.begin(), s.times.end(), [](const std::string& t) { return t.front() == 't'; });
    if (!timed && number == max_lines)
        return fail("SDP: too many lines");  // with the t= it will be written with
    if (!timed) s.times.insert(s.times.begin(), "t=0 0");
    return std::move(s);
}

}  // namespace causeway::sdp
