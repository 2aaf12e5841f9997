// Speech played out by the engine: jitter, loss, silence, events, packets of another length.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "hls/codec/g711.hpp"
#include "tests/conformance/engine.hpp"
#include "tests/conformance/packets.hpp"

namespace causeway::conformance {
namespace {

using media::Speech;
using media::Verdict;
using std::chrono::milliseconds;

constexpr std::uint8_t event = 101, noise = 13;

struct Sent {
    Time at;
    rtp::Header header;
    Bytes payload;
};

class PlayoutTest : public EngineSuite {
  protected:
    void open(const media::Playout& playout, Speech to = Speech::pcmu, std::uint8_t to_type = 0) {
        in_ = *engine_->open_ingress({{}, 8000});
        out_ = *engine_->open_egress({{}, 0xabcd, 500, 7000});
        media::PathConfig config;
        config.from = in_;
        config.to = out_;
        config.payload_types[0] = to_type;
        config.payload_types[event] = event;
        config.transcodings = {{0, Speech::pcmu, to}};
        config.playout = playout;
        const auto opened = engine_->open_path(config);
        ASSERT_TRUE(opened) << opened.error().what;
        path_ = *opened;
    }
    // Lets time pass; what is played out by then is in sent_.
    void until(Time t) {
        while (engine_->next_timer() && *engine_->next_timer() <= t) {
            now_ = std::max(now_, *engine_->next_timer());
            engine_->advance(now_);
            collect();
        }
        now_ = t;
    }
    Verdict put(Time at, const rtp::Header& header, const Bytes& payload) {
        until(at);
        const Bytes bytes = rtp_packet(header, payload);
        const media::PacketIn in{in_, media::Kind::rtp, now_, 1, bytes};
        engine_->submit(now_, {&in, 1});
        collect();
        return verdict_;
    }
    void collect() {
        media::Results results;
        engine_->collect(now_, results);
        for (const auto& c : results.completions) verdict_ = c.verdict;
        for (const auto& p : results.packets) {
            const auto packet = rtp::Packet::parse(p.bytes);
            sent_.push_back({now_, packet->header, Bytes(packet->payload.begin(), packet->payload.end())});
        }
    }
    static Time ms(std::int64_t n) { return Time{} + std::chrono::seconds(1000) + milliseconds(n); }
    // The n-th of packets of so many ms of a tone that never repeats itself within a second.
    static Bytes speech(int n, int length = 20) {
        Bytes out;
        for (int i = 0; i < 8 * length; ++i) {
            const double t = (8.0 * length * n + i) / 8000;
            out.push_back(hls::mulaw_encode(
                static_cast<std::int16_t>(std::lround(6000 * std::sin(2 * std::numbers::pi * 441 * t) +
                                                      3000 * std::sin(2 * std::numbers::pi * 1237.7 * t)))));
        }
        return out;
    }
    static rtp::Header header(int n, int length = 20) {
        return {0, n == 0, static_cast<std::uint16_t>(65530 + n),
                static_cast<std::uint32_t>(0xfffffe00U + static_cast<unsigned>(8 * length * n)), 5};
    }
    void talk(int from, int to, int length = 20) {
        for (int n = from; n < to; ++n)
            EXPECT_EQ(put(ms(length * n), header(n, length), speech(n, length)), Verdict::ok);
    }
    Bytes heard() const {
        Bytes out;
        for (const auto& s : sent_) out.insert(out.end(), s.payload.begin(), s.payload.end());
        return out;
    }
    // How many samples of the original, from its beginning, stand in what was heard behind `offset` others.
    static std::size_t same(const Bytes& heard, std::size_t offset, int packets, int length = 20) {
        Bytes all;
        for (int n = 0; n < packets; ++n) {
            const Bytes p = speech(n, length);
            all.insert(all.end(), p.begin(), p.end());
        }
        std::size_t n = 0;
        while (n < all.size() && offset + n < heard.size() &&
               hls::mulaw_decode(heard[offset + n]) == hls::mulaw_decode(all[n])) {  // there are two zeros
            ++n;
        }
        return n;
    }
    static constexpr std::size_t delay = 30;  // samples: 3.75 ms of the concealment

