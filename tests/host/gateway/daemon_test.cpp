// The programs as their users run them: causeway and causewayctl as processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/gateway/rpc.hpp"
#include "tests/host/gateway/process.hpp"
#include "tests/host/gateway/sip_peer.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

using namespace causeway::gateway;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

class Daemon : public testing::Test {
  protected:
    std::string write_config(std::string_view listener = "udp:127.0.0.1:0") {
        std::ofstream out(folder / "causeway.toml");
        out << fmt::format(R"(
[[listener]]
name = "lo"
address = "{}"
[[media]]
address = "127.0.0.1"
ports = "42100-42199"
[[trunk]]
name = "peer"
target = "{}"
[[route]]
prefix = "2"
trunk = "peer"
[cdr]
directory = "{}"
database = "{}"
reserve = "0MiB"
[control]
socket = "{}"
)",
                           listener, peer.local().to_string(), (folder / "journal").string(),
                           (folder / "cdr.sqlite").string(), socket());
        return (folder / "causeway.toml").string();
    }
    std::string socket() const { return (folder / "socket").string(); }
    static std::vector<std::string> causeway(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), CAUSEWAY_DAEMON);
        return arguments;
    }
    // Exit status and output of causewayctl.
    std::pair<int, std::string> ctl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {CAUSEWAY_CTL, "--socket", socket()});
        Process process(std::move(arguments));
        const int status = process.wait();
        return {status, process.output()};
    }

    TemporaryFolder folder;
    SipPeer peer;
};

}  // namespace

TEST_F(Daemon, ChecksAGoodFile) {
    Process process(causeway({"-c", "-f", CAUSEWAY_SAMPLE_CONFIG}));
    EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(process.output(), std::string(CAUSEWAY_SAMPLE_CONFIG) + ": ok\n");
}

TEST_F(Daemon, SaysEverythingThatIsWrongWithABadFile) {
    const auto file = write_config("udp:localhost:5060");
    std::ofstream(file, std::ios::app) << "[weather]\n";
    for (const char* flag : {"-c", "-E"}) {  // it does not run with such a file either
        Process process(causeway({flag, "-f", file}));
        EXPECT_EQ(process.wait(), 1);
        EXPECT_THAT(
            process.output(),
            HasSubstr(file +
                      ":4:11: listener.address: expected \"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\""));
        EXPECT_THAT(process.output(), HasSubstr(file + ":20:2: weather: expected one of "));
    }
}

TEST_F(Daemon, TellsAMissingFileAndAWrongCommandLineApart) {
    Process missing(causeway({"-c", "-f", "/nonexistent.toml"}));
    EXPECT_EQ(missing.wait(), 1);
    EXPECT_EQ(missing.output(), "/nonexistent.toml: No such file or directory\n");
    Process folder_given(causeway({"-c", "-f", "/"}));
    EXPECT_EQ(folder_given.wait(), 1);
    EXPECT_EQ(folder_given.output(), "/: Is a directory\n");
    Process wrong(causeway({"--nonsense"}));
    EXPECT_EQ(wrong.wait(), 2);
    Process version(causeway({"-v"}));
    EXPECT_EQ(version.wait(), 0);
    EXPECT_THAT(version.output(), MatchesRegex("causeway [0-9.]+\n"));
}

TEST_F(Daemon, NamesTheListenerWhosePortIsInUse) {
    Process process(causeway({"-E", "-f", write_config("udp:" + peer.local().to_string())}));
    EXPECT_EQ(process.wait(), 3);
    EXPECT_THAT(process.output(), HasSubstr("cannot start: listener \"lo\" (" + peer.local().to_string() +
                                            "): Address already in use"));
}

TEST_F(Daemon, SaysWhichLimitItsMediaPortsExceed) {
    Process process(
        {"/bin/sh", "-c", "ulimit -n 300; exec \"$0\" \"$@\"", CAUSEWAY_DAEMON, "-E", "-f", write_config()});
    EXPECT_EQ(process.wait(), 3);
    EXPECT_THAT(process.output(),
                HasSubstr("the configured media ports need 356 open files, 300 are allowed: "
                          "raise the limit (LimitNOFILE= of the service, ulimit -Hn)"));
}

