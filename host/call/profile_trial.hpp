// A profile tried on one message, without a call: what its rules make of it.
#pragma once

#include <string>
#include <string_view>

#include "host/call/profile.hpp"

namespace causeway::call {

struct ProfileTrial {
    // The message with and without the rules; Content-Length is made to fit. `after` is empty where the
    // gateway would refuse the description with 488.
    std::string before, after;
    RuleNotes notes;  // which rules did what, in the order in which they apply
};

// `received`: by the `in` rules, else by the `out` rules. The text is that of a file: lines may end in LF
// alone, and its Content-Length is not held against it. Requests are taken for INVITEs that begin a call.
// Topology hiding is left out: what each leg has of its own stays as it is, and fields that would not cross
// at all are shown. Error where it is no SIP, or its SDP is none.
Result<ProfileTrial> try_profile(const Profile& profile, bool received, std::string_view text);

}  // namespace causeway::call
