// The remote calls that XRT's hw_emu shim makes to the simulator over a unix socket, one at a time. Each is a
// header (size of the message that follows, number of the call), and the message; the answer is a header
// (size), and a message. All required fields of an answer must be there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/rpc/wire.hpp"

namespace causeway::sim {

enum class Call : std::uint32_t {
    close = 1,
    load_bitstream = 3,
    allocate = 4,          // 1 address, 2 size
    release = 5,           // 1 address
    copy_to_device = 6,    // 3 destination, 4 octets, 5 size, 6 seek
    copy_from_device = 7,  // 4 source, 5 size, 6 skip
    write_register = 9,    // 2 address, 3 size, 4 octets
    read_register = 11,    // 2 address, 3 size
    read_timestamp = 17,
    read_debug_messages = 19,
    set_environment = 20,
    set_up_instance = 28,
};

constexpr std::size_t call_header_size = 14;    // octets
constexpr std::size_t answer_header_size = 9;   // octets
constexpr std::uint64_t control_register = 0;   // of a compute unit: bits ap_start, ap_done, ap_idle, ...
constexpr std::uint64_t register_page = 0xfff;  // which register of a unit an address names
constexpr std::uint32_t done_and_idle = 6;

struct CallHeader {
    std::uint64_t size = 0;  // octets of the message
    Call call{};
};

inline CallHeader parse_call_header(const char* octets) {
    const Message header({octets, call_header_size});
    return {header.number(1), static_cast<Call>(header.number(2))};
}

inline std::string answer_header(std::uint64_t size) {
    std::string header(1, '\x09');
    header.append(reinterpret_cast<const char*>(&size), sizeof size);
    return header;
}

inline std::string call_header(std::uint64_t size, Call call) {
    std::string header = answer_header(size);
    header.push_back('\x15');
    header.append(reinterpret_cast<const char*>(&call), sizeof call);
    return header;
}

// What registers read when no card answers: ones, as on PCIe; but the control register says that nothing
// runs, so that XRT's scheduler does not wait for ever. A run that ends so is told by its missing completion
// header.
inline std::string registers_off_the_bus(std::uint64_t address, std::uint64_t size) {
    std::string read(size, '\xff');
    for (std::size_t i = 0; i + sizeof done_and_idle <= size; i += sizeof done_and_idle) {
        if (((address + i) & register_page) == control_register) {
            std::memcpy(&read[i], &done_and_idle, sizeof done_and_idle);
        }
    }
    return read;
}

// The answer to a call when there is no card any more.
inline Answer answer_off_the_bus(Call call, const Message& asked) {
    Answer answer;
    switch (call) {
        case Call::copy_to_device:
            return answer.number(1, asked.number(5));
        case Call::copy_from_device:
            return answer.number(1, asked.number(5)).octets(2, std::string(asked.number(5), '\0'));
        case Call::read_register:
            return answer.number(1, 1).octets(2, registers_off_the_bus(asked.number(2), asked.number(3)));
        case Call::read_debug_messages:
            return answer.octets(1, "").octets(2, "").octets(3, "");
        case Call::read_timestamp:
            return answer.number(1, 0);
        default:
            return answer.number(1, 1);
    }
}

}  // namespace causeway::sim
