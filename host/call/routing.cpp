#include "host/call/routing.hpp"

#include <algorithm>

namespace causeway::call {

const Trunk* Router::trunk(std::string_view name) const {
    const auto found = std::find_if(config_.trunks.begin(), config_.trunks.end(),
                                    [&](const Trunk& t) { return t.name == name; });
    return found == config_.trunks.end() ? nullptr : &*found;
}

const Trunk* Router::source(const sip::Hop& from) const {
    const Trunk* best = nullptr;
    int best_rank = 0;
    for (const Trunk& t : config_.trunks) {
        const bool named = std::find(t.sources.begin(), t.sources.end(), from.remote.ip) != t.sources.end();
        const int rank = t.listener != from.listener ? (named ? 1 : 0)
                         : t.target == from.remote   ? 3
                         : named                     ? 2
                                                     : 0;
        if (rank > best_rank) {
            best = &t;
            best_rank = rank;
        }
    }
    return best;
}

std::string Router::called_number(const sip::Uri& uri) {
    if (uri.is_tel()) return sip::strip_visual_separators(uri.user);
    // The user part of a SIP URI may itself be a telephone-subscriber with parameters (19.1.6).
    const auto number = uri.user.substr(0, uri.user.find(';'));
    const bool dialable =
        !number.empty() && number.find_first_not_of("+0123456789-.()*#") == std::string::npos;
    return dialable ? sip::strip_visual_separators(number) : number;
}

const Profile& Router::profile(const Trunk& t) const {
    static const Profile none;
    const auto found = std::find_if(config_.profiles.begin(), config_.profiles.end(),
                                    [&](const Profile& p) { return p.name == t.profile; });
    return found == config_.profiles.end() ? none : *found;
}

std::optional<Target> Router::target(std::string_view number) const {
    for (const Extension& e : config_.extensions) {
        if (e.number != number) continue;
        const Trunk* t = trunk(e.trunk);
        if (t == nullptr) return std::nullopt;
        return Target{t, e.contact.value_or(t->target), std::string(number)};
    }
    const Route* best = nullptr;
    for (const Route& r : config_.routes) {
        if (number.substr(0, r.prefix.size()) != r.prefix) continue;
        if (best == nullptr || r.prefix.size() > best->prefix.size()) best = &r;
    }
    const Trunk* t = best == nullptr ? nullptr : trunk(best->trunk);
    if (t == nullptr || t->target.port == 0) return std::nullopt;
    return Target{t, t->target,
                  best->prepend + std::string(number.substr(std::min(best->strip, number.size())))};
}

}  // namespace causeway::call
