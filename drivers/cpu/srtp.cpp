#include "drivers/cpu/srtp.hpp"

#include <fmt/format.h>
#include <srtp2/srtp.h>

#include <algorithm>

#include "host/rtp/packet.hpp"

namespace causeway::cpu {

namespace {

constexpr std::size_t rtcp_head = 8;  // with the sender's SSRC
constexpr unsigned long replay_window = 128;
constexpr std::uint32_t most_rtcp_resumed = 1U << 20;  // two months of a report every 5 s

static_assert(Srtp::max_growth == SRTP_MAX_TRAILER_LEN + sizeof(std::uint32_t));  // tag, MKI, SRTCP index

bool is_version_2(ByteView packet) {
    return packet[0] >> 6 == 2;
}

bool set_policies(sdp::SrtpSuite suite, srtp_policy_t& policy) {
    switch (suite) {
        case sdp::SrtpSuite::none:
        case sdp::SrtpSuite::aes_192_cm_hmac_sha1_80:
        case sdp::SrtpSuite::aes_192_cm_hmac_sha1_32:
            return false;
        case sdp::SrtpSuite::aes_cm_128_hmac_sha1_80:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aes_cm_128_hmac_sha1_32:  // SRTCP keeps the long tag (RFC 4568 6.2.2)
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aes_256_cm_hmac_sha1_80:
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aes_256_cm_hmac_sha1_32:
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aead_aes_128_gcm:
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aead_aes_256_gcm:
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
            return true;
    }
    return false;
}

Srtp::Outcome outcome(srtp_err_status_t status) {
    switch (status) {
        case srtp_err_status_ok:
            return Srtp::Outcome::ok;
        case srtp_err_status_replay_fail:
        case srtp_err_status_replay_old:
        case srtp_err_status_pkt_idx_old:
            return Srtp::Outcome::replayed;
        case srtp_err_status_bad_param:
        case srtp_err_status_parse_err:
            return Srtp::Outcome::malformed;
        default:
            return Srtp::Outcome::unauthentic;
    }
}

// Octets behind the encrypted part, from the SRTCP index on: AES-CM puts its tag behind the index, which for
// SRTCP is always the long one, GCM before it (RFC 3711 3.4, RFC 7714 9.3).
std::size_t rtcp_tail(sdp::SrtpSuite suite) {
    return sdp::is_aead(suite) ? 4 : 14;
}

media::SrtpSource* find(std::vector<media::SrtpSource>& sources, std::uint32_t ssrc) {
    const auto found = std::find_if(sources.begin(), sources.end(),
                                    [&](const media::SrtpSource& s) { return s.ssrc == ssrc; });
    return found == sources.end() ? nullptr : &*found;
}

Result<srtp_policy_t> make_policy(const sdp::SrtpKey& key) {
    srtp_policy_t policy{};
    if (!set_policies(key.suite, policy)) {
        return fail(fmt::format("SRTP: libsrtp2 is not used for suite {}", sdp::to_string(key.suite)));
    }
    if (key.key_salt.size() != sdp::sizes_of(key.suite).key_salt()) {
        return fail(fmt::format("SRTP: key and salt have {} octets, {} has {}", key.key_salt.size(),
                                sdp::to_string(key.suite), sdp::sizes_of(key.suite).key_salt()));
    }
    policy.window_size = replay_window;
    policy.key = const_cast<std::uint8_t*>(key.key_salt.view().data());  // read only
    return policy;
}

// The least that the library takes for a packet.
Bytes empty_rtp(std::uint32_t ssrc, std::uint16_t sequence) {
    Bytes out(rtp::header_size);
    rtp::write_header({0, false, sequence, 0, ssrc}, out.data());
    return out;
}
Bytes empty_rtcp(std::uint32_t ssrc) {
    Bytes out{0x80, 201, 0, 1, 0, 0, 0, 0};
    store_be32(&out[4], ssrc);
    return out;
}

}  // namespace

void Srtp::Dealloc::operator()(srtp_ctx_t_* session) const {
    srtp_dealloc(session);
}

bool Srtp::takes(sdp::SrtpSuite suite) {
    srtp_policy_t unused{};
    return set_policies(suite, unused);
}

bool Srtp::start() {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    return ready;
}

Result<Srtp> Srtp::create(const sdp::SrtpKey& key, Direction direction) {
    if (!start()) return fail("SRTP: the library does not start");
    auto policy = make_policy(key);
    if (!policy) return tl::make_unexpected(policy.error());
    policy->ssrc.type = direction == Direction::inbound ? ssrc_any_inbound : ssrc_any_outbound;
    srtp_t session = nullptr;
    if (const auto status = srtp_create(&session, &*policy); status != srtp_err_status_ok) {
        return fail(fmt::format("SRTP: {} is refused with status {}", sdp::to_string(key.suite),
                                static_cast<int>(status)));
    }
    return Srtp(session, rtcp_tail(key.suite));
}

Result<Srtp> Srtp::resume(const media::SrtpState& state, Direction direction) {
    auto session = create(state.key, direction);
    if (!session) return session;
    if (state.sources.size() > max_sources) return fail("SRTP: too many sources");
    for (const auto& source : state.sources) {
        if (auto advanced = session->advance(state.key, source, direction); !advanced) {
            return tl::make_unexpected(advanced.error());
        }
    }
    session->sources_ = state.sources;
    if (direction == Direction::inbound) session->floor_ = state.sources;
    return session;
}

// The library sets a rollover counter for the next packet only, and guesses from it; so a packet at the
// highest index is passed through it, which puts it where it was. What an outbound session makes of it is not
// sent.
Result<void> Srtp::advance(const sdp::SrtpKey& key, const media::SrtpSource& source, Direction direction) {
    if (const auto highest = source.rtp.highest()) {
        Bytes packet = empty_rtp(source.ssrc, static_cast<std::uint16_t>(*highest));
        if (direction == Direction::inbound) {
            auto peer = create(key, Direction::outbound);
            if (!peer) return tl::make_unexpected(peer.error());
            if (auto set = peer->set_roc(key, source); !set) return set;
            if (!peer->protect(packet)) return fail("SRTP: no packet at the index to go on from");
        }
        if (auto set = set_roc(key, source); !set) return set;
        const bool there =
            direction == Direction::inbound ? unprotect(packet) == Outcome::ok : protect(packet);
        if (!there) return fail("SRTP: the index to go on from is refused");
    }
    // There is no way to set the SRTCP index but to use up those before.
    if (const auto highest = source.rtcp.highest(); direction == Direction::outbound && highest) {
        if (*highest > most_rtcp_resumed) return fail("SRTP: the SRTCP index is too high to go on");
        for (std::uint64_t i = 0; i < *highest; ++i) {
            Bytes packet = empty_rtcp(source.ssrc);
            if (!protect_rtcp(packet)) return fail("SRTP: the SRTCP index to go on from is refused");
        }
    }
    return {};
}

Result<void> Srtp::set_roc(const sdp::SrtpKey& key, const media::SrtpSource& source) {
    auto policy = make_policy(key);
    if (!policy) return tl::make_unexpected(policy.error());
    policy->ssrc = {ssrc_specific, source.ssrc};
    if (srtp_add_stream(session_.get(), &*policy) != srtp_err_status_ok ||
        srtp_set_stream_roc(session_.get(), source.ssrc,
                            static_cast<std::uint32_t>(*source.rtp.highest() >> 16)) != srtp_err_status_ok) {
        return fail("SRTP: the rollover counter is refused");
    }
    return {};
}

media::SrtpSource& Srtp::source(std::uint32_t ssrc) {
    if (auto* known = find(sources_, ssrc)) return *known;
    return sources_.emplace_back(media::SrtpSource{ssrc, {}, {}});
}

bool Srtp::apply_outbound(Function protect_function, Bytes& packet) {
    int length = static_cast<int>(packet.size());
    packet.resize(packet.size() + max_growth);
    const bool good = protect_function(session_.get(), packet.data(), &length) == srtp_err_status_ok;
    packet.resize(static_cast<std::size_t>(length));
    return good;
}

bool Srtp::protect(Bytes& packet) {
    if (packet.size() < rtp::header_size) return false;
    const std::uint32_t ssrc = load_be32(&packet[8]);
    const auto* known = find(sources_, ssrc);
    const auto used = known != nullptr ? known->rtp : rtp::SrtpWindow();
    const auto index = used.index_of(load_be16(&packet[2]));
    if (!used.is_fresh(index)) return false;
    const bool good = apply_outbound([](srtp_ctx_t_* session, void* data,
                                        int* length) -> int { return srtp_protect(session, data, length); },
                                     packet);
    if (!good) return false;
    source(ssrc).rtp.use(index);
    return true;
}

bool Srtp::protect_rtcp(Bytes& packet) {
    if (packet.size() < rtcp_head) return false;
    const bool good =
        apply_outbound([](srtp_ctx_t_* session, void* data,
                          int* length) -> int { return srtp_protect_rtcp(session, data, length); },
                       packet);
    if (!good) return false;
    auto& used = source(load_be32(&packet[4])).rtcp;
    used.use(used.highest().value_or(0) + 1);
    return true;
}

Srtp::Outcome Srtp::apply_inbound(Function unprotect_function, std::uint32_t ssrc, Bytes& packet) {
    if (find(sources_, ssrc) == nullptr && sources_.size() >= max_sources) return Outcome::unauthentic;
    int length = static_cast<int>(packet.size());
    const auto result =
        outcome(static_cast<srtp_err_status_t>(unprotect_function(session_.get(), packet.data(), &length)));
    if (result == Outcome::ok) packet.resize(static_cast<std::size_t>(length));
    return result;
}

Srtp::Outcome Srtp::unprotect(Bytes& packet) {
    if (packet.size() < rtp::header_size || !is_version_2(packet)) return Outcome::malformed;
    const std::uint32_t ssrc = load_be32(&packet[8]);
    const auto* known = find(sources_, ssrc);
    const auto index = (known != nullptr ? known->rtp : rtp::SrtpWindow()).index_of(load_be16(&packet[2]));
    // What the library has not seen itself.
    if (const auto* before = find(floor_, ssrc); before != nullptr && !before->rtp.is_fresh(index)) {
        return Outcome::replayed;
    }
    const auto result =
        apply_inbound([](srtp_ctx_t_* session, void* data,
                         int* length) -> int { return srtp_unprotect(session, data, length); },
                      ssrc, packet);
    if (result == Outcome::ok) source(ssrc).rtp.use(index);
    return result;
}

Srtp::Outcome Srtp::unprotect_rtcp(Bytes& packet) {
    if (packet.size() < rtcp_head + rtcp_tail_ || !is_version_2(packet)) return Outcome::malformed;
    const std::uint32_t ssrc = load_be32(&packet[4]);
    const std::uint32_t index = load_be32(&packet[packet.size() - rtcp_tail_]) & 0x7fffffff;
    if (const auto* before = find(floor_, ssrc); before != nullptr && !before->rtcp.is_fresh(index)) {
        return Outcome::replayed;
    }
    const auto result =
        apply_inbound([](srtp_ctx_t_* session, void* data,
                         int* length) -> int { return srtp_unprotect_rtcp(session, data, length); },
                      ssrc, packet);
    if (result == Outcome::ok) source(ssrc).rtcp.use(index);
    return result;
}

}  // namespace causeway::cpu
