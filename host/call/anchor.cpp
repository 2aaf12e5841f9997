#include "host/call/anchor.hpp"

#include <algorithm>
#include <bitset>
#include <utility>

#include "host/base/text.hpp"

namespace causeway::call {
namespace {

bool is_secured(const sdp::Media& m) {
    return m.protocol.find("SAVP") != std::string::npos;
}

// In use, and with a format that we can name; all else we reject.
bool live_rtp(const sdp::Media& m) {
    return !m.rejected() && m.is_rtp() && !m.codecs().empty();
}

void keep_attributes(std::vector<sdp::Attribute>& attributes, const Traces& traces,
                     bool (*ends)(std::string_view)) {
    std::erase_if(attributes,
                  [&](const sdp::Attribute& a) { return ends(a.name) || (a.value && traces.in(*a.value)); });
}

void keep_bandwidths(std::vector<std::string>& bandwidths) {
    std::erase_if(bandwidths,
                  [](const std::string& b) { return !istarts_with(b, "AS:") && !istarts_with(b, "TIAS:"); });
}

// Codecs of `list` that have their like in `other`.
std::vector<sdp::Codec> shared(const std::vector<sdp::Codec>& list, const std::vector<sdp::Codec>& other) {
    std::vector<sdp::Codec> out;
    for (const auto& c : list) {
        if (std::any_of(other.begin(), other.end(), [&](const auto& o) { return c.same_encoding(o); })) {
            out.push_back(c);
        }
    }
    return out;
}

// What a record says of a line is bounded, whatever a peer calls it and however often it is taken out of use:
// from some number on the figures of lines out of use are added up in the last entry.
std::string named(std::string_view type) {
    return std::string(type.substr(0, 16));
}

void keep(std::vector<CdrMedia>& closed, CdrMedia last) {
    constexpr std::size_t most = 16;
    if (closed.size() < most) {
        closed.push_back(std::move(last));
        return;
    }
    media::PortReport& sum = closed.back().figures;
    const media::PortReport& r = last.figures;
    sum.packets_received += r.packets_received;
    sum.octets_received += r.octets_received;
    sum.packets_lost += r.packets_lost;
    sum.max_jitter = std::max(sum.max_jitter, r.max_jitter);
    sum.packets_sent += r.packets_sent;
    sum.octets_sent += r.octets_sent;
    sum.dropped_source += r.dropped_source;
    sum.dropped_direction += r.dropped_direction;
    sum.dropped_unauthentic += r.dropped_unauthentic;
    sum.dropped_replayed += r.dropped_replayed;
    sum.dropped_malformed += r.dropped_malformed;
    sum.dropped_payload_type += r.dropped_payload_type;
    sum.dropped_rtcp += r.dropped_rtcp;
    sum.rtcp_implausible += r.rtcp_implausible;
    sum.ssrc_collisions += r.ssrc_collisions;
    sum.late += r.late;
    sum.concealed += r.concealed;
    sum.playout_delay = r.playout_delay;
    sum.rtcp_received += r.rtcp_received;
    sum.rtcp_sent += r.rtcp_sent;
    sum.remote_lost += r.remote_lost;
}

// Payload types by what they stand for. An encoding may stand in the list several times (packetization modes
// of H.264, say): then parameters decide, else the number itself; each number is given out once.
class Numbers {
  public:
    explicit Numbers(const std::vector<sdp::Codec>& known) : known_(known) {}
    std::optional<std::uint8_t> take(const sdp::Codec& wanted) {
        const sdp::Codec* best = nullptr;
        int best_rank = -1;
        for (const auto& k : known_) {
            if (!k.same_encoding(wanted) || used_.test(k.payload_type & 127U)) continue;
            const int rank = k.fmtp == wanted.fmtp ? 2 : k.payload_type == wanted.payload_type ? 1 : 0;
            if (rank <= best_rank) continue;
            best = &k;
            best_rank = rank;
        }
        if (best == nullptr) return std::nullopt;
        used_.set(best->payload_type & 127U);
        return best->payload_type;
    }

