// The value of a header field in every typed way: what parses is written so that it parses to the same again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/sip/headers.hpp"

using namespace causeway;

namespace {

template <class T>
void round_trip(std::string_view text) {
    const auto value = T::parse(text);
    if (!value) return;
    const std::string written = value->to_string();
    const auto again = T::parse(written);
    if (!again || again->to_string() != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)sip::parse_header_name(text);
    round_trip<sip::NameAddr>(text);
    round_trip<sip::Via>(text);
    round_trip<sip::CSeq>(text);
    return 0;
}
