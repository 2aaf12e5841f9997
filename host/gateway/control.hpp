// The methods of the control socket:
//
//   status                     what the gateway is and does: an object of figures
//   calls {after, limit}       {"calls": [...], "more": bool}: running calls by ascending id above `after`
//   (0),
//                              at most `limit` (1 to 1000, default 1000)
//   hangup {id}                ends a call as if both sides had hung up; refused where there is none
//   reload                     reads the configuration again; refused where it is wrong: the message names
//   file,
//                              line and column of each error, and nothing has changed
//   profile_try {profile, direction, message}   what the rules of a profile make of a message:
//                              {"before": text, "after": text, "rules": [which did what]}; "after" is ""
//                              where the description is refused. direction is "in" or "out"
//   drain                      new calls get 503 from here on; {"calls": left}
#pragma once

#include "host/gateway/gateway.hpp"
#include "host/gateway/rpc.hpp"

namespace causeway::gateway {

void add_control_methods(Rpc& rpc, Gateway& gateway);

nlohmann::json to_json(const GatewayStatus& status);
nlohmann::json to_json(const CallStatus& call);

}  // namespace causeway::gateway