TEST_F(Daemon, AnswersItsControlSocketAndEndsOnSigterm) {
    Process process(causeway({"-E", "-f", write_config()}));
    ASSERT_TRUE(process.says("ready: ")) << process.output();

    auto [status, text] = ctl({"status"});
    EXPECT_EQ(status, 0);
    EXPECT_THAT(text, HasSubstr("calls     0 of 10000"));
    EXPECT_THAT(text, HasSubstr("listener  lo: udp 127.0.0.1:"));
    std::tie(status, text) = ctl({"--json", "status"});
    EXPECT_EQ(nlohmann::json::parse(text)["max_calls"], 10000);
    EXPECT_EQ(ctl({"calls"}), std::pair(0, std::string("no calls\n")));
    EXPECT_EQ(ctl({"hangup", "7"}), std::pair(1, std::string("causewayctl: there is no call 7\n")));
    EXPECT_EQ(ctl({"hangup"}).first, 3);

    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.output();
    EXPECT_THAT(ctl({"status"}), testing::Pair(2, HasSubstr(socket())));
}

TEST_F(Daemon, ShowsWhatAProfileMakesOfAMessage) {
    const auto config = write_config();
    std::ofstream(config, std::ios::app) << R"([[profile]]
name = "p"
[[profile.in.number]]
prefix = "0"
strip = 1
prepend = "+49"
)";
    Process process(causeway({"-E", "-f", config}));
    ASSERT_TRUE(process.says("ready: ")) << process.output();
    const std::string message = folder / "invite.sip", nothing = folder / "nothing.sip";
    std::ofstream(message) << "INVITE sip:030@h SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: "
                              "<sip:1@h>;tag=a\nTo: <sip:030@h>\nCall-ID: c\nCSeq: 1 INVITE\n\n";
    std::ofstream(nothing) << "hello\n";

    auto [status, text] = ctl({"profile", "try", "p", message});
    EXPECT_EQ(status, 0);
    EXPECT_THAT(text, HasSubstr("---- before\nINVITE sip:030@h SIP/2.0\n"));
    EXPECT_THAT(text, HasSubstr("---- after\nINVITE sip:+4930@h SIP/2.0\n"));
    EXPECT_THAT(text, HasSubstr("---- rules\nnumber: called number 030 is +4930 by prefix \"0\"\n"));
    std::tie(status, text) = ctl({"--json", "profile", "try", "p", "--direction", "out", message});
    EXPECT_EQ(nlohmann::json::parse(text)["before"], nlohmann::json::parse(text)["after"]);

    EXPECT_EQ(ctl({"profile", "try", "q", message}),
              std::pair(1, std::string("causewayctl: there is no profile \"q\"\n")));
    EXPECT_THAT(ctl({"profile", "try", "p", nothing}),
                testing::Pair(1, HasSubstr("causewayctl: no SIP message: ")));
    EXPECT_THAT(ctl({"profile", "try", "p", folder / "absent.sip"}),
                testing::Pair(1, HasSubstr("absent.sip: cannot be read")));
    EXPECT_EQ(ctl({"profile", "try", "p", message, "--direction", "up"}).first, 3);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.output();
}

TEST_F(Daemon, EndsOnDrainWithTheLastCallAndSoDoesTheCommand) {
    Process process(causeway({"-E", "-f", write_config()}));
    ASSERT_TRUE(process.says("ready: ")) << process.output();
    const auto local = nlohmann::json::parse(ctl({"-j", "status"}).second)["listeners"][0]["local"];
    const auto us = *causeway::Endpoint::parse(local.get<std::string>());
    peer.send(us, peer.invite(us, "200", "last@test"));
    auto invite = peer.receive();
    while (!invite.is_request()) invite = peer.receive();
    EXPECT_EQ(ctl({"drain", "--no-wait"}), std::pair(0, std::string("draining: 1 calls left\n")));
    EXPECT_THAT(ctl({"status"}).second, HasSubstr("stopping"));

    Process waits({CAUSEWAY_CTL, "--socket", socket(), "drain"});
    EXPECT_TRUE(waits.says("draining: 1 calls left\n"));
    peer.respond(us, invite, 486);
    auto refused = peer.receive();
    while (refused.status() != 486) refused = peer.receive();
    peer.send(us, peer.ack_of(us, refused));
    EXPECT_EQ(process.wait(), 0) << process.output();
    EXPECT_EQ(waits.wait(), 0) << waits.output();
    EXPECT_EQ(waits.output(), "draining: 1 calls left\n");
}

