#include "host/gateway/config.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <system_error>

#include "host/gateway/config_profiles.hpp"
#include "host/gateway/config_reader.hpp"
#include "host/gateway/config_values.hpp"

namespace causeway::gateway {
namespace {

using Table = ConfigReader::Table;

constexpr std::uint8_t max_media_threads = 64;

// Of two bindings: one would refuse the other.
bool same_address(const IpAddress& a, const IpAddress& b) {
    return a.is_v6() == b.is_v6() && (a == b || a.is_unspecified() || b.is_unspecified());
}

std::string_view family(const IpAddress& ip) {
    return ip.is_v6() ? "IPv6" : "IPv4";
}

// The whole file. Not with a stream: reading a directory through one throws.
Result<std::string> read(const std::filesystem::path& file) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), std::fclose);
    std::string text;
    while (in) {
        char part[4096];
        const auto size = std::fread(part, 1, sizeof part, in.get());
        if (size == 0) break;
        text.append(part, size);
    }
    if (!in || std::ferror(in.get()) != 0) {
        return fail(fmt::format("{}: {}", file.string(), std::generic_category().message(errno)));
    }
    return text;
}

// Reads the document table by table, in the order in which tables refer to each other.
class Reading {
  public:
    explicit Reading(std::string_view text) : reader_(text) {}

    tl::expected<Config, ConfigErrors> run() {
        if (reader_.readable()) {
            gateway();
            timers();
            listeners();
            media();
            config_.core.profiles = read_profiles(reader_);
            trunks();
            extensions();
            routes();
            cdr();
            control();
            log();
        }
        ConfigErrors errors = reader_.finish();
        if (!errors.empty()) return tl::make_unexpected(std::move(errors));
        return std::move(config_);
    }
    const std::set<std::string>& asked() const { return reader_.asked(); }

  private:
    // A key whose default stands in `target`.
    template <class Target, class Value>
    static void set(Target& target, const std::optional<Located<Value>>& value) {
        if (value) target = static_cast<Target>(value->value);
    }

    // A name that is new in `names`; the value is its index.
    using Names = std::map<std::string, std::size_t, std::less<>>;
    static void name(Table& table, std::string_view key, const std::optional<Located<std::string>>& value,
                     Names& names) {
        if (value && !names.emplace(value->value, names.size()).second) {
            table.error(key, value->at, fmt::format("expected a new one, \"{}\" stands above", value->value));
        }
    }

    void gateway() {
        Table t = reader_.table("gateway");
        set(config_.core.user_agent, t.text("user_agent", "1 to 256 printable characters", parse_line));
        set(config_.shards, t.number("shards", 1, sip::max_shards));
        set(config_.media_threads, t.number("media_threads", 0, max_media_threads));
        set(config_.media_sockets,
            t.text("media_sockets", "\"auto\", \"epoll\", \"io_uring\" or \"range\"", parse_media_sockets));
        set(config_.media_dscp, t.number("media_dscp", 0, 63));
        set(config_.core.max_calls, t.number("max_calls", 1, 1'000'000));
        const auto no_answer = t.text("no_answer", "a duration such as \"180s\"", parse_duration);
        set(config_.core.no_answer, no_answer);
        set(config_.drain_limit, t.text("drain_limit", "a duration such as \"10m\"", parse_duration));
        if (no_answer && no_answer->value < std::chrono::seconds(1)) {
            t.error("no_answer", no_answer->at, "expected one second at least");
        }
        t.done();
    }

    void timers() {
        Table t = reader_.table("timers");
        const auto timer = [&](std::string_view key, Duration& target) {
            const auto value = t.text(key, "a duration such as \"500ms\"", parse_duration);
            if (value &&
                (value->value < std::chrono::milliseconds(1) || value->value > std::chrono::minutes(5))) {
                t.error(key, value->at, "expected a duration from 1ms to 5m");
            }
            set(target, value);
        };
        timer("t1", config_.core.timers.t1);
        timer("t2", config_.core.timers.t2);
        timer("t4", config_.core.timers.t4);
        timer("d", config_.core.timers.d);
        t.done();
    }

