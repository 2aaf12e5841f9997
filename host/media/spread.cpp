#include "host/media/spread.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace causeway::media {
namespace {

constexpr std::uint64_t usual_packets_per_second = 50;  // of a port: speech in packets of 20 ms

auto order(const ThreadLoad& load) {
    return std::tuple(load.packets + usual_packets_per_second * load.opened, load.ports);
}

}  // namespace

std::size_t least_loaded(std::span<const ThreadLoad> loads) {
    const auto found = std::min_element(loads.begin(), loads.end(),
                                        [](const auto& a, const auto& b) { return order(a) < order(b); });
    return static_cast<std::size_t>(found - loads.begin());
}

std::optional<Slope> slope(std::span<const ThreadLoad> loads, bool moving) {
    const auto [idlest, busiest] = std::minmax_element(
        loads.begin(), loads.end(), [](const auto& a, const auto& b) { return a.packets < b.packets; });
    if (idlest == busiest) return std::nullopt;
    const std::uint64_t gap = busiest->packets - idlest->packets;
    const std::uint64_t clear = std::max(least_gap, busiest->packets / 4);
    if (gap <= (moving ? clear / 2 : clear)) return std::nullopt;
    return Slope{static_cast<std::size_t>(busiest - loads.begin()),
                 static_cast<std::size_t>(idlest - loads.begin()), gap};
}

std::vector<std::size_t> choose_moves(Time now, std::uint64_t gap, std::span<const MovableCall> calls) {
    std::vector<std::size_t> biggest(calls.size());
    std::iota(biggest.begin(), biggest.end(), std::size_t{0});
    std::stable_sort(biggest.begin(), biggest.end(),
                     [&](std::size_t a, std::size_t b) { return calls[a].packets > calls[b].packets; });
    std::vector<std::size_t> out;
    for (const std::size_t i : biggest) {
        const MovableCall& call = calls[i];
        if (out.size() == most_moves || call.packets == 0) break;
        if (now - call.since < settling || 2 * call.packets > gap) continue;
        gap -= 2 * call.packets;  // less here, more there
        out.push_back(i);
    }
    return out;
}

}  // namespace causeway::media
