#include "host/media/reporter.hpp"

#include <algorithm>
#include <cstdlib>

namespace causeway::media {

rtp::RtcpCompound Reporter::report(Time now, const EgressCounters& sent, rtp::Reception& received,
                                   bool leaving) {
    rtp::RtcpCompound out;
    out.sender_ssrc = sent.ssrc;
    out.cname = cname_;
    if (sent.packets != sent_at_one_before_) {
        rtp::SenderInfo info;
        info.ntp = ntp(now);
        // The timestamp that a packet sent now would carry (6.4.1).
        info.rtp_timestamp =
            sent.last_timestamp + rtp::timestamp_units(now - sent.last_sent, received.clock_rate());
        info.packets = static_cast<std::uint32_t>(sent.packets);
        info.octets = static_cast<std::uint32_t>(sent.octets);
        out.sender = info;
        std::copy_backward(our_srs_.begin(), our_srs_.end() - 1, our_srs_.end());
        our_srs_.front() = rtp::ntp_middle(info.ntp);
    }
    sent_at_one_before_ = sent_at_last_;
    sent_at_last_ = sent.packets;
    if (received.packets() != received_at_last_) {
        received_at_last_ = received.packets();
        const auto r = received.report();
        rtp::ReportBlock block;
        block.ssrc = received.ssrc();
        block.fraction_lost = r.fraction_lost;
        block.cumulative_lost =
            static_cast<std::int32_t>(std::clamp<std::int64_t>(r.lost, -0x800000, 0x7fffff));
        block.extended_highest_sequence = r.extended_highest_sequence;
        block.jitter = r.jitter;
        if (last_sr_ && last_sr_->ssrc == block.ssrc) {
            block.last_sr = last_sr_->ntp_middle;
            block.delay_since_last_sr = rtp::ntp_middle(rtp::to_ntp(now - last_sr_->arrived));
        }
        out.reports.push_back(block);
    }
    if (leaving) out.bye.push_back(sent.ssrc);
    return out;
}

bool Reporter::received(Time now, const rtp::RtcpCompound& compound, const Known& known) {
    bool good = true;
    if (compound.sender) {
        if (known.their_ssrc.value_or(compound.sender_ssrc) == compound.sender_ssrc) {
            last_sr_ = TheirSr{compound.sender_ssrc, rtp::ntp_middle(compound.sender->ntp), now};
        } else {
            good = false;
        }
    }
    for (const auto& block : compound.reports) {
        if (block.ssrc != known.our_ssrc) continue;
        const Duration jitter(std::int64_t{block.jitter} * 1'000'000'000 / known.clock_rate);
        const auto lost = static_cast<std::uint64_t>(std::abs(std::int64_t{block.cumulative_lost}));
        if (lost > known.numbers_sent || jitter > longest) {
            good = false;
            continue;
        }
        remote_lost_ = block.cumulative_lost;
        remote_jitter_ = jitter;
        if (block.last_sr == 0) continue;
        const bool ours = std::find(our_srs_.begin(), our_srs_.end(), block.last_sr) != our_srs_.end();
        const auto trip = ours ? rtp::round_trip(ntp(now), block) : std::nullopt;
        if (trip && *trip <= longest) {
            round_trip_ = trip;
        } else {
            good = false;
        }
    }
    return good;
}

}  // namespace causeway::media
