// Runs something in every way in which it can go: model checking without a model. What runs asks choose()
// wherever more than one thing may happen next; explore() runs it again and again until all choices have been
// made. A state that another run has been in already is not gone on from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace causeway::exhaustive {

class Choices {
  public:
    // One of 0 .. count - 1; count > 0.
    std::size_t choose(std::size_t count) {
        if (at_ == path_.size()) path_.push_back({0, count});
        return path_[at_++].taken;
    }
    // Whether another run has been in this state, and so has seen all that follows. `state` must tell apart
    // all that can go differently from here on.
    bool seen(std::string_view state) {
        if (at_ < path_.size()) return false;  // still on the way to what is new
        return !states_.insert(std::hash<std::string_view>{}(state)).second;
    }
    // To the next way; false when all have been gone.
    bool next() {
        while (!path_.empty() && path_.back().taken + 1 == path_.back().count) path_.pop_back();
        if (path_.empty()) return false;
        ++path_.back().taken;
        at_ = 0;
        return true;
    }
    std::size_t states() const { return states_.size(); }
    // The choices of this run, for a message: "0/2 1/3".
    std::string path() const {
        std::string out;
        for (const Choice& c : path_) out += std::to_string(c.taken) + "/" + std::to_string(c.count) + " ";
        return out;
    }

  private:
    struct Choice {
        std::size_t taken, count;
    };
    std::vector<Choice> path_;
    std::size_t at_ = 0;
    std::unordered_set<std::size_t> states_;
};

struct Explored {
    std::size_t runs = 0, states = 0;
};

// `run` goes one way. It ends the exploration by returning false (a failure was reported).
template <class Run>
Explored explore(Run&& run) {
    Choices choices;
    Explored out;
    bool more = true;
    while (more) {
        ++out.runs;
        more = run(choices) && choices.next();
    }
    out.states = choices.states();
    return out;
}

}  // namespace causeway::exhaustive
