// The configuration file: what is read, every kind of error at its place, and the sample that documents it
// all.
#include "host/gateway/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "host/base/text.hpp"

using namespace causeway;
using namespace causeway::gateway;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

constexpr std::string_view minimal = R"([[listener]]
name = "lo"
address = "udp:127.0.0.1:5060"
[[media]]
address = "127.0.0.1"
ports = "20000-20099"
)";

std::vector<std::string> errors_of(std::string_view text) {
    const auto config = parse_config(text);
    std::vector<std::string> out;
    if (config) return out;
    for (const auto& error : config.error()) out.push_back(error.to_string("f"));
    return out;
}

std::vector<std::string> errors_behind_minimal(std::string_view more) {
    return errors_of(std::string(minimal) + std::string(more));
}

std::string sample() {
    std::ifstream in(CAUSEWAY_SAMPLE_CONFIG);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The key that a line of the sample sets or, commented out, shows; empty for other lines.
std::string_view key_of(std::string_view line) {
    if (line.starts_with('#')) line.remove_prefix(1);
    const auto end = line.find(" = ");
    const auto key = line.substr(0, end);
    const bool is_key =
        end != std::string_view::npos &&
        key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
    return is_key ? key : std::string_view();
}

// The sample with its commented-out defaults in force.
std::string sample_with_defaults() {
    std::string out;
    const std::string text = sample();
    for (std::string_view line : split(text, '\n')) {
        if (line.starts_with('#') && !key_of(line).empty()) line.remove_prefix(1);
        out.append(line).append("\n");
    }
    return out;
}

}  // namespace

TEST(Config, AMinimalFileLeavesEverythingElseAtItsDefault) {
    const auto config = parse_config(minimal);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->core.max_calls, 10000u);
    EXPECT_EQ(config->core.no_answer, seconds(180));
    EXPECT_EQ(config->core.listeners, (std::vector<sip::Listener>{{sip::Transport::udp, "127.0.0.1", 5060}}));
    EXPECT_EQ(config->core.media[0].advertised, *IpAddress::parse("127.0.0.1"));
    EXPECT_EQ(config->cdr, CdrConfig{});
}

TEST(Config, ReadsEveryKey) {
    const auto config = parse_config(R"(
[gateway]
user_agent = "SBC"
media_threads = 3
media_sockets = "epoll"
media_dscp = 10
max_calls = 7
no_answer = "2m"
drain_limit = "0s"
[timers]
t1 = "50ms"
t2 = "400ms"
t4 = "501ms"
d = "3s"
[[listener]]
name = "a"
address = "udp:0.0.0.0:5060"
advertised = "sbc.example.com:5070"
[[listener]]
name = "b"
address = "udp:[::1]:0"
[[media]]
address = "0.0.0.0"
advertised = "192.0.2.1"
ports = "30000-30001"
[[trunk]]
name = "t"
target = "192.0.2.9:5080"
sources = ["192.0.2.9", "192.0.2.10"]
listener = "a"
srtp = "optional"
suites = ["AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_32"]
domain = "peer.example"
learning = "any"
[[trunk]]
name = "six"
sources = ["2001:db8::1"]
listener = "b"
[[extension]]
number = "alice"
trunk = "six"
contact = "[2001:db8::2]:5060"
[[route]]
prefix = "00"
trunk = "t"
strip = 2
prepend = "+"
[cdr]
directory = "/j"
database = "/d"
csv = "/c"
import_interval = "1s"
reserve = "2GiB"
[control]
socket = "/s"
[log]
level = "debug"
file = "/l"
)");
    ASSERT_TRUE(config) << config.error().front().to_string("f");
    Config want;
    want.core.user_agent = "SBC";
    want.media_threads = 3;
    want.media_sockets = MediaSockets::epoll;
    want.media_dscp = 10;
    want.core.max_calls = 7;
    want.core.no_answer = seconds(120);
    want.drain_limit = seconds(0);
    want.core.timers = {milliseconds(50), milliseconds(400), milliseconds(501), seconds(3)};
    want.listeners = {{"a", *Endpoint::parse("0.0.0.0:5060"), true},
                      {"b", *Endpoint::parse("[::1]:0"), false}};
    want.core.listeners = {{sip::Transport::udp, "sbc.example.com", 5070}, {sip::Transport::udp, "[::1]", 0}};
    want.core.media = {{*IpAddress::parse("0.0.0.0"), *IpAddress::parse("192.0.2.1"), 30000, 30001}};
    call::Trunk t;
    t.name = "t";
    t.target = *Endpoint::parse("192.0.2.9:5080");
    t.sources = {*IpAddress::parse("192.0.2.9"), *IpAddress::parse("192.0.2.10")};
    t.srtp = call::SrtpMode::optional;
    t.suites = {sdp::SrtpSuite::aead_aes_256_gcm, sdp::SrtpSuite::aes_cm_128_hmac_sha1_32};
    t.domain = "peer.example";
    t.learning = media::Learning::any;
    call::Trunk six;
    six.name = "six";
    six.sources = {*IpAddress::parse("2001:db8::1")};
    six.listener = 1;
    want.core.trunks = {t, six};
    want.core.extensions = {{"alice", "six", Endpoint::parse("[2001:db8::2]:5060")}};
    want.core.routes = {{"00", "t", 2, "+"}};
    want.cdr = {"/j", "/d", "/c", seconds(1), 2ull << 30};
    want.control_socket = "/s";
    want.log = {log::Level::debug, "/l"};
    EXPECT_EQ(*config, want);
}

