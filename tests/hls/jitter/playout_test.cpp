#include "hls/jitter/playout.hpp"

#include <gtest/gtest.h>
#include <speex/speex_jitter.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "hls/jitter/slots.hpp"
#include "tests/hls/jitter/trace.hpp"

namespace causeway::hls {
namespace {

using trace::frame;
using trace::ms;
using trace::Network;
using trace::Packet;

// What a buffer made of a trace.
struct Figures {
    int received = 0;     // different packets
    int played = 0;       // of them; the others were late or left out
    int concealed = 0;    // ticks
    double delay_ms = 0;  // mean from arrival over the least transit to playing
    double late() const { return 1 - static_cast<double>(played) / received; }
    double conceal() const { return static_cast<double>(concealed) / (played + concealed); }
};

// Transit as the path would have it, with the sender's clock taken out.
struct Meter {
    explicit Meter(const std::vector<Packet>& packets, double skew_ppm) : skew(skew_ppm) {
        std::set<std::int64_t> seen;
        for (const Packet& p : packets) {
            seen.insert(p.index);
            least = std::min(least, transit(p.arrival, p.sent));
        }
        figures.received = static_cast<int>(seen.size());
    }
    double transit(std::int64_t at, std::int64_t sent) const {
        return static_cast<double>(at) - static_cast<double>(sent) * (1 - skew / 1e6);
    }
    void play(std::int64_t at, std::int64_t sent) {
        ++figures.played;
        sum += transit(at, sent) - least;
    }
    Figures result() {
        figures.delay_ms = sum / std::max(1, figures.played) / static_cast<double>(ms);
        return figures;
    }
    double skew, least = 1e18, sum = 0;
    Figures figures;
};

// Ours, through the slots, with first numbers just before they wrap.
struct Ours {
    static constexpr std::uint16_t first_sequence = 65500;
    static constexpr std::uint32_t first_timestamp = 0xFFFFF000;
    explicit Ours(const PlayoutConfig& config = {}) : playout(config) {}