  private:
    const std::vector<sdp::Codec>& known_;
    std::bitset<128> used_;
};

// `codecs` with the payload types that `known` has for them: a number keeps its meaning for the whole session
// (RFC 3264 8.3.2). What is new keeps its number where that is free.
std::vector<sdp::Codec> renumbered(std::vector<sdp::Codec> codecs, const std::vector<sdp::Codec>& known) {
    std::bitset<128> taken;
    for (const auto& k : known) taken.set(k.payload_type & 127U);
    Numbers numbers(known);
    std::vector<sdp::Codec> out;
    for (auto& c : codecs) {
        auto number = numbers.take(c);
        if (!number && !taken.test(c.payload_type & 127U)) number = c.payload_type;
        for (std::uint8_t free = 96; !number && free < 128; ++free) {
            const bool wanted = std::any_of(codecs.begin(), codecs.end(),
                                            [&](const auto& other) { return other.payload_type == free; });
            if (!taken.test(free) && !wanted) number = free;
        }
        if (!number) continue;  // none left
        taken.set(*number & 127U);
        c.payload_type = *number;
        out.push_back(c);
    }
    return out;
}

// Where RTP and RTCP of a line go (RFC 3605 for a=rtcp). Unspecified where the address is no literal.
std::pair<Endpoint, Endpoint> addresses(const sdp::Session& session, const sdp::Media& m) {
    const auto* c = session.connection_of(m);
    const auto ip = c == nullptr ? std::nullopt : IpAddress::parse(c->address);
    if (!ip || m.rejected()) return {};
    Endpoint rtp{*ip, m.port};
    Endpoint rtcp{*ip, static_cast<std::uint16_t>(m.port + 1)};
    if (const auto attribute = m.attribute("rtcp"); !attribute.empty()) {
        const auto words = split(attribute, ' ');
        if (const auto port = parse_number<std::uint16_t>(words[0])) rtcp.port = *port;
        if (words.size() == 4) {
            if (const auto other = IpAddress::parse(words[3])) rtcp.ip = *other;
        }
    }
    return {rtp, rtcp};
}

}  // namespace

Anchor::Anchor(const Trunk& trunk, const SdpRules& rules, media::Ports& ports, Random& random,
               media::PortOptions options)
    : trunk_(trunk),
      rules_(rules),
      ports_(ports),
      random_(random),
      options_(std::move(options)),
      session_id_(random.u32()) {}

// Of the engine's, offered where the configuration names none: with all, an offer would not fit a datagram.
constexpr std::size_t usual_suites = 4;

std::vector<sdp::SrtpSuite> Anchor::suites() const {
    const auto& able = ports_.capabilities().suites;
    if (trunk_.suites.empty()) return able;
    std::vector<sdp::SrtpSuite> out;
    for (const auto s : trunk_.suites) {
        if (std::find(able.begin(), able.end(), s) != able.end()) out.push_back(s);
    }
    return out;
}

Taken<void> Anchor::open_port(Time now, Line& line, const sdp::Media& media) {
    if (line.port) return {};
    auto options = options_;
    if (const auto codecs = media.codecs(); !codecs.empty()) options.clock_rate = codecs.front().clock_rate;
    auto opened = ports_.open(now, options);
    if (!opened) return tl::make_unexpected(Refusal{503, opened.error().what});
    line.port = *opened;
    return {};
}

// ---------------------------------------------------------------------------------------------------- keys

// As answerer: the first of their key lines that we can take; ours gets the same tag and suite (RFC
// 4568 5.1.2).
Taken<void> Anchor::choose_key(Line& line, const sdp::Media& offered) {
    const auto refuse = [&](std::string_view why) {
        return tl::make_unexpected(Refusal{488, std::string(why)});
    };
    const bool secured = is_secured(offered);
    if (trunk_.srtp == SrtpMode::off) {
        if (secured) return refuse("SRTP offered, plain RTP configured");
        return {};
    }
    const auto allowed = suites();
    auto lines = sdp::cryptos(offered);
    std::erase_if(lines, [&](const sdp::Crypto& c) {
        return std::find(allowed.begin(), allowed.end(), c.key.suite) == allowed.end();
    });
    if (!lines.empty()) {
        // The key in use stays, with ours. Whoever changes his has begun anew: so do we.
        const auto same = std::find_if(lines.begin(), lines.end(),
                                       [&](const sdp::Crypto& c) { return c.key == line.theirs; });
        auto& theirs = same == lines.end() ? lines.front() : *same;
        if (same == lines.end() || !line.ours || line.ours->key.suite != theirs.key.suite) {
            line.ours = sdp::Crypto{theirs.tag, sdp::make_srtp_key(theirs.key.suite, random_)};
        }
        line.ours->tag = theirs.tag;
        line.theirs = std::move(theirs.key);
        return {};
    }
    if (secured) return refuse("no usable a=crypto line");
    if (trunk_.srtp == SrtpMode::mandatory) return refuse("plain RTP offered, SRTP required");
    line.ours.reset();
    line.theirs = {};
    return {};
}

// As offerer: the line of theirs must name one of ours (RFC 4568 5.1.3).
Taken<void> Anchor::take_key(Line& line, const sdp::Media& answered) {
    const auto refuse = [&](std::string_view why) {
        return tl::make_unexpected(Refusal{488, std::string(why)});
    };
    const auto lines = sdp::cryptos(answered);
    if (line.offered.empty() || lines.empty()) {
        if (is_secured(answered) && !line.offered.empty()) return refuse("secured answer without a=crypto");
        if (trunk_.srtp == SrtpMode::mandatory) return refuse("answer without SRTP, SRTP required");
        line.ours.reset();
        line.theirs = {};
        return {};
    }
    const auto& theirs = lines.front();
    const auto ours = std::find_if(line.offered.begin(), line.offered.end(), [&](const sdp::Crypto& c) {
        return c.tag == theirs.tag && c.key.suite == theirs.key.suite;
    });
    if (ours == line.offered.end()) return refuse("a=crypto of the answer names no line of the offer");
    line.ours = *ours;
    line.theirs = theirs.key;
    return {};
}

// ----------------------------------------------------------------------------------------------------
// descriptions

sdp::Session Anchor::frame(const sdp::Session& theirs, const Traces& traces) const {
    sdp::Session out;
    out.times = theirs.times;
    out.bandwidths = theirs.bandwidths;
    out.attributes = theirs.attributes;
    keep_bandwidths(out.bandwidths);
    keep_attributes(out.attributes, traces, ends_here_session);
    // Directions are said line by line.
    std::erase_if(out.attributes, [](const sdp::Attribute& a) {
        return a.name == "sendrecv" || a.name == "sendonly" || a.name == "recvonly" || a.name == "inactive";
    });
    return out;
}

sdp::Media Anchor::anchored(const Line& line, const sdp::Media& theirs, const sdp::Session& session,
                            const Traces& traces) const {
    sdp::Media out = theirs;
    out.title.reset();
    out.key.reset();
    keep_bandwidths(out.bandwidths);
    keep_attributes(out.attributes, traces, ends_here);
    out.set_direction(session.direction(theirs));
    const Endpoint local = ports_.advertised(*line.port);
    out.port = local.port;
    out.port_count = 1;
    out.connection = sdp::Connection{local.ip.is_v6(), local.ip.to_string(), {}};
    return out;
}

// o= and the version, which goes up by one with each description that differs from the one before (RFC 3264
// 8).
void Anchor::number(sdp::Session& session) {
    session.origin = {};
    for (const auto& m : session.media) {
        if (!m.connection) continue;
        session.origin.address = m.connection->address;
        session.origin.ip6 = m.connection->ip6;
        break;
    }
    if (session.origin.address.empty()) {
        const auto any = ports_.advertised_address();
        session.origin.address = any.to_string();
        session.origin.ip6 = any.is_v6();
    }
    // One connection for the session where all lines share it: what most peers expect to read.
    const auto first = std::find_if(session.media.begin(), session.media.end(),
                                    [](const auto& m) { return m.connection.has_value(); });
    session.connection = first != session.media.end()
                             ? first->connection
                             : sdp::Connection{session.origin.ip6, session.origin.address, {}};
    for (auto& m : session.media) {
        if (m.connection == session.connection) m.connection.reset();
    }
    session.origin.session_id = session_id_;
    auto body = session.to_string();
    if (body != last_body_) ++version_;
    last_body_ = std::move(body);
    session.origin.version = version_;
}

void Anchor::open_offer(std::size_t lines) {
    open_ = lines_;
    open_.resize(std::max(lines_.size(), lines));
}

// Ports of the open offer that nothing agreed uses are freed.
void Anchor::rollback(Time now) {
    agreement_.rollback();
    for (std::size_t i = 0; i < open_.size(); ++i) {
        const bool agreed = i < lines_.size() && lines_[i].port;
        if (open_[i].port && !agreed) ports_.close(now, *open_[i].port);
    }
    open_.clear();
}

// The open offer was agreed: its lines are in use now, and a line that it disabled has no port any more.
void Anchor::commit(Time now) {
    lines_ = std::exchange(open_, {});
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        Line& line = lines_[i];
        line.offered.clear();
        if (agreed_live(i)) continue;
        if (line.port) keep(closed_, {{}, named(line.type), ports_.close(now, *line.port)});
        line = {line.type, {}, {}, {}, {}};
    }
}