TEST(Config, ReportsEveryErrorOfAFileAtLineAndColumn) {
    EXPECT_THAT(
        errors_of(R"([gateway]
max_calls = "many"
no_answer = 180
colour = "red"
[[listener]]
name = "a b"
address = "tls:127.0.0.1:5060"
[[media]]
address = "host.example"
ports = "20001-20010"
[weather]
)"),
        ElementsAre(
            "f:2:13: gateway.max_calls: expected a whole number from 1 to 1000000, got \"many\"",
            "f:3:13: gateway.no_answer: expected a duration such as \"180s\", got 180",
            "f:4:1: gateway.colour: expected one of drain_limit, max_calls, media_dscp, media_sockets, "
            "media_threads, no_answer, shards, user_agent",
            "f:6:8: listener.name: expected a name of letters, digits, '.', '_', '-', got \"a b\"",
            "f:7:11: listener.address: expected \"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\", got "
            "\"tls:127.0.0.1:5060\"",
            "f:9:11: media.address: expected an IP address, got \"host.example\"",
            "f:10:9: media.ports: expected \"FIRST-LAST\", from an even port of 1024 at least to an odd "
            "one, got \"20001-20010\"",
            "f:11:2: weather: expected one of cdr, control, extension, gateway, listener, log, media, "
            "profile, "
            "route, timers, trunk"));
}

TEST(Config, ReportsWhatIsNoTomlWhereItStopsBeing) {
    EXPECT_THAT(errors_of("[gateway]\nmax_calls = = 3\n"), ElementsAre(HasSubstr("f:2:13: not TOML: ")));
}

TEST(Config, ReportsMissingKeysAndTables) {
    EXPECT_THAT(errors_of(""), ElementsAre("f:1:1: listener: expected at least one [[listener]]",
                                           "f:1:1: media: expected at least one [[media]]"));
    EXPECT_THAT(errors_behind_minimal("[[route]]\nprefix = \"\"\n"),
                ElementsAre("f:7:1: route.trunk: expected the name of a [[trunk]], is missing"));
}

TEST(Config, RefusesTablesOfTheWrongShape) {
    EXPECT_THAT(
        errors_behind_minimal("[trunk]\nname = \"t\"\n[[log]]\nlevel = \"info\"\n"),
        ElementsAre("f:7:1: trunk: expected tables [[trunk]]", HasSubstr("log: expected one table [log]")));
}

TEST(Config, RefusesAddressesThatPeersCannotReach) {
    EXPECT_THAT(
        errors_of("[[listener]]\nname = \"a\"\naddress = \"udp:0.0.0.0:5060\"\n"
                  "[[media]]\naddress = \"::\"\nports = \"20000-20001\"\n"),
        ElementsAre(HasSubstr("f:1:1: listener.advertised: expected \"HOST\" or \"HOST:PORT\", is missing"),
                    HasSubstr("f:4:1: media.advertised: expected an IP address, is missing")));
}

TEST(Config, RefusesBindingsThatOverlap) {
    EXPECT_THAT(
        errors_behind_minimal(R"([[listener]]
name = "all"
address = "udp:0.0.0.0:5060"
advertised = "192.0.2.1"
[[listener]]
name = "in"
address = "udp:127.0.0.1:20050"
[[media]]
address = "0.0.0.0"
advertised = "192.0.2.1"
ports = "20098-20101"
)"),
        ElementsAre("f:6:9: media.ports: expected free ports, listener \"in\" has 20050",
                    "f:9:11: listener.address: expected a free one, listener \"lo\" has 127.0.0.1:5060",
                    "f:17:9: media.ports: expected free ports, 20000-20099 of 127.0.0.1 stand above"));
}

