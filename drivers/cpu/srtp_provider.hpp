// SRTP for an engine: sessions, each one direction under one master key, and batches of packets that pass
// through theirs. Two implementations: one that transforms a whole batch at once (srtp_batch.cpp), and
// libsrtp2 packet by packet (srtp_libsrtp2.cpp), which the first is held against.
#pragma once

#include <memory>
#include <span>

#include "drivers/cpu/srtp.hpp"
#include "host/media/engine.hpp"

namespace causeway::cpu {

class SrtpSession {
  public:
    virtual ~SrtpSession() = default;
    // What it used of its key (media::SrtpState says what for).
    virtual std::vector<media::SrtpSource> sources() const = 0;
};

// One packet and its session. Protected or opened in place: outbound it grows, inbound it shrinks.
struct SrtpJob {
    SrtpSession* session = nullptr;
    media::Kind kind = media::Kind::rtp;
    Bytes* packet = nullptr;
    // As Srtp's unprotect says; outbound malformed is what protect() refuses. What is in the packet is of use
    // only where it is ok.
    Srtp::Outcome outcome = Srtp::Outcome::malformed;
};

class SrtpProvider {
  public:
    virtual ~SrtpProvider() = default;
    virtual bool takes(sdp::SrtpSuite suite) const = 0;
    // As Srtp::create and Srtp::resume.
    virtual Result<std::unique_ptr<SrtpSession>> create(const sdp::SrtpKey& key,
                                                        Srtp::Direction direction) = 0;
    virtual Result<std::unique_ptr<SrtpSession>> resume(const media::SrtpState& state,
                                                        Srtp::Direction direction) = 0;
    // All jobs, in order within a session; the sessions are this provider's.
    virtual void run(std::span<SrtpJob> jobs) = 0;
};

std::unique_ptr<SrtpProvider> make_libsrtp2_provider();
std::unique_ptr<SrtpProvider> make_batch_provider();

}  // namespace causeway::cpu
