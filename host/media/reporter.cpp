#include "host/media/reporter.hpp"

namespace causeway::media {
namespace {

// NTP format, 32.32 bits. RFC 3550 4 lets a sender without wall time use a monotonic one: only differences
// count here.
std::uint64_t ntp(Time t) {
    const auto ns = static_cast<std::uint64_t>(t.time_since_epoch().count());
    const std::uint64_t seconds = ns / 1'000'000'000;
    const std::uint64_t rest = ns % 1'000'000'000;
    return seconds << 32 | (rest << 32) / 1'000'000'000;
}

std::uint32_t middle(std::uint64_t ntp_time) {
    return static_cast<std::uint32_t>(ntp_time >> 16);
}

// Duration as 1/65536 s, and back.
std::uint32_t short_units(Duration d) {
    return static_cast<std::uint32_t>(d.count() / 1000 * 65536 / 1'000'000);
}
Duration from_short_units(std::uint32_t units) {
    return Duration(std::int64_t{units} * 1'000'000'000 / 65536);
}

}  // namespace

Duration Reporter::interval(Random& random, bool first) {
    const Duration whole = std::chrono::milliseconds(2500 + random.below(5000));
    return first ? whole / 2 : whole;
}

rtp::RtcpCompound Reporter::report(Time now, const EgressCounters& sent, rtp::Reception& received,
                                   bool leaving) {
    rtp::RtcpCompound out;
    out.sender_ssrc = sent.ssrc;
    out.cname = cname_;
    if (sent.packets != packets_reported_) {
        packets_reported_ = sent.packets;
        rtp::SenderInfo info;
        info.ntp = ntp(now);
        // The timestamp that a packet sent now would carry (6.4.1).
        const auto since =
            std::chrono::duration_cast<std::chrono::microseconds>(now - sent.last_sent).count();
        info.rtp_timestamp =
            sent.last_timestamp + static_cast<std::uint32_t>(since * received.clock_rate() / 1'000'000);
        info.packets = static_cast<std::uint32_t>(sent.packets);
        info.octets = static_cast<std::uint32_t>(sent.octets);
        out.sender = info;
    }
    if (received.packets() > 0) {
        const auto r = received.report();
        rtp::ReportBlock block;
        block.ssrc = received.ssrc();
        block.fraction_lost = r.fraction_lost;
        block.cumulative_lost = static_cast<std::int32_t>(r.lost);
        block.extended_highest_sequence = r.extended_highest_sequence;
        block.jitter = r.jitter;
        block.last_sr = last_sr_;
        block.delay_since_last_sr = last_sr_ == 0 ? 0 : short_units(now - last_sr_at_);
        out.reports.push_back(block);
    }
    if (leaving) out.bye.push_back(sent.ssrc);
    return out;
}

void Reporter::received(Time now, const rtp::RtcpCompound& compound, std::uint32_t our_ssrc,
                        std::uint32_t clock_rate) {
    if (compound.sender) {
        last_sr_ = middle(compound.sender->ntp);
        last_sr_at_ = now;
    }
    for (const auto& block : compound.reports) {
        if (block.ssrc != our_ssrc) continue;
        remote_lost_ = block.cumulative_lost;
        remote_jitter_ = Duration(std::int64_t{block.jitter} * 1'000'000'000 / clock_rate);
        if (block.last_sr == 0) continue;
        // 6.4.1: A - LSR - DLSR. What comes out beyond half the range is a lie or a clock gone wrong.
        const std::uint32_t trip = middle(ntp(now)) - block.last_sr - block.delay_since_last_sr;
        if (trip < 0x80000000U) round_trip_ = from_short_units(trip);
    }
}

}  // namespace causeway::media
