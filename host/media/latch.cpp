#include "host/media/latch.hpp"

namespace causeway::media {

void Latch::negotiate(Time now, const Endpoint& remote, bool secured) {
    secured_ = secured;
    if (remote.port == 0 || remote.ip.is_unspecified()) {  // nothing to send to, for now: hold of old
        negotiated_.reset();
        return;
    }
    if (negotiated_ == remote) return;
    // Back from hold to the address of before, the peer is where it was.
    const bool moved = !named_ || *named_ != remote;
    negotiated_ = named_ = remote;
    if (!moved) return;
    latched_.reset();
    learning_ends_ = now + learning_window;
}

bool Latch::admits(Time now, const Endpoint& from) const {
    if (!named_) return false;
    if (secured_) return true;
    if (latched_) return from == *latched_;
    if (from == *named_) return true;
    if (now >= learning_ends_) return false;
    switch (learning_) {
        case Learning::off:
            return false;
        case Learning::signaling_address:
            return from.ip == signaling_;
        case Learning::any:
            return true;
    }
    return false;
}

void Latch::accepted(Time now, const Endpoint& from) {
    if (admits(now, from)) latched_ = from;
}

std::optional<Endpoint> Latch::target() const {
    if (!negotiated_) return std::nullopt;
    return latched_ ? latched_ : negotiated_;
}

}  // namespace causeway::media
