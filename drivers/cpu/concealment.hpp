// Concealment of lost speech at the rate of the coding.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "hls/codec/conceal.hpp"

namespace causeway::cpu {

// Blocks of 10 ms; in their place comes what is heard.
class Concealment {
  public:
    explicit Concealment(std::uint32_t sample_rate) {
        if (sample_rate == 16000) state_.emplace<Wide>();
    }
    void received(std::span<std::int16_t> block) {
        std::visit([&](auto& s) { s.received(block.data()); }, state_);
    }
    void lost(std::span<std::int16_t> block) {
        std::visit([&](auto& s) { s.lost(block.data()); }, state_);
    }

  private:
    using Narrow = hls::Concealment<8000>;
    using Wide = hls::Concealment<16000>;
    std::variant<Narrow, Wide> state_;
};

}  // namespace causeway::cpu
