// RTCP of a port: what it says, what it makes of what it is told, and when.
#include "tests/host/media/ports_fixture.hpp"

namespace causeway::media {
namespace {

class Reports : public PortsTest {
  protected:
    void SetUp() override { connect(); }

    Endpoint rtcp_of(const Endpoint& rtp) { return {rtp.ip, static_cast<std::uint16_t>(rtp.port + 1)}; }

    struct Report {
        Time at;
        rtp::RtcpCompound compound;
    };
    // The reports of a port until `end`; `meanwhile` runs every 20 ms.
    template <class F>
    std::vector<Report> reports(PortId port, Time end, F meanwhile) {
        std::vector<Report> out;
        while (now < end) {
            const Time tick = now + 20ms;
            meanwhile();
            while (const auto next = ports.next_timer()) {
                if (*next > tick) break;
                now = *next;
                network.sent.clear();
                ports.advance(now);
                for (const auto& s : network.sent) {
                    if (s.local == local_rtcp(port)) out.push_back({now, *rtp::RtcpCompound::parse(s.bytes)});
                }
            }
            now = tick;
        }
        return out;
    }
    std::vector<Report> reports(PortId port, Time end) {
        return reports(port, end, [] {});
    }

    // A report of the callee, arriving now.
    void callee_says(const rtp::RtcpCompound& c) { receive(local_rtcp(b), rtcp_of(callee), c.to_bytes()); }
    // An RR of the callee about us.
    static rtp::RtcpCompound about(std::uint32_t our_ssrc) {
        rtp::RtcpCompound c;
        c.sender_ssrc = 0x2222;
        c.cname = "them";
        c.reports.push_back({our_ssrc, 0, 0, 0, 0, 0, 0});
        return c;
    }
};

TEST_F(Reports, GoOutAboutEveryFiveSecondsToTheRtcpAddress_RFC3550_6_2) {
    const auto all = reports(b, Time{} + 10min);
    EXPECT_NEAR(static_cast<double>(all.size()), 600 / 4.1, 10);
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_GE(all[i].at - all[i - 1].at, 2052ms);
        EXPECT_LE(all[i].at - all[i - 1].at, 6157ms);
    }
    EXPECT_LE(all[0].at, Time{} + 3079ms) << "the first comes early (6.3.1)";
    EXPECT_EQ(network.sent.back().to.port % 2, 1) << "the port above RTP";
    EXPECT_EQ(ports.report(b).rtcp_sent, all.size());
    for (const auto& r : all) {
        EXPECT_FALSE(r.compound.sender) << "nothing was sent: an RR";
        EXPECT_TRUE(r.compound.reports.empty()) << "nothing was received";
        EXPECT_EQ(r.compound.cname, all[0].compound.cname);
    }
    EXPECT_GE(all[0].compound.cname.size(), 16u);
}

TEST_F(Reports, NothingIsSentBeforeADescription) {
    const auto c = open(caller);
    EXPECT_TRUE(reports(c, now + 1min).empty());
}

TEST_F(Reports, ASenderCountsWhatItSent_RFC3550_6_4_1) {
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    const auto all = reports(b, now + 20s, [&] {
        timestamp = rtp::Packet::parse(speak(caller, sequence++)[0].bytes)->header.timestamp;
    });
    const auto& sender = all.back().compound.sender;
    ASSERT_TRUE(sender);
    const auto packets = sender->packets;
    EXPECT_NEAR(packets, (all.back().at - Time{}) / 20ms, 1);
    EXPECT_EQ(sender->octets, packets * 5) << "payload only";
    const auto expected = timestamp - static_cast<std::uint32_t>((now - all.back().at) / 1ms * 8) + 160;
    EXPECT_NEAR(sender->rtp_timestamp, expected, 20 * 8) << "of the moment of the report";
    const auto ssrc = all.back().compound.sender_ssrc;
    EXPECT_NE(ssrc, 0x1111u) << "ours, not the caller's";

    // Silent now: two more reports as a sender, then as a receiver only (6.4).
    const auto later = reports(b, now + 30s);
    ASSERT_GE(later.size(), 4u);
    EXPECT_TRUE(later[0].compound.sender && later[1].compound.sender);
    EXPECT_FALSE(later[2].compound.sender || later[3].compound.sender);
    const auto ntp_step = later[1].compound.sender->ntp - later[0].compound.sender->ntp;
    EXPECT_NEAR(static_cast<double>(ntp_step) / 4294967296.0,
                std::chrono::duration<double>(later[1].at - later[0].at).count(), 0.001);
}

TEST_F(Reports, WhatIsReceivedIsReportedWithItsLoss_RFC3550_6_4_2) {
    std::uint16_t sequence = 100;
    const auto all = reports(a, now + 12s, [&] {
        if (++sequence % 4 != 0) speak(caller, sequence);
    });
    ASSERT_GE(all.size(), 2u);
    ASSERT_EQ(all[1].compound.reports.size(), 1u);
    const auto& block = all[1].compound.reports[0];
    EXPECT_EQ(block.ssrc, 0x1111u);
    EXPECT_NEAR(block.fraction_lost, 64, 1);
    EXPECT_NEAR(block.cumulative_lost, (all[1].at - Time{}) / 80ms, 2);
    EXPECT_EQ(block.last_sr, 0u) << "no SR came";
    const auto silent = reports(a, now + 12s);
    EXPECT_TRUE(silent.back().compound.reports.empty()) << "not heard since the last report";
}

TEST_F(Reports, TheirSrComesBackWithItsAge_RFC3550_6_4_1) {
    std::uint16_t sequence = 0;
    rtp::RtcpCompound theirs;
    theirs.sender_ssrc = 0x1111;
    theirs.sender = rtp::SenderInfo{0xaaaa'12345678'bbbb, 0, 0, 0};
    receive(local_rtcp(a), rtcp_of(caller), theirs.to_bytes());
    const Time arrived = now;
    const auto all = reports(a, now + 4s, [&] { speak(caller, sequence++); });
    ASSERT_FALSE(all.empty());
    const auto& block = all[0].compound.reports.at(0);
    EXPECT_EQ(block.last_sr, 0x12345678u);
    EXPECT_NEAR(block.delay_since_last_sr / 65536.0,
                std::chrono::duration<double>(all[0].at - arrived).count(), 0.001);
}

TEST_F(Reports, TheirJitterIsInTheClockOfWhatIsSpoken) {
    auto wide = plain(callee, events_b);
    wide.codecs = wide.ours = {{96, "L16", 16000, 1, ""}, events_b};
    ASSERT_TRUE(ports.set_remote(now, b, wide));
    std::uint16_t sequence = 0;
    const auto all = reports(b, now + 8s, [&] {
        speak(caller, sequence);
        receive(local(b), callee, packet(sequence++, std::string(640, 'x'), 96, 0x2222));
    });
    auto theirs = about(all.back().compound.sender_ssrc);
    theirs.reports[0].jitter = 160;
    callee_says(theirs);
    EXPECT_EQ(ports.report(b).remote_jitter, 10ms);
    EXPECT_EQ(ports.report(b).codec, "L16/16000");
}

TEST_F(Reports, RoundTripAndTheirViewComeFromTheirReport_RFC3550_6_4_1) {
    std::uint16_t sequence = 0;
    const auto all = reports(b, now + 8s, [&] { speak(caller, sequence++); });
    ASSERT_TRUE(all.back().compound.sender);
    // 20 ms there, held for 30 ms, 20 ms back.
    now = all.back().at + 70ms;
    auto theirs = about(all.back().compound.sender_ssrc);
    auto& block = theirs.reports[0];
    block.cumulative_lost = -3;
    block.jitter = 80;
    block.last_sr = rtp::ntp_middle(all.back().compound.sender->ntp);
    block.delay_since_last_sr = rtp::ntp_middle(rtp::to_ntp(30ms));
    network.sent.clear();
    callee_says(theirs);
    EXPECT_TRUE(network.sent.empty()) << "reports do not cross";
    auto report = ports.report(b);
    ASSERT_TRUE(report.round_trip);
    EXPECT_NEAR(static_cast<double>(report.round_trip->count()), 40e6, 0.1e6);
    EXPECT_EQ(report.remote_lost, -3);
    EXPECT_EQ(report.remote_jitter, 10ms);
    EXPECT_EQ(report.rtcp_received, 1u);

    block.ssrc ^= 1;
    block.cumulative_lost = 99;
    callee_says(theirs);
    EXPECT_EQ(ports.report(b).remote_lost, -3) << "about somebody else";
    block.ssrc ^= 1;
    block.delay_since_last_sr = 0x7fffffff;
    callee_says(theirs);
    EXPECT_EQ(ports.report(b).round_trip, report.round_trip) << "impossible figures change nothing";
    EXPECT_EQ(ports.report(a).rtcp_received, 0u);
}

TEST_F(Reports, WhatIsNoCompoundOrComesFromElsewhereIsCountedAndDropped) {
    callee_says(about(1));
    receive(local_rtcp(b), rtcp_of(callee), Bytes{0x80, 201, 0, 9, 1, 2, 3, 4});
    receive(local_rtcp(b), rtcp_of(callee), packet(1));
    receive(local_rtcp(b), callee, about(1).to_bytes());
    receive(local(b), callee, about(1).to_bytes());  // multiplexing was not agreed
    const auto report = ports.report(b);
    EXPECT_EQ(report.rtcp_received, 1u);
    EXPECT_EQ(report.dropped_malformed, 3u);
    EXPECT_EQ(report.dropped_source, 1u);
    EXPECT_EQ(report.packets_received, 0u) << "RTCP on the RTP port is no RTP";
    EXPECT_EQ(ports.status().dropped, 4u);
}

TEST_F(Reports, ByeIsSaidOnlyWhereSomethingWasSent_RFC3550_6_3_7) {
    network.sent.clear();
    ports.close(now, b);
    EXPECT_TRUE(network.sent.empty());
    speak(caller, 1);
    reports(a, now + 4s);
    network.sent.clear();
    ports.close(now, a);
    ASSERT_EQ(network.sent.size(), 1u) << "an RR was sent";
    const auto last = rtp::RtcpCompound::parse(network.sent[0].bytes);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->bye, std::vector{last->sender_ssrc});
}

}  // namespace
}  // namespace causeway::media
