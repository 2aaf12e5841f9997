#include "host/media/port_pool.hpp"

namespace causeway::media {

PortPool::PortPool(std::vector<PortRange> ranges, Random& random) {
    for (auto& r : ranges) {
        if (r.first % 2 != 0) ++r.first;  // RTP on even ports (RFC 3550 11)
        const std::size_t pairs = r.last > r.first ? (std::size_t{r.last} - r.first + 1) / 2 : 0;
        total_ += pairs;
        const std::size_t next = pairs == 0 ? 0 : random.below(static_cast<std::uint32_t>(pairs));
        ranges_.push_back({r, std::vector<bool>(pairs), next});
    }
}

std::optional<PortPool::Pair> PortPool::take(bool ip6) {
    for (const bool other_family : {false, true}) {
        for (std::size_t i = 0; i < ranges_.size(); ++i) {
            if ((ranges_[i].range.address.is_v6() == ip6) == other_family) continue;
            if (auto pair = take_from(i)) return pair;
        }
    }
    return std::nullopt;
}

std::optional<PortPool::Pair> PortPool::take_from(std::size_t range) {
    Range& r = ranges_[range];
    for (std::size_t tried = 0; tried < r.taken.size(); ++tried) {
        const std::size_t i = r.next;
        r.next = (r.next + 1) % r.taken.size();
        if (r.taken[i]) continue;
        r.taken[i] = true;
        ++taken_;
        return Pair{range, static_cast<std::uint16_t>(r.range.first + 2 * i)};
    }
    return std::nullopt;
}

std::optional<PortPool::Pair> PortPool::claim(const Endpoint& rtp) {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        Range& r = ranges_[i];
        if (r.range.address != rtp.ip || rtp.port < r.range.first || rtp.port % 2 != 0) continue;
        const std::size_t pair = (rtp.port - r.range.first) / 2U;
        if (pair >= r.taken.size() || r.taken[pair]) continue;
        r.taken[pair] = true;
        ++taken_;
        return Pair{i, rtp.port};
    }
    return std::nullopt;
}

void PortPool::give_back(const Pair& pair) {
    Range& r = ranges_[pair.range];
    r.taken[(pair.rtp - r.range.first) / 2U] = false;
    --taken_;
}

}  // namespace causeway::media
