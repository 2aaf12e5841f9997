// Which indices of an SRTP stream were used: the estimate of a packet's index from its sequence number, and
// the replay window (RFC 3711 3.3.1, 3.3.2, appendix A). For what we receive and, since an index must never
// be used twice, for what we send. A value: whoever owns the stream keeps it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace causeway::rtp {

class SrtpWindow {
  public:
    static constexpr std::uint64_t size = 128;  // indices below the highest that are told apart

    SrtpWindow() = default;
    // Goes on above `highest`: which of those below it were used is not known, so all are.
    explicit SrtpWindow(std::uint64_t highest) : highest_(highest) { used_.fill(~std::uint64_t{0}); }

    // The index that a sequence number stands for: the nearest to the highest so far. The rollover counter is
    // 0 at the start.
    std::uint64_t index_of(std::uint16_t sequence) const;
    // Neither used nor too old to tell.
    bool is_fresh(std::uint64_t index) const;
    // Once the packet is authentic, or about to be sent.
    void use(std::uint64_t index);
    std::optional<std::uint64_t> highest() const { return highest_; }

    template <class A>
    void archive(A& a) {
        a(highest_, used_);
    }
    bool operator==(const SrtpWindow&) const = default;

  private:
    std::optional<std::uint64_t> highest_;
    std::array<std::uint64_t, size / 64> used_{};  // bit n: highest - n
};

}  // namespace causeway::rtp
