#include "host/gateway/logging.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace causeway::gateway {
namespace {

constexpr std::size_t queue_lines = 8192;

spdlog::level::level_enum to_spdlog(log::Level level) {
    switch (level) {
        case log::Level::debug:
            return spdlog::level::debug;
        case log::Level::info:
            return spdlog::level::info;
        case log::Level::warning:
            return spdlog::level::warn;
        case log::Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// The logger and the thread that writes for it; gone with the last copy of the sink.
struct Writer {
    explicit Writer(spdlog::sink_ptr sink)
        : pool(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)),
          logger(std::make_shared<spdlog::async_logger>("causeway", std::move(sink), pool,
                                                        spdlog::async_overflow_policy::overrun_oldest)) {
        logger->set_level(spdlog::level::debug);
        logger->flush_on(spdlog::level::debug);
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    }
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

}  // namespace

std::string log_line(std::string_view call_id, std::string_view text) {
    std::string line;
    line.reserve(call_id.size() + text.size() + 3);
    const auto append = [&](std::string_view part) {
        for (const char c : part) {
            const auto octet = static_cast<unsigned char>(c);
            if (octet < 0x20 || octet == 0x7f) {
                line += fmt::format("\\x{:02x}", octet);
            } else {
                line += c;
            }
        }
    };
    if (!call_id.empty()) {
        line += '[';
        append(call_id);
        line += "] ";
    }
    append(text);
    return line;
}

Result<void> install_log(const LogConfig& config) {
    spdlog::sink_ptr sink;
    try {
        if (config.file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file.string());
        }
    } catch (const spdlog::spdlog_ex& error) {
        return fail(fmt::format("log: {}", error.what()));
    }
    log::set_sink(
        [writer = std::make_shared<Writer>(std::move(sink))](log::Level level, std::string_view call_id,
                                                             std::string_view text) {
            writer->logger->log(to_spdlog(level), log_line(call_id, text));
        },
        config.level);
    return {};
}

void remove_log() {
    log::set_sink({}, log::Level::info);
}

}  // namespace causeway::gateway
