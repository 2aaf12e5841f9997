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
    if (after.media.size() < before.media.size())
        return fail(
            fmt::format("SDP re-offer: {} m-lines after {}", after.media.size(), before.media.size()));
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

Direction answer_direction(Direction offered, Direction ours) {
    return both(reversed(offered), ours);
}

}  // namespace causeway::sdp
