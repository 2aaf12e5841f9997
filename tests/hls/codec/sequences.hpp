// The ITU's test sequences, where CAUSEWAY_MATERIAL names them.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace causeway::hls {

// A file of 16-bit words, little-endian; nothing where it is absent.
inline std::vector<std::uint16_t> itu_words(const std::string& name) {
    std::ifstream in(std::string(CAUSEWAY_MATERIAL) + "/itu/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::uint16_t> out;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        out.push_back(static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[i]) |
                                                 static_cast<std::uint8_t>(bytes[i + 1]) << 8));
    }
    return out;
}

}  // namespace causeway::hls