    std::unique_ptr<media::Engine> engine_ = make_engine();
    media::IngressId in_;
    media::EgressId out_;
    media::PathId path_;
    std::vector<Sent> sent_;
    Verdict verdict_ = Verdict::stale;
    Time now_ = ms(-1000);
};

TEST_P(PlayoutTest, WhatComesUnevenlyGoesOutEvenly) {
    open({{milliseconds(60), milliseconds(120)}, milliseconds(20), {}, {}});
    const int late_by[] = {0, 31, 12, 3, 44, 7, 38, 1};
    std::map<Time, int> arrivals;  // they overtake each other
    for (int n = 0; n < 200; ++n) arrivals.emplace(ms(20 * n + late_by[n % 8]) + Duration(n), n);
    for (const auto& [at, n] : arrivals) EXPECT_EQ(put(at, header(n), speech(n)), Verdict::ok) << n;
    until(ms(4200));
    ASSERT_GE(sent_.size(), 199u);
    for (std::size_t i = 1; i < 199; ++i) {
        EXPECT_EQ(sent_[i].at - sent_[i - 1].at, milliseconds(20)) << i;
        EXPECT_EQ(sent_[i].header.sequence, static_cast<std::uint16_t>(500 + i));
        EXPECT_EQ(sent_[i].header.timestamp, 7000 + 160 * i);
        EXPECT_EQ(sent_[i].header.marker, false);
        EXPECT_EQ(sent_[i].header.ssrc, 0xabcdu);
    }
    EXPECT_TRUE(sent_[0].header.marker) << "speech begins";
    EXPECT_GE(same(heard(), delay, 200), 200 * 160 - delay);
    EXPECT_LE(engine_->counters(path_).concealed, milliseconds(60)) << "behind the last packet";
    EXPECT_EQ(engine_->counters(path_).played, milliseconds(4000));
}

TEST_P(PlayoutTest, PacketsGetAnotherLength) {
    for (const int in : {10, 20, 30, 40, 50, 60}) {
        for (const int out : {10, 20, 30, 40, 50, 60}) {
            engine_ = make_engine();
            sent_.clear();
            now_ = ms(-1000);
            open({{}, milliseconds(out), {}, {}});
            const int packets = 1200 / in;
            talk(0, packets, in);
            until(ms(1500));
            ASSERT_GE(sent_.size(), static_cast<std::size_t>(1200 / out)) << in << " to " << out;
            for (std::size_t i = 0; i < sent_.size(); ++i) {
                EXPECT_EQ(sent_[i].payload.size(), static_cast<std::size_t>(8 * out));
                EXPECT_EQ(sent_[i].header.timestamp, 7000 + 8 * static_cast<std::size_t>(out) * i);
                EXPECT_EQ(sent_[i].header.sequence, 500 + i);
            }
            EXPECT_GE(same(heard(), delay, packets, in), 9600 - delay) << in << " to " << out;
        }
    }
}

TEST_P(PlayoutTest, SilenceSendsNothingAndTimeGoesOn) {
    open({});
    talk(0, 10);
    for (int n = 60; n < 70; ++n) {  // a second later
        rtp::Header h = header(n);
        h.sequence = static_cast<std::uint16_t>(65530 + n - 50);
        EXPECT_EQ(put(ms(20 * n), h, speech(n)), Verdict::ok);
    }
    until(ms(2000));
    std::size_t second = 0;
    for (std::size_t i = 1; i < sent_.size(); ++i) {
        EXPECT_EQ(sent_[i].header.sequence, sent_[i - 1].header.sequence + 1);
        if (sent_[i].header.marker) {
            EXPECT_EQ(second, 0u);
            second = i;
        }
    }
    ASSERT_NE(second, 0u);
    const auto pause = sent_[second].at - sent_[0].at;
    EXPECT_GE(pause, milliseconds(1180));
    EXPECT_LE(pause, milliseconds(1220));
    EXPECT_EQ(rtp::timestamp_units(pause, 8000), sent_[second].header.timestamp - sent_[0].header.timestamp);
    EXPECT_LE(sent_.size(), 28u);
}

TEST_P(PlayoutTest, NoiseIsDescribedToThoseWhoTakeIt_RFC3389) {
    open({{}, milliseconds(20), noise, noise});
    talk(0, 10);
    rtp::Header h = header(10);
    h.payload_type = noise;
    EXPECT_EQ(put(ms(200), h, Bytes{50, 127}), Verdict::ok);
    until(ms(2000));
    ASSERT_GE(sent_.size(), 11u);
    const Sent& last = sent_.back();
    EXPECT_EQ(last.header.payload_type, noise);
    EXPECT_EQ(last.payload, (Bytes{50, 127}));
    EXPECT_FALSE(last.header.marker);
    EXPECT_EQ(last.header.timestamp - sent_[sent_.size() - 2].header.timestamp, 160u);
    for (std::size_t i = 0; i + 1 < sent_.size(); ++i) EXPECT_EQ(sent_[i].header.payload_type, 0);
}

TEST_P(PlayoutTest, NoiseIsMadeForThoseWhoDoNot) {
    open({{}, milliseconds(20), noise, {}});
    talk(0, 10);
    rtp::Header h = header(10);
    h.payload_type = noise;
    EXPECT_EQ(put(ms(200), h, Bytes{40}), Verdict::ok);
    for (int n = 60; n < 70; ++n) {
        rtp::Header back = header(n);
        back.sequence = static_cast<std::uint16_t>(65530 + n - 49);
        EXPECT_EQ(put(ms(20 * n), back, speech(n)), Verdict::ok);
    }
    until(ms(1390));
    for (std::size_t i = 1; i < sent_.size(); ++i) {
        EXPECT_EQ(sent_[i].header.payload_type, 0);
        EXPECT_EQ(sent_[i].at - sent_[i - 1].at, milliseconds(20)) << i;
    }
    double power = 0;
    for (std::size_t i = 15; i < 55; ++i) {
        for (const auto c : sent_[i].payload) power += std::pow(hls::mulaw_decode(c), 2) / (40 * 160);
    }
    EXPECT_NEAR(10 * std::log10(power) - 20 * std::log10(32768), -40, 2);
}

TEST_P(PlayoutTest, ALostPacketIsConcealedAndALateOneIsLost) {
    open({});
    for (int n = 0; n < 50; ++n) {
        if (n == 20) continue;
        EXPECT_EQ(put(ms(20 * n), header(n), speech(n)), Verdict::ok);
        if (n == 40) {
            EXPECT_EQ(put(ms(20 * n + 1), header(20), speech(20)), Verdict::replayed);
        }
        if (n == 41) {
            EXPECT_EQ(put(ms(20 * n + 1), header(41), speech(41)), Verdict::replayed) << "twice";
        }
    }
    until(ms(1200));
    const auto counters = engine_->counters(path_);
    EXPECT_EQ(counters.played, milliseconds(980));
    EXPECT_GE(counters.concealed, milliseconds(20));
    EXPECT_EQ(counters.late, 1u);
    // Even and without a gap, for as long as there was speech.
    for (std::size_t i = 1; i < 50; ++i) EXPECT_EQ(sent_[i].at - sent_[i - 1].at, milliseconds(20)) << i;
    // The hole is filled with speech like what was before it.
    double least = 1e9;
    for (std::size_t i = 18; i < 24; ++i) {
        double power = 0;
        for (const auto c : sent_[i].payload) power += std::pow(hls::mulaw_decode(c), 2);
        least = std::min(least, std::sqrt(power / 160));
    }
    EXPECT_GT(least, 3000);
}

TEST_P(PlayoutTest, EventsKeepTheirPlaceInTheStream_RFC4733_2_5_1_2) {
    open({{}, milliseconds(30), {}, {}});
    talk(0, 10);
    // A digit of 100 ms: the same timestamp in each packet, in place of speech.
    for (int n = 10; n < 15; ++n) {
        rtp::Header h = header(n);
        h.payload_type = event;
        h.marker = n == 10;
        h.timestamp = header(10).timestamp;
        EXPECT_EQ(put(ms(20 * n), h, Bytes{5, 10, 0, static_cast<std::uint8_t>(16 * (n - 9))}), Verdict::ok);
    }
    talk(15, 30);
    until(ms(1000));
    std::vector<Sent> events;
    for (std::size_t i = 1; i < sent_.size(); ++i) {
        EXPECT_EQ(sent_[i].header.sequence, sent_[i - 1].header.sequence + 1);
        if (sent_[i].header.payload_type == event) events.push_back(sent_[i]);
    }
    ASSERT_EQ(events.size(), 5u);
    EXPECT_TRUE(events[0].header.marker);
    for (const auto& e : events) {
        EXPECT_EQ(e.header.timestamp, events[0].header.timestamp);
        EXPECT_EQ(e.at, ms(200) + (&e - events.data()) * milliseconds(20)) << "at once";
    }
    const auto units = static_cast<std::int64_t>(events[0].header.timestamp) - 7000;
    EXPECT_NEAR(static_cast<double>(units), 8 * 200, 8 * 30) << "where the speech is by then";
}

TEST_P(PlayoutTest, DigitsWithoutSpeechAreDifferentDigits) {
    open({});
    std::vector<std::uint32_t> timestamps;
    for (int digit = 0; digit < 3; ++digit) {
        rtp::Header h{event, true, static_cast<std::uint16_t>(digit),
                      static_cast<std::uint32_t>(1000 + 4000 * digit), 5};
        EXPECT_EQ(put(ms(500 * digit), h, Bytes{1, 10, 0, 160}), Verdict::ok);
    }
    ASSERT_EQ(sent_.size(), 3u);
    EXPECT_EQ(sent_[1].header.timestamp - sent_[0].header.timestamp, 4000u);
    EXPECT_EQ(sent_[2].header.timestamp - sent_[1].header.timestamp, 4000u);
}

TEST_P(PlayoutTest, CodingsAreConvertedOnTheWay) {
    open({{}, milliseconds(20), {}, {}}, Speech::g722, 9);
    talk(0, 50);
    until(ms(1200));
    ASSERT_GE(sent_.size(), 50u);
    for (const auto& s : sent_) {
        EXPECT_EQ(s.header.payload_type, 9);
        EXPECT_EQ(s.payload.size(), 160u);
    }
}

TEST_P(PlayoutTest, TimestampsAreOfTheClockThatGoesOut) {
    open({{}, milliseconds(60), {}, {}}, Speech::l16_16k, 97);
    talk(0, 60);
    until(ms(1300));
    ASSERT_GE(sent_.size(), 20u);
    for (std::size_t i = 0; i < sent_.size(); ++i) {
        EXPECT_EQ(sent_[i].payload.size(), 1920u);
        EXPECT_EQ(sent_[i].header.timestamp, 7000 + 960 * i);
    }
}

TEST_P(PlayoutTest, AnotherSourceOrTimelineJoinsWithoutABreak) {
    open({});
    talk(0, 20);
    for (int n = 20; n < 40; ++n) {  // a new SSRC, at once
        rtp::Header h = header(n);
        h.ssrc = 6;
        h.sequence = static_cast<std::uint16_t>(n);
        h.timestamp = static_cast<std::uint32_t>(160 * n + 123456789);
        EXPECT_EQ(put(ms(20 * n), h, speech(n)), Verdict::ok);
    }
    until(ms(1000));
    for (std::size_t i = 1; i < sent_.size(); ++i) {
        EXPECT_EQ(sent_[i].header.sequence, sent_[i - 1].header.sequence + 1);
        EXPECT_EQ(rtp::timestamp_units(sent_[i].at - sent_[i - 1].at, 8000),
                  sent_[i].header.timestamp - sent_[i - 1].header.timestamp);
    }
    EXPECT_GE(sent_.size(), 39u);
}

TEST_P(PlayoutTest, WhatCannotBeIsRefused) {
    in_ = *engine_->open_ingress({{}, 8000});
    out_ = *engine_->open_egress({{}, 0xabcd, 500, 7000});
    media::PathConfig config;
    config.from = in_;
    config.to = out_;
    config.payload_types[0] = 0;
    config.playout.emplace();
    EXPECT_FALSE(engine_->open_path(config)) << "nothing to play";
    config.transcodings = {{0, Speech::pcmu, Speech::pcmu}};
    config.playout->packet = milliseconds(25);
    EXPECT_FALSE(engine_->open_path(config));
    config.playout->packet = milliseconds(70);
    EXPECT_FALSE(engine_->open_path(config));
    config.playout->packet = milliseconds(20);
    config.playout->delay = {milliseconds(50), milliseconds(40)};
    EXPECT_FALSE(engine_->open_path(config));
    config.playout->delay = {milliseconds(0), milliseconds(301)};
    EXPECT_FALSE(engine_->open_path(config));
    EXPECT_EQ(engine_->live().paths, 0u);

    config.playout->delay = {};
    path_ = *engine_->open_path(config);
    EXPECT_EQ(put(ms(0), header(0), {}), Verdict::malformed);
    EXPECT_EQ(put(ms(0), header(0), Bytes(481)), Verdict::malformed) << "more than 60 ms";
    EXPECT_FALSE(engine_->next_timer());
    talk(0, 1);
    EXPECT_TRUE(engine_->next_timer());
    engine_->close_ingress(in_);
    EXPECT_FALSE(engine_->next_timer()) << "nothing is left of it";
}

CAUSEWAY_FOR_ALL_ENGINES(PlayoutTest);

}  // namespace
}  // namespace causeway::conformance
