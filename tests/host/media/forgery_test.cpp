// Forged RTCP, and attacks on SRTP: what is refused and counted, and that it changes nothing.
#include "tests/host/media/attacks_fixture.hpp"

namespace causeway::media {
namespace {

// ---- forged RTCP

class ForgedReports : public Attacks {
  protected:
    // Both have spoken for a while; our last SR to the caller is known.
    void SetUp() override {
        connect();
        for (int i = 0; i < 400; ++i) {
            caller_speaks();
            network.sent.clear();
            receive(local(b), callee, packet(++from_callee, "voice", 0, 0x2222));
            our_ssrc = rtp::Packet::parse(network.sent.at(0).bytes)->header.ssrc;
            network.sent.clear();
            while (ports.next_timer().value() <= now) ports.advance(*ports.next_timer());
            for (const auto& s : network.sent) {
                if (s.local == local_rtcp(a)) our_sr = rtp::RtcpCompound::parse(s.bytes)->sender;
            }
        }
        ASSERT_TRUE(our_sr);
        true_report.sender_ssrc = 0x1111;
        true_report.sender = rtp::SenderInfo{0x1111'2222'0000, 0, 0, 0};
        true_report.reports.push_back({our_ssrc, 0, 3, 0, 80, rtp::ntp_middle(our_sr->ntp), 0});
        report(true_report);
        figures = ports.report(a);
        ASSERT_TRUE(figures.round_trip);
        ASSERT_EQ(figures.remote_lost, 3);
        ASSERT_EQ(figures.rtcp_implausible, 0u);
    }
    void report(const rtp::RtcpCompound& c) { receive(local_rtcp(a), above(caller), c.to_bytes()); }
    void expect_figures_as_before() {
        const auto is = ports.report(a);
        EXPECT_EQ(is.remote_lost, figures.remote_lost);
        EXPECT_EQ(is.remote_jitter, figures.remote_jitter);
        EXPECT_EQ(is.round_trip, figures.round_trip);
        EXPECT_EQ(is.packets_received, figures.packets_received);
        EXPECT_EQ(is.packets_lost, figures.packets_lost);
        EXPECT_EQ(is.remote, figures.remote);
    }
    // What we say of the caller's last SR.
    std::uint32_t last_sr() {
        caller_speaks();
        return reports_of(a, now + 7s).at(0).reports.at(0).last_sr;
    }

