#include "drivers/net/udp_header.hpp"

#include <cstring>

namespace causeway::net {
namespace {

constexpr std::uint8_t udp = 17;        // protocol number
constexpr std::uint8_t hop_limit = 64;  // RFC 1700
constexpr std::size_t udp_size = 8;     // octets

// Words in the machine's order: their one's complement sum, swapped, is that in network order (RFC 1071 2B).
std::uint64_t sum_of(ByteView bytes, std::uint64_t sum) {
    while (bytes.size() >= 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        sum += word;
        bytes = bytes.subspan(4);
    }
    std::uint32_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    return sum + rest;
}

std::uint16_t folded(std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

}  // namespace

UdpHeader udp_header(const Endpoint& from, const Endpoint& to, std::uint8_t dscp, ByteView payload) {
    UdpHeader out{};
    std::uint8_t* ip = out.octets.data();
    const auto length = static_cast<std::uint16_t>(udp_size + payload.size());
    std::size_t address_size = 4, addresses = 12;
    if (from.ip.is_v6()) {
        out.size = 48;
        address_size = 16;
        addresses = 8;
        ip[0] = static_cast<std::uint8_t>(0x60 | dscp >> 2);  // version, traffic class, flow label 0
        ip[1] = static_cast<std::uint8_t>(dscp << 6);
        store_be16(ip + 4, length);
        ip[6] = udp;
        ip[7] = hop_limit;
    } else {
        out.size = 28;
        ip[0] = 0x45;  // version, five words
        ip[1] = static_cast<std::uint8_t>(dscp << 2);
        store_be16(ip + 2, static_cast<std::uint16_t>(20 + length));
        ip[8] = hop_limit;
        ip[9] = udp;
    }
    std::memcpy(ip + addresses, from.ip.data(), address_size);
    std::memcpy(ip + addresses + address_size, to.ip.data(), address_size);
    std::uint8_t* header = ip + out.size - udp_size;
    store_be16(header, from.port);
    store_be16(header + 2, to.port);
    store_be16(header + 4, length);

    // The pseudo header: addresses, protocol, length.
    std::array<std::uint8_t, 4> pseudo{0, udp, 0, 0};
    store_be16(pseudo.data() + 2, length);
    std::uint64_t sum = sum_of({ip + addresses, 2 * address_size}, 0);
    sum = sum_of(pseudo, sum);
    sum = sum_of({header, udp_size}, sum);
    auto checksum = static_cast<std::uint16_t>(~folded(sum_of(payload, sum)));
    if (checksum == 0) checksum = 0xffff;  // 0 says that there is none
    std::memcpy(header + 6, &checksum, sizeof checksum);
    return out;
}

}  // namespace causeway::net
