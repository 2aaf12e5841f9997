#include "drivers/xrt/keeper.hpp"

#include <algorithm>

namespace causeway::card {

void Keeper::poll(Time now, const Card::Completed& completed) {
    if (!card_ && now >= next_attempt_) {
        auto opened = Card::start(options_, now);
        if (!opened) return lose(opened.error().what, now);
        card_ = std::move(*opened);
    }
    if (!card_) return;
    card_->poll(now, completed);
    if (card_->state() == Card::State::ready) interval_ = least_interval;
    if (card_->state() == Card::State::lost) lose(card_->why(), now);
}

void Keeper::lose(const std::string& why, Time now) {
    const std::string told = why;  // it may be the card's
    card_.reset();
    ++options_.epoch;
    next_attempt_ = now + interval_;
    interval_ = std::min(2 * interval_, most_interval);
    lost_(told);
}

}  // namespace causeway::card