    std::uint32_t our_ssrc = 0;
    std::optional<rtp::SenderInfo> our_sr;
    rtp::RtcpCompound true_report;
    PortReport figures;
};

TEST_F(ForgedReports, AStrangersAreDroppedAndCounted) {
    auto forged = true_report;
    forged.reports[0].cumulative_lost = 100;
    forged.bye = {0x1111, our_ssrc};
    receive(local_rtcp(a), above(thief), forged.to_bytes());
    receive(local_rtcp(a), caller, forged.to_bytes());
    receive(local(a), above(caller), forged.to_bytes());
    expect_figures_as_before();
    EXPECT_EQ(ports.report(a).dropped_source, figures.dropped_source + 3);
    EXPECT_EQ(ports.report(a).dropped_rtcp, figures.dropped_rtcp + 2) << "one came to the RTP port";
    EXPECT_EQ(ports.report(a).rtcp_received, figures.rtcp_received);
    EXPECT_EQ(last_sr(), 0x1111'2222u);
}

// A BYE ends nothing, from whomever: calls end by signalling.
TEST_F(ForgedReports, AByeEndsNothing) {
    for (const std::uint32_t who : {0x1111u, 0x2222u, our_ssrc, 0u}) {
        rtp::RtcpCompound bye;
        bye.sender_ssrc = who == our_ssrc ? 0x1111 : who;
        bye.bye = {who};
        report(bye);
    }
    expect_figures_as_before();
    EXPECT_EQ(caller_speaks().size(), 1u);
    EXPECT_EQ(heard_by(), caller);
    EXPECT_EQ(ports.report(a).packets_received, figures.packets_received + 1);
    const auto still = reports_of(a, now + 14s);
    EXPECT_GE(still.size(), 2u) << "reports go on";
    EXPECT_EQ(ports.status().engine.paths, 2u);
}

TEST_F(ForgedReports, FiguresThatCannotBeAreNotUsed) {
    std::uint64_t refused = 0;
    const auto lies = [&](auto change) {
        auto forged = true_report;
        forged.sender.reset();
        change(forged.reports[0]);
        report(forged);
        EXPECT_EQ(ports.report(a).rtcp_implausible, ++refused);
    };
    lies([](auto& block) { block.cumulative_lost = 0x7fffff; });
    lies([](auto& block) { block.cumulative_lost = -0x800000; });
    lies([](auto& block) { block.cumulative_lost = 401; });
    lies([](auto& block) { block.jitter = 0xffffffff; });
    lies([](auto& block) { block.last_sr += 0x10000; });
    lies([](auto& block) { block.last_sr -= 0x50000; });
    lies([](auto& block) { block.delay_since_last_sr = 0x7fffffff; });
    expect_figures_as_before();
    EXPECT_EQ(ports.status().rtcp_implausible, refused);
    // A minute later, the true report sent again: its round trip would be a minute.
    now += 60s;
    lies([](auto&) {});
    expect_figures_as_before();
}

// Ours would say that the caller's SR, by which it finds the round trip, was another.
TEST_F(ForgedReports, AnSrOfAnotherSourceDoesNotHideTheTrueOne) {
    rtp::RtcpCompound forged;
    forged.sender_ssrc = 0x6666;
    forged.sender = rtp::SenderInfo{0x3333'4444'0000, 0, 0, 0};
    report(forged);
    EXPECT_EQ(ports.report(a).rtcp_implausible, 1u);
    EXPECT_EQ(last_sr(), 0x1111'2222u);
}

// ---- SRTP

class SecuredAttacks : public SecuredPorts {
  protected:
    Bytes sealed_report(std::uint32_t ssrc = 0x1111) {
        rtp::RtcpCompound c;
        c.sender_ssrc = ssrc;
        c.cname = "longer than a tag and an index";
        Bytes out = c.to_bytes();
        EXPECT_TRUE(sender.protect_rtcp(out));
        return out;
    }
    std::size_t crosses(const Endpoint& from, const Bytes& bytes) {
        network.sent.clear();
        receive(local(a), from, bytes);
        return network.sent.size();
    }
};
INSTANTIATE_TEST_SUITE_P(Suites, SecuredAttacks,
                         testing::Values(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80,
                                         sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
                                         sdp::SrtpSuite::aead_aes_256_gcm),
                         [](const auto& suite) { return std::string(sdp::to_string(suite.param)); });

// Right before the sequence number wraps, where a forged number could turn the rollover counter.
TEST_P(SecuredAttacks, WhatIsNotAuthenticMovesNothing) {
    for (std::uint16_t s = 65500; s != 65530; ++s) EXPECT_EQ(crosses(caller, secured(s, "voice")), 1u);
    const auto before = ports.report(a);
    std::uint64_t refused = 0;
    for (const std::uint16_t s : {65530, 65535, 0, 1, 500, 32768, 32700, 65000, 65529}) {
        for (const std::uint32_t ssrc : {0x1111U, 0x6666U}) {
            for (const auto& from : {caller, thief}) {
                Bytes clear = packet(s, "a forged payload of some length", 0, ssrc);
                EXPECT_EQ(crosses(from, clear), 0u);
                Bytes wrong_key = clear;
                auto other =
                    cpu::Srtp::create(sdp::make_srtp_key(GetParam(), random), cpu::Srtp::Direction::outbound)
                        .value();
                ASSERT_TRUE(other.protect(wrong_key));
                EXPECT_EQ(crosses(from, wrong_key), 0u);
                refused += 2;
            }
        }
    }
    const auto after = ports.report(a);
    // A number of before may be told as a replay by itself, without looking at the tag.
    EXPECT_EQ(after.dropped_unauthentic + after.dropped_replayed, refused);
    EXPECT_GE(after.dropped_unauthentic, refused - 12);
    EXPECT_EQ(after.packets_received, before.packets_received);
    EXPECT_EQ(after.packets_lost, 0);
    EXPECT_EQ(after.max_jitter, before.max_jitter);
    EXPECT_EQ(after.remote, caller);
    for (std::uint16_t s = 65530; s != 40; ++s) EXPECT_EQ(crosses(caller, secured(s, "voice")), 1u) << s;
}

TEST_P(SecuredAttacks, ForgedAndTruePacketsInOneBatch) {
    const Bytes forged = packet(0, "a forged payload of some length"), first = secured(65535, "voice"),
                second = secured(0, "voice"), last = secured(1, "voice");
    const Bytes replay = first;
    const Datagram batch[] = {{local(a), thief, forged},  {local(a), caller, first},
                              {local(a), thief, forged},  {local(a), thief, replay},
                              {local(a), caller, second}, {local(a), caller, last}};
    network.sent.clear();
    ports.receive(now, batch);
    EXPECT_EQ(network.sent.size(), 3u);
    EXPECT_EQ(ports.report(a).dropped_unauthentic, 2u);
    EXPECT_EQ(ports.report(a).dropped_replayed, 1u);
    EXPECT_EQ(ports.report(a).remote, caller);
}

TEST_P(SecuredAttacks, RecordedPacketsFromElsewhereMoveNothing) {
    std::vector<Bytes> recorded;
    for (std::uint16_t s = 0; s < 300; ++s) {
        recorded.push_back(secured(s, "voice"));
        if (s == 250) continue;  // lost on its way to us, but not to him who listens
        EXPECT_EQ(crosses(caller, recorded.back()), 1u);
    }
    // In the window, beyond it, and all of them again.
    for (const auto& packet : recorded) {
        if (&packet == &recorded[250]) continue;
        EXPECT_EQ(crosses(thief, packet), 0u);
    }
    auto figures = ports.report(a);
    EXPECT_EQ(figures.dropped_replayed, 299u);
    EXPECT_EQ(figures.remote, caller);
    EXPECT_EQ(figures.packets_received, 299u);
    crosses(thief, recorded[250]);
    EXPECT_EQ(ports.report(a).remote, caller) << "authentic, but late";
    EXPECT_EQ(crosses(caller, secured(300, "voice")), 1u);
}

TEST_P(SecuredAttacks, RtcpIsNeitherForgedNorReplayed) {
    const Bytes recorded = sealed_report();
    receive(local_rtcp(a), above(caller), recorded);
    for (int i = 0; i < 200; ++i) receive(local_rtcp(a), above(caller), sealed_report());
    EXPECT_EQ(ports.report(a).rtcp_received, 201u);
    rtp::RtcpCompound bye;
    bye.sender_ssrc = 0x1111;
    bye.bye = {0x1111};
    bye.cname = "longer than a tag and an index";
    receive(local_rtcp(a), above(caller), recorded);
    receive(local_rtcp(a), above(thief), recorded);
    receive(local_rtcp(a), above(thief), bye.to_bytes());
    receive(local_rtcp(a), above(caller), bye.to_bytes());
    const auto figures = ports.report(a);
    EXPECT_EQ(figures.rtcp_received, 201u);
    EXPECT_EQ(figures.dropped_replayed, 2u);
    EXPECT_EQ(figures.dropped_unauthentic, 2u);
    EXPECT_EQ(figures.dropped_rtcp, 4u);
    network.sent.clear();
    run_until(now + 7s);
    for (const auto& s : network.sent) {
        if (s.local != local_rtcp(a)) continue;
        EXPECT_EQ(s.to, above(caller));
    }
    EXPECT_EQ(crosses(caller, secured(1, "voice")), 1u);
}

}  // namespace
}  // namespace causeway::media