bool Anchor::agreed_live(std::size_t line) const {
    const auto* local = agreement_.agreed_local();
    const auto* remote = agreement_.agreed_remote();
    return local != nullptr && line < local->media.size() && line < remote->media.size() &&
           live_rtp(local->media[line]) && live_rtp(remote->media[line]);
}

Taken<void> Anchor::take_offer(Time now, const sdp::Session& offer) {
    const auto* before = agreement_.agreed_remote();
    if (before != nullptr) {
        if (auto checked = sdp::check_reoffer(*before, offer); !checked) {
            return tl::make_unexpected(Refusal{488, checked.error().what});
        }
    }
    if (!agreement_.receive_offer(offer)) return tl::make_unexpected(Refusal{491, "an offer is pending"});
    open_offer(offer.media.size());
    const auto refused = [&](Refusal why) {
        rollback(now);
        return tl::make_unexpected(std::move(why));
    };
    // A change may disable all lines, yet not leave us with none that we can anchor (fax by T.38, say): who
    // is told 488 falls back.
    bool any = std::all_of(offer.media.begin(), offer.media.end(),
                           [&](const auto& m) { return before != nullptr && m.rejected(); });
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const auto& m = offer.media[i];
        Line& line = open_[i];
        line.type = m.type;
        if (!live_rtp(m)) continue;
        if (auto key = choose_key(line, m); !key) return refused(key.error());
        if (auto port = open_port(now, line, m); !port) return refused(port.error());
        any = true;
    }
    if (!any) return refused({488, "no RTP m-line"});
    return {};
}

