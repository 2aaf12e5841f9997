// Call detail records: what the call layer says of an attempt, when it happens. Writing them down is the
// store's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/time.hpp"
#include "host/media/ports.hpp"

namespace causeway::call {

// Identifies an attempt across its events; unique within the life of a gateway process.
using AttemptId = std::uint64_t;

// Known before the outgoing INVITE leaves, or before the attempt is refused.
struct CdrStart {
    AttemptId attempt = 0;
    Time at{};                   // the incoming INVITE
    std::string call_id;         // of the incoming leg
    std::string caller, callee;  // user parts (or numbers) of From and of the Request-URI
    std::string source_trunk;    // name; empty where no trunk matched
    std::string target_trunk;    // name; empty where nothing was tried
    std::string target_call_id;  // of the outgoing leg
    template <class A>
    void archive(A& a) {
        a(attempt, at, call_id, caller, callee, source_trunk, target_trunk, target_call_id);
    }
};

enum class Ended : std::uint8_t { caller, callee, gateway };  // who hung up, cancelled or refused

struct CdrMedia {
    std::string leg;   // "caller" or "callee"
    std::string type;  // "audio", ...
    media::PortReport figures;
    template <class A>
    void archive(A& a) {
        a(leg, type, figures);
    }
};

struct CdrEnd {
    AttemptId attempt = 0;
    Time at{};
    std::optional<Time> ringing, answered;
    int status = 0;      // final SIP status of the attempt: 200, 486, 487, ...
    std::string reason;  // phrase or Reason header text
    Ended by = Ended::gateway;
    std::vector<CdrMedia> media;
};

class CdrSink {
  public:
    virtual ~CdrSink() = default;
    // False where the record cannot be kept (journal full): the attempt is refused with 503.
    virtual bool start(const CdrStart& record) = 0;
    virtual void end(const CdrEnd& record) = 0;
};

}  // namespace causeway::call
