// Keeps a card in service: opens it, and opens it again after a loss, under another epoch, at growing
// intervals. Whoever has packets asks for card() each time and does without while there is none.
#pragma once

#include <functional>

#include "drivers/xrt/card.hpp"

namespace causeway::card {

class Keeper {
  public:
    // The interval before the next attempt: doubled after each that fails, back to the least once a card was
    // ready.
    static constexpr Duration least_interval = std::chrono::seconds(1);
    static constexpr Duration most_interval = std::chrono::minutes(1);

    using Told = std::function<void(const std::string& why)>;

    // `lost` is told why, at each loss of a card and each attempt that fails: all packets that were on the
    // card are lost. The epoch of `options` is that of the first attempt.
    Keeper(const CardOptions& options, Told lost, Time now)
        : options_(options), lost_(std::move(lost)), next_attempt_(now) {}

    // The card, where there is one that takes packets.
    Card* card() const { return card_ && card_->state() == Card::State::ready ? card_.get() : nullptr; }
    std::uint32_t epoch() const { return options_.epoch; }

    // Looks after the card, and opens it when it is time to. To be called as Card::poll is.
    void poll(Time now, const Card::Completed& completed);
    // -1: there is nothing to wait for but next_look().
    int fd() const { return card_ ? card_->fd() : -1; }
    Time next_look() const { return card_ ? card_->next_look() : next_attempt_; }

  private:
    void lose(const std::string& why, Time now);

    CardOptions options_;
    Told lost_;
    std::unique_ptr<Card> card_;
    Duration interval_ = least_interval;
    Time next_attempt_;
};

}  // namespace causeway::card
