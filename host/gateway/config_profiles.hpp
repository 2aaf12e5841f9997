// The [[profile]] tables of the configuration file.
#pragma once

#include <vector>

#include "host/call/profile.hpp"
#include "host/gateway/config_reader.hpp"

namespace causeway::gateway {

// Errors go to the reader.
std::vector<call::Profile> read_profiles(ConfigReader& reader);

}  // namespace causeway::gateway
