#include "host/sdp/offer_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/base/text.hpp"

namespace causeway::sdp {

namespace {

Result<void> check_answer(const Session& offer, const Session& answer) {
    if (answer.media.size() != offer.media.size())
        return fail(
            fmt::format("SDP answer: {} m-lines to {} offered", answer.media.size(), offer.media.size()));
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const Media& o = offer.media[i];
        const Media& a = answer.media[i];
        const auto wrong = [&](std::string_view what) {
            return fail(fmt::format("SDP answer, m-line {}: {}", i + 1, what));
        };
        if (!iequals(a.type, o.type)) return wrong("type is not the offered one");
        if (a.rejected()) continue;
        if (o.rejected()) return wrong("offered as disabled, answered as live");  // 3264 8.2
        if (!iequals(a.protocol, o.protocol)) return wrong("protocol is not the offered one");
        if (o.is_rtp() && common_codecs(o.codecs(), a.codecs()).empty()) return wrong("no offered codec");
    }
    return {};
}

void erase_directions(std::vector<Attribute>& attributes) {
    std::erase_if(attributes, [](const Attribute& a) {
        return !a.value &&
               (a.name == "sendrecv" || a.name == "sendonly" || a.name == "recvonly" || a.name == "inactive");
    });
}

// Same address for the m-line, or one of them the hold of old.
bool same_connection(const Connection* a, const Connection* b) {
    if (!a || !b) return a == b;
    return *a == *b || a->unspecified() || b->unspecified();
}

Session without_directions(const Session& s) {
    Session out = s;
    out.origin.version = 0;
    out.connection.reset();
    erase_directions(out.attributes);
    for (Media& m : out.media) {
        m.connection.reset();
        erase_directions(m.attributes);
    }
    return out;
}

}  // namespace

bool OfferAnswer::send_offer(Session offer) {
    if (state_ != State::idle && state_ != State::stable) return false;
    pending_ = std::move(offer);
    state_ = State::local_offer;
    return true;
}

bool OfferAnswer::receive_offer(Session offer) {
    if (state_ != State::idle && state_ != State::stable) return false;
    pending_ = std::move(offer);
    state_ = State::remote_offer;
    return true;
}

Result<void> OfferAnswer::send_answer(Session answer) {
    if (state_ != State::remote_offer) return fail("SDP answer: no offer to answer");
    if (auto checked = check_answer(*pending_, answer); !checked) return checked;
    agreed_local_ = std::move(answer);
    agreed_remote_ = std::exchange(pending_, std::nullopt);
    state_ = State::stable;
    return {};
}

Result<void> OfferAnswer::receive_answer(Session answer) {
    if (state_ != State::local_offer) return fail("SDP answer: nothing was offered");
    if (auto checked = check_answer(*pending_, answer); !checked) return checked;
    agreed_local_ = std::exchange(pending_, std::nullopt);
    agreed_remote_ = std::move(answer);
    state_ = State::stable;
    return {};
}

void OfferAnswer::rollback() {
    pending_.reset();
    state_ = agreed_local_ ? State::stable : State::idle;
}

const Session* OfferAnswer::local() const {
    return state_ == State::local_offer ? &*pending_ : agreed_local();
}

const Session* OfferAnswer::remote() const {
    return state_ == State::remote_offer ? &*pending_ : agreed_remote();
}

Result<void> check_reoffer(const Session& before, const Session& after) {
    if (after.origin.session_id != before.origin.session_id ||
        after.origin.username != before.origin.username)
        return fail("SDP re-offer: o= names another session");
    if (after.media.size() < before.media.size())
        return fail(
            fmt::format("SDP re-offer: {} m-lines after {}", after.media.size(), before.media.size()));
    for (std::size_t i = 0; i < before.media.size(); ++i)
        if (!before.media[i].rejected() && !iequals(after.media[i].type, before.media[i].type))
            return fail(fmt::format("SDP re-offer, m-line {}: type changed", i + 1));
    if (after.origin.version < before.origin.version) return fail("SDP re-offer: o= version went back");
    if (after.origin.version == before.origin.version && after != before)
        return fail("SDP re-offer: changed without a new o= version");
    return {};
}

Media reject(const Media& offered) {
    Media m;
    m.type = offered.type;
    m.protocol = offered.protocol;
    m.formats = offered.formats;
    return m;
}

std::vector<Codec> common_codecs(const std::vector<Codec>& offered, const std::vector<Codec>& ours) {
    std::vector<Codec> out;
    for (const Codec& o : offered) {
        const auto found =
            std::find_if(ours.begin(), ours.end(), [&](const Codec& c) { return c.same_encoding(o); });
        if (found == ours.end()) continue;
        out.push_back(o);
        out.back().fmtp = found->fmtp;
    }
    return out;
}

bool only_direction_changed(const Session& before, const Session& after) {
    if (before.media.size() != after.media.size()) return false;
    for (std::size_t i = 0; i < before.media.size(); ++i)
        if (!same_connection(before.connection_of(before.media[i]), after.connection_of(after.media[i])))
            return false;
    return without_directions(before) == without_directions(after);
}

Direction answer_direction(Direction offered, Direction ours) {
    return both(reversed(offered), ours);
}

}  // namespace causeway::sdp
