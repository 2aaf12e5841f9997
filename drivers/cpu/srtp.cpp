#include "drivers/cpu/srtp.hpp"

#include <fmt/format.h>
#include <srtp2/srtp.h>

#include <algorithm>

#include "host/rtp/packet.hpp"

namespace causeway::cpu {

namespace {

constexpr std::size_t rtcp_head = 8;  // with the sender's SSRC
constexpr unsigned long replay_window = 128;

static_assert(Srtp::max_growth == SRTP_MAX_TRAILER_LEN + sizeof(std::uint32_t));  // tag, MKI, SRTCP index

bool is_version_2(ByteView packet) {
    return packet[0] >> 6 == 2;
}

bool set_policies(sdp::SrtpSuite suite, srtp_policy_t& policy) {
    switch (suite) {
        case sdp::SrtpSuite::none:
            return false;
        case sdp::SrtpSuite::aes_cm_128_hmac_sha1_80:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
            return true;
        case sdp::SrtpSuite::aes_cm_128_hmac_sha1_32:  // SRTCP keeps the long tag (RFC 4568 6.2.2)
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
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

}  // namespace

void Srtp::Dealloc::operator()(srtp_ctx_t_* session) const {
    srtp_dealloc(session);
}

bool Srtp::start() {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    return ready;
}

Result<Srtp> Srtp::create(const sdp::SrtpKey& key, Direction direction) {
    if (!start()) return fail("SRTP: the library does not start");
    srtp_policy_t policy{};
    if (!set_policies(key.suite, policy)) return fail("SRTP: a suite is expected");
    if (key.key_salt.size() != sdp::key_salt_length(key.suite)) {
        return fail(fmt::format("SRTP: key and salt have {} octets, {} has {}", key.key_salt.size(),
                                sdp::to_string(key.suite), sdp::key_salt_length(key.suite)));
    }
    policy.ssrc.type = direction == Direction::inbound ? ssrc_any_inbound : ssrc_any_outbound;
    policy.window_size = replay_window;
    policy.key = const_cast<std::uint8_t*>(key.key_salt.view().data());  // read only
    srtp_t session = nullptr;
    if (const auto status = srtp_create(&session, &policy); status != srtp_err_status_ok) {
        return fail(fmt::format("SRTP: {} is refused with status {}", sdp::to_string(key.suite),
                                static_cast<int>(status)));
    }
    return Srtp(session);
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
    return apply_outbound([](srtp_ctx_t_* session, void* data,
                             int* length) -> int { return srtp_protect(session, data, length); },
                          packet);
}

bool Srtp::protect_rtcp(Bytes& packet) {
    if (packet.size() < rtcp_head) return false;
    return apply_outbound([](srtp_ctx_t_* session, void* data,
                             int* length) -> int { return srtp_protect_rtcp(session, data, length); },
                          packet);
}

Srtp::Outcome Srtp::apply_inbound(Function unprotect_function, std::uint32_t ssrc, Bytes& packet) {
    const bool known = std::find(sources_.begin(), sources_.end(), ssrc) != sources_.end();
    if (!known && sources_.size() >= max_sources) return Outcome::unauthentic;
    int length = static_cast<int>(packet.size());
    const auto result =
        outcome(static_cast<srtp_err_status_t>(unprotect_function(session_.get(), packet.data(), &length)));
    if (result != Outcome::ok) return result;
    packet.resize(static_cast<std::size_t>(length));
    if (!known) sources_.push_back(ssrc);
    return result;
}

Srtp::Outcome Srtp::unprotect(Bytes& packet) {
    if (packet.size() < rtp::header_size || !is_version_2(packet)) return Outcome::malformed;
    return apply_inbound([](srtp_ctx_t_* session, void* data,
                            int* length) -> int { return srtp_unprotect(session, data, length); },
                         load_be32(&packet[8]), packet);
}

Srtp::Outcome Srtp::unprotect_rtcp(Bytes& packet) {
    if (packet.size() < rtcp_head || !is_version_2(packet)) return Outcome::malformed;
    return apply_inbound([](srtp_ctx_t_* session, void* data,
                            int* length) -> int { return srtp_unprotect_rtcp(session, data, length); },
                         load_be32(&packet[4]), packet);
}

}  // namespace causeway::cpu
