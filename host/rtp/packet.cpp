#include "host/rtp/packet.hpp"

namespace causeway::rtp {

std::optional<Packet> Packet::parse(ByteView datagram) {
    constexpr unsigned version = 2;
    if (datagram.size() < header_size || datagram[0] >> 6 != version) return std::nullopt;
    const bool padded = (datagram[0] & 0x20) != 0;
    const bool extended = (datagram[0] & 0x10) != 0;

    Packet p;
    p.csrc_count = datagram[0] & 0x0f;
    p.header.marker = (datagram[1] & 0x80) != 0;
    p.header.payload_type = datagram[1] & 0x7f;
    p.header.sequence = load_be16(&datagram[2]);
    p.header.timestamp = load_be32(&datagram[4]);
    p.header.ssrc = load_be32(&datagram[8]);

    const std::size_t csrc_octets = std::size_t{p.csrc_count} * 4;
    ByteView rest = datagram.subspan(header_size);
    if (rest.size() < csrc_octets) return std::nullopt;
    rest = rest.subspan(csrc_octets);
    if (extended) {
        constexpr std::size_t head = 4;
        if (rest.size() < head) return std::nullopt;
        const std::size_t octets = head + std::size_t{load_be16(&rest[2])} * 4;
        if (rest.size() < octets) return std::nullopt;
        p.extension = rest.first(octets);
        rest = rest.subspan(octets);
    }
    if (padded) {  // the last octet counts the padding, itself included
        if (rest.empty() || rest.back() == 0 || rest.back() > rest.size()) return std::nullopt;
        rest = rest.first(rest.size() - rest.back());
    }
    p.payload = rest;
    return p;
}

void write_header(const Header& header, std::uint8_t* out) {
    out[0] = 0x80;
    out[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
    store_be16(out + 2, header.sequence);
    store_be32(out + 4, header.timestamp);
    store_be32(out + 8, header.ssrc);
}

std::uint32_t timestamp_units(Duration d, std::uint32_t clock_rate) {
    if (d < Duration::zero()) return 0;
    constexpr std::uint64_t second = 1'000'000'000;
    const auto ns = static_cast<std::uint64_t>(d.count());
    return static_cast<std::uint32_t>(ns / second * clock_rate + ns % second * clock_rate / second);
}

bool looks_like_rtcp(ByteView datagram) {
    return datagram.size() >= 2 && datagram[1] >= 192 && datagram[1] <= 223;
}

}  // namespace causeway::rtp
