// The torture messages of RFC 4475 and RFC 5118, and some of our own, through the whole gateway: each gets
// the answer that its section asks for; repeated, cut and with bits flipped they break nothing and leave
// nothing.
#include "tests/host/sip/torture_messages.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Gateway;
using fakes::Millis;
using sip::torture::Case;

// Whatever number is called goes to the right. The torture comes from a trunk of its own, whose answers
// nobody reads but the test: that to a message without From has none either.
const IpAddress torturer = *IpAddress::parse("192.0.2.77");
Config open_house() {
    auto config = fakes::two_trunks();
    auto& torture = config.trunks.emplace_back(config.trunks[0]);
    torture.name = "torture";
    torture.sources = {torturer};
    torture.target = {torturer, 5060};
    config.routes.push_back({"", "right", 0, ""});
    return config;
}

constexpr int silence = 0;
constexpr int called = 100;  // the INVITE went on to the right

// What a gateway that is no registrar answers to each message.
const std::map<std::string_view, int> verdicts{
    // RFC 4475 3.1.1
    {"wsinv", 481},  // it has a To tag, and no dialog of ours
    {"intmeth", 501},
    {"esc01", called},
    {"escnull", 405},
    {"esc02", 501},
    {"lwsdisp", 200},
    {"longreq", called},
    {"dblreq", 405},
    {"semiuri", 200},
    {"transports", 200},
    {"mpart01", 405},
    {"unreason", silence},
    {"noreason", silence},
    // 3.1.2: what is malformed gets 400, as the parser's own tests say in detail
    {"baddate", called},
    // 3.2 and 3.3
    {"badbranch", 200},
    {"unkscm", 416},
    {"novelsc", 416},
    {"unksm2", 405},
    {"bext01", 420},
    {"invut", 415},
    {"regaut01", 405},
    {"bcast", silence},
    {"zeromf", 200},
    {"cparam01", 405},
    {"cparam02", 405},
    {"regescrt", 405},
    {"sdp01", 406},
    // 3.4
    {"inv2543", called},
    // RFC 5118
    {"ipv6-good", 405},
    {"port-ambiguous", 405},
    {"port-unambiguous", 405},
    {"via-received-param-with-delim", 481},
    {"via-received-param-no-delim", 200},
    {"ipv6-in-sdp", called},
    {"mult-ip-in-header", 481},
    {"mult-ip-in-sdp", called},
    {"ipv4-mapped-ipv6", called},
    {"ipv6-correct-abnf-2-colons", 200},
    // our own
    {"bare-lf", 415},
    {"status-only", silence},
    {"leading-crlf", 400},
    {"same-length-twice", 415},
    {"star-contact", 405},
    {"512-fields", 400},
};

// Of a response that need not be well-formed: it copies what it answers.
int status_of(std::string_view response) {
    return response.starts_with("SIP/2.0 ") ? std::stoi(std::string(response.substr(8, 3))) : 0;
}

class TortureOfTheGateway : public CallTest {
  protected:
    void SetUp() override {
        configure(open_house());
        g->before_send = [this](std::string_view text) { sent.emplace_back(text); };
    }
    void receive(std::string_view text) {
        g->core.receive_sip(g->now, text, {sip::Transport::udp, 0, {torturer, 5060}});
    }
    // Whatever came for the scripted peers is of no interest.
    void forget() {
        sent.clear();
        for (auto* peer : {&g->left, &g->right}) {
            peer->take_all();
            peer->received.clear();
        }
    }
    std::vector<std::string> sent;
};

class TortureVerdict : public TortureOfTheGateway, public ::testing::WithParamInterface<Case> {};

TEST_P(TortureVerdict, IsWhatItsSectionAsksFor) {
    const Case& c = GetParam();
    const auto listed = verdicts.find(c.name);
    const int verdict = listed != verdicts.end() ? listed->second : c.outcome;
    ASSERT_NE(verdict, sip::torture::accept) << "a message without a verdict";
    receive(c.text);
    if (verdict == silence) {
        EXPECT_TRUE(sent.empty()) << sent.front();
        return;
    }
    ASSERT_FALSE(sent.empty());
    EXPECT_EQ(status_of(sent.front()), verdict) << sent.front();
    if (verdict == called) {
        ASSERT_EQ(sent.size(), 2u);
        EXPECT_TRUE(sent[1].starts_with("INVITE ")) << sent[1];
    } else {
        EXPECT_EQ(sent.size(), 1u);
    }
    EXPECT_EQ(g->core.status().calls, verdict == called ? 1u : 0u);
    // Said again it gets the same answer, and is the same call.
    const auto attempts = g->core.status().attempts;
    sent.clear();
    receive(c.text);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(status_of(sent.front()), verdict);
    EXPECT_EQ(g->core.status().attempts, attempts);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
    std::string name(info.param.name);
    for (char& c : name)
        if (c == '-') c = '_';
    return name;
}
INSTANTIATE_TEST_SUITE_P(Messages, TortureVerdict, testing::ValuesIn(sip::torture::cases()), case_name);

