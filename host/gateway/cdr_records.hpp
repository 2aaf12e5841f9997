// From what the call layer says of an attempt (monotonic time, enumerations, handles) to what is stored of it
// (wall time, text).
#pragma once

#include "host/call/cdr.hpp"
#include "host/store/cdr.hpp"

namespace causeway::gateway {

// What a Time needs added to give the time since 1970 UTC. Taken once an attempt, so that a clock that is set
// while a call runs does not falsify its duration.
using WallOffset = Duration;
// The offset as it is now.
WallOffset wall_offset(Time now);
store::WallTime to_wall(Time t, WallOffset offset);

store::CdrStart to_store(const call::CdrStart& record, WallOffset offset);
store::CdrEnd to_store(const call::CdrEnd& record, WallOffset offset);
store::CdrMedia to_store(const call::CdrMedia& record);

}  // namespace causeway::gateway
