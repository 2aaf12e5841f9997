// Where log lines go: standard error or a file, through spdlog, written by a thread of its own so that a slow
// terminal or disk never holds up a call. One line a record:
//
//   2026-01-31T23:59:59.123+01:00 info [call-id] text
#pragma once

#include "host/base/result.hpp"
#include "host/gateway/config.hpp"

namespace causeway::gateway {

// Installs the process's log sink, for programs: a Gateway by itself never touches it. Where more comes than
// is written, the oldest lines are lost. The error says that the file cannot be opened.
Result<void> install_log(const LogConfig& config);
// Writes what waits and removes the sink.
void remove_log();

// One line of text without line breaks and other control characters, which peers may put into what is logged.
std::string log_line(std::string_view call_id, std::string_view text);

}  // namespace causeway::gateway
