// Attacks on plain RTP: what is refused, what is counted, and what holds where nobody could tell.
#include <map>

#include "tests/host/media/attacks_fixture.hpp"

namespace causeway::media {
namespace {

// ---- injection into plain RTP

TEST_F(Attacks, InjectionFromElsewhereIsDroppedAndCountedAndChangesNoFigure) {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(caller_speaks().size(), 1u);
    const auto before = ports.report(a);
    std::uint64_t refused = 0;
    for (const auto& from : {thief, neighbour, Endpoint{callee.ip, caller.port}, callee}) {
        // The very next packet, one far ahead, one far back, another source, another format.
        for (const auto& header :
             {rtp::Header{0, false, sequence, sequence * 160U, 0x1111},
              rtp::Header{0, true, 20000, 0xdeadbeef, 0x1111}, rtp::Header{0, false, 0, 0, 0x1111},
              rtp::Header{0, false, 7, 7, 0x6666}, rtp::Header{8, false, sequence, 0, 0x1111}}) {
            EXPECT_EQ(inject(from, header), 0u);
            ++refused;
        }
    }
    const auto after = ports.report(a);
    EXPECT_EQ(after.dropped_source, refused);
    EXPECT_EQ(ports.status().dropped_source, refused);
    EXPECT_EQ(after.packets_received, before.packets_received);
    EXPECT_EQ(after.packets_lost, 0);
    EXPECT_EQ(after.jitter, before.jitter);
    EXPECT_EQ(after.max_jitter, before.max_jitter);
    EXPECT_EQ(heard_by(), caller);
    const auto sent = caller_speaks();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(as_text(rtp::Packet::parse(sent[0].bytes)->payload), "voice");
    const auto reports = reports_of(a, now + 7s);
    ASSERT_FALSE(reports.empty());
    ASSERT_EQ(reports[0].reports.size(), 1u);
    EXPECT_EQ(reports[0].reports[0].ssrc, 0x1111u);
    EXPECT_EQ(reports[0].reports[0].extended_highest_sequence, sequence - 1u);
    EXPECT_EQ(reports[0].reports[0].cumulative_lost, 0);
}

TEST_F(Attacks, BeforeTheFirstPacketAStrangerIsRefusedWhereOnlyTheNegotiatedSourceMay) {
    learn_by(Learning::off);
    EXPECT_EQ(inject(thief, {0, false, 1, 160, 0x1111}), 0u);
    EXPECT_EQ(inject(neighbour, {0, false, 1, 160, 0x1111}), 0u);
    EXPECT_EQ(ports.report(a).dropped_source, 2u);
    EXPECT_EQ(ports.report(a).packets_received, 0u);
    EXPECT_EQ(heard_by(), caller);
    EXPECT_EQ(caller_speaks().size(), 1u);
}

// Before the latch nobody's packets count that are not what was agreed: neither heard nor measured.
TEST_F(Attacks, BeforeTheFirstPacketWhatWasNotAgreedDoesNotCount) {
    learn_by(Learning::any);
    EXPECT_EQ(inject(thief, {8, false, 1, 160, 0x6666}), 0u);
    EXPECT_EQ(inject(thief, {77, false, 2, 320, 0x6666}), 0u);
    auto figures = ports.report(a);
    EXPECT_EQ(figures.dropped_payload_type, 2u);
    EXPECT_EQ(ports.status().dropped_payload_type, 2u);
    EXPECT_EQ(ports.status().dropped, 2u);
    EXPECT_EQ(figures.packets_received, 0u);
    EXPECT_EQ(heard_by(), caller);
    EXPECT_EQ(caller_speaks().size(), 1u);
    EXPECT_EQ(reports_of(a, now + 7s).at(0).reports.at(0).ssrc, 0x1111u);
}

// Who spoofs the caller's address and port is the caller to us, on plain RTP: his packets are heard. What
// holds: what we send stays one stream of ours that never goes back, formats that were not agreed end here,
// and the caller is heard again with the first packet after.
TEST_F(Attacks, SpoofedPacketsAreHeardButDoNotBreakTheStreamThatWeSend) {
    std::vector<rtp::Header> out;
    const auto keep = [&] {
        for (const auto& s : network.sent) {
            if (s.to == callee) out.push_back(rtp::Packet::parse(s.bytes)->header);
        }
    };
    const auto honest = [&](int packets) {
        for (int i = 0; i < packets; ++i) {
            EXPECT_EQ(caller_speaks().size(), 1u) << "packet " << sequence;
            keep();
        }
    };
    honest(20);
    const auto forge = [&](std::uint8_t type, int ahead, std::uint32_t timestamp, std::uint32_t ssrc) {
        inject(caller, {type, true, static_cast<std::uint16_t>(sequence + ahead), timestamp, ssrc});
        keep();
    };
    const auto soon = [&](int seconds) {
        return sequence * 160U + static_cast<std::uint32_t>(seconds * 8000);
    };
    for (const int ahead : {1, 50, 2999, 3000, 30000, -50, -500}) {
        for (const int seconds : {0, 2, 9, 11, 1000, -2, -9, -11}) {
            forge(0, ahead, soon(seconds), 0x1111);
            sequence = static_cast<std::uint16_t>(sequence + 1);  // may have been taken: not looked at
            caller_speaks();
            keep();
            honest(3);
        }
    }
    forge(0, 0, 12345, 0x6666);
    honest(3);
    forge(0, 0, 12345, 0x1111 ^ 1);
    forge(0, 1, 99, 0x1111 ^ 2);
    honest(50);
    const auto sent_before = out.size();
    forge(8, 500, 0, 0x1111);
    forge(9, 500, 0, 0x1111);
    EXPECT_EQ(out.size(), sent_before);
    EXPECT_EQ(ports.report(a).dropped_payload_type, 2u);
    EXPECT_EQ(ports.status().dropped_payload_type, 2u);
    honest(5);

    ASSERT_GT(out.size(), 200u);
    std::map<std::uint16_t, int> numbers;
    std::optional<rtp::Header> newest;
    for (const auto& h : out) {
        EXPECT_EQ(h.ssrc, out[0].ssrc);
        EXPECT_EQ(h.payload_type, 0);
        EXPECT_EQ(++numbers[h.sequence], 1) << "a number given twice";
        if (newest && static_cast<std::int16_t>(h.sequence - newest->sequence) < 0)
            continue;  // late, in place
        if (newest) {
            EXPECT_GE(static_cast<std::int32_t>(h.timestamp - newest->timestamp), 0) << h.sequence;
        }
        newest = h;
    }
    // Figures settle, too: the source is the caller's again, and jitter is bounded by what the spoofing did.
    const auto last = reports_of(a, now + 7s).at(0).reports.at(0);
    EXPECT_EQ(last.ssrc, 0x1111u);
    EXPECT_EQ(last.extended_highest_sequence & 0xffff, static_cast<std::uint16_t>(sequence - 1));
}

// ---- stealing the latch

TEST_F(Attacks, TheNegotiatedSourceTakesTheStreamBackFromOneThatWasQuicker) {
    for (const auto& quicker : {neighbour, thief}) {
        learn_by(Learning::any);
        EXPECT_EQ(inject(quicker, {0, false, 1, 160, 0x6666}), 1u) << "behind NAT it would be the caller";
        EXPECT_EQ(heard_by(), quicker);
        now += 1s;
        EXPECT_EQ(caller_speaks().size(), 1u);
        EXPECT_EQ(heard_by(), caller);
        for (int i = 0; i < 20; ++i) EXPECT_EQ(inject(quicker, {0, false, 9, 160, 0x6666}), 0u);
        EXPECT_EQ(ports.report(a).dropped_source, 20u);
        EXPECT_EQ(heard_by(), caller) << "for good";
    }
}

TEST_F(Attacks, NoiseInTheNameOfTheNegotiatedSourceTakesNothingBack) {
    const Endpoint translated{caller.ip, 61234};
    EXPECT_EQ(caller_speaks(translated).size(), 1u);
    receive(local(a), caller, Bytes(40, 0));
    EXPECT_EQ(inject(caller, {8, false, 1, 160, 0x6666}), 0u);
    EXPECT_EQ(heard_by(), translated);
    EXPECT_EQ(ports.report(a).dropped_malformed, 1u);
    EXPECT_EQ(ports.report(a).dropped_payload_type, 1u);
    EXPECT_EQ(ports.report(a).packets_received, 1u);
    now += Latch::learning_window;
    EXPECT_EQ(inject(caller, {0, false, 1, 160, 0x6666}), 0u) << "nor anything after the window";
    EXPECT_EQ(heard_by(), translated);
}

TEST_F(Attacks, AfterTheWindowNobodyIsLearned) {
    for (const auto learning : {Learning::off, Learning::signaling_address, Learning::any}) {
        learn_by(learning);
        now += Latch::learning_window;
        EXPECT_EQ(inject(neighbour, {0, false, 1, 160, 0x1111}), 0u);
        EXPECT_EQ(inject(thief, {0, false, 1, 160, 0x1111}), 0u);
        EXPECT_EQ(ports.report(a).dropped_source, 2u);
        EXPECT_EQ(heard_by(), caller);
        EXPECT_EQ(caller_speaks().size(), 1u) << "the negotiated source is never too late";
    }
}

// An offer that says the same again opens nothing for those who wait for it.
TEST_F(Attacks, AReofferDoesNotOpenAStreamThatIsLatched) {
    learn_by(Learning::any);
    EXPECT_EQ(caller_speaks().size(), 1u);
    now += 10s;
    ASSERT_TRUE(ports.set_remote(now, a, plain(caller, events_a)));
    EXPECT_EQ(inject(thief, {0, false, sequence, sequence * 160U, 0x1111}), 0u);
    EXPECT_EQ(heard_by(), caller);
}

// ---- bleed after BYE

TEST_F(Attacks, WhatComesAfterTheEndReachesNobody) {
    caller_speaks();
    ports.close(now, a);
    network.sent.clear();
    const Endpoint was{*IpAddress::parse("10.0.0.1"), first_port};
    for (std::uint16_t port = first_port; port <= last_port; ++port) {
        if (port == local(b).port || port == local_rtcp(b).port) continue;
        receive({was.ip, port}, caller, packet(sequence));
        receive({was.ip, port}, above(caller), rtp::RtcpCompound{}.to_bytes());
    }
    EXPECT_TRUE(network.sent.empty());
    EXPECT_EQ(ports.status().dropped_closed, 12u);
    EXPECT_EQ(ports.status().dropped, 12u);
    receive(local(b), callee, packet(1));
    EXPECT_TRUE(network.sent.empty()) << "the other side speaks to nobody";
}

// The numbers of a call are the last to be given again, even where few are left.
TEST_F(Attacks, ANumberIsGivenAgainAfterAllOthers) {
    const auto c = open(caller);  // three of four pairs in use
    const auto first = local(a), second = local(c);
    ports.close(now, c);
    ports.close(now, a);
    EXPECT_NE(local(open(caller)), first);
    EXPECT_EQ(local(open(caller)), second);
    EXPECT_EQ(local(open(caller)), first);
}

// All numbers are in use but the one of the call that ended: the next call has it at once, from the same
// signalling address, while the old peer has not seen its BYE yet.
class Bleed : public Attacks {
  protected:
    void SetUp() override {
        connect();
        open(caller);
        open(caller);
        for (int i = 0; i < 5; ++i) caller_speaks();
        const Bytes report = rtp::RtcpCompound{}.to_bytes();
        receive(local_rtcp(a), above(caller), report);
        const auto number = local(a);
        ports.close(now, a);
        a = open(caller);
        ASSERT_EQ(local(a), number);
    }
    void begin(const Endpoint& remote) {
        ASSERT_TRUE(ports.set_remote(now, a, plain(remote, events_a)));
        ASSERT_TRUE(ports.join(now, a, b));
    }
    const Endpoint next = at("10.9.9.9:7000");  // behind NAT
};

TEST_F(Bleed, TheOldPeerIsNotLearnedByTheNextCall) {
    EXPECT_TRUE(caller_speaks().empty()) << "nothing is described yet";
    begin(next);
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(caller_speaks().empty());
    receive(local_rtcp(a), above(caller), rtp::RtcpCompound{}.to_bytes());
    EXPECT_EQ(heard_by(), next);
    auto figures = ports.report(a);
    EXPECT_EQ(figures.dropped_source, 52u);
    EXPECT_EQ(figures.dropped_rtcp, 1u);
    EXPECT_EQ(figures.packets_received, 0u);
    EXPECT_EQ(inject(neighbour, {0, false, 1, 160, 0x3333}), 1u) << "the new peer is";
    EXPECT_EQ(heard_by(), neighbour);
}

TEST_F(Bleed, AnotherDescriptionDoesNotLetTheOldPeerIn) {
    begin(next);
    begin(at("10.9.9.9:7002"));
    EXPECT_TRUE(caller_speaks().empty());
}

TEST_F(Bleed, APeerThatCallsAgainFromTheSamePortIsHeard) {
    begin(caller);
    EXPECT_EQ(caller_speaks().size(), 1u) << "negotiated: at once";
}

TEST_F(Bleed, APeerBehindNatThatCallsAgainFromTheSamePortIsLearnedLater) {
    begin(next);
    EXPECT_TRUE(caller_speaks().empty());
    now += Latch::lingering;
    EXPECT_EQ(caller_speaks().size(), 1u);
}

TEST_F(Bleed, OnSrtpTheKeysDiffer) {
    const auto old_key = sdp::make_srtp_key(sdp::SrtpSuite::aead_aes_128_gcm, random);
    auto old_sender = cpu::Srtp::create(old_key, cpu::Srtp::Direction::outbound).value();
    auto secured = plain(caller, events_a);
    secured.receive_key = old_key;
    secured.send_key = sdp::make_srtp_key(sdp::SrtpSuite::aead_aes_128_gcm, random);
    ASSERT_TRUE(ports.set_remote(now, a, secured));
    Bytes late = packet(1);
    ASSERT_TRUE(old_sender.protect(late));
    ports.close(now, a);
    a = open(caller);
    secured.receive_key = sdp::make_srtp_key(sdp::SrtpSuite::aead_aes_128_gcm, random);
    ASSERT_TRUE(ports.set_remote(now, a, secured));
    ASSERT_TRUE(ports.join(now, a, b));
    network.sent.clear();
    receive(local(a), caller, late);
    EXPECT_TRUE(network.sent.empty());
    EXPECT_EQ(ports.report(a).dropped_unauthentic, 1u);
}

// ---- replay and collision on plain RTP

TEST_F(Attacks, ARecordedPacketSentAgainIsNotPlayedTwice) {
    const auto from = sequence;
    for (int i = 0; i < 200; ++i) caller_speaks();
    network.sent.clear();
    // Those of the last 64 have had their place; earlier than 100 back is a restart, which plain RTP permits.
    for (std::uint16_t s = sequence - 60; s != sequence; ++s) receive(local(a), caller, packet(s));
    EXPECT_TRUE(network.sent.empty());
    EXPECT_EQ(ports.report(a).dropped_replayed, 60u);
    EXPECT_EQ(ports.status().dropped_replayed, 60u);
    for (std::uint16_t s = from; s != sequence; ++s) receive(local(a), thief, packet(s));
    EXPECT_TRUE(network.sent.empty());
    EXPECT_EQ(ports.report(a).dropped_source, 200u);
    EXPECT_EQ(caller_speaks().size(), 1u);
}

TEST_F(Attacks, OurOwnSsrcComingBackIsCountedAndChangesNothing_RFC3550_8_2) {
    heard_by();
    const auto ours = rtp::Packet::parse(network.sent.at(0).bytes)->header;
    EXPECT_EQ(inject(caller, {0, false, 1, 160, ours.ssrc}), 1u) << "an echo is a voice";
    EXPECT_EQ(ports.report(a).ssrc_collisions, 1u);
    EXPECT_NE(rtp::Packet::parse(network.sent[0].bytes)->header.ssrc, ours.ssrc);
    EXPECT_EQ(inject(thief, {0, false, 2, 320, ours.ssrc}), 0u);
    EXPECT_EQ(ports.report(a).ssrc_collisions, 1u) << "a stranger's is not even looked at";
    heard_by();
    const auto next = rtp::Packet::parse(network.sent.at(0).bytes)->header;
    EXPECT_EQ(next.ssrc, ours.ssrc);
    EXPECT_EQ(next.sequence, static_cast<std::uint16_t>(ours.sequence + 1));

    // Our own report, sent back: what it says of "our" SSRC is what we said of theirs.
    rtp::RtcpCompound echo;
    echo.sender_ssrc = ours.ssrc;
    echo.sender = rtp::SenderInfo{0x12345678ULL << 16, 0, 0, 0};
    echo.reports.push_back({ours.ssrc, 200, 1, 0, 800, 0, 0});
    echo.bye.push_back(ours.ssrc);
    receive(local_rtcp(a), above(caller), echo.to_bytes());
    const auto figures = ports.report(a);
    EXPECT_EQ(figures.ssrc_collisions, 2u);
    EXPECT_EQ(ports.status().ssrc_collisions, 2u);
    EXPECT_EQ(figures.remote_lost, 0);
    EXPECT_EQ(figures.remote_jitter, 0ms);
    EXPECT_EQ(heard_by(), caller);
}

TEST_F(Attacks, TwoWhoSendUnderOneSsrcAreToldApartByAddress) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(caller_speaks().size(), 1u);
        EXPECT_EQ(inject(thief, {0, false, static_cast<std::uint16_t>(sequence + 40), 0, 0x1111}), 0u);
    }
    EXPECT_EQ(ports.report(a).packets_received, 20u);
    EXPECT_EQ(ports.report(a).packets_lost, 0);
    EXPECT_EQ(ports.report(a).dropped_source, 20u);
}

}  // namespace
}  // namespace causeway::media
