#include "host/rtp/srtp_window.hpp"

namespace causeway::rtp {

std::uint64_t SrtpWindow::index_of(std::uint16_t sequence) const {
    if (!highest_) return sequence;
    const auto step = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(*highest_));
    if (step < 0 && *highest_ < static_cast<std::uint64_t>(-std::int64_t{step})) return sequence;
    return *highest_ + static_cast<std::uint64_t>(std::int64_t{step});
}

bool SrtpWindow::is_fresh(std::uint64_t index) const {
    if (!highest_ || index > *highest_) return true;
    const std::uint64_t back = *highest_ - index;
    return back < size && (used_[back / 64] >> (back % 64) & 1) == 0;
}

void SrtpWindow::use(std::uint64_t index) {
    if (!highest_ || index > *highest_) {
        const std::uint64_t step = highest_ ? index - *highest_ : size;
        if (step >= size) {
            used_.fill(0);
        } else {
            for (std::uint64_t n = 0; n < step / 64; ++n) used_ = {0, used_[0]};
            if (const auto bits = step % 64; bits != 0) {
                used_[1] = used_[1] << bits | used_[0] >> (64 - bits);
                used_[0] <<= bits;
            }
        }
        highest_ = index;
    }
    const std::uint64_t back = *highest_ - index;
    if (back < size) used_[back / 64] |= std::uint64_t{1} << (back % 64);
}

}  // namespace causeway::rtp