    void listeners() {
        for (Table& t : reader_.tables("listener")) {
            const auto label = t.text("name", "a name of letters, digits, '.', '_', '-'", parse_name, true);
            const auto address =
                t.text("address", "\"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\"", parse_listen_address, true);
            const auto advertised = t.text("advertised", "\"HOST\" or \"HOST:PORT\"", parse_host_port);
            t.done();
            name(t, "name", label, listener_names_);

            ListenerConfig listener;
            sip::Listener reached;
            set(listener.name, label);
            if (address) {
                const Endpoint& endpoint = address->value.endpoint;
                listener.local = endpoint;
                reached.transport = address->value.transport;
                for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
                    const Endpoint& other = config_.listeners[i].local;
                    if (other.port == 0 || other.port != endpoint.port ||
                        config_.core.listeners[i].transport != reached.transport ||
                        !same_address(other.ip, endpoint.ip)) {
                        continue;
                    }
                    t.error("address", address->at,
                            fmt::format("expected a free one, listener \"{}\" has {}",
                                        config_.listeners[i].name, other.to_string()));
                }
                if (endpoint.ip.is_unspecified() && !advertised) {
                    t.error("advertised", t.at(),
                            fmt::format("expected \"HOST\" or \"HOST:PORT\", is missing: {} is no address "
                                        "that peers can reach",
                                        endpoint.ip.to_string()));
                }
                reached.host = endpoint.ip.to_uri_host();
                reached.port = endpoint.port;
            }
            if (advertised) {
                reached.host = advertised->value.host;
                listener.advertised_port = advertised->value.port.has_value();
                if (advertised->value.port) reached.port = *advertised->value.port;
            }
            config_.listeners.push_back(std::move(listener));
            config_.core.listeners.push_back(std::move(reached));
        }
        if (config_.listeners.empty()) reader_.error({1, 1}, "listener: expected at least one [[listener]]");
    }

    void media() {
        for (Table& t : reader_.tables("media")) {
            const auto address = t.text("address", "an IP address", IpAddress::parse, true);
            const auto advertised =
                t.text("advertised", "an IP address that peers can reach", parse_specified_address);
            const auto ports =
                t.text("ports", "\"FIRST-LAST\", from an even port of 1024 at least to an odd one",
                       parse_ports, true);
            t.done();

            ::causeway::media::PortRange range;
            set(range.address, address);
            range.advertised = advertised ? advertised->value : range.address;
            if (address && !advertised && address->value.is_unspecified()) {
                t.error(
                    "advertised", t.at(),
                    fmt::format("expected an IP address, is missing: {} is no address that peers can reach",
                                address->value.to_string()));
            }
            if (address && advertised && address->value.is_v6() != advertised->value.is_v6()) {
                t.error("advertised", advertised->at,
                        fmt::format("expected an {} address as \"address\" is", family(address->value)));
            }
            if (address && ports) {
                range.first = ports->value.first;
                range.last = ports->value.last;
                media_overlaps(t, range, ports->at);
                if (range.pairs() < config_.shards) {
                    t.error("ports", ports->at,
                            fmt::format("expected {} pairs at least, one for each shard", config_.shards));
                }
            }
            config_.core.media.push_back(range);
        }
        if (config_.core.media.empty()) reader_.error({1, 1}, "media: expected at least one [[media]]");
    }

    void media_overlaps(Table& t, const ::causeway::media::PortRange& range, toml::source_position at) {
        for (const auto& other : config_.core.media) {
            if (same_address(other.address, range.address) && other.first <= range.last &&
                range.first <= other.last) {
                t.error("ports", at,
                        fmt::format("expected free ports, {}-{} of {} stand above", other.first, other.last,
                                    other.address.to_string()));
            }
        }
        for (const ListenerConfig& l : config_.listeners) {
            if (same_address(l.local.ip, range.address) && l.local.port >= range.first &&
                l.local.port <= range.last) {
                t.error("ports", at,
                        fmt::format("expected free ports, listener \"{}\" has {}", l.name, l.local.port));
            }
        }
    }

    void trunks() {
        constexpr std::string_view peer = "\"ADDRESS:PORT\"";
        for (Table& t : reader_.tables("trunk")) {
            call::Trunk trunk;
            const auto label = t.text("name", "a name of letters, digits, '.', '_', '-'", parse_name, true);
            const auto target = t.text("target", peer, parse_peer);
            const auto sources = t.texts("sources", "an IP address", parse_specified_address);
            const auto listener = t.text("listener", "the name of a [[listener]]", parse_name);
            set(trunk.srtp, t.text("srtp", "\"off\", \"optional\" or \"mandatory\"", parse_srtp_mode));
            const auto suites = t.texts("suites", "an SRTP suite by its SDP name", parse_suite);
            set(trunk.domain, t.text("domain", "a host name or IP address", parse_domain));
            set(trunk.learning,
                t.text("learning", "\"off\", \"signaling_address\" or \"any\"", parse_learning));
            const auto profile = t.text("profile", "the name of a [[profile]]", parse_name);
            t.done();

            name(t, "name", label, trunk_names_);
            set(trunk.name, label);
            set(trunk.target, target);
            trunk.listener = trunk_listener(t, listener);
            if (trunk.listener < config_.core.listeners.size()) {
                trunk.transport = config_.core.listeners[trunk.listener].transport;
            }
            set(trunk.profile, profile);
            const auto& profiles = config_.core.profiles;
            if (profile && std::none_of(profiles.begin(), profiles.end(),
                                        [&](const auto& p) { return p.name == profile->value; })) {
                t.error(
                    "profile", profile->at,
                    fmt::format("expected the name of a [[profile]], there is no \"{}\"", profile->value));
            }
            if (!target && sources.empty()) {
                t.error("target", t.at(), "expected a target, sources, or both");
            }
            if (target) check_family(t, "target", target->value.ip, target->at, trunk.listener);
            for (const auto& source : sources) {
                check_family(t, "sources", source.value, source.at, trunk.listener);
                check_source(t, source, trunk.listener);
                trunk.sources.push_back(source.value);
            }
            for (const auto& suite : suites) {
                if (std::find(trunk.suites.begin(), trunk.suites.end(), suite.value) != trunk.suites.end()) {
                    t.error("suites", suite.at, "expected each suite once");
                }
                trunk.suites.push_back(suite.value);
            }
            config_.core.trunks.push_back(std::move(trunk));
        }
    }

    std::uint16_t trunk_listener(Table& t, const std::optional<Located<std::string>>& wanted) {
        if (!wanted) {
            if (config_.listeners.size() > 1) {
                t.error("listener", t.at(),
                        "expected the name of a [[listener]], is missing: there are several");
            }
            return 0;
        }
        const auto found = std::find_if(config_.listeners.begin(), config_.listeners.end(),
                                        [&](const ListenerConfig& l) { return l.name == wanted->value; });
        if (found == config_.listeners.end()) {
            t.error("listener", wanted->at,
                    fmt::format("expected the name of a [[listener]], there is no \"{}\"", wanted->value));
            return 0;
        }
        return static_cast<std::uint16_t>(found - config_.listeners.begin());
    }

    void check_family(Table& t, std::string_view key, const IpAddress& ip, toml::source_position at,
                      std::uint16_t listener) {
        if (listener >= config_.listeners.size()) return;
        const ListenerConfig& l = config_.listeners[listener];
        if (l.local.ip.is_v6() == ip.is_v6()) return;
        t.error(key, at,
                fmt::format("expected an {} address as listener \"{}\" has, got {}", family(l.local.ip),
                            l.name, ip.to_string()));
    }

    // An address that two trunks claim on one listener would always be the first one's.
    void check_source(Table& t, const Located<IpAddress>& source, std::uint16_t listener) {
        if (sources_.emplace(source.value, listener).second) return;
        t.error(
            "sources", source.at,
            fmt::format("expected an address of this trunk only, {} stands above", source.value.to_string()));
    }

    // The trunk of that name; null, with an error, where there is none.
    const call::Trunk* find_trunk(Table& t, const std::optional<Located<std::string>>& wanted) {
        if (!wanted) return nullptr;
        for (const auto& trunk : config_.core.trunks) {
            if (trunk.name == wanted->value) return &trunk;
        }
        t.error("trunk", wanted->at,
                fmt::format("expected the name of a [[trunk]], there is no \"{}\"", wanted->value));
        return nullptr;
    }

    void extensions() {
        Names numbers;
        for (Table& t : reader_.tables("extension")) {
            const auto number =
                t.text("number", "a number without separators, or a user name", parse_dialled, true);
            const auto trunk_name = t.text("trunk", "the name of a [[trunk]]", parse_name, true);
            const auto contact = t.text("contact", "\"ADDRESS:PORT\"", parse_peer);
            t.done();

            name(t, "number", number, numbers);
            const call::Trunk* trunk = find_trunk(t, trunk_name);
            if (trunk != nullptr && contact) {
                check_family(t, "contact", contact->value.ip, contact->at, trunk->listener);
            }
            if (trunk != nullptr && !contact && trunk->target.port == 0) {
                t.error("contact", t.at(),
                        fmt::format("expected \"ADDRESS:PORT\", is missing: trunk \"{}\" has no target",
                                    trunk->name));
            }
            call::Extension extension;
            set(extension.number, number);
            set(extension.trunk, trunk_name);
            if (contact) extension.contact = contact->value;
            config_.core.extensions.push_back(std::move(extension));
        }
    }

    void routes() {
        constexpr std::string_view digits = "digits, '+', '*' and '#', or the start of a user name";
        Names prefixes;
        for (Table& t : reader_.tables("route")) {
            call::Route route;
            const auto prefix = t.text("prefix", digits, parse_dialled_or_empty, true);
            const auto trunk_name = t.text("trunk", "the name of a [[trunk]]", parse_name, true);
            set(route.strip, t.number("strip", 0, 64));
            set(route.prepend, t.text("prepend", digits, parse_dialled_or_empty));
            t.done();

            name(t, "prefix", prefix, prefixes);
            set(route.prefix, prefix);
            set(route.trunk, trunk_name);
            if (const call::Trunk* trunk = find_trunk(t, trunk_name); trunk && trunk->target.port == 0) {
                t.error("trunk", trunk_name->at,
                        fmt::format("expected a trunk with a target, \"{}\" has none", trunk->name));
            }
            config_.core.routes.push_back(std::move(route));
        }
    }

    void cdr() {
        Table t = reader_.table("cdr");
        set(config_.cdr.directory, t.text("directory", "a path or \"\"", parse_path));
        set(config_.cdr.database, t.text("database", "a path or \"\"", parse_path));
        const auto csv = t.text("csv", "a path or \"\"", parse_path);
        set(config_.cdr.csv, csv);
        const auto interval = t.text("import_interval", "a duration such as \"5s\"", parse_duration);
        set(config_.cdr.import_interval, interval);
        set(config_.cdr.reserve_octets, t.text("reserve", "an amount such as \"256MiB\"", parse_octets));
        if (interval && interval->value < std::chrono::milliseconds(100)) {
            t.error("import_interval", interval->at, "expected 100ms at least");
        }
        if (csv && !csv->value.empty() && config_.cdr.database.empty()) {
            t.error("csv", csv->at, "expected \"\": without \"database\" there is nothing to write it from");
        }
        t.done();
    }

    void control() {
        Table t = reader_.table("control");
        const auto socket = t.text("socket", "a path or \"\"", parse_path);
        set(config_.control_socket, socket);
        if (socket && socket->value.native().size() >= sizeof(sockaddr_un::sun_path)) {
            t.error("socket", socket->at,
                    fmt::format("expected a path of at most {} octets", sizeof(sockaddr_un::sun_path) - 1));
        }
        t.done();
    }

    void log() {
        Table t = reader_.table("log");
        set(config_.log.level, t.text("level", "\"debug\", \"info\", \"warning\" or \"error\"", parse_level));
        set(config_.log.file, t.text("file", "a path or \"\"", parse_path));
        t.done();
    }

    ConfigReader reader_;
    Config config_;
    Names listener_names_, trunk_names_;
    std::set<std::pair<IpAddress, std::uint16_t>> sources_;  // with the listener
};

}  // namespace

std::string ConfigError::to_string(std::string_view file) const {
    return fmt::format("{}:{}:{}: {}", file, line, column, what);
}

tl::expected<Config, ConfigErrors> parse_config(std::string_view text) {
    return Reading(text).run();
}

Result<Config> load_config(const std::filesystem::path& file) {
    const auto text = read(file);
    if (!text) return tl::make_unexpected(text.error());
    auto config = parse_config(*text);
    if (config) return std::move(*config);
    std::string what;
    for (const ConfigError& error : config.error()) {
        if (!what.empty()) what += '\n';
        what += error.to_string(file.string());
    }
    return fail(std::move(what));
}

std::set<std::string> known_config_keys() {
    // One table of each kind: what is read does not depend on the values.
    Reading reading(
        "[[listener]]\n[[media]]\n[[profile]]\n[[profile.in.header]]\n[[profile.in.number]]\n"
        "[[profile.out.header]]\n[[profile.out.number]]\n[[profile.reply]]\n"
        "[[trunk]]\n[[extension]]\n[[route]]\n");
    std::ignore = reading.run();
    return reading.asked();
}

}  // namespace causeway::gateway
