// A URI: what parses is written so that it parses to the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/sip/uri.hpp"

using namespace causeway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto uri = sip::Uri::parse({reinterpret_cast<const char*>(data), size});
    if (!uri) return 0;
    const auto text = uri->to_string();
    const auto again = sip::Uri::parse(text);
    if (!again || again->to_string() != text || again->user != uri->user || again->host != uri->host)
        std::abort();
    (void)uri->equivalent(*again);
    return 0;
}
