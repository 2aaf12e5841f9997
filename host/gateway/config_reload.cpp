// What a running gateway cannot take over from a changed configuration.
#include <fstream>
#include <iterator>

#include "host/gateway/config_reader.hpp"

namespace causeway::gateway {
namespace {

// Where a key or table stands in the file; its beginning where it is absent.
toml::source_position place(const toml::table& root, std::string_view table, std::string_view key) {
    const toml::node* node = root.get(table);
    if (node == nullptr) return {1, 1};
    if (const auto* inner = node->as_table(); inner != nullptr && !key.empty()) {
        if (const toml::node* value = inner->get(key)) node = value;
    }
    return node->source().begin;
}

ConfigErrors unchangeable(std::string_view text, const Config& running, const Config& next) {
    const auto parsed = toml::parse(text);
    ConfigErrors errors;
    const auto check = [&](bool same, std::string_view table, std::string_view key) {
        if (same) return;
        const auto at = place(parsed.table(), table, key);
        errors.push_back({at.line, at.column,
                          fmt::format("{}{}{}: cannot change while the gateway runs; restart it", table,
                                      key.empty() ? "" : ".", key)});
    };
    check(next.shards == running.shards, "gateway", "shards");
    check(next.media_threads == running.media_threads, "gateway", "media_threads");
    check(next.media_sockets == running.media_sockets, "gateway", "media_sockets");
    check(next.media_dscp == running.media_dscp, "gateway", "media_dscp");
    check(next.core.user_agent == running.core.user_agent, "gateway", "user_agent");
    check(next.core.timers == running.core.timers, "timers", "");
    check(next.listeners == running.listeners && next.core.listeners == running.core.listeners, "listener",
          "");
    check(next.core.media == running.core.media, "media", "");
    check(next.cdr == running.cdr, "cdr", "");
    check(next.control_socket == running.control_socket, "control", "socket");
    return errors;
}

}  // namespace

Result<Config> load_reload(const std::filesystem::path& file, const Config& running) {
    auto next = load_config(file);
    if (!next) return next;
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::string what;
    for (const ConfigError& error : unchangeable(text, running, *next)) {
        if (!what.empty()) what += '\n';
        what += error.to_string(file.string());
    }
    if (!what.empty()) return fail(std::move(what));
    return next;
}

}  // namespace causeway::gateway
