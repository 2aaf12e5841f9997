#include "host/endpoint/media_stream.hpp"

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway::endpoint {
namespace {

constexpr std::string_view event_digits = "0123456789*#ABCD";  // RFC 4733 table 3
constexpr unsigned digit_updates = 5;                          // 100 ms
constexpr unsigned digit_ends = 3;                             // 2.5.1.4: the last packet thrice

bool may_send(sdp::Direction d) {
    return d == sdp::Direction::sendonly || d == sdp::Direction::sendrecv;
}

}  // namespace

MediaStream::MediaStream(Random& random) : random_(random) {
    next_.ssrc = random_.u32();
    next_.sequence = static_cast<std::uint16_t>(random_.below(1U << 15));
    next_.timestamp = random_.u32();
}

void MediaStream::agree(const Agreed& agreed) {
    const auto keyed = [](const sdp::SrtpKey& key,
                          cpu::Srtp::Direction direction) -> std::optional<cpu::Srtp> {
        if (key.suite == sdp::SrtpSuite::none) return std::nullopt;
        auto made = cpu::Srtp::create(key, direction);
        if (!made) return std::nullopt;
        return std::move(*made);
    };
    if (!(agreed.send_key == agreed_.send_key))
        outbound_ = keyed(agreed.send_key, cpu::Srtp::Direction::outbound);
    if (!(agreed.receive_key == agreed_.receive_key)) {
        inbound_ = keyed(agreed.receive_key, cpu::Srtp::Direction::inbound);
    }
    agreed_ = agreed;
    codec_.reset();
    events_.reset();
    for (const auto& c : agreed.codecs) {
        auto& slot = iequals(c.name, "telephone-event") ? events_ : codec_;
        if (!slot) slot = c;
    }
}

std::optional<Endpoint> MediaStream::remote() const {
    const auto& r = agreed_.remote;
    if (r.port == 0 || r.ip.is_unspecified()) return std::nullopt;
    return r;
}

void MediaStream::play(ByteView coded) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(played_));
    played_ = 0;
    queue_.insert(queue_.end(), coded.begin(), coded.end());
}

void MediaStream::send_digits(std::string_view digits) {
    digits_ += digits;
}

std::optional<Bytes> MediaStream::next_packet(Time) {
    if (!codec_ || !remote()) return std::nullopt;
    next_.timestamp += frame_octets;  // time passes, spoken or not
    if (!may_send(agreed_.direction)) return std::nullopt;
    Bytes packet;
    if (!digits_.empty() && events_) {
        packet = digit_packet();
    } else if (to_play() > 0) {
        packet = voice_packet();
    } else {
        talking_ = false;
        return std::nullopt;
    }
    ++next_.sequence;
    ++figures_.sent;
    if (agreed_.send_key.suite != sdp::SrtpSuite::none && (!outbound_ || !outbound_->protect(packet))) {
        return std::nullopt;
    }
    return packet;
}

Bytes MediaStream::voice_packet() {
    const std::size_t size = std::min(frame_octets, to_play());
    Bytes packet(rtp::header_size + size);
    rtp::Header header = next_;
    header.payload_type = codec_->payload_type;
    header.marker = !talking_;
    talking_ = true;
    rtp::write_header(header, packet.data());
    std::copy_n(queue_.begin() + static_cast<std::ptrdiff_t>(played_), size,
                packet.begin() + rtp::header_size);
    played_ += size;
    return packet;
}

// RFC 4733 2.3: event, end bit and volume, duration in timestamp units. The timestamp stays that of the
// beginning.
Bytes MediaStream::digit_packet() {
    if (digit_packets_ == 0) digit_timestamp_ = next_.timestamp;
    ++digit_packets_;
    const bool end = digit_packets_ > digit_updates;
    Bytes packet(rtp::header_size + 4);
    rtp::Header header = next_;
    header.payload_type = events_->payload_type;
    header.marker = digit_packets_ == 1;
    header.timestamp = digit_timestamp_;
    rtp::write_header(header, packet.data());
    const auto code =
        event_digits.find(static_cast<char>(digits_.front() & ~(digits_.front() >= 'a' ? 0x20 : 0)));
    packet[12] = static_cast<std::uint8_t>(code == std::string_view::npos ? 0 : code);
    packet[13] = static_cast<std::uint8_t>((end ? 0x80 : 0) | 10);
    store_be16(&packet[14],
               static_cast<std::uint16_t>(std::min(digit_packets_, digit_updates) * frame_octets));
    if (digit_packets_ == digit_updates + digit_ends) {
        digit_packets_ = 0;
        digits_.erase(0, 1);
    }
    return packet;
}

std::optional<char> MediaStream::receive(ByteView datagram) {
    Bytes bytes(datagram.begin(), datagram.end());
    if (agreed_.receive_key.suite != sdp::SrtpSuite::none &&
        (!inbound_ || inbound_->unprotect(bytes) != cpu::Srtp::Outcome::ok)) {
        ++figures_.refused;
        return std::nullopt;
    }
    const auto packet = rtp::Packet::parse(bytes);
    const bool is_event = packet && events_ && packet->header.payload_type == events_->payload_type;
    const bool is_voice = packet && codec_ && packet->header.payload_type == codec_->payload_type;
    if (!is_event && !is_voice) {
        ++figures_.refused;
        return std::nullopt;
    }
    ++figures_.received;
    // A new source starts far above the old one, so that the order of what it sends stays.
    if (source_ != packet->header.ssrc) {
        const auto base = source_ ? (highest_ | 0xFFFF) + 0x10000 : 0x10000;
        highest_ = base + packet->header.sequence;
        source_ = packet->header.ssrc;
    }
    const auto step =
        static_cast<std::int16_t>(packet->header.sequence - static_cast<std::uint16_t>(highest_));
    const std::uint64_t number = highest_ + static_cast<std::uint64_t>(std::int64_t{step});
    if (recorded_.contains(number)) {
        ++figures_.duplicates;
        return std::nullopt;
    }
    if (step < 0) {
        ++figures_.reordered;
        if (figures_.lost > 0) --figures_.lost;
    } else {
        if (step > 1) figures_.lost += static_cast<std::uint64_t>(step - 1);
        highest_ = number;
    }
    recorded_[number] = is_voice ? Bytes(packet->payload.begin(), packet->payload.end()) : Bytes{};
    return is_event ? event(*packet) : std::nullopt;
}

std::optional<char> MediaStream::event(const rtp::Packet& packet) {
    if (packet.payload.size() < 4 || (packet.payload[1] & 0x80) == 0) return std::nullopt;
    if (last_event_ == packet.header.timestamp || packet.payload[0] >= event_digits.size())
        return std::nullopt;
    last_event_ = packet.header.timestamp;
    return event_digits[packet.payload[0]];
}

Bytes MediaStream::recorded() const {
    Bytes out;
    for (const auto& [number, payload] : recorded_) out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

}  // namespace causeway::endpoint