// Payload formats of an agreed line, as we described it and as they did.
std::vector<sdp::Codec> Anchor::agreed_codecs(std::size_t line) const {
    if (!agreed_live(line)) return {};
    auto out = agreement_.agreed_local()->media[line].codecs();
    for (auto& c : agreement_.agreed_remote()->media[line].codecs()) out.push_back(std::move(c));
    return out;
}

// What was agreed stays, whoever chose it, and a new line follows the first; else our policy says.
std::string Anchor::offered_protocol(std::size_t line) const {
    const auto* agreed = agreement_.agreed_local();
    if (agreed_live(line)) return agreed->media[line].protocol;
    for (std::size_t i = 0; agreed != nullptr && i < agreed->media.size(); ++i) {
        if (agreed_live(i)) return agreed->media[i].protocol;
    }
    return trunk_.srtp == SrtpMode::mandatory ? "RTP/SAVP" : "RTP/AVP";
}

bool Anchor::can_convert(const sdp::Codec& codec) const {
    const auto& able = ports_.capabilities().speech;
    const auto speech = media::to_speech(codec);
    return speech && std::find(able.begin(), able.end(), *speech) != able.end();
}

// Behind what a line of the other side has, what could be made of it for this one.
void Anchor::add_convertible(sdp::Media& line, const std::vector<sdp::Codec>& more) const {
    if (!live_rtp(line)) return;
    auto codecs = line.codecs();
    const auto before = codecs.size();
    if (std::none_of(codecs.begin(), codecs.end(), [this](const auto& c) { return can_convert(c); })) return;
    std::bitset<128> taken;
    for (const auto& c : codecs) taken.set(c.payload_type & 127U);
    for (auto c : more) {
        const bool there =
            std::any_of(codecs.begin(), codecs.end(), [&](const auto& o) { return o.same_encoding(c); });
        if (there || !can_convert(c)) continue;
        while (c.payload_type < 128 && taken.test(c.payload_type)) {
            c.payload_type = static_cast<std::uint8_t>(std::max(c.payload_type + 1, 96));
        }
        if (c.payload_type > 127) continue;  // no number is left
        taken.set(c.payload_type);
        codecs.push_back(std::move(c));
    }
    if (codecs.size() != before) line.set_codecs(codecs);
}

