// A configuration file: it is read, or every error names a place in it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/gateway/config.hpp"

using namespace causeway::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = parse_config(text);
    if (config) {
        if (config->listeners.size() != config->core.listeners.size()) std::abort();
        return 0;
    }
    if (config.error().empty()) std::abort();
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const auto& error : config.error()) {
        if (error.line < 1 || error.line > lines + 1 || error.column < 1 || error.what.empty()) std::abort();
    }
    return 0;
}
