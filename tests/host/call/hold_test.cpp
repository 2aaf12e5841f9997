// Hold and resume in every form and from both sides (RFC 3264 8.4, RFC 6337 5.3): what the other side is
// offered, what the holder is answered, and which packets pass while it lasts.
#include "tests/host/call/change_test.hpp"

#include "drivers/cpu/srtp.hpp"
#include "host/sdp/crypto.hpp"

namespace causeway::call {
namespace {

using fakes::Description;
using fakes::Gateway;
using fakes::Peer;
using sdp::Direction;
using ::testing::HasSubstr;
using ::testing::Not;

// One way to say hold.
struct Form {
    const char* name;
    std::string (*say)(const Peer&, int version);
    Direction offered;  // what the other side shall be offered
};

std::string without_direction(const Peer& p, int version, const std::string& connection = {}) {
    auto text = p.sdp({.version = version, .connection = connection});
    return text.erase(text.find("a=sendrecv\r\n"), 12);
}
std::string in_session(const Peer& p, int version, const char* direction) {
    auto text = without_direction(p, version);
    return text.insert(text.find("m=audio"), std::string("a=") + direction + "\r\n");
}

const Form forms[] = {
    {"Sendonly", [](const Peer& p, int v) { return p.sdp({.direction = "sendonly", .version = v}); },
     Direction::sendonly},
    {"Inactive", [](const Peer& p, int v) { return p.sdp({.direction = "inactive", .version = v}); },
     Direction::inactive},
    {"SendonlyInTheSession", [](const Peer& p, int v) { return in_session(p, v, "sendonly"); },
     Direction::sendonly},
    {"InactiveInTheSession", [](const Peer& p, int v) { return in_session(p, v, "inactive"); },
     Direction::inactive},
    {"UnspecifiedAddress", [](const Peer& p, int v) { return without_direction(p, v, "0.0.0.0"); },
     Direction::sendonly},
    {"UnspecifiedAddressOfIp6", [](const Peer& p, int v) { return without_direction(p, v, "::"); },
     Direction::sendonly},
    {"NameThatIsNone", [](const Peer& p, int v) { return without_direction(p, v, "hold.invalid"); },
     Direction::sendonly},
    {"UnspecifiedAddressAndSendrecv",
     [](const Peer& p, int v) { return p.sdp({.version = v, .connection = "0.0.0.0"}); },
     Direction::sendonly},
    {"UnspecifiedAddressAndInactive",
     [](const Peer& p, int v) {
         return p.sdp({.direction = "inactive", .version = v, .connection = "0.0.0.0"});
     },
     Direction::inactive},
    {"UnspecifiedAddressOfTheLine",
     [](const Peer& p, int v) {
         auto text = p.sdp({.version = v});
         return text.insert(text.find("a=ptime"), "c=IN IP4 0.0.0.0\r\n");
     },
     Direction::sendonly},
};

class Hold : public ChangeTest {};

class HoldForm : public ChangeTest, public ::testing::WithParamInterface<std::tuple<Form, bool>> {};

TEST_P(HoldForm, CrossesAndIsResumed_RFC3264_8_4) {
    const auto& [form, by_caller] = GetParam();
    auto e = g->establish();
    Peer& holder = by_caller ? g->left : g->right;
    Peer& held = by_caller ? g->right : g->left;
    auto& dialog = by_caller ? e.left : e.right;
    const auto& to_holder = by_caller ? e.to_left : e.to_right;
    const auto& to_held = by_caller ? e.to_right : e.to_left;
    ASSERT_TRUE(both_hear(e));
    const bool music = form.offered == Direction::sendonly;

    const auto hold = cross(holder, dialog, held, form.say(holder, 2),
                            held.sdp({.direction = music ? "recvonly" : "inactive", .version = 2}));
    EXPECT_EQ(direction_of(hold.offered), form.offered);
    EXPECT_THAT(hold.offered, Not(HasSubstr("0.0.0.0")));
    EXPECT_EQ(direction_of(hold.answered), sdp::reversed(form.offered));
    EXPECT_EQ(version_of(hold.offered), version_of(to_held) + 1);
    EXPECT_EQ(version_of(hold.answered), version_of(to_holder) + 1);
    EXPECT_EQ(Gateway::media_of(hold.offered), Gateway::media_of(to_held)) << "the port stays";
    EXPECT_EQ(Gateway::media_of(hold.answered), Gateway::media_of(to_holder)) << "the port stays";
    const std::size_t line_of_held = by_caller ? 1 : 0;
    const auto before = figures(line_of_held).dropped_direction;
    EXPECT_FALSE(hears(holder, held, to_held)) << "who holds hears nothing";
    EXPECT_EQ(figures(line_of_held).dropped_direction, before + 1);
    EXPECT_EQ(hears(held, holder, to_holder), music) << "who is held hears the music, if there is any";

    const auto resume = cross(holder, dialog, held, Description{.version = 3}, Description{.version = 3});
    EXPECT_EQ(direction_of(resume.offered), Direction::sendrecv);
    EXPECT_EQ(direction_of(resume.answered), Direction::sendrecv);
    EXPECT_TRUE(both_hear(e));
    EXPECT_EQ(ports(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Forms, HoldForm, ::testing::Combine(::testing::ValuesIn(forms), ::testing::Bool()),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param).name) +
                                    (std::get<1>(test.param) ? "ByCaller" : "ByCallee");
                         });

// Both hold, and resume in either order: each resumes his own hold while the other's lasts.
class HoldBoth : public ChangeTest, public ::testing::WithParamInterface<std::tuple<bool, bool>> {};

TEST_P(HoldBoth, AndEachResumesHisOwn_RFC6337_5_3) {
    const auto [old_form, first_holder_first] = GetParam();
    auto e = g->establish();
    const auto hold_of = [old_form = old_form](const char* direction, int version) {
        return old_form ? Description{.direction = direction, .version = version, .connection = "0.0.0.0"}
                        : Description{.direction = direction, .version = version};
    };
    cross(g->left, e.left, g->right, hold_of("sendonly", 2), {.direction = "recvonly", .version = 2});
    // Left's own hold lasts: right, who is held, may offer no more than to send nothing.
    const auto second = cross(g->right, e.right, g->left, hold_of("inactive", 3), hold_of("inactive", 3));
    EXPECT_EQ(direction_of(second.offered), Direction::inactive);
    EXPECT_EQ(direction_of(second.answered), Direction::inactive);
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    EXPECT_FALSE(hears(g->right, g->left, e.to_left));

    Peer& first = first_holder_first ? g->left : g->right;
    Peer& last = first_holder_first ? g->right : g->left;
    auto& first_dialog = first_holder_first ? e.left : e.right;
    auto& last_dialog = first_holder_first ? e.right : e.left;
    const auto& to_first = first_holder_first ? e.to_left : e.to_right;
    const auto& to_last = first_holder_first ? e.to_right : e.to_left;
    // He who still holds answers that he only sends.
    const auto one = cross(first, first_dialog, last, Description{.version = 4}, hold_of("sendonly", 4));
    EXPECT_EQ(direction_of(one.offered), Direction::sendrecv);
    EXPECT_EQ(direction_of(one.answered), Direction::sendonly);
    EXPECT_TRUE(hears(first, last, to_last));
    EXPECT_FALSE(hears(last, first, to_first));
    const auto two = cross(last, last_dialog, first, Description{.version = 5}, Description{.version = 5});
    EXPECT_EQ(direction_of(two.offered), Direction::sendrecv);
    EXPECT_EQ(direction_of(two.answered), Direction::sendrecv);
    EXPECT_TRUE(both_hear(e));
}

INSTANTIATE_TEST_SUITE_P(Orders, HoldBoth, ::testing::Combine(::testing::Bool(), ::testing::Bool()));

TEST_F(Hold, AnAnswerThatAllowsMoreThanTheOfferIsCutToIt_RFC3264_6_1) {
    auto e = g->establish();
    const auto hold = cross(g->left, e.left, g->right, Description{.direction = "sendonly", .version = 2},
                            Description{.version = 2});
    EXPECT_EQ(direction_of(hold.answered), Direction::recvonly);
    EXPECT_FALSE(hears(g->left, g->right, e.to_right));
    EXPECT_TRUE(hears(g->right, g->left, e.to_left));
}

TEST_F(Hold, ByTheAnswerToTheOthersOffer_RFC6337_5_3) {
    auto e = g->establish();
    const auto refresh = cross(g->left, e.left, g->right, Description{.version = 2},
                               Description{.direction = "sendonly", .version = 2});
    EXPECT_EQ(direction_of(refresh.answered), Direction::sendonly);
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    EXPECT_FALSE(hears(g->right, g->left, e.to_left));
    const auto old = cross(g->left, e.left, g->right, Description{.version = 3},
                           Description{.version = 3, .connection = "0.0.0.0"});
    EXPECT_EQ(direction_of(old.answered), Direction::sendonly);
    EXPECT_TRUE(hears(g->left, g->right, e.to_right));
    EXPECT_FALSE(hears(g->right, g->left, e.to_left));
}

TEST_F(Hold, FromTheFirstOfferOn) {
    for (const std::string connection : {"", "0.0.0.0"}) {
        auto e = g->establish({.direction = "sendonly", .connection = connection}, {.direction = "recvonly"});
        EXPECT_EQ(direction_of(e.to_right), Direction::sendonly);
        EXPECT_FALSE(hears(g->left, g->right, e.to_right));
        cross(g->left, e.left, g->right, Description{.version = 2}, Description{.version = 2});
        EXPECT_TRUE(both_hear(e));
        g->left_hangs_up(e);
    }
}

TEST_F(Hold, KeepsTheSourceThatWasLearned) {
    auto e = g->establish();
    const Endpoint behind_nat = *Endpoint::parse("192.0.2.10:41000");
    const auto ours = Gateway::media_of(e.to_left);
    ASSERT_TRUE(arrives(behind_nat, ours, g->right.media));
    for (const std::string connection : {"", "0.0.0.0"}) {
        cross(g->left, e.left, g->right,
              Description{.direction = "sendonly", .version = 2, .connection = connection},
              Description{.direction = "recvonly", .version = 2});
        g->run(fakes::Seconds(60));
        EXPECT_TRUE(arrives(behind_nat, ours, g->right.media));
        cross(g->left, e.left, g->right, Description{.version = 3}, Description{.version = 3});
        EXPECT_TRUE(arrives(behind_nat, ours, g->right.media));
        EXPECT_TRUE(arrives(g->right.media, Gateway::media_of(e.to_right), behind_nat));
        EXPECT_FALSE(arrives(g->left.media, ours, g->right.media)) << "not the latched source";
    }
}

// The key that we gave, and what we sent under it: one stream through hold and resume, and past the rollover.
TEST_F(Hold, KeepsKeysAndGoesOnWithTheStreamOfBefore_RFC3711_3_3_1) {
    auto config = fakes::two_trunks();
    config.trunks[0].srtp = SrtpMode::mandatory;
    configure(config);
    const std::string key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const auto secured = [&](const char* direction, int version) {
        return Description{.protocol = "RTP/SAVP",
                           .direction = direction,
                           .crypto = {"7 AES_CM_128_HMAC_SHA1_80 " + key},
                           .version = version};
    };
    auto e = g->establish(secured("sendrecv", 1));
    const auto crypto = sdp::cryptos(parsed(e.to_left).media.at(0)).at(0);
    auto inbound = cpu::Srtp::create(crypto.key, cpu::Srtp::Direction::inbound).value();
    std::optional<rtp::Header> last;
    bool rolled_over = false;
    const auto left_gets_one = [&] {
        const auto before = g->network.sent.size();
        hears(g->left, g->right, e.to_right);
        if (g->network.sent.size() != before + 1) return false;
        Bytes packet = g->network.sent.back().bytes;
        if (inbound.unprotect(packet) != cpu::Srtp::Outcome::ok) return false;
        const auto header = rtp::Packet::parse(packet)->header;
        // What was dropped while on hold may leave a gap.
        if (last &&
            (header.ssrc != last->ssrc || static_cast<std::uint16_t>(header.sequence - last->sequence) > 3)) {
            return false;
        }
        rolled_over = rolled_over || (last && header.sequence < last->sequence);
        last = header;
        return true;
    };
    for (int i = 0; i < 70000 && !rolled_over; ++i) ASSERT_TRUE(left_gets_one());
    ASSERT_TRUE(rolled_over);
    const auto hold =
        cross(g->left, e.left, g->right, secured("inactive", 2), {.direction = "inactive", .version = 2});
    EXPECT_EQ(sdp::cryptos(parsed(hold.answered).media.at(0)).at(0).key, crypto.key);
    EXPECT_FALSE(left_gets_one());
    const auto resume = cross(g->left, e.left, g->right, secured("sendrecv", 3), Description{.version = 3});
    EXPECT_EQ(sdp::cryptos(parsed(resume.answered).media.at(0)).at(0).key, crypto.key);
    EXPECT_TRUE(left_gets_one());
    // From the other side, too: the offer to left names the key of before.
    const auto other = cross(g->right, e.right, g->left, Description{.direction = "sendonly", .version = 4},
                             secured("recvonly", 4));
    EXPECT_EQ(sdp::cryptos(parsed(other.offered).media.at(0)).at(0).key, crypto.key);
    EXPECT_TRUE(left_gets_one());
}

// Who sends on while he is on hold is not heard, and is understood when he is resumed: even past a rollover.
TEST_F(Hold, FollowsTheStreamOfAPeerThatSendsOn_RFC3711_3_3_1) {
    auto config = fakes::two_trunks();
    config.trunks[0].srtp = SrtpMode::mandatory;
    configure(config);
    const std::string key = "7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const auto secured = [&](const char* direction, int version) {
        return Description{
            .protocol = "RTP/SAVP", .direction = direction, .crypto = {key}, .version = version};
    };
    auto e = g->establish(secured("sendrecv", 1));
    auto outbound = cpu::Srtp::create(sdp::Crypto::parse(key)->key, cpu::Srtp::Direction::outbound).value();
    const auto left_is_heard = [&] {
        ++sequence;
        Bytes packet{0x80,
                     0,
                     static_cast<std::uint8_t>(sequence >> 8U),
                     static_cast<std::uint8_t>(sequence),
                     0,
                     0,
                     0,
                     160,
                     1,
                     2,
                     3,
                     4,
                     0xA0};
        EXPECT_TRUE(outbound.protect(packet));
        const auto before = g->network.sent.size();
        g->media(g->left.media, Gateway::media_of(e.to_left), packet);
        return g->network.sent.size() > before;
    };
    ASSERT_TRUE(left_is_heard());
    cross(g->left, e.left, g->right, secured("inactive", 2), {.direction = "inactive", .version = 2});
    constexpr unsigned sent_on = 70000;
    for (unsigned i = 0; i < sent_on; ++i) ASSERT_FALSE(left_is_heard());
    EXPECT_EQ(figures(0).dropped_direction, sent_on);
    EXPECT_EQ(figures(0).dropped_payload_type, 0u);
    EXPECT_EQ(figures(1).packets_sent, 1u);
    cross(g->left, e.left, g->right, secured("sendrecv", 3), Description{.version = 3});
    EXPECT_TRUE(left_is_heard());
}

}  // namespace
}  // namespace causeway::call
