// Seeded arrivals of one stream of 20 ms packets at 8 kHz, for jitter buffers to be measured on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace causeway::hls::trace {

constexpr std::int64_t frame = 160;
constexpr std::int64_t ms = 8;  // samples

struct Packet {
    std::int64_t arrival = 0;  // samples of our clock
    std::int64_t index = 0;    // of the packet sent
    std::int64_t sent = 0;     // media time, samples of the sender's clock
};

struct Network {
    double loss = 0;       // of packets
    double burst = 0;      // probability that a loss goes on
    double jitter_ms = 0;  // mean of an exponential delay; alone it reorders what it overtakes
    bool in_order = true;  // queues do not reorder
    double spike = 0;      // probability of a delay of spike_ms
    double spike_ms = 0;
    double duplicate = 0;
    double skew_ppm = 0;      // the sender's clock is fast by this
    int talk = 0, pause = 0;  // packets, for a sender that stops in silence; 0: it does not
};

inline std::vector<Packet> make(const Network& n, int count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> chance(0, 1);
    std::vector<Packet> packets;
    bool losing = false;
    double previous = 0;
    std::int64_t index = 0;
    for (int i = 0; i < count; ++i) {
        const std::int64_t media = i * frame;
        const double delay =
            -std::log(1 - chance(random)) * n.jitter_ms + (chance(random) < n.spike ? n.spike_ms : 0);
        const bool lost = chance(random) < (losing ? n.burst : n.loss);
        const bool twice = chance(random) < n.duplicate;
        if (n.talk != 0 && i % (n.talk + n.pause) >= n.talk) continue;
        const std::int64_t number = index++;
        losing = lost;
        if (lost) continue;
        double arrival = static_cast<double>(media) * (1 - n.skew_ppm / 1e6) + (40 + delay) * ms;
        if (n.in_order) arrival = std::max(arrival, previous);
        previous = arrival;
        packets.push_back({std::llround(arrival), number, media});
        if (twice) packets.push_back({std::llround(arrival) + 3 * ms, number, media});
    }
    std::stable_sort(packets.begin(), packets.end(),
                     [](const Packet& a, const Packet& b) { return a.arrival < b.arrival; });
    return packets;
}

}  // namespace causeway::hls::trace
