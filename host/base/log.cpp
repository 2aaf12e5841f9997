#include "host/base/log.hpp"

namespace causeway::log {
namespace {
Sink current_sink;
Level current_threshold = Level::info;
}  // namespace

void set_sink(Sink sink, Level threshold) {
    current_sink = std::move(sink);
    current_threshold = threshold;
}

bool enabled(Level level) {
    return current_sink && level >= current_threshold;
}

void write(Level level, std::string_view call_id, std::string_view text) {
    if (current_sink) current_sink(level, call_id, text);
}

}  // namespace causeway::log