Taken<sdp::Session> Anchor::make_offer(Time now, sdp::Session theirs, const Traces& traces) {
    if (agreement_.state() != sdp::OfferAnswer::State::idle &&
        agreement_.state() != sdp::OfferAnswer::State::stable) {
        return tl::make_unexpected(Refusal{491, "an offer is pending"});
    }
    for (auto& m : theirs.media) {
        std::vector<sdp::Codec> more;
        for (const auto speech : rules_.transcode) more.push_back(media::to_codec(speech));
        add_convertible(m, more);
    }
    if (auto cut = apply(rules_, theirs); !cut) return tl::make_unexpected(Refusal{488, cut.error().what});
    sdp::Session out = frame(theirs, traces);
    open_offer(theirs.media.size());
    for (std::size_t i = 0; i < theirs.media.size(); ++i) {
        const auto& m = theirs.media[i];
        Line& line = open_[i];
        line.type = m.type;
        line.offered.clear();
        if (!live_rtp(m)) {
            out.media.push_back(sdp::reject(m));
            continue;
        }
        if (auto port = open_port(now, line, m); !port) {
            rollback(now);
            return tl::make_unexpected(port.error());
        }
        sdp::Media ours = anchored(line, m, theirs, traces);
        ours.set_codecs(renumbered(m.codecs(), agreed_codecs(i)));
        ours.protocol = offered_protocol(i);
        if (line.ours) {  // agreed before: the same key stays (RFC 3711 3.3.1)
            line.offered = {*line.ours};
        } else if (trunk_.srtp != SrtpMode::off && !agreed_live(i)) {
            auto offered = suites();
            if (trunk_.suites.empty() && offered.size() > usual_suites) offered.resize(usual_suites);
            for (const auto suite : offered) {
                line.offered.push_back({static_cast<std::uint32_t>(line.offered.size() + 1),
                                        sdp::make_srtp_key(suite, random_)});
            }
        }
        for (const auto& c : line.offered) ours.attributes.push_back({"crypto", c.to_string()});
        out.media.push_back(std::move(ours));
    }
    // A line that this leg alone knows of stays, disabled (RFC 3264 8): see repeat_offer().
    if (const auto* agreed = agreement_.agreed_local()) keep_lines(out, *agreed);
    number(out);
    agreement_.send_offer(out);
    return out;
}

void Anchor::keep_lines(sdp::Session& offer, const sdp::Session& before) {
    for (std::size_t i = offer.media.size(); i < before.media.size(); ++i) {
        offer.media.push_back(sdp::reject(before.media[i]));
    }
    open_.resize(std::max(open_.size(), offer.media.size()));
    for (std::size_t i = 0; i < offer.media.size(); ++i) open_[i].type = offer.media[i].type;
}

