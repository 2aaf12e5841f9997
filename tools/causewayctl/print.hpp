// What the gateway answers, for people: aligned columns, units, no braces.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace causeway::ctl {

// Several lines, each ended.
std::string status_text(const nlohmann::json& status);
// A table with a heading, or a sentence where there are none.
std::string calls_text(const nlohmann::json& calls);

// Columns padded to their widest cell, two spaces between. Control characters of the cells become '?': their
// text comes from peers and goes to a terminal.
std::string table(const std::vector<std::vector<std::string>>& rows);
// "7 s", "3 min 5 s", "2 h 0 min", "5 d 3 h".
std::string duration_text(double seconds);

// Two blocks, the message before and after, and the rules that did something.
std::string profile_trial_text(const nlohmann::json& trial);

}  // namespace causeway::ctl
