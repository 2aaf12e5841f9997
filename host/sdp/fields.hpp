// The space-separated pieces of an SDP line. The grammar has single spaces; runs of them are tolerated.
#pragma once

#include <string_view>
#include <vector>

#include "host/base/text.hpp"

namespace causeway::sdp {

inline std::vector<std::string_view> fields(std::string_view text) {
    std::vector<std::string_view> out = split(text, ' ');
    std::erase(out, std::string_view());
    return out;
}

}  // namespace causeway::sdp
