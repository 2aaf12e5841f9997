#include "host/media/latch.hpp"

namespace causeway::media {

void Latch::negotiate(Time now, const Endpoint& remote, bool secured) {
    secured_ = secured;
    if (remote.port == 0 || remote.ip.is_unspecified()) {  // nothing to send to, for now: hold of old
        negotiated_.reset();
        return;
    }
    negotiated_ = remote;
    if (named_ && *named_ != remote) {
        former_ = latched_ ? latched_ : named_;
        draining_ends_ = now + draining;
        latched_.reset();
    }
    named_ = remote;
    if (!latched_) learning_ends_ = now + learning_window;
}

bool Latch::admits(Time now, const Endpoint& from) const {
    if (!named_) return false;
    if (secured_) return true;
    if (latched_) return from == *latched_ || (from == *named_ && now < learning_ends_);
    return from == *named_ || learns(now, from);
}

bool Latch::learns(Time now, const Endpoint& from) const {
    if (now >= learning_ends_) return false;
    if (from == former_ && now < draining_ends_) return false;
    if (from == avoided_ && now < avoided_until_) return false;
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

bool Latch::accepted(Time now, const Endpoint& from) {
    if (latched_ == from || !admits(now, from)) return false;
    latched_ = from;
    return true;
}

std::optional<Endpoint> Latch::target() const {
    if (!negotiated_) return std::nullopt;
    return latched_ ? latched_ : negotiated_;
}

}  // namespace causeway::media
