#include "host/rtp/rtcp.hpp"

#include <algorithm>

namespace causeway::rtp {

namespace {

enum PacketType : std::uint8_t { sr = 200, rr = 201, sdes = 202, bye_type = 203 };
constexpr std::uint8_t sdes_cname = 1;
constexpr std::size_t word = 4;
constexpr std::size_t head_octets = 4;
constexpr std::size_t sender_octets = 20;
constexpr std::size_t block_octets = 24;
constexpr std::size_t max_count = 31;  // five bits
constexpr std::size_t max_item = 255;
constexpr std::int32_t max_lost = 0x7fffff, min_lost = -0x800000;

std::int32_t load_signed24(const std::uint8_t* p) {
    const std::uint32_t v = load_be32(p) & 0xffffff;
    return static_cast<std::int32_t>(v << 8) >> 8;
}

ReportBlock read_block(const std::uint8_t* p) {
    ReportBlock b;
    b.ssrc = load_be32(p);
    b.fraction_lost = p[4];
    b.cumulative_lost = load_signed24(p + 4);
    b.extended_highest_sequence = load_be32(p + 8);
    b.jitter = load_be32(p + 12);
    b.last_sr = load_be32(p + 16);
    b.delay_since_last_sr = load_be32(p + 20);
    return b;
}

// SR or RR behind its head; false where the report blocks do not fit.
bool read_report(RtcpCompound& out, bool is_sr, bool first, std::size_t count, ByteView body) {
    const std::size_t fixed = word + (is_sr ? sender_octets : 0);
    if (body.size() < fixed + count * block_octets) return false;
    if (first) {
        out.sender_ssrc = load_be32(body.data());
        if (is_sr) {
            out.sender = SenderInfo{(std::uint64_t{load_be32(&body[4])} << 32) | load_be32(&body[8]),
                                    load_be32(&body[12]), load_be32(&body[16]), load_be32(&body[20])};
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        out.reports.push_back(read_block(body.data() + fixed + i * block_octets));
    }
    return true;
}

// RFC 3550 6.5: chunks of an SSRC and items, each list ended by a zero octet and filled to a word.
bool read_sdes(RtcpCompound& out, std::size_t count, ByteView body) {
    std::size_t at = 0;
    for (std::size_t chunk = 0; chunk < count; ++chunk) {
        if (body.size() < at + word) return false;
        const std::uint32_t ssrc = load_be32(&body[at]);
        at += word;
        for (;;) {
            if (at >= body.size()) return false;
            const std::uint8_t type = body[at];
            if (type == 0) break;
            if (at + 2 > body.size() || at + 2 + body[at + 1] > body.size()) return false;
            const ByteView value = body.subspan(at + 2, body[at + 1]);
            if (type == sdes_cname && ssrc == out.sender_ssrc) out.cname = as_text(value);
            at += 2 + value.size();
        }
        at = (at / word + 1) * word;  // the zero octet and the filling behind it
    }
    return at <= body.size();
}

bool read_bye(RtcpCompound& out, std::size_t count, ByteView body) {
    if (body.size() < count * word) return false;
    for (std::size_t i = 0; i < count; ++i) out.bye.push_back(load_be32(&body[i * word]));
    return true;
}

void append32(Bytes& out, std::uint32_t v) {
    out.resize(out.size() + word);
    store_be32(&out[out.size() - word], v);
}

// Appends a packet's head; end_packet() fills in the length.
std::size_t begin_packet(Bytes& out, PacketType type, std::size_t count) {
    const std::size_t at = out.size();
    out.insert(out.end(), {static_cast<std::uint8_t>(0x80 | count), type, 0, 0});
    return at;
}

void end_packet(Bytes& out, std::size_t at) {
    store_be16(&out[at + 2], static_cast<std::uint16_t>((out.size() - at) / word - 1));
}

void append_block(Bytes& out, const ReportBlock& b) {
    append32(out, b.ssrc);
    const auto lost = static_cast<std::uint32_t>(std::clamp(b.cumulative_lost, min_lost, max_lost));
    append32(out, (std::uint32_t{b.fraction_lost} << 24) | (lost & 0xffffff));
    append32(out, b.extended_highest_sequence);
    append32(out, b.jitter);
    append32(out, b.last_sr);
    append32(out, b.delay_since_last_sr);
}

}  // namespace

std::optional<RtcpCompound> RtcpCompound::parse(ByteView datagram) {
    RtcpCompound out;
    bool first = true;
    for (ByteView rest = datagram; first || !rest.empty(); first = false) {
        if (rest.size() < head_octets || rest[0] >> 6 != 2) return std::nullopt;
        const bool padded = (rest[0] & 0x20) != 0;
        const std::size_t count = rest[0] & 0x1f;
        const std::uint8_t type = rest[1];
        const std::size_t octets = (std::size_t{load_be16(&rest[2])} + 1) * word;
        if (octets > rest.size()) return std::nullopt;
        ByteView body = rest.subspan(head_octets, octets - head_octets);
        rest = rest.subspan(octets);
        if (first && type != sr && type != rr) return std::nullopt;
        if (padded) {  // A.2: on the last packet only
            if (!rest.empty() || body.empty() || body.back() == 0 || body.back() > body.size()) {
                return std::nullopt;
            }
            body = body.first(body.size() - body.back());
        }
        bool good = true;
        if (type == sr || type == rr) good = read_report(out, type == sr, first, count, body);
        if (type == sdes) good = read_sdes(out, count, body);
        if (type == bye_type) good = read_bye(out, count, body);
        if (!good) return std::nullopt;
    }
    return out;
}

Bytes RtcpCompound::to_bytes() const {
    Bytes out;
    const std::size_t blocks = std::min(reports.size(), max_count);
    auto at = begin_packet(out, sender ? sr : rr, blocks);
    append32(out, sender_ssrc);
    if (sender) {
        append32(out, static_cast<std::uint32_t>(sender->ntp >> 32));
        append32(out, static_cast<std::uint32_t>(sender->ntp));
        append32(out, sender->rtp_timestamp);
        append32(out, sender->packets);
        append32(out, sender->octets);
    }
    for (std::size_t i = 0; i < blocks; ++i) append_block(out, reports[i]);
    end_packet(out, at);

    if (!cname.empty()) {
        const std::size_t length = std::min(cname.size(), max_item);
        at = begin_packet(out, sdes, 1);
        append32(out, sender_ssrc);
        out.push_back(sdes_cname);
        out.push_back(static_cast<std::uint8_t>(length));
        out.insert(out.end(), cname.begin(), cname.begin() + static_cast<std::ptrdiff_t>(length));
        out.resize((out.size() / word + 1) * word);
        end_packet(out, at);
    }
    if (!bye.empty()) {
        const std::size_t leaving = std::min(bye.size(), max_count);
        at = begin_packet(out, bye_type, leaving);
        for (std::size_t i = 0; i < leaving; ++i) append32(out, bye[i]);
        end_packet(out, at);
    }
    return out;
}

Duration report_interval(bool first, Random& random) {
    constexpr double compensation = 1.21828;  // e - 3/2
    const double deterministic_s = first ? 2.5 : 5.0;
    const double factor = 0.5 + static_cast<double>(random.u32()) / 4294967296.0;
    return Duration(static_cast<Duration::rep>(deterministic_s * factor / compensation * 1e9));
}

std::uint64_t to_ntp(Duration since) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    const auto part = static_cast<std::uint64_t>((since - whole).count());
    return (static_cast<std::uint64_t>(whole.count()) << 32) + (part << 32) / 1'000'000'000;
}

std::optional<Duration> round_trip(std::uint64_t arrival, const ReportBlock& block) {
    if (block.last_sr == 0) return std::nullopt;
    const std::uint32_t elapsed = ntp_middle(arrival) - block.last_sr;
    if (elapsed > 0x7fffffff) return std::nullopt;
    // In 1/65536 s. Two clocks and two roundings: a millisecond below nothing is nothing.
    const std::int64_t trip = std::int64_t{elapsed} - block.delay_since_last_sr;
    if (trip < -65) return std::nullopt;
    return Duration(std::max<std::int64_t>(trip, 0) * 1'000'000'000 / 65536);
}

}  // namespace causeway::rtp
