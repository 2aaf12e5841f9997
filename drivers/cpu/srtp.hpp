// One direction of an SRTP session (RFC 3711, AEAD by RFC 7714) over libsrtp2, which derives the session keys
// and keeps rollover counters, indices and replay windows. One master key covers all SSRCs: SDES names none.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/media/engine.hpp"
#include "host/sdp/crypto.hpp"

struct srtp_ctx_t_;

namespace causeway::cpu {

class Srtp {
  public:
    enum class Direction : std::uint8_t { inbound, outbound };

    // Starts the library, which takes some 30 ms the first time: an engine does it before there is traffic
    // that would wait. create() does it otherwise. False where the library does not start.
    static bool start();

    // Whether create() takes keys of the suite: all but none and AES-192, whose session keys the library
    // derives otherwise than RFC 6188 says.
    static bool takes(sdp::SrtpSuite suite);

    // The error says why: no suite of its, a key of the wrong length, or the library's refusal. It never
    // holds the key. The library copies the key and zeroes its copies when freed.
    static Result<Srtp> create(const sdp::SrtpKey& key, Direction direction);

    // A session that goes on where another one, perhaps in another process, was saved. No index is
    // used or taken twice.
    static Result<Srtp> resume(const media::SrtpState& state, Direction direction);
    media::SrtpState save(const sdp::SrtpKey& key) const { return {key, sources_}; }

    // Outbound, in place: the packet grows by its tag (and the SRTCP index). False where it is no valid
    // packet, its index was used before or is too old, or the key has served its lifetime (2^48 packets, 2^31
    // RTCP packets).
    bool protect(Bytes& packet);
    bool protect_rtcp(Bytes& packet);
    // Room that a packet needs behind it while it is protected, octets.
    static constexpr std::size_t max_growth = 148;

    enum class Outcome : std::uint8_t {
        ok,
        malformed,
        unauthentic,  // also an SSRC beyond max_sources
        replayed,     // the index was seen or is older than the replay window
    };
    // Inbound, in place; what is in `packet` is of use only where the outcome is ok.
    Outcome unprotect(Bytes& packet);
    Outcome unprotect_rtcp(Bytes& packet);

    // SSRCs that one inbound key may use. Each costs memory, and none can be forgotten while the key lives:
    // its old packets could then be replayed.
    static constexpr std::size_t max_sources = 64;

  private:
    struct Dealloc {
        void operator()(srtp_ctx_t_* session) const;
    };
    using Function = int (*)(srtp_ctx_t_*, void*, int*);

    Srtp(srtp_ctx_t_* session, std::size_t rtcp_tail) : session_(session), rtcp_tail_(rtcp_tail) {}
    bool apply_outbound(Function protect_function, Bytes& packet);
    Outcome apply_inbound(Function unprotect_function, std::uint32_t ssrc, Bytes& packet);
    media::SrtpSource& source(std::uint32_t ssrc);
    Result<void> set_roc(const sdp::SrtpKey& key, const media::SrtpSource& source);
    Result<void> advance(const sdp::SrtpKey& key, const media::SrtpSource& source, Direction direction);

    std::unique_ptr<srtp_ctx_t_, Dealloc> session_;
    std::size_t rtcp_tail_;  // octets of an SRTCP packet from its index on
    // SSRCs that sent, or inbound that have authenticated, and those that a resumed session began with.
    std::vector<media::SrtpSource> sources_, floor_;
};

}  // namespace causeway::cpu
