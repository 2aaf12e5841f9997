#include "tests/world/model/voice.hpp"

#include <algorithm>

#include "host/rtp/packet.hpp"
#include "host/rtp/rtcp.hpp"
#include "host/sdp/offer_answer.hpp"

namespace causeway::world {
namespace {

constexpr std::uint32_t magic = 0xCA05E3A7;
constexpr std::size_t payload_head = 13;

bool sends(sdp::Direction d) {
    return d == sdp::Direction::sendonly || d == sdp::Direction::sendrecv;
}

}  // namespace

Voice::Voice(Dice& dice, Endpoint local, std::uint32_t serial, bool caller, call::SrtpMode srtp,
             std::vector<sdp::SrtpSuite> suites, std::string name)
    : dice_(dice),
      local_(local),
      serial_(serial),
      caller_(caller),
      srtp_(srtp),
      suites_(std::move(suites)),
      name_(std::move(name)),
      protocol_(srtp == call::SrtpMode::mandatory ? "RTP/SAVP" : "RTP/AVP"),
      session_id_(dice.u32()),
      ssrc_(dice.u32()),
      timestamp_(dice.u32()),
      sequence_(static_cast<std::uint16_t>(dice.below(0x8000))) {}

sdp::Session Voice::describe(sdp::Direction direction, const std::string& protocol, Endpoint local) {
    sdp::Session s;
    s.origin.username = name_;
    s.origin.session_id = session_id_;
    s.origin.address = local.ip.to_string();
    s.connection = sdp::Connection{false, local.ip.to_string(), {}};
    sdp::Media m;
    m.type = "audio";
    m.port = local.port;
    m.protocol = protocol;
    m.set_codecs(
        {{0, "PCMU", 8000, 1, {}}, {8, "PCMA", 8000, 1, {}}, {101, "telephone-event", 8000, 1, "0-15"}});
    m.set_direction(direction);
    s.media.push_back(std::move(m));
    return s;
}

// Nothing is ever sent there: it is there to have ports and keys.
sdp::Media Voice::video(const std::string& protocol, Endpoint local) {
    sdp::Media m;
    m.type = "video";
    m.port = static_cast<std::uint16_t>(local.port + video_offset);
    m.protocol = protocol;
    m.formats = {"31"};
    return m;
}

sdp::Media Voice::video_answer(const sdp::Media& offered) {
    video_ = !offered.rejected() && dice_.chance(60);
    if (!video_) return sdp::reject(offered);
    auto m = video(offered.protocol, local_);
    const auto lines = sdp::cryptos(offered);
    if (srtp_ == call::SrtpMode::off || lines.empty()) {
        if (offered.protocol.find("SAVP") == std::string::npos) return m;
        video_ = false;
        return sdp::reject(offered);
    }
    const sdp::Crypto ours{lines[0].tag, sdp::make_srtp_key(lines[0].key.suite, dice_)};
    m.attributes.push_back({"crypto", ours.to_string()});
    return m;
}

std::string Voice::offer(const Wish& wish) {
    const auto direction = wish.direction;
    Pending pending;
    pending.direction = direction;
    pending.local = wish.local.value_or(local_);
    pending.video = wish.video.value_or(video_);
    pending.lines = pending.video ? std::max<std::size_t>(lines_, 2) : lines_;
    if (our_key_) {
        pending.keys = {*our_key_};
        if (wish.new_keys) pending.keys[0].key = sdp::make_srtp_key(our_key_->key.suite, dice_);
        rekeyed_ = rekeyed_ || wish.new_keys;
    } else if (!agreed_ && srtp_ != call::SrtpMode::off) {
        for (const auto suite : suites_) {
            pending.keys.push_back(
                {static_cast<std::uint32_t>(pending.keys.size() + 1), sdp::make_srtp_key(suite, dice_)});
        }
    }
    auto s = describe(direction, protocol_, pending.local);
    auto codecs = s.media[0].codecs();
    std::erase_if(codecs, [&](const sdp::Codec& c) {
        return std::find(wish.codecs.begin(), wish.codecs.end(), c.payload_type) == wish.codecs.end();
    });
    s.media[0].set_codecs(codecs);
    if (wish.hold == Wish::Hold::session) {
        s.attributes.push_back({std::string(sdp::to_string(direction)), {}});
        s.media[0].erase_attributes(sdp::to_string(direction));
    }
    if (wish.hold == Wish::Hold::address && direction == sdp::Direction::sendonly) {
        s.connection->address = "0.0.0.0";
        s.media[0].set_direction(sdp::Direction::sendrecv);
    }
    for (const auto& key : pending.keys) s.media[0].attributes.push_back({"crypto", key.to_string()});
    if (pending.lines > 1) {
        auto m = video(protocol_, pending.local);
        if (!pending.video) m = sdp::reject(m);
        for (const auto& key : pending.keys) {
            if (m.rejected()) break;
            const sdp::Crypto own{key.tag, sdp::make_srtp_key(key.key.suite, dice_)};
            m.attributes.push_back({"crypto", own.to_string()});
        }
        s.media.push_back(std::move(m));
    }
    s.origin.version = ++version_;
    pending_ = std::move(pending);
    return s.to_string();
}

std::optional<std::string> Voice::answer(std::string_view their_offer, sdp::Direction willing) {
    const auto theirs = sdp::Session::parse(their_offer);
    if (!theirs || theirs->media.size() < lines_ || theirs->media[0].rejected()) return std::nullopt;
    const auto& m = theirs->media[0];
    std::optional<sdp::Crypto> ours;
    sdp::SrtpKey key;
    if (srtp_ != call::SrtpMode::off) {
        for (const auto& line : sdp::cryptos(m)) {
            if (std::find(suites_.begin(), suites_.end(), line.key.suite) == suites_.end()) continue;
            const bool same = our_key_ && our_key_->key.suite == line.key.suite;
            ours = same ? *our_key_ : sdp::Crypto{line.tag, sdp::make_srtp_key(line.key.suite, dice_)};
            ours->tag = line.tag;
            key = line.key;
            break;
        }
    }
    const bool secured = m.protocol.find("SAVP") != std::string::npos;
    if (!ours && (secured || srtp_ == call::SrtpMode::mandatory)) return std::nullopt;
    protocol_ = m.protocol;
    const auto mine = sdp::answer_direction(theirs->direction(m), willing);
    auto s = describe(mine, m.protocol, local_);
    // One voice codec, as most phones answer.
    auto codecs = sdp::common_codecs(m.codecs(), s.media[0].codecs());
    if (codecs.empty()) return std::nullopt;
    s.media[0].set_codecs(codecs);
    if (ours) s.media[0].attributes.push_back({"crypto", ours->to_string()});
    for (std::size_t i = 1; i < theirs->media.size(); ++i) s.media.push_back(video_answer(theirs->media[i]));
    s.origin.version = ++version_;
    if (!agree(*theirs, mine, std::move(ours), key)) return std::nullopt;
    return s.to_string();
}

bool Voice::take_answer(std::string_view body) {
    const auto theirs = sdp::Session::parse(body);
    if (!theirs || !pending_ || theirs->media.size() != pending_->lines || theirs->media[0].rejected()) {
        return false;
    }
    std::optional<sdp::Crypto> ours;
    sdp::SrtpKey key;
    if (const auto lines = sdp::cryptos(theirs->media[0]); !lines.empty()) {
        for (const auto& k : pending_->keys) {
            if (k.tag == lines[0].tag && k.key.suite == lines[0].key.suite) ours = k;
        }
        if (!ours) return false;
        key = lines[0].key;
    }
    if (!ours && srtp_ == call::SrtpMode::mandatory) return false;
    if (!agree(*theirs, pending_->direction, std::move(ours), key)) return false;
    local_ = pending_->local;
    video_ = theirs->media.size() > 1 && !theirs->media[1].rejected();
    return true;
}

bool Voice::agree(const sdp::Session& theirs, sdp::Direction mine, std::optional<sdp::Crypto> ours,
                  const sdp::SrtpKey& key) {
    const auto& m = theirs.media[0];
    const auto* c = theirs.connection_of(m);
    const auto ip = c == nullptr ? std::nullopt : IpAddress::parse(c->address);
    const auto codecs = m.codecs();
    if (!ip || codecs.empty()) return false;
    // Sessions begin anew only where a key is new (RFC 3711 3.3.1).
    if (!ours) {
        out_.reset();
        in_.reset();
    } else {
        if (!out_ || !our_key_ || our_key_->key != ours->key) {
            auto made = cpu::Srtp::create(ours->key, cpu::Srtp::Direction::outbound);
            if (!made) return false;
            out_ = std::move(*made);
        }
        if (!in_ || their_key_ != key) {
            auto made = cpu::Srtp::create(key, cpu::Srtp::Direction::inbound);
            if (!made) return false;
            in_ = std::move(*made);
        }
    }
    our_key_ = std::move(ours);
    their_key_ = key;
    remote_ = {*ip, m.port};
    mine_ = mine;
    theirs_ = theirs.direction(m);
    payload_type_ = codecs[0].payload_type;
    lines_ = theirs.media.size();
    agreed_ = true;
    return true;
}

bool Voice::may_send() const {
    return agreed_ && sends(mine_) && sends(sdp::reversed(theirs_));
}

Bytes Voice::payload(std::uint32_t serial, bool caller, std::uint32_t index) {
    SeededRandom filler((std::uint64_t{serial} << 33) | (std::uint64_t{index} << 1) | (caller ? 1 : 0));
    Bytes out(payload_head + 20 + index % 37);
    filler.fill(out);
    store_be32(out.data(), magic);
    store_be32(out.data() + 4, serial);
    store_be32(out.data() + 8, index);
    out[12] = caller ? 1 : 0;
    return out;
}

Bytes Voice::next_packet() {
    const auto body = payload(serial_, caller_, next_index_++);
    Bytes out(rtp::header_size + body.size());
    rtp::write_header({payload_type_, next_index_ == 1, sequence_++, timestamp_, ssrc_}, out.data());
    timestamp_ += 160;
    std::copy(body.begin(), body.end(), out.begin() + rtp::header_size);
    if (out_) out_->protect(out);
    return out;
}

Bytes Voice::next_report() {
    rtp::RtcpCompound report;
    report.sender_ssrc = ssrc_;
    report.sender = rtp::SenderInfo{0, timestamp_, next_index_, next_index_ * 160};
    report.cname = name_;
    Bytes out = report.to_bytes();
    if (out_) out_->protect_rtcp(out);
    return out;
}

Voice::Heard Voice::hear(ByteView bytes) {
    Heard heard;
    if (!agreed_) {
        heard.what = Heard::What::early;
        return heard;
    }
    Bytes clear(bytes.begin(), bytes.end());
    if (in_) {
        switch (in_->unprotect(clear)) {
            case cpu::Srtp::Outcome::ok:
                break;
            case cpu::Srtp::Outcome::replayed:
                heard.what = Heard::What::replayed;
                return heard;
            default:
                // After a change of keys the last of the old may come, and the first of the new.
                heard.what = rekeyed_ ? Heard::What::early : Heard::What::forged;
                return heard;
        }
    }
    const auto fail = [&](std::string why) {
        heard.what = Heard::What::corrupt;
        heard.why = std::move(why);
        return heard;
    };
    const auto packet = rtp::Packet::parse(clear);
    if (!packet) return fail("no RTP");
    const auto& p = packet->payload;
    if (p.size() < payload_head || load_be32(p.data()) != magic) return fail("payload that no phone sent");
    if (load_be32(p.data() + 4) != serial_) return fail("payload of another call");
    if ((p[12] != 0) == caller_) return fail("own payload came back");
    heard.index = load_be32(p.data() + 8);
    const auto expected = payload(serial_, !caller_, heard.index);
    if (!std::equal(p.begin(), p.end(), expected.begin(), expected.end())) return fail("changed payload");
    if (packet->csrc_count != 0 || !packet->extension.empty()) return fail("foreign CSRC or extension");
    return heard;
}

bool Voice::hear_rtcp(ByteView bytes) {
    Bytes clear(bytes.begin(), bytes.end());
    if (in_) {
        const auto outcome = in_->unprotect_rtcp(clear);
        if (outcome == cpu::Srtp::Outcome::replayed) return true;
        if (outcome != cpu::Srtp::Outcome::ok) return rekeyed_;
    }
    return rtp::RtcpCompound::parse(clear).has_value();
}

}  // namespace causeway::world