TEST_F(Daemon, ReloadsAValidFileAndKeepsTheOldOneWhereItIsWrong) {
    const auto file = write_config();
    Process process(causeway({"-E", "-f", file}));
    ASSERT_TRUE(process.says("ready: ")) << process.output();
    const auto local = nlohmann::json::parse(ctl({"-j", "status"}).second)["listeners"][0]["local"];
    const auto us = *causeway::Endpoint::parse(local.get<std::string>());
    const auto change = [&](std::string_view was, std::string_view is) {
        std::ifstream in(file);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto at = text.find(was);
        ASSERT_NE(at, std::string::npos);
        std::ofstream(file) << text.replace(at, was.size(), is);
    };
    const auto calls_through = [&](std::string_view call_id) {
        peer.send(us, peer.invite(us, "300", call_id));
        auto answer = peer.receive();
        while (answer.status() == 100) answer = peer.receive();
        return answer.is_request();
    };

    EXPECT_FALSE(calls_through("before@test"));
    change("prefix = \"2\"", "prefix = \"3\"");
    EXPECT_EQ(ctl({"reload"}), std::pair(0, std::string("reloaded: 0 calls go on\n")));
    EXPECT_TRUE(process.says("reloaded " + file + ": 1 trunks, 0 extensions, 1 routes"));
    EXPECT_TRUE(calls_through("after@test"));

    // What is wrong is named at its place, by command and by signal, and the call that rings goes on.
    change("prefix = \"3\"", "prefix = 3");
    EXPECT_EQ(ctl({"reload"}), std::pair(1, "causewayctl: " + file +
                                                ":12:10: route.prefix: expected digits, '+', '*' and "
                                                "'#', or the start of a user name, got 3\n"));
    process.signal(SIGHUP);
    EXPECT_TRUE(process.says("not reloaded: " + file + ":12:10: route.prefix"));
    change("prefix = 3", "prefix = \"4\"");
    change("42100-42199", "42100-42197");
    const auto [status, text] = ctl({"reload"});
    EXPECT_EQ(status, 1);
    EXPECT_THAT(text, HasSubstr(file + ":5:1: media: cannot change while the gateway runs; restart it"));
    EXPECT_EQ(nlohmann::json::parse(ctl({"-j", "calls"}).second).size(), 1u);

    change("42100-42197", "42100-42199");
    process.signal(SIGHUP);
    EXPECT_TRUE(process.says("reloaded " + file));
    EXPECT_EQ(ctl({"hangup", "2"}).first, 0);
}

TEST_F(Daemon, ShowsAndHangsUpACallAndASecondSignalEndsTheRest) {
    Process process(causeway({"-E", "-f", write_config()}));
    ASSERT_TRUE(process.says("ready: ")) << process.output();
    const auto local = nlohmann::json::parse(ctl({"-j", "status"}).second)["listeners"][0]["local"];
    const auto us = *causeway::Endpoint::parse(local.get<std::string>());

    peer.send(us, peer.invite(us, "200", "shown@test"));
    EXPECT_TRUE(process.says("[shown@test]"));
    auto [status, text] = ctl({"calls"});
    EXPECT_EQ(status, 0);
    EXPECT_THAT(text,
                MatchesRegex("ID  STATE +CALLER  CALLEE  FROM  TO    SINCE  MEDIA  CALL-ID\n"
                             "1   [a-z]+ +100     200     peer  peer  [0-9]+ s    -      shown@test\n"));
    EXPECT_EQ(ctl({"hangup", "1"}), std::pair(0, std::string("call 1 is ended\n")));
    EXPECT_EQ(ctl({"calls"}).second, "no calls\n");

    peer.send(us, peer.invite(us, "200", "left@test"));
    EXPECT_TRUE(process.says("[left@test]"));
    process.signal(SIGTERM);
    EXPECT_TRUE(process.says("draining: 1 calls left"));
    process.signal(SIGTERM);
    EXPECT_TRUE(process.says("stopping: 1 calls are hung up"));
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.output();

    std::tie(status, text) = ctl({"cdr", "csv", (folder / "cdr.sqlite").string()});
    EXPECT_EQ(status, 0);
    EXPECT_THAT(text, HasSubstr("shown@test"));
    EXPECT_THAT(text, HasSubstr("left@test"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
    EXPECT_EQ(ctl({"cdr", "import", (folder / "journal").string(), (folder / "other.sqlite").string()}).first,
              0);
    EXPECT_EQ(ctl({"cdr", "csv", (folder / "none.sqlite").string()}).first, 1);
}
