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

sdp::Session Voice::describe(sdp::Direction direction, const std::string& protocol) {
    sdp::Session s;
    s.origin.username = name_;
    s.origin.session_id = session_id_;
    s.origin.address = local_.ip.to_string();
    s.connection = sdp::Connection{false, local_.ip.to_string(), {}};
    sdp::Media m;
    m.type = "audio";
    m.port = local_.port;
    m.protocol = protocol;
    m.set_codecs(
        {{0, "PCMU", 8000, 1, {}}, {8, "PCMA", 8000, 1, {}}, {101, "telephone-event", 8000, 1, "0-15"}});
    m.set_direction(direction);
    s.media.push_back(std::move(m));
    return s;
}

std::string Voice::offer(sdp::Direction direction) {
    Pending pending;
    pending.direction = direction;
    if (our_key_) {
        pending.keys = {*our_key_};
    } else if (!agreed_ && srtp_ != call::SrtpMode::off) {
        for (const auto suite : suites_) {
            pending.keys.push_back(
                {static_cast<std::uint32_t>(pending.keys.size() + 1), sdp::make_srtp_key(suite, dice_)});
        }
    }
    auto s = describe(direction, protocol_);
    for (const auto& key : pending.keys) s.media[0].attributes.push_back({"crypto", key.to_string()});
    s.origin.version = ++version_;
    pending_ = std::move(pending);
    return s.to_string();
}

std::optional<std::string> Voice::answer(std::string_view their_offer, sdp::Direction willing) {
    const auto theirs = sdp::Session::parse(their_offer);
    if (!theirs || theirs->media.size() != 1 || theirs->media[0].rejected()) return std::nullopt;
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
    auto s = describe(mine, m.protocol);
    // One voice codec, as most phones answer.
    auto codecs = sdp::common_codecs(m.codecs(), s.media[0].codecs());
    if (codecs.empty()) return std::nullopt;
    s.media[0].set_codecs(codecs);
    if (ours) s.media[0].attributes.push_back({"crypto", ours->to_string()});
    s.origin.version = ++version_;
    if (!agree(*theirs, mine, std::move(ours), key)) return std::nullopt;
    return s.to_string();
}

bool Voice::take_answer(std::string_view body) {
    const auto theirs = sdp::Session::parse(body);
    if (!theirs || !pending_ || theirs->media.size() != 1 || theirs->media[0].rejected()) return false;
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
    return agree(*theirs, pending_->direction, std::move(ours), key);
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
                heard.what = Heard::What::forged;
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
        if (outcome != cpu::Srtp::Outcome::ok) return false;
    }
    return rtp::RtcpCompound::parse(clear).has_value();
}

}  // namespace causeway::world
