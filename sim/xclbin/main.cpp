// causeway-xclbin DESCRIPTION SIMULATOR OUTPUT: writes the xclbin of a simulated card.
// causeway-xclbin DESCRIPTION --header OUTPUT: writes what the simulated card's program must know of the
// kernel.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/xclbin/xclbin.hpp"

namespace {

using namespace causeway;

bool read(const std::string& path, std::string& contents) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    contents = all.str();
    if (!file || contents.empty()) std::cerr << path << ": cannot be read\n";
    return file && !contents.empty();
}

std::string header(const sim::Description& description) {
    std::uint64_t memory = 0;
    for (const auto& bank : description.memories) memory = std::max(memory, bank.base + bank.size);
    return fmt::format(
        "// Written by causeway-xclbin.\n"
        "#pragma once\n#include <cstdint>\n"
        "namespace causeway::sim {{\n"
        "constexpr std::uint64_t first_unit = 0x{:x};\nconstexpr std::uint64_t unit_range = 0x{:x};\n"
        "constexpr std::uint64_t memory_size = 0x{:x};\n}}\n",
        description.base, description.range, memory);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: causeway-xclbin DESCRIPTION SIMULATOR|--header OUTPUT\n";
        return 2;
    }
    const std::string second = argv[2];
    std::string text;
    if (!read(argv[1], text)) return 1;
    const auto description = sim::parse_description(text);
    if (!description) {
        std::cerr << argv[1] << ": " << description.error().what << '\n';
        return 1;
    }
    std::string written;
    if (second == "--header") {
        written = header(*description);
    } else {
        std::string simulator;
        if (!read(second, simulator)) return 1;
        written = sim::hw_emu_xclbin(*description, simulator);
    }
    std::ofstream file(argv[3], std::ios::binary);
    file << written;
    file.close();
    if (!file) {
        std::cerr << argv[3] << ": cannot be written\n";
        return 1;
    }
    return 0;
}
