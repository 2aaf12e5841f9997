// The voice of one call as a telephone has it: plays coded frames, records what comes. One codec, 20 ms a
// packet, no jitter buffer: what was received is kept in order of sequence numbers, to be compared with what
// was sent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/cpu/srtp.hpp"
#include "host/base/ip.hpp"
#include "host/base/random.hpp"
#include "host/base/time.hpp"
#include "host/rtp/packet.hpp"
#include "host/sdp/crypto.hpp"
#include "host/sdp/session.hpp"

namespace causeway::endpoint {

struct MediaFigures {
    std::uint64_t sent = 0, received = 0;
    std::uint64_t lost = 0, duplicates = 0, reordered = 0;
    std::uint64_t refused = 0;  // no RTP, not authentic, or of a payload type that was not agreed
    std::uint64_t rtcp_received = 0;
};

class MediaStream {
  public:
    static constexpr Duration frame = std::chrono::milliseconds(20);
    static constexpr std::size_t frame_octets = 160;  // of G.711

    explicit MediaStream(Random& random);

    // What was agreed. Keys and codec take effect at once; the same keys again change nothing.
    struct Agreed {
        Endpoint remote;  // unspecified or port 0: nothing to send to
        sdp::SrtpKey send_key, receive_key;
        std::vector<sdp::Codec> codecs;  // the first that is no telephone-event is spoken
        sdp::Direction direction = sdp::Direction::sendrecv;  // as seen from here
    };
    void agree(const Agreed& agreed);
    bool agreed() const { return codec_.has_value(); }

    // Coded octets to play from now on, behind what is still to be played. The last frame may be short.
    void play(ByteView coded);
    std::size_t to_play() const { return queue_.size() - played_; }
    // Digits as telephone events (RFC 4733), 100 ms each, ahead of the voice.
    void send_digits(std::string_view digits);

    // The packet that is due every 20 ms, ready for the wire; nothing where there is nothing to say or nobody
    // to say it to.
    std::optional<Bytes> next_packet(Time now);
    bool idle() const { return to_play() == 0 && digits_.empty(); }
    std::optional<Endpoint> remote() const;

    // A datagram from the wire. A finished digit comes back.
    std::optional<char> receive(ByteView datagram);
    // Voice octets received, in order of sequence numbers; what was lost is not there.
    Bytes recorded() const;
    const MediaFigures& figures() const { return figures_; }
    void count_rtcp() { ++figures_.rtcp_received; }

  private:
    Bytes voice_packet();
    Bytes digit_packet();
    std::optional<char> event(const rtp::Packet& packet);

    Random& random_;
    Agreed agreed_;
    std::optional<sdp::Codec> codec_, events_;
    std::optional<cpu::Srtp> outbound_, inbound_;
    rtp::Header next_;
    bool talking_ = false;
    Bytes queue_;
    std::size_t played_ = 0;
    std::string digits_;
    unsigned digit_packets_ = 0;  // of the digit being sent
    std::uint32_t digit_timestamp_ = 0;
    std::optional<std::uint32_t> last_event_;  // timestamp of the digit heard last
    std::map<std::uint64_t, Bytes> recorded_;  // by extended sequence number
    std::uint64_t highest_ = 0;
    std::optional<std::uint32_t> source_;
    MediaFigures figures_;
};

}  // namespace causeway::endpoint
