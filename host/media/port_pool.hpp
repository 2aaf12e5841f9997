// The numbers of media ports: pairs of an even RTP port and the RTCP port above it, from the configured
// ranges. A pair just released is the last to be used again, so that packets still on their way to the old
// call meet nobody. Any thread may ask.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "host/base/ip.hpp"
#include "host/base/random.hpp"
#include "host/base/time.hpp"

namespace causeway::media {

struct PortRange {
    IpAddress address;            // bound
    IpAddress advertised;         // written into SDP
    std::uint16_t first = 20000;  // even
    std::uint16_t last = 29999;   // odd

    std::size_t pairs() const { return (std::size_t{last} - first + 1) / 2; }
    bool operator==(const PortRange&) const = default;
};

class PortPool {
  public:
    struct Pair {
        std::size_t range = 0;  // index
        std::uint16_t rtp = 0;
    };

    // Who sent to the RTP and the RTCP port of a pair before it was given back: not to be learned until then.
    struct Former {
        std::optional<Endpoint> rtp, rtcp;
        Time until{};
    };

    // Starts at a random place in each range.
    PortPool(std::vector<PortRange> ranges, Random& random);

    // A pair that is free, of that family where a range has it. Nothing where all are taken.
    std::optional<Pair> take(bool ip6);
    // The pair of that RTP port. Nothing where it is in none of the ranges, or taken.
    std::optional<Pair> claim(const Endpoint& rtp);
    void give_back(const Pair& pair, std::optional<Former> former = {});
    // Told once, to whoever has taken the pair.
    std::optional<Former> former(const Pair& pair);

    const PortRange& range(std::size_t index) const { return ranges_[index].range; }
    std::size_t total() const { return total_; }
    std::size_t taken() const;

  private:
    struct Range {
        PortRange range;
        std::list<std::size_t> free, taken;                // pairs; free: released longest ago first
        std::vector<std::list<std::size_t>::iterator> at;  // by pair: its place in one of both
        std::vector<bool> is_taken;                        // by pair
        std::unordered_map<std::size_t, Former> formers;   // by pair
    };
    Pair mark(std::size_t range, std::size_t pair);

    mutable std::mutex mutex_;
    std::vector<Range> ranges_;
    std::size_t total_ = 0, taken_ = 0;
};

}  // namespace causeway::media