TEST(Config, RefusesNamesThatStandTwiceAndNamesThatStandNowhere) {
    EXPECT_THAT(
        errors_behind_minimal(R"([[trunk]]
name = "t"
sources = ["127.0.0.2"]
listener = "other"
[[trunk]]
name = "t"
target = "127.0.0.3:5060"
[[extension]]
number = "100"
trunk = "u"
[[extension]]
number = "100"
trunk = "t"
[[route]]
prefix = "1"
trunk = "v"
)"),
        ElementsAre(
            "f:10:12: trunk.listener: expected the name of a [[listener]], there is no \"other\"",
            "f:12:8: trunk.name: expected a new one, \"t\" stands above",
            "f:16:9: extension.trunk: expected the name of a [[trunk]], there is no \"u\"",
            "f:17:1: extension.contact: expected \"ADDRESS:PORT\", is missing: trunk \"t\" has no target",
            "f:18:10: extension.number: expected a new one, \"100\" stands above",
            "f:22:9: route.trunk: expected the name of a [[trunk]], there is no \"v\""));
}

TEST(Config, RefusesTrunksThatCannotBeToldApartOrReached) {
    EXPECT_THAT(
        errors_behind_minimal(R"([[trunk]]
name = "a"
sources = ["127.0.0.2"]
[[trunk]]
name = "b"
sources = ["127.0.0.2", 5, "::1"]
[[trunk]]
name = "c"
[[route]]
prefix = "1"
trunk = "a"
)"),
        ElementsAre("f:12:12: trunk.sources: expected an address of this trunk only, 127.0.0.2 stands above",
                    "f:12:25: trunk.sources: expected an IP address, got 5",
                    "f:12:28: trunk.sources: expected an IPv4 address as listener \"lo\" has, got ::1",
                    "f:13:1: trunk.target: expected a target, sources, or both",
                    "f:17:9: route.trunk: expected a trunk with a target, \"a\" has none"));
}

TEST(Config, NamesOfSeveralListenersMustBeGiven) {
    EXPECT_THAT(
        errors_behind_minimal("[[listener]]\nname = \"b\"\naddress = \"udp:127.0.0.1:0\"\n"
                              "[[trunk]]\nname = \"t\"\ntarget = \"127.0.0.1:5080\"\n"),
        ElementsAre(HasSubstr("f:10:1: trunk.listener: expected the name of a [[listener]], is missing")));
}

TEST(Config, RefusesValuesOutOfTheirRange) {
    const auto refused = [](std::string_view table, std::string_view setting) {
        const auto errors = errors_behind_minimal(fmt::format("[{}]\n{}\n", table, setting));
        return errors.size() == 1 && errors[0].starts_with("f:8:");
    };
    EXPECT_TRUE(refused("gateway", "max_calls = 0"));
    EXPECT_TRUE(refused("gateway", "max_calls = -1"));
    EXPECT_TRUE(refused("gateway", "max_calls = 3.5"));
    EXPECT_TRUE(refused("gateway", "no_answer = \"180\""));
    EXPECT_TRUE(refused("gateway", "no_answer = \"-1s\""));
    EXPECT_TRUE(refused("gateway", "no_answer = \"999999999999999h\""));
    EXPECT_TRUE(refused("gateway", "user_agent = \"a\\r\\nX: y\""));
    EXPECT_TRUE(refused("timers", "t1 = \"0ms\""));
    EXPECT_TRUE(refused("timers", "t2 = \"301s\""));
    EXPECT_TRUE(refused("cdr", "reserve = \"99999999999GiB\""));
    EXPECT_TRUE(refused("cdr", "directory = \"a\\u0000b\""));
    EXPECT_TRUE(refused("cdr", "import_interval = \"1ms\""));
    EXPECT_TRUE(refused("control", fmt::format("socket = \"/{}\"", std::string(107, 's'))));
    EXPECT_TRUE(refused("log", "level = \"verbose\""));
    EXPECT_TRUE(refused("log", "file = 2001-01-01"));
    EXPECT_FALSE(refused("control", fmt::format("socket = \"/{}\"", std::string(106, 's'))));
}

TEST(ConfigSample, NamesEveryKeyThatTheParserKnowsAndNoOther) {
    std::set<std::string> named;
    std::string_view table;
    const std::string text = sample();
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with('[')) {
            const auto begin = line.find_first_not_of('[');
            table = line.substr(begin, line.find(']') - begin);
        } else if (!key_of(line).empty()) {
            named.insert(fmt::format("{}.{}", table, key_of(line)));
        }
    }
    EXPECT_THAT(named, testing::ContainerEq(known_config_keys()));
}

TEST(ConfigSample, ChecksClean) {
    EXPECT_THAT(errors_of(sample()), ElementsAre());
}

TEST(ConfigSample, TheDefaultsThatItShowsAreTheDefaults) {
    ASSERT_NE(sample(), sample_with_defaults());
    EXPECT_THAT(errors_of(sample_with_defaults()), ElementsAre());
    const auto as_is = parse_config(sample()), spelled_out = parse_config(sample_with_defaults());
    ASSERT_TRUE(as_is && spelled_out);
    auto same = *spelled_out;
    same.listeners[1].advertised_port = false;  // says that it was given; the port is the same
    EXPECT_EQ(same, *as_is);
}
