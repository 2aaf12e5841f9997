// Timers of one shard: payloads that fall due at a time. The payload is a plain value (which machine, which
// timer), not a closure, so that pending timers can be written out with the state they belong to.
//
// A balanced tree ordered by (deadline, sequence): timers of one deadline fire in the order in which they
// were set, which keeps simulated runs repeatable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "host/base/time.hpp"

namespace causeway {

template <class Payload>
class Timers {
  public:
    // Identifies a pending timer; default-constructed it names none.
    struct Id {
        Time deadline{};
        std::uint64_t sequence = 0;
        explicit operator bool() const { return sequence != 0; }
        auto operator<=>(const Id&) const = default;
    };

    Id set(Time deadline, Payload payload) {
        const Id id{deadline, ++last_sequence_};
        pending_.emplace(id, std::move(payload));
        return id;
    }

    // Cancelling a timer that has fired, or none, does nothing. The id is cleared.
    void cancel(Id& id) {
        pending_.erase(id);
        id = {};
    }

    std::optional<Time> next() const {
        if (pending_.empty()) return std::nullopt;
        return pending_.begin()->first.deadline;
    }

    // Takes out the earliest timer that is due at `now`, with its deadline. Call until it returns nothing.
    std::optional<std::pair<Id, Payload>> pop_due(Time now) {
        if (pending_.empty() || pending_.begin()->first.deadline > now) return std::nullopt;
        auto node = pending_.extract(pending_.begin());
        return std::pair{node.key(), std::move(node.mapped())};
    }

    std::size_t size() const { return pending_.size(); }

  private:
    std::map<Id, Payload> pending_;
    std::uint64_t last_sequence_ = 0;
};

}  // namespace causeway