Taken<sdp::Session> Anchor::repeat_offer(const sdp::Session& accepted) {
    if (agreement_.state() != sdp::OfferAnswer::State::stable) {
        return tl::make_unexpected(Refusal{491, "an offer is pending"});
    }
    sdp::Session out = *agreement_.agreed_local();
    open_offer(0);
    for (auto& line : open_) {
        if (line.ours) line.offered = {*line.ours};
    }
    out.connection.reset();
    for (auto& m : out.media) {
        const auto* c = agreement_.agreed_local()->connection_of(m);
        if (!m.rejected() && c != nullptr) m.connection = *c;
    }
    keep_lines(out, accepted);
    number(out);
    agreement_.send_offer(out);
    return out;
}

Taken<void> Anchor::take_answer(Time now, const sdp::Session& answer, bool preview) {
    if (agreement_.state() != sdp::OfferAnswer::State::local_offer) {
        return tl::make_unexpected(Refusal{488, "an answer without an offer"});
    }
    const sdp::Session offer = *agreement_.local();
    if (answer.media.size() != offer.media.size()) {
        return tl::make_unexpected(Refusal{488, "the answer has another number of m-lines than the offer"});
    }
    for (std::size_t i = 0; i < answer.media.size(); ++i) {
        if (!live_rtp(answer.media[i]) || !open_[i].port) continue;
        if (auto key = take_key(open_[i], answer.media[i]); !key) return key;
    }
    if (!preview) {
        if (auto agreed = agreement_.receive_answer(answer); !agreed) {
            return tl::make_unexpected(Refusal{488, agreed.error().what});
        }
        commit(now);
    }
    return set_remote(now, offer, answer);
}

Taken<sdp::Session> Anchor::make_answer(Time now, sdp::Session theirs, const Traces& traces, bool preview) {
    if (agreement_.state() != sdp::OfferAnswer::State::remote_offer) {
        return tl::make_unexpected(Refusal{488, "an answer without an offer"});
    }
    const sdp::Session offer = *agreement_.remote();
    for (std::size_t i = 0; i < std::min(offer.media.size(), theirs.media.size()); ++i) {
        const auto offered = offer.media[i].codecs();
        const auto common = shared(offered, theirs.media[i].codecs());
        if (std::none_of(common.begin(), common.end(), [this](const auto& c) { return can_convert(c); })) {
            add_convertible(theirs.media[i], offered);
        }
    }
    if (auto cut = apply(rules_, theirs); !cut) return tl::make_unexpected(Refusal{488, cut.error().what});
    sdp::Session out = frame(theirs, traces);
    out.times = offer.times;
    bool any = offer.media.empty() || agreement_.agreed_local() != nullptr;
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const auto& offered = offer.media[i];
        const bool live = live_rtp(offered) && i < theirs.media.size() && live_rtp(theirs.media[i]);
        // Their choice and order, our caller's numbers; parameters as the answerer gave them.
        std::vector<sdp::Codec> codecs;
        if (live) {
            const auto known = offered.codecs();
            Numbers numbers(known);
            for (auto c : theirs.media[i].codecs()) {
                const auto number = numbers.take(c);
                if (!number) continue;
                c.payload_type = *number;
                codecs.push_back(std::move(c));
            }
        }
        if (codecs.empty()) {
            out.media.push_back(sdp::reject(offered));
            continue;
        }
        any = true;
        sdp::Media ours = anchored(open_[i], theirs.media[i], theirs, traces);
        ours.set_direction(
            sdp::answer_direction(offer.direction(offered), theirs.direction(theirs.media[i])));
        ours.type = offered.type;
        ours.protocol = offered.protocol;
        ours.set_codecs(codecs);
        if (open_[i].ours) ours.attributes.push_back({"crypto", open_[i].ours->to_string()});
        out.media.push_back(std::move(ours));
    }
    if (!any) return tl::make_unexpected(Refusal{488, "no codec in common"});
    number(out);
    if (!preview) {
        if (auto agreed = agreement_.send_answer(out); !agreed) {
            return tl::make_unexpected(Refusal{500, agreed.error().what});
        }
        commit(now);
    }
    if (auto set = set_remote(now, out, offer); !set) return tl::make_unexpected(set.error());
    return out;
}

