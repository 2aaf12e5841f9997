// The configuration file: TOML in, gateway::Config out. Every key with its default stands in the commented
// sample, config/causeway.toml; a test holds parser and sample together. Everything is checked here, also
// what only fails later (unknown trunks, overlapping ports, ambiguous sources), and every error found is
// reported, not just the first.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/log.hpp"
#include "host/base/result.hpp"
#include "host/call/config.hpp"

namespace causeway::gateway {

// Where a listener is bound; how peers reach it stands at the same index of call::Config::listeners.
struct ListenerConfig {
    std::string name;
    Endpoint local;                // port 0: the system chooses
    bool advertised_port = false;  // the advertised port was given; otherwise it is the one bound
    bool operator==(const ListenerConfig&) const = default;
};

struct CdrConfig {
    std::filesystem::path directory = "/var/lib/causeway/cdr";  // of the journal; empty: keeps no records
    std::filesystem::path database = "/var/lib/causeway/cdr.sqlite";  // empty: imports on request only
    std::filesystem::path csv;                                        // empty: writes none
    Duration import_interval = std::chrono::seconds(5);
    std::uint64_t reserve_octets = 256ull << 20;  // free disk space below which new calls get 503
    bool operator==(const CdrConfig&) const = default;
};

struct LogConfig {
    log::Level level = log::Level::info;
    std::filesystem::path file;  // empty: standard error
    bool operator==(const LogConfig&) const = default;
};

// How the system is asked for media: net::UdpBackend, or io_uring where that works and epoll elsewhere.
enum class MediaSockets : std::uint8_t { automatic, epoll, io_uring, range };

struct Config {
    std::uint8_t shards = 1;         // threads that calls are spread over
    std::uint8_t media_threads = 0;  // that serve the media of all shards; 0: each shard its own
    MediaSockets media_sockets = MediaSockets::automatic;
    std::uint8_t media_dscp = 46;  // of RTP and RTCP: expedited forwarding (RFC 4594)
    call::Config core;
    std::vector<ListenerConfig> listeners;
    CdrConfig cdr;
    std::filesystem::path control_socket = "/run/causeway/control.sock";  // empty: none
    LogConfig log;
    Duration drain_limit = std::chrono::minutes(10);  // calls that outlast it are hung up
    bool operator==(const Config&) const = default;
};

struct ConfigError {
    std::size_t line = 0, column = 0;  // from 1; columns count characters
    std::string what;                  // "trunk.target: expected ..."
    // "FILE:LINE:COLUMN: what"
    std::string to_string(std::string_view file) const;
};
using ConfigErrors = std::vector<ConfigError>;  // in the order of their places

tl::expected<Config, ConfigErrors> parse_config(std::string_view text);
// The errors of parse_config, or that the file cannot be read, one a line.
Result<Config> load_config(const std::filesystem::path& file);
// As load_config, for a gateway that runs with `running`: what cannot change while it runs (listeners, media
// ranges, timers, shards, records, control socket, user agent) is an error where it differs.
Result<Config> load_reload(const std::filesystem::path& file, const Config& running);
// Every key that parse_config takes, as "table.key".
std::set<std::string> known_config_keys();

}  // namespace causeway::gateway
