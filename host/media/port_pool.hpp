// The numbers of media ports: pairs of an even RTP port and the RTCP port above it, from the configured
// ranges. A pair just released is the last to be used again, so that packets still on their way to the old
// call meet nobody.
#pragma once

#include <list>
#include <optional>
#include <vector>

#include "host/base/ip.hpp"
#include "host/base/random.hpp"

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

    // Starts at a random place in each range.
    PortPool(std::vector<PortRange> ranges, Random& random);

    // A pair that is free, of that family where a range has it. Nothing where all are taken.
    std::optional<Pair> take(bool ip6);
    // The pair of that RTP port. Nothing where it is in none of the ranges, or taken.
    std::optional<Pair> claim(const Endpoint& rtp);
    void give_back(const Pair& pair);

    const PortRange& range(std::size_t index) const { return ranges_[index].range; }
    std::size_t total() const { return total_; }
    std::size_t taken() const { return taken_; }

  private:
    struct Range {
        PortRange range;
        std::list<std::size_t> free, taken;                // pairs; free: released longest ago first
        std::vector<std::list<std::size_t>::iterator> at;  // by pair: its place in one of both
        std::vector<bool> is_taken;                        // by pair
    };
    Pair mark(std::size_t range, std::size_t pair);

    std::vector<Range> ranges_;
    std::size_t total_ = 0, taken_ = 0;
};

}  // namespace causeway::media
