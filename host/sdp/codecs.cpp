// Payload formats of RTP m-lines: rtpmap, fmtp (RFC 8866 6.6, 6.15) and the static payload types that need
// neither (RFC 3551 tables 4 and 5).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>

#include "host/sdp/fields.hpp"
#include "host/sdp/session.hpp"

namespace causeway::sdp {

namespace {

struct StaticType {
    std::uint8_t payload_type;
    std::string_view name;
    std::uint32_t clock_rate;
    std::uint8_t channels;
};
constexpr StaticType static_types[] = {
    {0, "PCMU", 8000, 1},   {3, "GSM", 8000, 1},    {4, "G723", 8000, 1},   {5, "DVI4", 8000, 1},
    {6, "DVI4", 16000, 1},  {7, "LPC", 8000, 1},    {8, "PCMA", 8000, 1},   {9, "G722", 8000, 1},
    {10, "L16", 44100, 2},  {11, "L16", 44100, 1},  {12, "QCELP", 8000, 1}, {13, "CN", 8000, 1},
    {14, "MPA", 90000, 1},  {15, "G728", 8000, 1},  {16, "DVI4", 11025, 1}, {17, "DVI4", 22050, 1},
    {18, "G729", 8000, 1},  {25, "CelB", 90000, 1}, {26, "JPEG", 90000, 1}, {28, "nv", 90000, 1},
    {31, "H261", 90000, 1}, {32, "MPV", 90000, 1},  {33, "MP2T", 90000, 1}, {34, "H263", 90000, 1},
};

constexpr std::size_t payload_types = 128;

std::optional<std::uint8_t> payload_type(std::string_view text) {
    const auto number = parse_number<std::uint8_t>(text);
    return number && *number < payload_types ? number : std::nullopt;
}

// "<payload type> <name>/<clock rate>[/<channels>]"
std::optional<Codec> read_rtpmap(std::string_view value) {
    const auto f = fields(value);
    if (f.size() != 2) return std::nullopt;
    const auto parts = split(f[1], '/');
    if (parts.size() < 2 || parts.size() > 3 || parts[0].empty()) return std::nullopt;
    const auto type = payload_type(f[0]);
    const auto rate = parse_number<std::uint32_t>(parts[1]);
    const auto channels =
        parts.size() == 3 ? parse_number<std::uint8_t>(parts[2]) : std::optional<std::uint8_t>(1);
    if (!type || !rate || *rate == 0 || !channels || *channels == 0) return std::nullopt;
    return Codec{*type, std::string(parts[0]), *rate, *channels, {}};
}

std::optional<Codec> static_codec(std::uint8_t type) {
    for (const auto& s : static_types)
        if (s.payload_type == type) return Codec{type, std::string(s.name), s.clock_rate, s.channels, {}};
    return std::nullopt;
}

bool describes_format(const Attribute& a) {
    return a.name == "rtpmap" || a.name == "fmtp";
}

}  // namespace

bool Codec::same_encoding(const Codec& other) const {
    return iequals(name, other.name) && clock_rate == other.clock_rate && channels == other.channels;
}

std::vector<Codec> Media::codecs() const {
    std::vector<Codec> out;
    if (!is_rtp()) return out;
    // By payload type: 1 and up is the place in these lists; only few of the types are ever mapped.
    std::array<std::uint8_t, payload_types> mapped_at{};
    std::array<std::uint8_t, payload_types> parameters_at{};
    std::vector<Codec> mapped;
    std::vector<std::string_view> parameters;
    for (const Attribute& a : attributes) {
        if (!a.value || !describes_format(a)) continue;
        if (a.name == "rtpmap") {
            auto codec = read_rtpmap(*a.value);
            if (!codec || mapped_at[codec->payload_type] != 0) continue;
            mapped_at[codec->payload_type] = static_cast<std::uint8_t>(mapped.size() + 1);
            mapped.push_back(std::move(*codec));
        } else {
            const auto [format, rest] = split_once(trim(*a.value), ' ');
            const auto number = payload_type(format);
            if (!number || parameters_at[*number] != 0 || trim(rest).empty()) continue;
            parameters.push_back(trim(rest));
            parameters_at[*number] = static_cast<std::uint8_t>(parameters.size());
        }
    }
    std::bitset<payload_types> seen;
    for (const auto& format : formats) {
        const auto number = payload_type(format);
        if (!number || seen.test(*number)) continue;
        seen.set(*number);
        auto codec =
            mapped_at[*number] != 0 ? std::move(mapped[mapped_at[*number] - 1u]) : static_codec(*number);
        if (!codec) continue;
        if (parameters_at[*number] != 0) codec->fmtp = parameters[parameters_at[*number] - 1u];
        out.push_back(std::move(*codec));
    }
    return out;
}

void Media::set_codecs(const std::vector<Codec>& codecs) {
    const auto first = std::find_if(attributes.begin(), attributes.end(), describes_format);
    const auto at = first == attributes.end() ? 0 : first - attributes.begin();
    std::erase_if(attributes, describes_format);
    formats.clear();
    std::vector<Attribute> described;
    for (const Codec& c : codecs) {
        formats.push_back(std::to_string(c.payload_type));
        const std::string channels = c.channels > 1 ? fmt::format("/{}", c.channels) : "";
        described.push_back(
            {"rtpmap", fmt::format("{} {}/{}{}", c.payload_type, c.name, c.clock_rate, channels)});
        if (!c.fmtp.empty()) described.push_back({"fmtp", fmt::format("{} {}", c.payload_type, c.fmtp)});
    }
    attributes.insert(attributes.begin() + at, described.begin(), described.end());
}

}  // namespace causeway::sdp