// ---------------------------------------------------------------------------------------------------- ports

Taken<void> Anchor::set_remote(Time now, const sdp::Session& local, const sdp::Session& remote) {
    for (std::size_t i = 0; i < lines().size(); ++i) {
        const Line& line = lines()[i];
        if (!line.port) continue;
        media::RemoteMedia r;
        r.direction = sdp::Direction::inactive;
        if (i < local.media.size() && i < remote.media.size() && live_rtp(local.media[i]) &&
            live_rtp(remote.media[i])) {
            const auto& mine = local.media[i];
            const auto& theirs = remote.media[i];
            std::tie(r.rtp, r.rtcp) = addresses(remote, theirs);
            r.direction = sdp::both(local.direction(mine), sdp::reversed(remote.direction(theirs)));
            r.codecs = shared(theirs.codecs(), mine.codecs());
            r.ours = shared(mine.codecs(), theirs.codecs());
            r.jitter_buffer = rules_.jitter_buffer;
            r.packet = rules_.packet;
            if (const auto asked = theirs.ptime_ms();
                asked && *asked % 10 == 0 && *asked >= 10 && *asked <= 60) {
                r.asked = std::chrono::milliseconds(*asked);
            }
            if (line.ours) {
                r.send_key = line.ours->key;
                r.receive_key = line.theirs;
            }
        }
        if (auto set = ports_.set_remote(now, *line.port, r); !set) {
            return tl::make_unexpected(Refusal{503, set.error().what});
        }
    }
    return {};
}

Taken<void> Anchor::join(Time now, Anchor& a, Anchor& b) {
    const auto& of_a = a.lines();
    const auto& of_b = b.lines();
    for (std::size_t i = 0; i < std::min(of_a.size(), of_b.size()); ++i) {
        if (!of_a[i].port || !of_b[i].port) continue;
        if (auto joined = a.ports_.join(now, *of_a[i].port, *of_b[i].port); !joined) {
            return tl::make_unexpected(Refusal{503, joined.error().what});
        }
    }
    return {};
}

SavedAnchor Anchor::save() const {
    const bool first = lines_.empty();
    SavedAnchor out{options_, agreement_, session_id_, version_, last_body_, first, {}, closed_};
    for (const auto& line : first ? open_ : lines_) {
        auto port = line.port ? ports_.save(*line.port) : std::nullopt;
        out.lines.push_back({line.type, std::move(port), line.offered, line.ours, line.theirs});
    }
    return out;
}

Result<void> Anchor::restore(const SavedAnchor& saved) {
    agreement_ = saved.agreement;
    session_id_ = saved.session_id;
    version_ = saved.version;
    last_body_ = saved.last_body;
    closed_ = saved.closed;
    for (auto& m : closed_) m.figures.engine = ports_.capabilities().name;
    for (const auto& s : saved.lines) {
        Line& line =
            (saved.first_offer ? open_ : lines_).emplace_back(Line{s.type, {}, s.offered, s.ours, s.theirs});
        if (!s.port) continue;
        auto port = ports_.restore(*s.port);
        if (!port) return tl::make_unexpected(port.error());
        line.port = *port;
    }
    return {};
}

std::vector<CdrMedia> Anchor::figures(std::string_view leg) const {
    auto out = closed_;
    // Of the first offer, while it is open; a change has no figures before it is agreed.
    for (const auto& line : lines_.empty() ? open_ : lines_) {
        if (line.port) out.push_back({{}, named(line.type), ports_.report(*line.port)});
    }
    for (auto& m : out) m.leg = leg;
    return out;
}

std::vector<CdrMedia> Anchor::close(Time now, std::string_view leg) {
    if (lines_.empty()) lines_ = std::exchange(open_, {});
    rollback(now);
    auto out = std::exchange(closed_, {});
    for (const auto& line : lines_) {
        if (line.port) out.push_back({{}, named(line.type), ports_.close(now, *line.port)});
    }
    lines_.clear();
    for (auto& m : out) m.leg = leg;
    return out;
}

}  // namespace causeway::call
