// A datagram as RTP and as RTCP: what parses stays within the datagram, and RTCP is written so that it parses
// to the same.
#include <cstdint>
#include <cstdlib>

#include "host/rtp/packet.hpp"
#include "host/rtp/renumber.hpp"
#include "host/rtp/rtcp.hpp"
#include "host/rtp/stats.hpp"

using namespace causeway;

namespace {

bool inside(ByteView part, ByteView whole) {
    return part.empty() ||
           (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView datagram(data, size);
    (void)rtp::looks_like_rtcp(datagram);
    if (const auto packet = rtp::Packet::parse(datagram)) {
        if (!inside(packet->payload, datagram) || !inside(packet->extension, datagram)) std::abort();
    }
    if (const auto compound = rtp::RtcpCompound::parse(datagram)) {
        const auto bytes = compound->to_bytes();
        const auto again = rtp::RtcpCompound::parse(bytes);
        if (!again || again->reports.size() != compound->reports.size() || again->bye != compound->bye)
            std::abort();
    }
    // The same bytes as a stream of headers: sequence, timestamp and source as a peer may choose them.
    rtp::Reception reception;
    rtp::Renumber renumber(1, 1);
    Time now{};
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
        const rtp::Header header{0, false, load_be16(data + i), load_be32(data + i + 2), data[i + 6] & 3U};
        now += std::chrono::milliseconds(data[i + 7]);
        reception.received(now, header, 160);
        (void)renumber.place(now, header.ssrc & 1U, 8000, header);
        (void)reception.report();
    }
    (void)reception.lost();
    (void)reception.jitter();
    return 0;
}
