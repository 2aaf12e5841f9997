#include "host/base/log.hpp"

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace causeway::log {
namespace {
constexpr int off = static_cast<int>(Level::error) + 1;
std::atomic<int> threshold{off};  // lines below it are not even formatted
std::shared_mutex sink_mutex;
Sink current_sink;
}  // namespace

void set_sink(Sink sink, Level least) {
    const std::unique_lock held(sink_mutex);
    threshold = sink ? static_cast<int>(least) : off;
    current_sink.swap(sink);
}

bool enabled(Level level) {
    return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view call_id, std::string_view text) {
    const std::shared_lock held(sink_mutex);
    if (current_sink) current_sink(level, call_id, text);
}

}  // namespace causeway::log
