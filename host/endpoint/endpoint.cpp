#include "host/endpoint/endpoint.hpp"

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway::endpoint {
namespace {

// The m-line that we speak on: the first live audio line over RTP.
std::optional<std::size_t> audio_line(const sdp::Session& session) {
    for (std::size_t i = 0; i < session.media.size(); ++i) {
        const auto& m = session.media[i];
        if (m.type == "audio" && !m.rejected() && m.is_rtp()) return i;
    }
    return std::nullopt;
}

bool is_secured(const sdp::Media& m) {
    return m.protocol.find("SAVP") != std::string::npos;
}

}  // namespace

std::string_view to_string(Event::Kind kind) {
    switch (kind) {
        case Event::Kind::incoming:
            return "incoming";
        case Event::Kind::progress:
            return "progress";
        case Event::Kind::answered:
            return "answered";
        case Event::Kind::failed:
            return "failed";
        case Event::Kind::changed:
            return "changed";
        case Event::Kind::refused:
            return "refused";
        case Event::Kind::digit:
            return "digit";
        case Event::Kind::ended:
            return "ended";
    }
    return "?";
}

struct Endpoint::Call {
    explicit Call(Random& random) : media(random), session_id(random.u32()) {}

    CallId id;
    call::LegId leg;
    std::string call_id;
    causeway::Endpoint local;  // of RTP
    MediaStream media;
    sdp::OfferAnswer agreement;
    std::uint64_t session_id = 0, version = 0;
    std::vector<sdp::Crypto> offered;  // our key lines of an offer
    std::optional<sdp::Crypto> ours;   // in use
    sdp::SrtpKey theirs;
    sdp::Direction wanted = sdp::Direction::sendrecv;
    std::string answer;  // given in a provisional response: the 2xx repeats it
    bool late_offer = false, confirmed = false, over = false;
    Timers<Timer>::Id frame_timer, answer_timer;
};

Endpoint::Endpoint(Options options, Random& random, Output& output)
    : options_(std::move(options)),
      random_(random),
      output_(output),
      legs_({{sip::Transport::udp, options_.address.ip.to_uri_host(), options_.address.port}},
            options_.timers, "Causeway endpoint", random, *this, *this) {}

Endpoint::~Endpoint() = default;

// ---------------------------------------------------------------------------------------------------- wire
// and time

void Endpoint::receive_sip(Time now, std::string_view datagram, const causeway::Endpoint& from) {
    trace_.push_back({now, false, from, std::string(datagram)});
    if (const auto message = sip::Message::parse(datagram)) {
        legs_.receive(now, *message, {sip::Transport::udp, 0, from});
    }
}

bool Endpoint::send(Time now, const sip::Hop& to, const sip::Message& message) {
    trace_.push_back({now, true, to.remote, std::string(message.text())});
    return output_.send_sip(to.remote, message.text());
}

void Endpoint::receive_media(Time, const causeway::Endpoint& local, ByteView bytes) {
    if (const auto found = by_media_.find(local); found != by_media_.end()) {
        Call& call = *calls_.find(found->second);
        if (const auto digit = call.media.receive(bytes))
            emit(call, Event::Kind::digit, 0, std::string(1, *digit));
        return;
    }
    auto below = local;
    --below.port;
    if (const auto found = by_media_.find(below); found != by_media_.end()) {
        calls_.find(found->second)->media.count_rtcp();
    }
}

std::optional<Time> Endpoint::next_timer() const {
    const auto a = legs_.next_timer();
    const auto b = timers_.next();
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

void Endpoint::advance(Time now) {
    legs_.advance(now);
    while (auto due = timers_.pop_due(now)) {
        Call* call = calls_.find(due->second.call);
        if (call == nullptr) continue;
        if (due->second.kind == Timer::Kind::answer) {
            call->answer_timer = {};
            if (policy_ && policy_->status >= 300) {
                reject(now, call->id, policy_->status);
            } else {
                answer(now, call->id);
            }
            continue;
        }
        call->frame_timer = {};
        if (const auto packet = call->media.next_packet(now)) {
            output_.send_media(call->local, *call->media.remote(), *packet);
        }
        if (call->over || call->media.idle()) continue;
        // On time even if this call came late; not all at once after a long pause.
        const Time next = due->first.deadline + MediaStream::frame;
        const bool far_behind = next + 5 * MediaStream::frame < now;
        call->frame_timer =
            timers_.set(far_behind ? now + MediaStream::frame : next, {Timer::Kind::frame, call->id});
    }
}

// ---------------------------------------------------------------------------------------------------- calls

Endpoint::Call* Endpoint::of_leg(call::LegId leg) const {
    const auto found = by_leg_.find(leg);
    return found == by_leg_.end() ? nullptr : calls_.find(found->second);
}

void Endpoint::emit(const Call& call, Event::Kind kind, int status, std::string text) {
    events_.push_back({kind, call.id, status, std::move(text)});
}

std::vector<Event> Endpoint::take_events() {
    return std::exchange(events_, {});
}

std::optional<CallId> Endpoint::make_call() {
    const auto local = output_.open_media();
    if (!local) return std::nullopt;
    const CallId id = calls_.emplace(random_);
    Call& call = *calls_.find(id);
    call.id = id;
    call.local = *local;
    by_media_[*local] = id;
    return id;
}

std::optional<CallId> Endpoint::call(Time now, std::string_view uri, const causeway::Endpoint& to) {
    const auto target = sip::Uri::parse(uri);
    if (!target) return std::nullopt;
    const auto id = make_call();
    if (!id) return std::nullopt;
    Call& call = *calls_.find(*id);
    call::InviteOptions invite;
    invite.hop = {sip::Transport::udp, 0, to};
    invite.request_uri = uri;
    invite.to.uri = *target;
    invite.from.display = options_.display_name;
    invite.from.uri.scheme = "sip";
    invite.from.uri.user = options_.user;
    invite.from.uri.host = options_.domain.empty() ? options_.address.ip.to_uri_host() : options_.domain;
    invite.headers = options_.headers;
    call.late_offer = options_.late_offer;
    if (!call.late_offer) invite.body = make_offer(call);
    call.leg = legs_.invite(now, invite);
    call.call_id = legs_.find(call.leg)->call_id;
    by_leg_[call.leg] = *id;
    return id;
}

void Endpoint::on_incoming(Time now, call::LegId leg, const sip::Message& invite, const sip::Hop&) {
    const auto id = make_call();
    if (!id) return legs_.reject(now, leg, 503);
    Call& call = *calls_.find(*id);
    call.leg = leg;
    call.call_id = invite.call_id();
    by_leg_[leg] = *id;
    const auto uri = sip::Uri::parse(invite.request_uri());
    emit(call, Event::Kind::incoming, 0, uri ? uri->user : std::string());
    call.late_offer = invite.body().empty();
    if (!call.late_offer && !take_offer(call, invite.body())) {
        reject(now, *id, 488);
        return;
    }
    if (!policy_) return;
    if (policy_->ring != 0) ring(now, *id, policy_->ring);
    if (policy_->status == 0) return;
    call.answer_timer = timers_.set(now + policy_->after, {Timer::Kind::answer, *id});
}

bool Endpoint::ring(Time now, CallId id, int status) {
    Call* call = calls_.find(id);
    const call::Leg* leg = call == nullptr ? nullptr : legs_.find(call->leg);
    if (leg == nullptr || leg->state != call::LegState::incoming) return false;
    if (status == 183 && !call->late_offer && call->answer.empty())
        call->answer = make_answer(now, *call, true);
    legs_.progress(now, call->leg, status, {}, {}, status == 183 ? call->answer : std::string());
    return true;
}

bool Endpoint::answer(Time now, CallId id) {
    Call* call = calls_.find(id);
    const call::Leg* leg = call == nullptr ? nullptr : legs_.find(call->leg);
    if (leg == nullptr || leg->state != call::LegState::incoming) return false;
    timers_.cancel(call->answer_timer);
    const auto body = call->late_offer ? make_offer(*call) : make_answer(now, *call, false);
    if (body.empty()) return reject(now, id, 488);
    legs_.answer(now, call->leg, {}, body);
    return true;
}

bool Endpoint::reject(Time now, CallId id, int status) {
    Call* call = calls_.find(id);
    const call::Leg* leg = call == nullptr ? nullptr : legs_.find(call->leg);
    if (leg == nullptr || leg->state != call::LegState::incoming) return false;
    legs_.reject(now, call->leg, status);
    return true;
}

bool Endpoint::hang_up(Time now, CallId id) {
    Call* call = calls_.find(id);
    if (call == nullptr || call->over || legs_.find(call->leg) == nullptr) return false;
    stop_media(*call);
    legs_.hang_up(now, call->leg);
    return true;
}

void Endpoint::on_progress(Time now, call::LegId leg, const sip::Message& response) {
    Call* call = of_leg(leg);
    if (call == nullptr) return;
    if (!response.body().empty() && !call->late_offer) take_answer(now, *call, response.body(), true);
    emit(*call, Event::Kind::progress, response.status());
}

void Endpoint::on_answered(Time now, call::LegId leg, const sip::Message& response) {
    Call* call = of_leg(leg);
    if (call == nullptr) return;
    bool agreed = false;
    std::string body;
    if (call->late_offer) {
        agreed = take_offer(*call, response.body());
        if (agreed) body = make_answer(now, *call, false);
    } else {
        agreed = take_answer(now, *call, response.body(), false);
    }
    legs_.ack(now, leg, body);
    if (!agreed || (call->late_offer && body.empty())) {
        hang_up(now, call->id);
        return;
    }
    call->confirmed = true;
    emit(*call, Event::Kind::answered, response.status());
}

void Endpoint::on_acked(Time now, call::LegId leg, const sip::Message& ack) {
    Call* call = of_leg(leg);
    if (call == nullptr) return;
    if (call->late_offer && !take_answer(now, *call, ack.body(), false)) {
        hang_up(now, call->id);
        return;
    }
    call->confirmed = true;
    emit(*call, Event::Kind::answered, 200);
}

void Endpoint::on_failed(Time, call::LegId leg, int status, const sip::Message*) {
    if (const Call* call = of_leg(leg)) emit(*call, Event::Kind::failed, status);
}

void Endpoint::on_cancelled(Time, call::LegId leg, const sip::Message&) {
    if (const Call* call = of_leg(leg)) emit(*call, Event::Kind::failed, 487);
}

void Endpoint::on_bye(Time, call::LegId, const sip::Message&) {}  // on_ended follows
void Endpoint::on_lost(Time, call::LegId, std::string_view) {}    // as here

void Endpoint::on_ended(Time, call::LegId leg) {
    if (Call* call = of_leg(leg)) {
        stop_media(*call);
        timers_.cancel(call->answer_timer);
        emit(*call, Event::Kind::ended);
    }
    by_leg_.erase(leg);
}

void Endpoint::on_request(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop&) {
    legs_.respond(now, id, request, 200);
}

// ----------------------------------------------------------------------------------------------------
// re-INVITE

bool Endpoint::change_direction(Time now, CallId id, sdp::Direction direction) {
    Call* call = calls_.find(id);
    if (call == nullptr || call->over) return false;
    const auto offer = repeat_offer(*call, direction);
    if (offer.empty()) return false;
    if (!legs_.reinvite(now, call->leg, offer)) {
        call->agreement.rollback();
        return false;
    }
    call->wanted = direction;
    return true;
}

void Endpoint::on_reinvite(Time now, call::LegId leg, const sip::Message& request) {
    Call* call = of_leg(leg);
    if (call == nullptr || !options_.accept_changes) return legs_.reject_reinvite(now, leg, 488);
    if (request.body().empty()) {  // the ACK brings the answer
        const auto offer = repeat_offer(*call, call->wanted);
        return offer.empty() ? legs_.reject_reinvite(now, leg, 491) : legs_.accept_reinvite(now, leg, offer);
    }
    if (!take_offer(*call, request.body())) return legs_.reject_reinvite(now, leg, 488);
    const auto body = make_answer(now, *call, false);
    legs_.accept_reinvite(now, leg, body);
    const auto* local = call->agreement.agreed_local();
    if (const auto line = audio_line(*local)) {
        emit(*call, Event::Kind::changed, 0,
             std::string(sdp::to_string(local->direction(local->media[*line]))));
    }
}

void Endpoint::on_reinvite_acked(Time now, call::LegId leg, const sip::Message& ack) {
    Call* call = of_leg(leg);
    if (call == nullptr || call->agreement.state() != sdp::OfferAnswer::State::local_offer) return;
    if (!take_answer(now, *call, ack.body(), false)) hang_up(now, call->id);
}

void Endpoint::on_reinvite_accepted(Time now, call::LegId leg, const sip::Message& response) {
    legs_.ack(now, leg);
    Call* call = of_leg(leg);
    if (call == nullptr) return;
    if (!take_answer(now, *call, response.body(), false)) {
        hang_up(now, call->id);
        return;
    }
    emit(*call, Event::Kind::changed, 0, std::string(sdp::to_string(call->wanted)));
}

void Endpoint::on_reinvite_failed(Time, call::LegId leg, int status) {
    Call* call = of_leg(leg);
    if (call == nullptr) return;
    call->agreement.rollback();
    emit(*call, Event::Kind::refused, status);
}

// ----------------------------------------------------------------------------------------------------
// descriptions

sdp::Session Endpoint::frame(Call& call) const {
    sdp::Session s;
    s.origin.session_id = call.session_id;
    s.origin.version = ++call.version;
    s.origin.ip6 = call.local.ip.is_v6();
    s.origin.address = call.local.ip.to_string();
    s.connection = sdp::Connection{s.origin.ip6, s.origin.address, {}};
    return s;
}

sdp::Media Endpoint::audio(const Call& call, const std::vector<sdp::Codec>& codecs, std::string protocol,
                           sdp::Direction direction, const std::vector<sdp::Crypto>& keys) {
    sdp::Media m;
    m.type = "audio";
    m.port = call.local.port;
    m.protocol = std::move(protocol);
    m.set_codecs(codecs);
    m.attributes.push_back({"ptime", "20"});
    for (const auto& k : keys) m.attributes.push_back({"crypto", k.to_string()});
    m.set_direction(direction);
    return m;
}

std::string Endpoint::make_offer(Call& call) {
    call.offered.clear();
    if (options_.srtp != call::SrtpMode::off) {
        for (const auto suite : options_.suites) {
            call.offered.push_back(
                {static_cast<std::uint32_t>(call.offered.size() + 1), sdp::make_srtp_key(suite, random_)});
        }
    }
    sdp::Session s = frame(call);
    const bool mandatory = options_.srtp == call::SrtpMode::mandatory;
    s.media.push_back(
        audio(call, options_.codecs, mandatory ? "RTP/SAVP" : "RTP/AVP", call.wanted, call.offered));
    return call.agreement.send_offer(s) ? s.to_string() : std::string();
}

std::string Endpoint::repeat_offer(Call& call, sdp::Direction direction) {
    if (call.agreement.agreed_local() == nullptr) return {};
    sdp::Session offer = *call.agreement.agreed_local();
    const auto line = audio_line(offer);
    if (!line) return {};
    offer.media[*line].set_direction(direction);
    offer.origin.version = ++call.version;
    if (!call.agreement.send_offer(offer)) return {};
    call.offered.clear();
    if (call.ours) call.offered.push_back(*call.ours);
    return offer.to_string();
}

// Notes their offer; false where it is none that we can answer.
bool Endpoint::take_offer(Call& call, std::string_view body) {
    auto offer = sdp::Session::parse(body);
    if (!offer) return false;
    const auto line = audio_line(*offer);
    if (!line) return false;
    const auto& m = offer->media[*line];
    if (sdp::common_codecs(m.codecs(), options_.codecs).empty()) return false;
    std::optional<sdp::Crypto> chosen;
    if (options_.srtp != call::SrtpMode::off) {
        for (auto& c : sdp::cryptos(m)) {
            const bool known = std::find(options_.suites.begin(), options_.suites.end(), c.key.suite) !=
                               options_.suites.end();
            if (known && !chosen) chosen = std::move(c);
        }
    }
    if (!chosen && (is_secured(m) || options_.srtp == call::SrtpMode::mandatory)) return false;
    if (!call.agreement.receive_offer(std::move(*offer))) return false;
    if (!chosen) {
        call.ours.reset();
        call.theirs = {};
        return true;
    }
    // The same suite keeps our key (RFC 3711 3.3.1).
    if (!call.ours || call.ours->key.suite != chosen->key.suite) {
        call.ours = sdp::Crypto{chosen->tag, sdp::make_srtp_key(chosen->key.suite, random_)};
    }
    call.ours->tag = chosen->tag;
    call.theirs = std::move(chosen->key);
    return true;
}

std::string Endpoint::make_answer(Time now, Call& call, bool preview) {
    if (call.agreement.state() != sdp::OfferAnswer::State::remote_offer) return {};
    const sdp::Session offer = *call.agreement.remote();
    const auto line = *audio_line(offer);
    sdp::Session s = frame(call);
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const auto& m = offer.media[i];
        if (i != line) {
            s.media.push_back(sdp::reject(m));
            continue;
        }
        std::vector<sdp::Crypto> keys;
        if (call.ours) keys.push_back(*call.ours);
        s.media.push_back(audio(call, sdp::common_codecs(m.codecs(), options_.codecs), m.protocol,
                                sdp::answer_direction(offer.direction(m), call.wanted), keys));
    }
    start_media(now, call, s, offer);
    if (preview) return s.to_string();
    if (!call.agreement.send_answer(s)) return {};
    // What a provisional response said stands, to the letter (RFC 6337 3.1.1).
    return call.answer.empty() ? s.to_string() : std::exchange(call.answer, {});
}

bool Endpoint::take_answer(Time now, Call& call, std::string_view body, bool preview) {
    if (call.agreement.state() != sdp::OfferAnswer::State::local_offer) return false;
    auto answer = sdp::Session::parse(body);
    if (!answer) return false;
    const auto line = audio_line(*answer);
    if (!line) return false;
    call.ours.reset();
    call.theirs = {};
    if (auto lines = sdp::cryptos(answer->media[*line]); !lines.empty()) {
        for (const auto& c : call.offered) {
            if (c.tag == lines.front().tag && c.key.suite == lines.front().key.suite) call.ours = c;
        }
        if (!call.ours) return false;
        call.theirs = std::move(lines.front().key);
    } else if (options_.srtp == call::SrtpMode::mandatory) {
        return false;
    }
    const sdp::Session offer = *call.agreement.local();
    if (!preview && !call.agreement.receive_answer(*answer)) return false;
    start_media(now, call, offer, *answer);
    return true;
}

// ---------------------------------------------------------------------------------------------------- media

void Endpoint::start_media(Time now, Call& call, const sdp::Session& local, const sdp::Session& remote) {
    const auto line = audio_line(remote);
    if (!line || *line >= local.media.size()) return;
    const auto& theirs = remote.media[*line];
    const auto& mine = local.media[*line];
    MediaStream::Agreed agreed;
    const auto* c = remote.connection_of(theirs);
    if (const auto ip = c == nullptr ? std::nullopt : IpAddress::parse(c->address))
        agreed.remote = {*ip, theirs.port};
    agreed.codecs = sdp::common_codecs(theirs.codecs(), mine.codecs());
    agreed.direction = sdp::both(local.direction(mine), sdp::reversed(remote.direction(theirs)));
    if (call.ours) {
        agreed.send_key = call.ours->key;
        agreed.receive_key = call.theirs;
    }
    call.media.agree(agreed);
    run_media(now, call);
}

void Endpoint::run_media(Time now, Call& call) {
    if (call.over || call.frame_timer || call.media.idle() || !call.media.agreed()) return;
    call.frame_timer = timers_.set(now + MediaStream::frame, {Timer::Kind::frame, call.id});
}

void Endpoint::stop_media(Call& call) {
    if (call.over) return;
    call.over = true;
    timers_.cancel(call.frame_timer);
    by_media_.erase(call.local);
    output_.close_media(call.local);
}

bool Endpoint::play(Time now, CallId id, ByteView coded) {
    Call* call = calls_.find(id);
    if (call == nullptr || call->over) return false;
    call->media.play(coded);
    run_media(now, *call);
    return true;
}

bool Endpoint::send_digits(Time now, CallId id, std::string_view digits) {
    Call* call = calls_.find(id);
    if (call == nullptr || call->over) return false;
    call->media.send_digits(digits);
    run_media(now, *call);
    return true;
}

const MediaStream* Endpoint::media(CallId id) const {
    const Call* call = calls_.find(id);
    return call == nullptr ? nullptr : &call->media;
}

bool Endpoint::confirmed(CallId id) const {
    const Call* call = calls_.find(id);
    return call != nullptr && call->confirmed && !call->over;
}

std::string Endpoint::call_id(CallId id) const {
    const Call* call = calls_.find(id);
    return call == nullptr ? std::string() : call->call_id;
}

void Endpoint::forget(CallId id) {
    const Call* call = calls_.find(id);
    if (call != nullptr && !by_leg_.contains(call->leg)) calls_.erase(id);
}

}  // namespace causeway::endpoint
