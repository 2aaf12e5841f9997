// A recording replays on the engine that made it and on every other one; what differs is found.
#include "host/media/recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/engine.hpp"
#include "tests/conformance/packets.hpp"
#include "tests/conformance/srtp_oracle.hpp"

namespace causeway::conformance {
namespace {

using media::Speech;
using std::chrono::milliseconds;
using testing::HasSubstr;

const Time begin = Time{} + std::chrono::hours(5);

class RecorderTest : public EngineSuite {
  protected:
    // Some calls with all that can happen to them: relayed, converted, played out, secured, changed, ended.
    static void exercise(media::Recorder& engine) {
        SeededRandom random(4);
        struct Stream {
            media::IngressId in;
            media::EgressId out;
            media::PathId path;
            sdp::SrtpKey theirs;
            std::uint16_t sequence;
        };
        const auto& suites = engine.capabilities().suites;
        const auto some_key = [&] {
            if (random.below(3) == 0) return sdp::SrtpKey{};
            return srtp_key(suites[random.below(static_cast<std::uint32_t>(suites.size()))], random.u32());
        };
        std::vector<Stream> streams;
        for (std::uint32_t n = 0; n < 30; ++n) {
            Stream s;
            s.theirs = some_key();
            s.in = *engine.open_ingress({s.theirs, 8000});
            s.out = *engine.open_egress(
                {some_key(), 1000 + n, static_cast<std::uint16_t>(random.below(1 << 15)), n});
            media::PathConfig config;
            config.from = s.in;
            config.to = s.out;
            config.payload_types[0] = n % 3 == 0 ? 0 : 8;
            config.payload_types[101] = 101;
            if (n % 3 != 0) config.transcodings = {{0, Speech::pcmu, Speech::pcma}};
            if (n % 3 == 2) config.playout = {{}, milliseconds(10 + 10 * (n % 6)), 13, 13};
            s.path = *engine.open_path(config);
            s.sequence = static_cast<std::uint16_t>(random.below(1 << 15));
            streams.push_back(s);
        }
        Time now = begin;
        std::uint64_t cookie = 0;
        media::Results results;
        for (int tick = 0; tick < 100; ++tick) {
            now += milliseconds(20);
            while (engine.next_timer() && *engine.next_timer() <= now) {
                engine.advance(*engine.next_timer());
                engine.collect(now, results);
            }
            std::vector<Bytes> bytes;
            std::vector<media::PacketIn> batch;
            bytes.reserve(100);
            for (auto& s : streams) {
                ++s.sequence;
                if (random.below(20) == 0) continue;
                Bytes packet = rtp_packet(s.sequence, 5, random.below(30) == 0 ? 101 : 0);
                if (random.below(40) == 0) packet.resize(random.below(20));
                if (s.theirs.suite != sdp::SrtpSuite::none && packet.size() > 12)
                    packet = oracle::srtp(s.theirs, 0, packet);
                bytes.push_back(std::move(packet));
                batch.push_back({s.in, media::Kind::rtp, now, ++cookie, bytes.back()});
            }
            engine.submit(now, batch);
            engine.submit_rtcp(now, streams[static_cast<std::size_t>(tick) % streams.size()].out,
                               rtcp_packet());
            engine.collect(now, results);
            auto& s = streams[random.below(static_cast<std::uint32_t>(streams.size()))];
            switch (random.below(8)) {
                case 0:
                    EXPECT_TRUE(engine.rekey_egress(s.out, some_key()));
                    break;
                case 1:
                    engine.close_path(s.path);
                    break;
                case 2:
                    engine.close_ingress(s.in);
                    break;
                case 3: {
                    const auto saved = engine.save(s.in);
                    if (!saved) break;
                    engine.close_ingress(s.in);
                    s.in = *engine.restore(*saved);
                    break;
                }
                default:
                    break;
            }
        }
        EXPECT_GT(results.packets.size(), 1000u);
    }
    static Secret record() {
        const auto engine = make_engine();
        media::Recorder recorder(*engine, begin);
        exercise(recorder);
        return recorder.recording();
    }
};

TEST_P(RecorderTest, WhatWasRecordedReplaysOnEveryEngineThatCanDoIt) {
    const Secret recording = record();
    const auto suites = make_engine()->capabilities().suites;
    for (const auto& other : engines_under_test()) {
        const auto engine = other.make(1024);
        const auto& able = engine->capabilities().suites;
        const bool can = std::all_of(suites.begin(), suites.end(), [&](auto s) {
            return std::find(able.begin(), able.end(), s) != able.end();
        });
        const auto later = Time{} + std::chrono::seconds(77);  // of another clock
        const auto done = media::replay(later, recording.view(), *engine);
        if (!can) {
            EXPECT_FALSE(done) << other.name;
            continue;
        }
        ASSERT_TRUE(done) << other.name << ": " << done.error().what;
        EXPECT_EQ(done->batches, 100u);
        EXPECT_GT(done->packets_in, 2000u);
        EXPECT_GT(done->packets_out, 1000u);
    }
}

// One bit of one packet in a thousand.
class Faulty : public media::Recorder {
  public:
    using Recorder::Recorder;
    void collect(Time now, media::Results& results) override {
        const auto before = results.packets.size();
        Recorder::collect(now, results);
        for (auto i = before; i < results.packets.size(); ++i) {
            if (++count_ == 700) results.packets[i].bytes.back() ^= 1;
        }
    }

  private:
    int count_ = 0;
};

TEST_P(RecorderTest, ADifferenceIsFound) {
    const Secret recording = record();
    const auto engine = make_engine();
    Faulty faulty(*engine, begin);
    const auto done = media::replay(begin, recording.view(), faulty);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().what, HasSubstr("instead of"));
    EXPECT_THAT(done.error().what, HasSubstr("packet to egress"));

    const auto small = make_engine(10);
    EXPECT_THAT(media::replay(begin, recording.view(), *small).error().what,
                HasSubstr("step 16: what was opened"));
}

TEST_P(RecorderTest, WhatIsNoRecordingIsRefused) {
    const auto engine = make_engine();
    EXPECT_FALSE(media::replay(begin, {}, *engine));
    const Secret recording = record();
    const ByteView view = recording.view();
    for (std::size_t cut = 0; cut < view.size(); cut += 1 + view.size() / 50) {
        EXPECT_FALSE(media::replay(begin, view.first(cut), *make_engine())) << cut;
    }
}

CAUSEWAY_FOR_ALL_ENGINES(RecorderTest);

}  // namespace
}  // namespace causeway::conformance
