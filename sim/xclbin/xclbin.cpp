#include "sim/xclbin/xclbin.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <xrt/xclbin.h>

#include <cstring>
#include <vector>

#include "sim/xclbin/zip.hpp"

namespace causeway::sim {
namespace {

constexpr std::string_view platform = "causeway_simulated_card";

struct Section {
    axlf_section_kind kind;
    std::string name;
    std::string data;
};

template <class T>
void append(std::string& to, const T& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <std::size_t n, class Octet>
void copy_text(Octet (&to)[n], std::string_view text) {
    std::memcpy(to, text.data(), std::min(text.size(), n - 1));
}

bool is_buffer(const Description::Argument& argument) {
    return argument.type.ends_with('*');
}

std::string unit_name(const Description& description, std::uint64_t unit) {
    return fmt::format("{}_{}", description.name, unit + 1);
}

std::string metadata(const Description& description) {
    std::string xml = fmt::format(
        R"(<?xml version="1.0"?><project name="causeway"><platform vendor="causeway" boardid="simulated" name="{}">)"
        R"(<device name="fpga0"><core name="OCL_REGION_0" target="hw_em" type="clc_region">)"
        R"(<kernel name="{}" language="ip" type="pl">)"
        R"(<port name="s_axi_control" mode="slave" range="0x{:x}" dataWidth="32" portType="addressable" base="0x0"/>)",
        platform, description.name, description.range);
    for (std::size_t i = 0; i < description.arguments.size(); ++i) {
        const Description::Argument& argument = description.arguments[i];
        if (is_buffer(argument)) {
            xml += fmt::format(
                R"(<port name="{}" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="512" portType="addressable" base="0x0"/>)",
                argument.port);
        }
        xml += fmt::format(
            R"(<arg name="{}" addressQualifier="{}" id="{}" port="{}" size="0x{:x}" offset="0x{:x}" hostOffset="0x0" hostSize="0x{:x}" type="{}"/>)",
            argument.name, is_buffer(argument) ? 1 : 0, i, argument.port, argument.size, argument.offset,
            argument.size, argument.type);
    }
    for (std::uint64_t unit = 0; unit < description.compute_units; ++unit) {
        xml += fmt::format(
            R"(<instance name="{}"><addrRemap base="0x{:x}" range="0x{:x}" port="s_axi_control"/></instance>)",
            unit_name(description, unit), description.base + unit * description.range, description.range);
    }
    return xml + "</kernel></core></device></platform></project>";
}

// A count, padded as the first element of the C structure demands, and elements.
template <class Structure, class Element>
std::string counted(const std::vector<Element>& elements) {
    std::string data(sizeof(Structure) - sizeof(Element), '\0');
    const auto count = static_cast<std::int32_t>(elements.size());
    std::memcpy(data.data(), &count, sizeof count);
    for (const Element& element : elements) append(data, element);
    return data;
}

std::string memory_topology(const Description& description) {
    std::vector<mem_data> banks;
    for (const Description::Memory& memory : description.memories) {
        mem_data& bank = banks.emplace_back();
        bank.m_type = MEM_DDR4;
        bank.m_used = 1;
        bank.m_size = memory.size >> 10;
        bank.m_base_address = memory.base;
        copy_text(bank.m_tag, memory.tag);
    }
    return counted<mem_topology>(banks);
}

std::string layout(const Description& description) {
    std::vector<ip_data> units;
    for (std::uint64_t i = 0; i < description.compute_units; ++i) {
        ip_data& unit = units.emplace_back();
        const std::uint32_t control = description.chained ? AP_CTRL_CHAIN : AP_CTRL_HS;
        unit.m_type = IP_KERNEL;
        unit.properties = IP_INT_ENABLE_MASK | static_cast<std::uint32_t>(i) << IP_INTERRUPT_ID_SHIFT |
                          control << IP_CONTROL_SHIFT;
        unit.m_base_address = description.base + i * description.range;
        copy_text(unit.m_name, description.name + ":" + unit_name(description, i));
    }
    return counted<ip_layout>(units);
}

std::string connections(const Description& description) {
    std::vector<connection> all;
    for (std::uint64_t unit = 0; unit < description.compute_units; ++unit) {
        for (std::size_t i = 0; i < description.arguments.size(); ++i) {
            if (!is_buffer(description.arguments[i])) continue;
            all.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(unit), 0});
        }
    }
    return counted<connectivity>(all);
}

}  // namespace

std::string hw_emu_xclbin(const Description& description, std::string_view simulator) {
    const std::vector<Section> sections = {
        {BITSTREAM, "bitstream", zip_of_executable("behav_waveform/xsim/simulate.sh", simulator)},
        {EMBEDDED_METADATA, "metadata", metadata(description)},
        {MEM_TOPOLOGY, "memory", memory_topology(description)},
        {CONNECTIVITY, "connectivity", connections(description)},
        {IP_LAYOUT, "layout", layout(description)},
    };
    const std::size_t begin = sizeof(axlf) + (sections.size() - 1) * sizeof(axlf_section_header);
    std::string headers;
    std::string bodies;
    for (const Section& section : sections) {
        bodies.resize((bodies.size() + 7) / 8 * 8);
        axlf_section_header header{};
        header.m_sectionKind = section.kind;
        copy_text(header.m_sectionName, section.name);
        header.m_sectionOffset = begin + bodies.size();
        header.m_sectionSize = section.data.size();
        append(headers, header);
        bodies += section.data;
    }
    axlf top{};
    std::memcpy(top.m_magic, "xclbin2", sizeof top.m_magic);
    top.m_signature_length = -1;
    std::memset(top.reserved, 0xff, sizeof top.reserved);
    top.m_uniqueId = 1;
    top.m_header.m_length = begin + bodies.size();
    top.m_header.m_timeStamp = 1;
    top.m_header.m_versionMajor = 2;
    top.m_header.m_versionMinor = 1;
    top.m_header.m_mode = XCLBIN_HW_EMU;
    top.m_header.m_numSections = static_cast<std::uint32_t>(sections.size());
    copy_text(top.m_header.m_platformVBNV, platform);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    const std::string identified = headers + bodies;
    SHA256(reinterpret_cast<const unsigned char*>(identified.data()), identified.size(), digest);
    std::memcpy(top.m_header.uuid, digest, sizeof top.m_header.uuid);
    return std::string(reinterpret_cast<const char*>(&top), offsetof(axlf, m_sections)) + identified;
}

}  // namespace causeway::sim
