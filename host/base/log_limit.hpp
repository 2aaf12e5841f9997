// For lines that anyone on the network can provoke: some of each kind are written every second, the others
// are counted, and the next line that is written says how many they were. A flood costs neither the disk nor
// the calls.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "host/base/log.hpp"
#include "host/base/time.hpp"

namespace causeway::log {

// Of one kind of line. Not for several threads.
class Limit {
  public:
    static constexpr unsigned lines = 10;  // a second
    static constexpr Duration span = std::chrono::seconds(1);

    // Nothing: not this line. Else how many were suppressed since the last one.
    std::optional<std::uint64_t> admit(Time now) {
        if (!begun_ || now - *begun_ >= span) {
            begun_ = now;
            written_ = 0;
        }
        if (written_ == lines) {
            ++suppressed_;
            return std::nullopt;
        }
        ++written_;
        return std::exchange(suppressed_, 0);
    }

  private:
    std::optional<Time> begun_;
    unsigned written_ = 0;
    std::uint64_t suppressed_ = 0;
};

template <class... Args>
void limited(Limit& limit, Time now, Level level, std::string_view call_id,
             fmt::format_string<Args...> format, Args&&... args) {
    if (!enabled(level)) return;
    const auto suppressed = limit.admit(now);
    if (!suppressed) return;
    auto text = fmt::format(format, std::forward<Args>(args)...);
    if (*suppressed > 0) text += fmt::format(" (suppressed {} lines like it)", *suppressed);
    write(level, call_id, text);
}

}  // namespace causeway::log