// All of them, cut at every length: in one gateway, so that what one leaves behind meets the next.
TEST_F(TortureOfTheGateway, CutsLeaveNothingBehind) {
    for (const Case& c : sip::torture::cases()) {
        const std::size_t step = c.text.size() > 10000 ? 997 : 1;
        for (std::size_t size = 0; size <= c.text.size(); size += step) {
            receive(std::string_view(c.text).substr(0, size));
        }
        forget();
        g->run(Millis(100));
    }
}

TEST_F(TortureOfTheGateway, FlippedBitsAndRepeatsLeaveNothingBehind) {
    SeededRandom random(4475);
    for (const Case& c : sip::torture::cases()) {
        if (c.text.empty() || c.text.size() > 10000) continue;
        for (int round = 0; round < 60; ++round) {
            std::string text = c.text;
            for (auto flips = random.below(5); flips > 0; --flips) {
                text[random.below(static_cast<std::uint32_t>(text.size()))] ^=
                    static_cast<char>(1U << random.below(8));
            }
            receive(text);
            if (random.below(3) == 0) receive(text);
        }
        forget();
        g->run(Millis(500));
    }
}

// The messages of a whole call, each with bits flipped or cut on its way: the gateway and the call get over
// it.
TEST_F(TortureOfTheGateway, ACallWhoseMessagesAreMangledLeavesNothingBehind) {
    SeededRandom random(5118);
    const auto mangled = [&](std::string text) {
        if (random.below(2) == 0) text.resize(random.below(static_cast<std::uint32_t>(text.size())));
        for (auto flips = random.below(4); flips > 0 && !text.empty(); --flips) {
            text[random.below(static_cast<std::uint32_t>(text.size()))] ^=
                static_cast<char>(1U << random.below(8));
        }
        return text;
    };
    // What the peers say in a call, taken from a good one.
    Gateway good;
    auto e = good.establish();
    good.left.request(e.left, "INVITE", good.left.sdp({.direction = "sendonly", .version = 2}));
    good.left.expect("100");
    good.right.respond(good.right.expect("INVITE"), 200, {},
                       good.right.sdp({.direction = "recvonly", .version = 2}));
    good.right.expect("ACK");
    good.left.ack(e.left, good.left.expect("200"));
    good.left_hangs_up(e);
    std::vector<std::string> said = good.left.sent;
    said.insert(said.end(), good.right.sent.begin(), good.right.sent.end());
    good.expect_clean();

    for (int round = 0; round < 300; ++round) {
        // A call in some state of its life, in which anything of another, or of its own, comes in.
        auto call = g->left.invite("+4930200", g->left.sdp());
        auto callee = g->right.dialog_of(g->right.take());
        const auto until = random.below(4);
        if (until > 0) g->right.respond(callee, 180);
        if (until > 1) g->right.respond(callee, 200, g->right.sdp());
        for (int i = 0; i < 10; ++i) {
            const auto& own = random.below(2) == 0 ? g->left.sent : g->right.sent;
            const auto& all = own.empty() || random.below(3) == 0 ? said : own;
            const auto text = mangled(all[random.below(static_cast<std::uint32_t>(all.size()))]);
            receive(text);
            g->run(Millis(random.below(1000)));
        }
        forget();
        if (random.below(2) == 0) g->run(std::chrono::seconds(40));
        for (const auto& c : g->core.calls()) g->core.hangup(g->now, c.id);
        forget();
    }
    g->left.sent.clear();
    g->right.sent.clear();
}

// The published messages, where they are at hand.
TEST_F(TortureOfTheGateway, Rfc4475FilesAreAnsweredAsOurOwnOfThatName) {
    const std::filesystem::path folder = std::filesystem::path(CAUSEWAY_MATERIAL) / "rfc4475";
    if (std::string_view(CAUSEWAY_MATERIAL).empty() || !std::filesystem::is_directory(folder))
        GTEST_SKIP() << "no folder of RFC 4475 messages: CAUSEWAY_MATERIAL=\"" << CAUSEWAY_MATERIAL << '"';
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().stem().string();
        if (entry.path().extension() != ".dat" || name == "test") continue;
        SCOPED_TRACE(name);
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const auto own = std::find_if(sip::torture::cases().begin(), sip::torture::cases().end(),
                                      [&](const Case& c) { return c.name == name; });
        ASSERT_NE(own, sip::torture::cases().end()) << "our own set lacks it";
        const auto listed = verdicts.find(name);
        const int verdict = listed != verdicts.end() ? listed->second : own->outcome;
        sent.clear();
        receive(text);
        ASSERT_EQ(sent.empty(), verdict == silence);
        if (verdict != silence) {
            EXPECT_EQ(status_of(sent.front()), verdict) << sent.front();
        }
        for (std::size_t size = 0; size < text.size(); ++size)
            receive(std::string_view(text).substr(0, size));
        forget();
    }
}

}  // namespace
}  // namespace causeway::call
