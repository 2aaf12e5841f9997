// Sets up many calls through what is measured, so that media can be sent through it: by SIP, or by the
// control protocol "ng" of rtpengine. All callers share one media address and port, all callees another: what
// comes from which call shows in the port that it comes from.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway::bench {

// How media goes on one side.
struct MediaSide {
    std::string media;                 // ADDRESS:PORT of ours
    std::string codec = "PCMU";        // or "PCMA", "G722"
    std::optional<sdp::SrtpKey> srtp;  // ours, by SDES; plain RTP without it
};

// What the server told one side: its port, and its key where it is SRTP.
struct MediaLeg {
    std::uint16_t port = 0;
    std::optional<sdp::SrtpKey> srtp;
};
struct MediaCall {
    MediaLeg caller, callee;
};

int payload_type(std::string_view codec);  // RFC 3551
std::string describe(const MediaSide& side);
// Of the first m-line. The error says what is missing.
Result<MediaLeg> read_leg(std::string_view sdp);

struct SetupOptions {
    std::string server, caller, callee;  // ADDRESS:PORT; of ng only the server
    MediaSide caller_media, callee_media;
    std::uint32_t calls = 1500;
    double rate = 700;  // calls/s
};

// Established calls, which last until this goes.
class Setup {
  public:
    virtual ~Setup() = default;
    const std::vector<MediaCall>& calls() const { return calls_; }

  protected:
    std::vector<MediaCall> calls_;
};

// The errors say which call failed, and the system's words or the server's.
Result<std::unique_ptr<Setup>> set_up_by_sip(const SetupOptions& options);
Result<std::unique_ptr<Setup>> set_up_by_ng(const SetupOptions& options);

}  // namespace causeway::bench
