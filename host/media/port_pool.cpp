#include "host/media/port_pool.hpp"

namespace causeway::media {

PortPool::PortPool(std::vector<PortRange> ranges, Random& random) {
    for (auto& r : ranges) {
        if (r.first % 2 != 0) ++r.first;  // RTP on even ports (RFC 3550 11)
        const std::size_t pairs = r.last > r.first ? (std::size_t{r.last} - r.first + 1) / 2 : 0;
        total_ += pairs;
        const std::size_t next = pairs == 0 ? 0 : random.below(static_cast<std::uint32_t>(pairs));
        Range& made = ranges_.emplace_back(Range{r, {}, {}, {}, std::vector<bool>(pairs), {}});
        made.at.resize(pairs);
        for (std::size_t i = 0; i < pairs; ++i) {
            const std::size_t pair = (next + i) % pairs;
            made.at[pair] = made.free.insert(made.free.end(), pair);
        }
    }
}

std::optional<PortPool::Pair> PortPool::take(bool ip6) {
    const std::lock_guard held(mutex_);
    for (const bool other_family : {false, true}) {
        for (std::size_t i = 0; i < ranges_.size(); ++i) {
            if ((ranges_[i].range.address.is_v6() == ip6) == other_family) continue;
            if (!ranges_[i].free.empty()) return mark(i, ranges_[i].free.front());
        }
    }
    return std::nullopt;
}

PortPool::Pair PortPool::mark(std::size_t range, std::size_t pair) {
    Range& r = ranges_[range];
    r.taken.splice(r.taken.end(), r.free, r.at[pair]);
    r.is_taken[pair] = true;
    ++taken_;
    return {range, static_cast<std::uint16_t>(r.range.first + 2 * pair)};
}

std::optional<PortPool::Pair> PortPool::claim(const Endpoint& rtp) {
    const std::lock_guard held(mutex_);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        const Range& r = ranges_[i];
        if (r.range.address != rtp.ip || rtp.port < r.range.first || rtp.port % 2 != 0) continue;
        const std::size_t pair = (rtp.port - r.range.first) / 2U;
        if (pair >= r.is_taken.size() || r.is_taken[pair]) continue;
        return mark(i, pair);
    }
    return std::nullopt;
}

void PortPool::give_back(const Pair& pair, std::optional<Former> former) {
    const std::lock_guard held(mutex_);
    Range& r = ranges_[pair.range];
    const std::size_t i = (pair.rtp - r.range.first) / 2U;
    r.free.splice(r.free.end(), r.taken, r.at[i]);
    r.is_taken[i] = false;
    if (former) r.formers[i] = *former;
    --taken_;
}

std::optional<PortPool::Former> PortPool::former(const Pair& pair) {
    const std::lock_guard held(mutex_);
    Range& r = ranges_[pair.range];
    const auto found = r.formers.extract((pair.rtp - r.range.first) / 2U);
    return found ? std::optional(found.mapped()) : std::nullopt;
}

std::size_t PortPool::taken() const {
    const std::lock_guard held(mutex_);
    return taken_;
}

}  // namespace causeway::media
