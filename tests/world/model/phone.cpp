#include "tests/world/model/phone.hpp"

#include <fmt/format.h>

#include "host/base/text.hpp"

namespace causeway::world {
namespace {

constexpr std::uint32_t packets_per_talk = 60, packets_per_report = 25;
constexpr Duration packet_interval = Millis(20);
constexpr Duration longest_ack = Seconds(16);     // the answer was repeated six times
constexpr Duration longest_change = Seconds(10);  // a few that cross, each after its back-off

Endpoint above(Endpoint rtp) {
    ++rtp.port;
    return rtp;
}

}  // namespace

Phone::Phone(Habits habits, std::uint64_t seed, Surroundings& surroundings)
    : habits_(std::move(habits)), dice_(seed), surroundings_(surroundings) {
    start();
}

void Phone::start() {
    const std::vector<sip::Listener> listeners{
        {habits_.transport,
         habits_.host_name ? "pbx." + habits_.name + ".example" : habits_.signaling.ip.to_string(),
         habits_.signaling.port}};
    sip::TransactionWire& wire = *this;
    call::LegEvents& events = *this;
    legs_.emplace(listeners, sip::TimerValues{}, habits_.name + "-ua", dice_, wire, events);
}

void Phone::crash(const Endpoint& signaling) {
    ++counters_.crashes;
    ++lives_;
    for (auto& [leg, call] : calls_) {
        call.story.ended = surroundings_.now();
        stories_.push_back(std::move(call.story));
    }
    calls_.clear();
    by_media_.clear();
    forks_.clear();
    habits_.signaling = signaling;
    start();
}

std::vector<std::string> Phone::describe() const {
    std::vector<std::string> out;
    for (const auto& [id, call] : calls_) {
        const auto* leg = legs_->find(id);
        out.push_back(fmt::format("{}: call {} as {}, {}, {}", habits_.name, call.story.serial,
                                  call.story.caller ? "caller" : "callee",
                                  leg == nullptr ? "without leg" : to_string(leg->state),
                                  call.media.to_string()));
    }
    return out;
}

Phone::Call& Phone::add(call::LegId leg, std::uint32_t serial, bool caller) {
    Call call;
    call.leg = leg;
    call.story.serial = serial;
    call.story.caller = caller;
    call.media = {habits_.media, next_port_};
    next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
    call.voice = std::make_unique<Voice>(dice_, call.media, serial, caller, habits_.srtp, habits_.suites,
                                         habits_.name + "-user");
    by_media_[call.media] = leg;
    return calls_[leg] = std::move(call);
}

Phone::Call* Phone::find(call::LegId leg) {
    const auto found = calls_.find(leg);
    return found == calls_.end() ? nullptr : &found->second;
}

void Phone::later(Duration delay, call::LegId leg, void (Phone::*action)(Call&)) {
    surroundings_.later(delay, [this, life = lives_, leg, action] {
        if (life != lives_) return;
        if (Call* call = find(leg)) (this->*action)(*call);
    });
}

// A 2xx to the INVITE that began a call, perhaps again.
bool Phone::is_answer(const sip::Message& message) {
    if (message.status() / 100 != 2 || message.cseq().method != sip::Method::invite) return false;
    bool yes = false;
    legs_->for_each([&](const call::Leg& leg) {
        yes = yes || (leg.is_incoming && leg.call_id == message.call_id() &&
                      leg.invite.cseq().number == message.cseq().number);
    });
    return yes;
}

// What a phone says has passed its own transactions: from here on they believe that it was sent.
bool Phone::send(Time, const sip::Hop&, const sip::Message& message) {
    std::string text(message.text());
    const bool response = !message.is_request();
    if (!response && message.cseq().method == sip::Method::ack && dice_.chance(habits_.no_ack)) {
        ++counters_.acks_kept;
        return true;
    }
    // The same with the character after `mark` changed, in the header field that begins so.
    const auto change = [&text](std::string_view field, std::string_view mark) {
        const auto begin = text.find(field);
        const auto at = begin == std::string::npos ? begin : text.find(mark, begin);
        if (at == std::string::npos || at > text.find("\r\n", begin + 2)) return false;
        char& c = text[at + mark.size()];
        c = c == 'f' ? 'e' : 'f';
        return true;
    };
    const auto other_tag = [&] { return change("\r\nTo: ", ";tag="); };
    if (is_answer(message) && dice_.chance(habits_.second_answer)) {
        put(text);
        if (other_tag()) {
            ++counters_.second_answers;
            const auto fork = sip::Message::parse(text);
            if (fork && forked_.emplace(fork->to().tag()).second) forks_.emplace(fork->to().tag());
            put(text);
        }
        return true;
    }
    if (!response && dice_.chance(habits_.wrong_tag)) {
        const auto right = text;
        if (other_tag() && change("\r\nVia: ", "branch=z9hG4bK")) {  // a transaction of its own
            ++counters_.wrong_tags;
            put(text);
        }
        text = right;
    }
    if (dice_.chance(habits_.slow)) {
        ++counters_.slow;
        surroundings_.later(dice_.between(Millis(100), Millis(5000)), [this, life = lives_, text] {
            if (life == lives_) put(text);
        });
        return true;
    }
    put(std::move(text));
    return true;
}

void Phone::put(std::string text) {
    surroundings_.send_sip(habits_.signaling, habits_.gateway, text);
}

void Phone::receive_sip(std::string_view datagram) {
    const auto message = sip::Message::parse(datagram);
    if (!message) {
        ++counters_.unreadable;
        return;
    }
    if (message->is_request() && message->method() == sip::Method::bye) {
        forks_.erase(std::string(message->to().tag()));
    }
    legs_->receive(surroundings_.now(), *message, gateway());
}

// ---------------------------------------------------------------------------------------------------- caller

void Phone::dial(const std::string& prefix, std::uint32_t serial) {
    ++counters_.dialled;
    const bool wrong = dice_.chance(habits_.wrong_number);
    const std::string host = habits_.gateway.ip.to_string();
    call::InviteOptions out;
    out.hop = gateway();
    out.request_uri =
        wrong ? fmt::format("sip:+99{}@{}", serial, host)
              : fmt::format("{}:{}{}{}", dice_.chance(10) ? "tel" : "sip", prefix, serial, "@" + host);
    if (out.request_uri.substr(0, 4) == "tel:") out.request_uri.resize(out.request_uri.find('@'));
    out.call_id = fmt::format("{}-{}@pbx.{}.example", habits_.name, dice_.token(8), habits_.name);
    out.from.display = "Caller " + std::to_string(serial);
    out.from.uri = sip::Uri::parse(fmt::format("sip:+77{}@pbx.{}.example", serial, habits_.name)).value();
    out.to.uri = sip::Uri::parse(out.request_uri).value();
    if (dice_.chance(30)) {
        out.headers.emplace_back("P-Asserted-Identity",
                                 fmt::format("<sip:+77{}@pbx.{}.example>", serial, habits_.name));
        out.headers.emplace_back("Privacy", "id");
    }
    // The leg's id is not known before it has called; its media must be.
    const bool late = dice_.chance(habits_.late_offer);
    Call draft = std::move(add({}, serial, true));
    calls_.erase(call::LegId{});
    draft.late_offer = late;
    if (late) ++counters_.late_offers;
    if (!late) out.body = draft.voice->offer(sdp::Direction::sendrecv);
    const auto leg = legs_->invite(surroundings_.now(), out);
    draft.leg = leg;
    by_media_[draft.media] = leg;
    calls_[leg] = std::move(draft);
    if (dice_.chance(habits_.give_up)) later(dice_.between(Millis(0), Millis(9000)), leg, &Phone::give_up);
    // Nobody waits for ever.
    later(Seconds(70), leg, &Phone::hang_up);
}

void Phone::give_up(Call& call) {
    if (call.story.confirmed) return;
    ++counters_.gave_up;
    legs_->hang_up(surroundings_.now(), call.leg);
}

void Phone::on_progress(Time, call::LegId leg, const sip::Message& response) {
    Call* call = find(leg);
    if (call == nullptr || response.body().empty() || call->late_offer) return;
    if (!call->voice->take_answer(response.body())) {
        surroundings_.problem(habits_.name + " cannot use the gateway's early answer");
    } else {
        call->early_answer = response.body();
    }
}

void Phone::on_answered(Time now, call::LegId leg, const sip::Message& response) {
    Call* call = find(leg);
    if (call == nullptr) return legs_->hang_up(now, leg);
    if (call->late_offer) {
        const auto answer = call->voice->answer(response.body(), sdp::Direction::sendrecv);
        if (!answer) return hang_up(*call);  // the policies of both sides do not fit
        legs_->ack(now, leg, *answer);
    } else {
        if (!call->early_answer.empty() && call->early_answer != response.body()) {
            surroundings_.problem(habits_.name + " got another answer in the 2xx than before");
        }
        if (!call->voice->take_answer(response.body())) {
            surroundings_.problem(habits_.name + " cannot use the gateway's answer");
            return hang_up(*call);
        }
        legs_->ack(now, leg);
    }
    ++counters_.answered;
    confirmed(*call);
}

void Phone::on_failed(Time, call::LegId leg, int, const sip::Message*) {
    ++counters_.failed;
    finish(leg);
}

// ---------------------------------------------------------------------------------------------------- callee

void Phone::on_incoming(Time now, call::LegId leg, const sip::Message& invite, const sip::Hop&) {
    const auto uri = sip::Uri::parse(invite.request_uri());
    const auto number = uri ? uri->user : std::string();
    const auto serial =
        parse_number<std::uint32_t>(std::string_view(number).substr(std::min<std::size_t>(3, number.size())));
    Call& call = add(leg, serial.value_or(0), false);
    if (invite.body().empty()) {
        call.late_offer = true;
    } else if (auto answer = call.voice->answer(invite.body(), sdp::Direction::sendrecv)) {
        call.early_answer = std::move(*answer);
    } else {
        ++counters_.refused;
        legs_->reject(now, leg, 488);
        return finish(leg);
    }
    if (dice_.chance(80)) later(dice_.between(Millis(0), Millis(3000)), leg, &Phone::ring);
    if (dice_.chance(habits_.early_media)) {
        later(dice_.between(Millis(0), Millis(4000)), leg, &Phone::preview);
    }
    const auto decided = dice_.between(Millis(0), Millis(8000));
    if (dice_.chance(habits_.no_answer)) {  // but does not ring for ever, should the CANCEL get lost
        later(Seconds(90), leg, &Phone::reject);
        return;
    }
    later(decided, leg, dice_.chance(habits_.reject) ? &Phone::reject : &Phone::pick_up);
}

void Phone::ring(Call& call) {
    ++counters_.rung;
    legs_->progress(surroundings_.now(), call.leg, 180, {}, {}, {});
}

void Phone::preview(Call& call) {
    if (call.late_offer) return;
    legs_->progress(surroundings_.now(), call.leg, 183, {}, {}, call.early_answer);
    if (legs_->find(call.leg)->state != call::LegState::incoming) return;
    call.previewed = true;
    talk(call);
}

void Phone::pick_up(Call& call) {
    const auto* leg = legs_->find(call.leg);
    if (leg == nullptr || leg->state != call::LegState::incoming) return;
    std::string body = call.late_offer ? call.voice->offer(sdp::Direction::sendrecv) : call.early_answer;
    if (dice_.chance(habits_.bad_answer)) body = dice_.chance(50) ? "v=0\r\n" : "";
    if (!call.late_offer) call.story.answered = surroundings_.now();
    legs_->answer(surroundings_.now(), call.leg, {}, body);
}

void Phone::reject(Call& call) {
    static const std::vector<int> statuses{302, 400, 401, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603};
    ++counters_.refused;
    const auto leg = call.leg;
    legs_->reject(surroundings_.now(), leg, dice_.one_of(statuses));
    finish(leg);
}

void Phone::on_acked(Time now, call::LegId leg, const sip::Message& ack) {
    Call* call = find(leg);
    if (call == nullptr) return;
    if (call->late_offer && !call->voice->take_answer(ack.body())) return legs_->hang_up(now, leg);
    ++counters_.answered;
    confirmed(*call);
}

void Phone::on_cancelled(Time, call::LegId leg, const sip::Message&) {
    finish(leg);
}

// ---------------------------------------------------------------------------------------------------- both

void Phone::confirmed(Call& call) {
    call.story.confirmed = surroundings_.now();
    talk(call);
    const auto talks = dice_.between(Millis(0), Millis(12000));
    if (dice_.chance(50)) later(talks, call.leg, &Phone::hang_up);
    later(Seconds(25), call.leg, &Phone::hang_up);
    for (int i = 0; i < 3; ++i) {
        if (dice_.chance(habits_.hold)) {
            later(dice_.between(Millis(0), Millis(10000)), call.leg,
                  dice_.chance(60) ? &Phone::change_hold : &Phone::change);
        }
        if (dice_.chance(habits_.storm))
            later(dice_.between(Millis(0), Millis(10000)), call.leg, &Phone::storm);
        if (dice_.chance(habits_.noise)) {
            later(dice_.between(Millis(0), Millis(10000)), call.leg, &Phone::make_noise);
        }
    }
}

void Phone::hang_up(Call& call) {
    const auto leg = call.leg;
    legs_->hang_up(surroundings_.now(), leg);
    finish(leg);
}

void Phone::change_hold(Call& call) {
    static const std::vector<sdp::Direction> holds{sdp::Direction::sendonly, sdp::Direction::inactive,
                                                   sdp::Direction::recvonly};
    static const std::vector<Wish::Hold> forms{Wish::Hold::attribute, Wish::Hold::session,
                                               Wish::Hold::address};
    if (!may_change(call)) return;
    call.wanted = call.holding ? sdp::Direction::sendrecv : dice_.one_of(holds);
    reinvite(call, call.voice->offer({.direction = call.wanted, .hold = dice_.one_of(forms)}));
}

// An offer may not be made while another is under way; Legs knows.
bool Phone::may_change(const Call& call) const {
    const auto* leg = legs_->find(call.leg);
    return leg != nullptr && !leg->reinvite_in && !leg->reinvite_out && !leg->reinvite_ack &&
           !leg->reinvite_waits && !leg->ok_pending && leg->state == call::LegState::confirmed;
}

void Phone::reinvite(Call& call, const std::string& body) {
    call.story.disturbed = true;
    call.late_change = body.empty();
    call.asked = surroundings_.now();
    if (!legs_->reinvite(surroundings_.now(), call.leg, body)) {
        surroundings_.problem("a re-INVITE that should go did not");
    }
    if (dice_.chance(15)) later(dice_.between(Millis(0), Millis(1500)), call.leg, &Phone::cancel_change);
}

void Phone::cancel_change(Call& call) {
    const auto* leg = legs_->find(call.leg);
    if (leg == nullptr || !(leg->reinvite_out || leg->reinvite_waits) || leg->reinvite_cancelled) return;
    ++counters_.changes_cancelled;
    call.voice->rollback();
    legs_->cancel_reinvite(surroundings_.now(), call.leg);
}

// Changed its mind too late, and will have none of it.
void Phone::on_reinvite_undone(Time now, call::LegId leg, const sip::Message&) {
    legs_->ack(now, leg);
    if (Call* call = find(leg)) hang_up(*call);
}

// Anything but the direction: or nothing, and the other side makes the offer.
void Phone::change(Call& call) {
    static const std::vector<std::vector<std::uint8_t>> codecs{{0}, {8, 101}, {0, 8, 101}};
    if (!may_change(call)) return;
    call.wanted = call.holding ? sdp::Direction::sendonly : sdp::Direction::sendrecv;
    if (dice_.chance(30)) return reinvite(call, {});
    Wish wish{.direction = call.wanted};
    if (dice_.chance(40)) wish.codecs = dice_.one_of(codecs);
    wish.new_keys = dice_.chance(30);
    if (dice_.chance(50)) wish.video = dice_.chance(60);
    if (dice_.chance(25)) {
        wish.local = Endpoint{habits_.media, next_port_};
        next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
        by_media_[*wish.local] = call.leg;
    }
    reinvite(call, call.voice->offer(wish));
}

// A change every few milliseconds, whether or not that before is through.
void Phone::storm(Call& call) {
    ++counters_.storms;
    for (int i = 0; i < 20; ++i) later(Millis(20 * i), call.leg, &Phone::change);
}

void Phone::on_reinvite(Time now, call::LegId leg, const sip::Message&) {
    Call* call = find(leg);
    if (call == nullptr) return legs_->reject_reinvite(now, leg, 481);
    call->story.disturbed = true;
    if (dice_.chance(habits_.refuse_reinvite)) {
        static const std::vector<int> statuses{488, 491, 500, 606};
        return legs_->reject_reinvite(now, leg, dice_.one_of(statuses));
    }
    if (dice_.chance(habits_.forgetful)) return;  // the call ends some day
    if (dice_.chance(30)) {                       // takes its time
        return later(dice_.between(Millis(0), Millis(1500)), leg, &Phone::answer_change);
    }
    answer_change(*call);
}

void Phone::answer_change(Call& call) {
    const Time now = surroundings_.now();
    const auto leg = call.leg;
    if (legs_->find(leg) == nullptr || !legs_->find(leg)->reinvite_in) return;  // cancelled
    const std::string request(legs_->find(leg)->reinvite.body());
    const auto willing = call.holding ? sdp::Direction::sendonly : sdp::Direction::sendrecv;
    if (request.empty()) {
        auto offer = call.voice->offer(willing);
        if (dice_.chance(habits_.bad_answer)) offer = "v=0\r\n";
        return legs_->accept_reinvite(now, leg, offer);
    }
    if (dice_.chance(habits_.bad_answer)) return legs_->accept_reinvite(now, leg, "v=0\r\n");
    if (const auto answer = call.voice->answer(request, willing)) {
        legs_->accept_reinvite(now, leg, *answer);
    } else {
        counters_.unusable.push_back("cannot answer a re-INVITE");
        legs_->reject_reinvite(now, leg, 488);
    }
}

void Phone::on_reinvite_acked(Time now, call::LegId leg, const sip::Message& ack) {
    Call* call = find(leg);
    if (call == nullptr || !call->voice->offering() || call->voice->take_answer(ack.body())) return;
    // None comes where the gateway ends the call.
    if (!ack.body().empty()) counters_.unusable.push_back("cannot use the answer in the ACK of a re-INVITE");
    legs_->hang_up(now, leg);
    finish(leg);
}

void Phone::on_reinvite_accepted(Time now, call::LegId leg, const sip::Message& response) {
    Call* call = find(leg);
    if (call == nullptr) return legs_->ack(now, leg);
    if (call->late_change) {
        const auto answer = call->voice->answer(response.body(), call->wanted);
        if (!answer) counters_.unusable.push_back("cannot answer the offer in a 2xx");
        legs_->ack(now, leg, answer && !dice_.chance(habits_.bad_answer) ? *answer : "");
        ++counters_.late_changes;
        return;
    }
    legs_->ack(now, leg);
    if (!call->voice->take_answer(response.body())) {
        counters_.unusable.push_back("cannot use the answer to a re-INVITE");
    }
    ++counters_.changes;
    call->holding = call->wanted != sdp::Direction::sendrecv;
    ++(call->holding ? counters_.holds : counters_.resumes);
    talk(*call);
}

void Phone::on_reinvite_failed(Time, call::LegId leg, int) {
    ++counters_.reinvites_refused;
    if (Call* call = find(leg)) call->voice->rollback();
}

void Phone::on_bye(Time, call::LegId leg, const sip::Message&) {
    finish(leg);
}

void Phone::on_lost(Time, call::LegId leg, std::string_view) {
    ++counters_.lost;
    finish(leg);
}

void Phone::on_request(Time now, sip::TransactionId id, const sip::Message& request, const sip::Hop&) {
    legs_->respond(now, id, request, 200);
}

void Phone::on_ended(Time, call::LegId leg) {
    finish(leg);
}

void Phone::finish(call::LegId leg) {
    Call* call = find(leg);
    if (call == nullptr) return;
    call->story.ended = surroundings_.now();
    const auto& story = call->story;
    if (story.answered && !story.confirmed && *story.ended - *story.answered > longest_ack) {
        ++counters_.unacknowledged;
    }
    if (const auto* its = legs_->find(leg); its != nullptr && its->reinvite_out) {
        call->story.left_waiting = surroundings_.now() - call->asked > longest_change;
    }
    stories_.push_back(std::move(call->story));
    std::erase_if(by_media_, [&](const auto& m) { return m.second == leg; });
    calls_.erase(leg);
}

// Requests that a gateway must survive, sent past our own transactions: nobody here waits for what they draw.
void Phone::make_noise(Call& call) {
    static const std::vector<std::string> methods{"REFER", "OPTIONS", "INFO", "UPDATE", "JUGGLE", "NOTIFY"};
    const auto* leg = legs_->find(call.leg);
    if (leg == nullptr || leg->dialog() == nullptr) return;
    ++counters_.noise;
    const auto& dialog = *leg->dialog();
    const auto& method = dice_.one_of(methods);
    const std::string host = habits_.signaling.ip.to_string();
    const bool inside = dice_.chance(70);
    surroundings_.send_sip(
        habits_.signaling, habits_.gateway,
        fmt::format("{} {} SIP/2.0\r\nVia: SIP/2.0/{} {}:5060;branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\n"
                    "From: <sip:noise@{}>;tag={}\r\nTo: <sip:gateway@{}>{}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n"
                    "Contact: <sip:{}:5060>\r\nRefer-To: <sip:{}>\r\nContent-Length: 0\r\n\r\n",
                    method, dialog.remote_target, to_string(habits_.transport), host, dice_.token(8), host,
                    dialog.id.local_tag, habits_.gateway.ip.to_string(),
                    inside ? ";tag=" + dialog.id.remote_tag : "", dialog.id.call_id,
                    inside ? dialog.local_cseq : 1, method, host, host));
}

// ---------------------------------------------------------------------------------------------------- media

void Phone::talk(Call& call) {
    if (call.talking) return;
    call.talking = true;
    const auto leg = call.leg;
    struct Loop {
        static void step(Phone& phone, call::LegId id, std::uint32_t left) {
            Call* c = phone.find(id);
            if (c == nullptr) return;
            if (left == 0) {
                c->talking = false;
                return;
            }
            if (c->voice->may_send()) {
                c->story.sent.push_back(phone.surroundings_.now());
                ++phone.counters_.packets_sent;
                const auto local = phone.outside(c->voice->local()), remote = c->voice->remote();
                phone.surroundings_.send_media(local, remote, c->voice->next_packet());
                if (left % packets_per_report == 0) {
                    ++phone.counters_.rtcp_sent;
                    phone.surroundings_.send_media(above(local), above(remote), c->voice->next_report());
                }
            }
            phone.surroundings_.later(packet_interval, [&phone, life = phone.lives_, id, left] {
                if (life == phone.lives_) step(phone, id, left - 1);
            });
        }
    };
    Loop::step(*this, leg, packets_per_talk);
}

void Phone::receive_media(const Endpoint& local, const Endpoint& from, ByteView bytes) {
    Endpoint rtp = local;
    const bool rtcp = local.port % 2 != 0;
    rtp.port = static_cast<std::uint16_t>(rtp.port & ~1U);
    const bool inside =
        habits_.nat && rtp.port >= first_port + nat_offset && rtp.port < first_port + Voice::video_offset;
    if (inside) rtp.port = static_cast<std::uint16_t>(rtp.port - nat_offset);
    const auto found = by_media_.find(rtp);
    Call* call = found == by_media_.end() ? nullptr : find(found->second);
    if (call == nullptr) return;
    if (rtcp) {
        if (call->voice->hear_rtcp(bytes)) {
            ++counters_.rtcp_heard;
        } else {
            ++counters_.forged;
        }
        return;
    }
    if (call->voice->remote().port != 0 && from != call->voice->remote()) {
        ++counters_.misplaced;
        return;
    }
    const auto heard = call->voice->hear(bytes);
    switch (heard.what) {
        case Voice::Heard::What::corrupt:
            counters_.corrupt.push_back(heard.why);
            return;
        case Voice::Heard::What::forged:
            ++counters_.forged;
            return;
        case Voice::Heard::What::replayed:
            ++counters_.replayed;
            return;
        case Voice::Heard::What::early:
            return;
        case Voice::Heard::What::packet:
            break;
    }
    ++counters_.packets_heard;
    auto& story = call->story;
    ++story.heard;
    if (!story.first_heard) story.first_heard = heard.index;
    if (story.last_heard && heard.index != *story.last_heard + 1) story.in_order = false;
    if (story.last_heard && heard.index <= *story.last_heard) story.went_back = true;
    story.last_heard = std::max(heard.index, story.last_heard.value_or(0));
}

}  // namespace causeway::world