    Arrival arrive(const Packet& p, std::uint32_t ssrc = 1) {
        const auto sequence = static_cast<std::uint16_t>(first_sequence + p.index);
        const auto timestamp = static_cast<std::uint32_t>(first_timestamp + p.sent);
        const Arrival a = playout.arrived(p.arrival, ssrc, sequence, timestamp, frame);
        if (a == Arrival::restart) slots.clear();
        if (a == Arrival::keep || a == Arrival::restart) {
            std::uint8_t bytes[4];
            std::memcpy(bytes, &timestamp, 4);
            const Fill f = slots.fill(sequence, timestamp, 0, bytes, 4);
            EXPECT_TRUE(f == Fill::stored || f == Fill::replaced);
        }
        return a;
    }
    // Checks that the slot holds the packet that is to be played. -1: nothing is played.
    std::int64_t tick(Tick& t) {
        t = playout.next();
        if (t.act != Act::play) return -1;
        const int slot = slots.take(t.timestamp);
        EXPECT_GE(slot, 0);
        if (slot < 0) return -1;
        std::uint32_t timestamp = 0;
        std::memcpy(&timestamp, slots.payload(slot), 4);
        EXPECT_EQ(timestamp, t.timestamp);
        return static_cast<std::uint32_t>(t.timestamp - first_timestamp);
    }
    Playout<16> playout;
    JitterSlots<16, 240> slots;
};

Figures run_ours(const std::vector<Packet>& packets, double skew, const PlayoutConfig& config = {},
                 PlayoutCounters* counters = nullptr) {
    Ours ours(config);
    Meter meter(packets, skew);
    std::int64_t before = -1;
    const auto play_until = [&](std::int64_t end) {
        while (ours.playout.due() < end) {
            const std::int64_t at = ours.playout.due();
            Tick t;
            const std::int64_t sent = ours.tick(t);
            if (t.act == Act::conceal) ++meter.figures.concealed;
            if (sent < 0) continue;
            EXPECT_GT(sent, before) << "out of order or twice";
            before = sent;
            meter.play(at, sent);
        }
    };
    ours.arrive(packets.front());
    for (std::size_t i = 1; i < packets.size(); ++i) {
        play_until(packets[i].arrival);
        ours.arrive(packets[i]);
    }
    play_until(packets.back().arrival + 4 * frame);
    if (counters != nullptr) *counters = ours.playout.counters();
    return meter.result();
}

// Plays every packet `delay` after the transit of the first, as a buffer that never adapts.
Figures run_fixed(const std::vector<Packet>& packets, double skew, std::int64_t delay) {
    Meter meter(packets, skew);
    const std::int64_t offset = packets.front().arrival - packets.front().sent + delay;
    std::set<std::int64_t> seen;
    for (const Packet& p : packets) {
        if (p.arrival <= p.sent + offset && seen.insert(p.index).second) meter.play(p.sent + offset, p.sent);
    }
    meter.figures.concealed = static_cast<int>(packets.back().index) + 1 - meter.figures.played;
    return meter.result();
}

Figures run_speex(const std::vector<Packet>& packets, double skew) {
    JitterBuffer* buffer = jitter_buffer_init(static_cast<int>(frame));
    Meter meter(packets, skew);
    std::set<std::int64_t> seen;
    std::size_t next = 0;
    for (std::int64_t at = packets.front().arrival; at < packets.back().arrival + 10 * frame; at += frame) {
        for (; next < packets.size() && packets[next].arrival <= at; ++next) {
            std::int64_t sent = packets[next].sent;
            JitterBufferPacket p{};
            p.data = reinterpret_cast<char*>(&sent);
            p.len = sizeof sent;
            p.timestamp = static_cast<spx_uint32_t>(sent);
            p.span = static_cast<spx_uint32_t>(frame);
            p.sequence = static_cast<spx_uint16_t>(packets[next].index);
            jitter_buffer_put(buffer, &p);
        }
        std::int64_t sent = 0;
        JitterBufferPacket p{};
        p.data = reinterpret_cast<char*>(&sent);
        p.len = sizeof sent;
        spx_int32_t offset = 0;
        const int result = jitter_buffer_get(buffer, &p, static_cast<spx_int32_t>(frame), &offset);
        if (result == JITTER_BUFFER_OK && seen.insert(sent).second) {
            meter.play(at, sent);
        } else if (result != JITTER_BUFFER_OK && next < packets.size()) {
            ++meter.figures.concealed;
        }
        jitter_buffer_tick(buffer);
    }
    jitter_buffer_destroy(buffer);
    return meter.result();
}

void print(const std::string& trace, const char* buffer, const Figures& f) {
    std::printf("%-12s %-10s delay %6.1f ms  late %6.3f %%  concealed %6.3f %%\n", trace.c_str(), buffer,
                f.delay_ms, 100 * f.late(), 100 * f.conceal());
}

constexpr int minutes_5 = 5 * 60 * 50;

Network named(double jitter) {
    Network n;
    n.jitter_ms = jitter;
    return n;
}

TEST(Playout, AQuietNetworkCostsOneFrameAndLosesNothing) {
    const auto packets = trace::make(Network{}, 5000, 1);
    const Figures f = run_ours(packets, 0);
    EXPECT_EQ(f.played, 5000);
    EXPECT_EQ(f.concealed, 2);  // after the end
    EXPECT_LE(f.delay_ms, 20);
}

TEST(Playout, ConcealsWhatIsLostAndOnlyThat) {
    Network n;
    n.loss = 0.05;
    const auto packets = trace::make(n, 5000, 2);
    const Figures f = run_ours(packets, 0);
    EXPECT_EQ(f.late(), 0);
    EXPECT_LE(f.conceal(), 0.06);
    EXPECT_GE(f.conceal(), 0.03);
}

TEST(Playout, PutsInOrderAndPlaysADuplicateOnce) {
    Network n = named(15);
    n.in_order = false;
    n.duplicate = 0.1;
    PlayoutCounters counters;
    const auto packets = trace::make(n, 5000, 3);
    const Figures f = run_ours(packets, 0, {}, &counters);  // checks the order
    EXPECT_LE(f.late(), 0.03);
    EXPECT_GT(counters.duplicate, 300U);
}

TEST(Playout, FollowsAClockThatRunsFastOrSlow) {
    for (const double skew : {-200.0, 200.0}) {
        Network n = named(3);
        n.skew_ppm = skew;
        PlayoutCounters counters;
        const auto packets = trace::make(n, 4 * minutes_5, 4);  // 240 ms apart at the end
        const Figures f = run_ours(packets, skew, {}, &counters);
        EXPECT_LE(f.late(), 0.02) << skew;
        EXPECT_LE(f.delay_ms, 60) << skew;
        if (skew > 0) {
            EXPECT_GE(counters.left_out, 8U);
        } else {
            EXPECT_GE(counters.waited, 8U);
        }
    }
}

TEST(Playout, IsSilentWhereTheSenderPausesAndLosesNoBeginning) {
    Network n = named(5);
    n.talk = 50;
    n.pause = 100;
    PlayoutCounters counters;
    const auto packets = trace::make(n, minutes_5, 5);
    const Figures f = run_ours(packets, 0, {}, &counters);
    EXPECT_LE(f.late(), 0.01);
    EXPECT_GE(counters.silent, 9000U);
    EXPECT_LE(counters.concealed, 100U * 4);  // three at the end of each talkspurt, which no packet marks
}

TEST(Playout, ANewSsrcOrTimelineBeginsAfresh) {
    Ours ours;
    Packet p{1000, 0, 0};
    EXPECT_EQ(ours.arrive(p), Arrival::restart);
    EXPECT_EQ(ours.arrive({1160, 1, 160}), Arrival::keep);
    EXPECT_EQ(ours.arrive({1160, 1, 160}), Arrival::duplicate);
    EXPECT_EQ(ours.arrive({1300, 40000, 77777777}, 2), Arrival::restart);
    Tick t;
    for (int i = 0; i < 5 && t.act != Act::play; ++i) ours.tick(t);
    EXPECT_EQ(t.act, Act::play);
    EXPECT_EQ(t.timestamp, Ours::first_timestamp + 77777777U);
    // A step within one SSRC: one strange packet is no timeline, two in a row are.
    EXPECT_EQ(ours.arrive({1460, 9, 5}, 2), Arrival::strange);
    EXPECT_EQ(ours.arrive({1460, 40001, 77777777 + 160}, 2), Arrival::keep);
    EXPECT_EQ(ours.arrive({1620, 9, 5}, 2), Arrival::strange);
    EXPECT_EQ(ours.arrive({1780, 10, 165}, 2), Arrival::restart);
}

TEST(Playout, ASenderWhoseClockStoodStillIsHeardAgain) {
    for (const std::int64_t pause : {500 * ms, 1500 * ms}) {
        Playout<16> playout;
        const auto talk = [&](int from, std::int64_t behind) {
            int played = 0;
            for (int n = from; n < from + 50; ++n) {
                const std::int64_t now = 160 * n + behind;
                while (playout.due() <= now) played += playout.next().act == Act::play ? 1 : 0;
                playout.arrived(now, 1, static_cast<std::uint16_t>(n), static_cast<std::uint32_t>(160 * n),
                                160);
            }
            return played;
        };
        EXPECT_GE(talk(0, 0), 48);
        EXPECT_GE(talk(50, pause), 46) << "but for the first three";
        EXPECT_EQ(playout.counters().restarts, 1U);
    }
}

TEST(Playout, ASilenceDescriptorIsFollowedBySilenceNotConcealment) {
    Playout<16> playout;
    playout.arrived(0, 1, 1, 0, 160);
    playout.arrived(160, 1, 2, 160, 160, true);
    int concealed = 0;
    for (int i = 0; i < 20; ++i) concealed += playout.next().act == Act::conceal ? 1 : 0;
    EXPECT_EQ(concealed, 0);
    EXPECT_EQ(playout.counters().played, 2U);
}

// Whatever comes, what is to be played is in a slot, and time goes on.
TEST(Playout, HoldsTogetherOnArbitraryArrivals) {
    std::mt19937 random(8);
    for (int run = 0; run < 200; ++run) {
        Ours ours;
        std::int64_t now = 0, index = 0, shift = 0;
        std::uint32_t ssrc = 1;
        for (int i = 0; i < 500; ++i) {
            now += random() % 400;
            index += random() % 3;
            if (random() % 100 == 0) index += random() % 70000;
            if (random() % 100 == 0) shift = static_cast<std::int32_t>(random());
            if (random() % 200 == 0) ++ssrc;
            for (int guard = 0; ours.playout.due() < now && guard < 10000; ++guard) {
                const std::int64_t before = ours.playout.due();
                Tick t;
                ours.tick(t);
                ASSERT_GT(ours.playout.due(), before);
            }
            const std::int64_t back = static_cast<std::int64_t>(random() % 20);
            ours.arrive({now, index - back, (index - back) * frame + shift}, ssrc);
        }
        EXPECT_GT(ours.playout.counters().played, 0U);
        if (HasFailure()) return;
    }
}

TEST(Playout, StaysWithinItsBounds) {
    Network n = named(80);
    n.in_order = false;
    PlayoutConfig config;
    config.min_delay = 40 * ms;
    config.max_delay = 100 * ms;
    const Figures wild = run_ours(trace::make(n, minutes_5, 6), 0, config);
    EXPECT_LE(wild.delay_ms, 100 + 30);
    const Figures calm = run_ours(trace::make(Network{}, minutes_5, 6), 0, config);
    EXPECT_GE(calm.delay_ms, 30);
}

// The figures are printed; asserted is what must hold whatever the seed.
TEST(Playout, BesideAFixedBufferAndSpeex) {
    struct Case {
        const char* name;
        Network network;
    };
    std::vector<Case> cases{{"calm", named(2)},   {"jitter", named(12)},     {"bursts", named(5)},
                            {"spikes", named(5)}, {"reordering", named(15)}, {"skew", named(4)}};
    cases[2].network.loss = 0.01;
    cases[2].network.burst = 0.6;
    cases[3].network.spike = 0.003;
    cases[3].network.spike_ms = 120;
    cases[4].network.in_order = false;
    cases[5].network.skew_ppm = 150;
    for (const Case& c : cases) {
        const auto packets = trace::make(c.network, minutes_5, 7);
        const double skew = c.network.skew_ppm;
        const Figures ours = run_ours(packets, skew);
        const Figures fixed_40 = run_fixed(packets, skew, 40 * ms);
        const Figures fixed_100 = run_fixed(packets, skew, 100 * ms);
        const Figures speex = run_speex(packets, skew);
        print(c.name, "adaptive", ours);
        print(c.name, "fixed 40", fixed_40);
        print(c.name, "fixed 100", fixed_100);
        print(c.name, "speexdsp", speex);
        EXPECT_LT(ours.delay_ms, fixed_100.delay_ms) << c.name;
        EXPECT_LE(ours.late(), 0.05) << c.name;
    }
}

}  // namespace
}  // namespace causeway::hls
