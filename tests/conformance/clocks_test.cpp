// Speech between codings of different RTP clocks.
#include <gtest/gtest.h>

#include <optional>

#include "tests/conformance/engine.hpp"
#include "tests/conformance/packets.hpp"

namespace causeway::conformance {
namespace {

using media::Speech;
using media::Verdict;
using std::chrono::milliseconds;

constexpr std::uint8_t narrow = 0, wide = 96, event = 101;

// One sends to us PCMU (0), linear samples of 16 kHz (96) and telephone events (101); another hears one
// coding.
class Clocks : public EngineSuite {
  protected:
    void open(Speech heard, std::uint8_t payload_type, std::optional<media::Playout> playout = {}) {
        to_ = *engine_->open_egress({{}, 0xabcd, 500, 7000});
        media::PathConfig config;
        config.from = from_;
        config.to = to_;
        config.payload_types[narrow] = config.payload_types[wide] = payload_type;
        config.payload_types[event] = event;
        config.transcodings = {{narrow, Speech::pcmu, heard}, {wide, Speech::l16_16k, heard}};
        config.playout = playout;
        ASSERT_TRUE(engine_->open_path(config));
    }
    // What comes of a packet of 20 ms, 20 ms after the one before.
    rtp::Header sent(std::uint8_t payload_type, std::uint32_t timestamp, std::size_t octets) {
        now_ += milliseconds(20);
        const Bytes bytes = rtp_packet({payload_type, false, ++sequence_, timestamp, 5}, Bytes(octets, 0xD5));
        const media::PacketIn in{from_, media::Kind::rtp, now_, 1, bytes};
        engine_->submit(now_, {&in, 1});
        media::Results out;
        engine_->collect(now_, out);
        EXPECT_EQ(out.completions.at(0).verdict, Verdict::ok);
        if (out.packets.size() != 1) return {};
        const auto packet = *rtp::Packet::parse(out.packets[0].bytes);
        octets_ = packet.payload.size();
        return packet.header;
    }

    std::unique_ptr<media::Engine> engine_ = make_engine();
    media::IngressId from_ = *engine_->open_ingress({{}, 8000});
    media::EgressId to_;
    std::uint16_t sequence_ = 9;
    std::size_t octets_ = 0;  // of the payload that came out last
    Time now_{std::chrono::seconds(7)};
};

TEST_P(Clocks, TimestampsGoOnInTheClockOfWhatGoesOut) {
    open(Speech::pcma, 8);
    std::uint32_t in = 0xFFFFF000, out = 7000;  // and wrap
    for (int i = 0; i < 100; ++i, in += 320, out += 160) {
        ASSERT_EQ(sent(wide, in, 640).timestamp, out) << i;
        ASSERT_EQ(octets_, 160u);
    }
    EXPECT_EQ(engine_->reception(from_)->clock_rate(), 16000u);
    EXPECT_EQ(engine_->reception(from_)->max_jitter(), Duration::zero());
    // A pause of 30 s is one, too.
    now_ += std::chrono::seconds(30);
    EXPECT_EQ(sent(wide, in + 30 * 16000, 640).timestamp, out + 30 * 8000);
}

TEST_P(Clocks, UpwardsToo) {
    open(Speech::l16_16k, wide);
    std::uint32_t in = 0xFFFFF000, out = 7000;
    for (int i = 0; i < 100; ++i, in += 160, out += 320) {
        ASSERT_EQ(sent(narrow, in, 160).timestamp, out) << i;
        ASSERT_EQ(octets_, 640u);
    }
    now_ += std::chrono::seconds(30);
    EXPECT_EQ(sent(narrow, in + 30 * 8000, 160).timestamp, out + 30 * 16000);
}

TEST_P(Clocks, EventsKeepTheirPlaceAmongSpeech_RFC4733_2_5_1_2) {
    open(Speech::pcma, 8);
    EXPECT_EQ(sent(wide, 1000, 640).timestamp, 7000u);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sent(event, 1320, 4).timestamp, 7160u) << "one event";
    EXPECT_EQ(octets_, 4u);
    EXPECT_EQ(sent(wide, 1000 + 6 * 320, 640).timestamp, 7000u + 6 * 160);
}

TEST_P(Clocks, EventsOfAPlayedPathGoOnInItsClock) {
    open(Speech::l16_16k, wide, media::Playout{});
    const std::uint32_t first = sent(event, 1000, 4).timestamp;
    now_ += milliseconds(480);
    EXPECT_EQ(sent(event, 5000, 4).timestamp, first + 8000);
}

TEST_P(Clocks, ASenderMayChangeItsClock_RFC7160) {
    open(Speech::pcma, 8);
    EXPECT_EQ(sent(narrow, 1000, 160).timestamp, 7000u);
    EXPECT_EQ(sent(narrow, 1160, 160).timestamp, 7160u);
    EXPECT_EQ(sent(wide, 1480, 640).timestamp, 7320u);
    EXPECT_EQ(sent(wide, 1800, 640).timestamp, 7480u);
    EXPECT_EQ(sent(narrow, 1960, 160).timestamp, 7640u);
    EXPECT_EQ(engine_->reception(from_)->clock_rate(), 8000u);
    EXPECT_LT(engine_->reception(from_)->max_jitter(), milliseconds(1));
}

CAUSEWAY_FOR_ALL_ENGINES(Clocks);

}  // namespace
}  // namespace causeway::conformance
