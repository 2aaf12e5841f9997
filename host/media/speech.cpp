#include "host/media/speech.hpp"

#include <algorithm>
#include <iterator>

#include "host/base/text.hpp"

namespace causeway::media {
namespace {

constexpr std::uint8_t dynamic = 96;
struct Entry {
    Speech speech;
    std::string_view name;
    std::uint8_t payload_type;
};
constexpr Entry entries[] = {
    {Speech::pcmu, "PCMU", 0},
    {Speech::pcma, "PCMA", 8},
    {Speech::g722, "G722", 9},
    {Speech::g726_16, "G726-16", dynamic},
    {Speech::g726_24, "G726-24", dynamic},
    {Speech::g726_32, "G726-32", dynamic},
    {Speech::g726_40, "G726-40", dynamic},
    {Speech::aal2_g726_16, "AAL2-G726-16", dynamic},
    {Speech::aal2_g726_24, "AAL2-G726-24", dynamic},
    {Speech::aal2_g726_32, "AAL2-G726-32", dynamic},
    {Speech::aal2_g726_40, "AAL2-G726-40", dynamic},
    {Speech::l16, "L16", dynamic},
    {Speech::l16_16k, "L16", dynamic},
};

std::optional<Speech> find(std::string_view name, std::uint32_t rate) {
    for (const auto& e : entries)
        if (iequals(e.name, name) && clock_rate(e.speech) == rate) return e.speech;
    return std::nullopt;
}

}  // namespace

std::optional<Speech> to_speech(const sdp::Codec& codec) {
    return codec.channels == 1 ? find(codec.name, codec.clock_rate) : std::nullopt;
}

std::optional<Speech> parse_speech(std::string_view name) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return find(name, 8000);
    const auto rate = parse_number<std::uint32_t>(name.substr(slash + 1));
    return rate ? find(name.substr(0, slash), *rate) : std::nullopt;
}

sdp::Codec to_codec(Speech speech) {
    const auto found = std::find_if(std::begin(entries), std::end(entries),
                                    [&](const Entry& e) { return e.speech == speech; });
    sdp::Codec out;
    out.payload_type = found->payload_type;
    out.name = found->name;
    out.clock_rate = clock_rate(speech);
    return out;
}

}  // namespace causeway::media
