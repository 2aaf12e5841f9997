// The logging front: what the core says, without knowing where it goes. The gateway installs a sink (spdlog);
// without one nothing is formatted. Every line of a call carries that call's Call-ID. Keys are never logged.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace causeway::log {

enum class Level { debug, info, warning, error };

// `call_id` is empty for lines that belong to no call.
using Sink = std::function<void(Level, std::string_view call_id, std::string_view text)>;

// At any time, from any thread; an empty sink turns logging off. The sink may be called by several threads at
// once.
void set_sink(Sink sink, Level threshold);
bool enabled(Level level);
void write(Level level, std::string_view call_id, std::string_view text);

template <class... Args>
void debug(std::string_view call_id, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug)) write(Level::debug, call_id, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view call_id, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, call_id, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view call_id, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warning))
        write(Level::warning, call_id, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view call_id, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error)) write(Level::error, call_id, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace causeway::log
