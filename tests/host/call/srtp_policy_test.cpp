// SRTP policy of either leg: off, optional (RFC 8643), mandatory; and answers that do not fit (RFC 4568 5.1).
#include <gmock/gmock.h>

#include "host/base/text.hpp"
#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Description;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string key_a = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string key_b = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

class SrtpPolicy : public CallTest {
  protected:
    void trunks(SrtpMode left, SrtpMode right, std::vector<sdp::SrtpSuite> suites = {}) {
        auto config = fakes::two_trunks();
        config.trunks[0].srtp = left;
        config.trunks[1].srtp = right;
        config.trunks[1].suites = std::move(suites);
        configure(std::move(config));
    }
    // Values of a=crypto in a description of ours.
    static std::vector<std::string> crypto(std::string_view body) {
        std::vector<std::string> out;
        const auto session = sdp::Session::parse(body);
        for (const auto& a : session->media.at(0).attributes) {
            if (a.name == "crypto") out.push_back(*a.value);
        }
        return out;
    }
    static std::string protocol(std::string_view body) {
        return sdp::Session::parse(body)->media.at(0).protocol;
    }
    // Left calls with that offer; the INVITE that right gets.
    sip::Message offered(const Description& offer = {}) {
        call = g->left.invite("+4930200", g->left.sdp(offer));
        g->left.expect("100");
        const auto invite = g->right.expect("INVITE");
        callee = g->right.dialog_of(invite);
        return invite;
    }
    void expect_refused(const Description& offer) {
        g->left.invite("+4930200", g->left.sdp(offer));
        EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
        EXPECT_EQ(g->right.waiting(), 0u);
    }
    // Right's answer draws ACK and BYE, left gets 488.
    void expect_answer_refused(const Description& answer) {
        g->right.respond(callee, 200, g->right.sdp(answer));
        g->right.expect("ACK");
        g->right.respond(g->right.expect("BYE"), 200);
        g->left.expect("488");
        EXPECT_EQ(g->core.status().calls, 0u);
    }
    fakes::Peer::Dialog call, callee;
    const Description plain;
    const Description secured{.protocol = "RTP/SAVP", .crypto = {"7 AES_CM_128_HMAC_SHA1_80 " + key_a}};
    const Description best_effort{.protocol = "RTP/AVP", .crypto = {"7 AES_CM_128_HMAC_SHA1_80 " + key_a}};
};

TEST_F(SrtpPolicy, OffRefusesSecuredOffers) {
    trunks(SrtpMode::off, SrtpMode::off);
    expect_refused(secured);
}

TEST_F(SrtpPolicy, OffAnswersABestEffortOfferPlain_RFC8643) {
    trunks(SrtpMode::off, SrtpMode::off);
    const auto invite = offered(best_effort);
    EXPECT_EQ(protocol(invite.body()), "RTP/AVP");
    EXPECT_THAT(crypto(invite.body()), IsEmpty());
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(crypto(g->left.expect("200").body()), IsEmpty());
}

TEST_F(SrtpPolicy, MandatoryRefusesPlainOffersAndThoseWithoutAUsableKey) {
    trunks(SrtpMode::mandatory, SrtpMode::off);
    expect_refused(plain);
    expect_refused({.protocol = "RTP/SAVP"});
    expect_refused({.protocol = "RTP/SAVP", .crypto = {"1 F8_128_HMAC_SHA1_80 " + key_a}});
    expect_refused({.protocol = "RTP/SAVP", .crypto = {"1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ="}});
}

TEST_F(SrtpPolicy, MandatoryAnswersWithTheTagAndSuiteOfTheOfferAndAKeyOfOurs_RFC4568_5_1_2) {
    trunks(SrtpMode::mandatory, SrtpMode::off);
    const auto invite = offered(secured);
    EXPECT_EQ(protocol(invite.body()), "RTP/AVP");
    EXPECT_THAT(crypto(invite.body()), IsEmpty());
    EXPECT_THAT(invite.body(), Not(HasSubstr(key_a)));
    g->right.respond(callee, 200, g->right.sdp());
    const auto ok = g->left.expect("200");
    EXPECT_EQ(protocol(ok.body()), "RTP/SAVP");
    EXPECT_THAT(crypto(ok.body()), ElementsAre(HasSubstr("7 AES_CM_128_HMAC_SHA1_80 inline:")));
    EXPECT_THAT(ok.body(), Not(HasSubstr(key_a)));
    g->left.ack(call, ok);
}

TEST_F(SrtpPolicy, TakesTheFirstLineThatItCan) {
    trunks(SrtpMode::optional, SrtpMode::off);
    offered({.protocol = "RTP/SAVP",
             .crypto = {"1 F8_128_HMAC_SHA1_80 " + key_a, "2 AES_CM_128_HMAC_SHA1_32 " + key_a,
                        "3 AES_CM_128_HMAC_SHA1_80 " + key_b}});
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(crypto(g->left.expect("200").body()),
                ElementsAre(HasSubstr("2 AES_CM_128_HMAC_SHA1_32 inline:")));
}

TEST_F(SrtpPolicy, OptionalTakesWhatItIsOffered) {
    trunks(SrtpMode::optional, SrtpMode::off);
    offered(plain);
    g->right.respond(callee, 200, g->right.sdp());
    EXPECT_THAT(crypto(g->left.expect("200").body()), IsEmpty());
    g->right.expect("ACK");
    offered(best_effort);
    g->right.respond(callee, 200, g->right.sdp());
    g->left.take_all();
    const auto& last = g->left.received.back();
    EXPECT_THAT(last, HasSubstr("RTP/AVP"));
    EXPECT_THAT(last, HasSubstr("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:"));
}

TEST_F(SrtpPolicy, MandatoryOffersSavpWithOneLineASuite) {
    trunks(SrtpMode::off, SrtpMode::mandatory,
           {sdp::SrtpSuite::aead_aes_128_gcm, sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    const auto invite = offered();
    EXPECT_EQ(protocol(invite.body()), "RTP/SAVP");
    const auto lines = crypto(invite.body());
    ASSERT_THAT(lines, ElementsAre(HasSubstr("1 AEAD_AES_128_GCM"), HasSubstr("2 AES_CM_128_HMAC_SHA1_80")));
    g->right.respond(
        callee, 200,
        g->right.sdp({.protocol = "RTP/SAVP", .crypto = {"2 AES_CM_128_HMAC_SHA1_80 " + key_b}}));
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    EXPECT_EQ(protocol(ok.body()), "RTP/AVP");
    EXPECT_THAT(crypto(ok.body()), IsEmpty());
    g->left.ack(call, ok);
    const auto media = g->core.calls().at(0).media;
    ASSERT_THAT(media, SizeIs(2));
    EXPECT_EQ(media[0].figures.suite, sdp::SrtpSuite::none);
    EXPECT_EQ(media[1].figures.suite, sdp::SrtpSuite::aes_cm_128_hmac_sha1_80);
}

TEST_F(SrtpPolicy, MandatoryRefusesAPlainAnswer) {
    trunks(SrtpMode::off, SrtpMode::mandatory);
    offered();
    expect_answer_refused({.protocol = "RTP/AVP"});
}

TEST_F(SrtpPolicy, MandatoryRefusesASecuredAnswerWithoutKey_RFC4568_5_1_3) {
    trunks(SrtpMode::off, SrtpMode::mandatory);
    offered();
    expect_answer_refused({.protocol = "RTP/SAVP"});
}

TEST_F(SrtpPolicy, RefusesAnAnswerWhoseTagOrSuiteWasNotOffered_RFC4568_5_1_3) {
    trunks(SrtpMode::off, SrtpMode::mandatory, {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    offered();
    expect_answer_refused({.protocol = "RTP/SAVP", .crypto = {"9 AES_CM_128_HMAC_SHA1_80 " + key_b}});
    offered();
    expect_answer_refused({.protocol = "RTP/SAVP", .crypto = {"1 AES_CM_128_HMAC_SHA1_32 " + key_b}});
}

TEST_F(SrtpPolicy, OptionalOffersAvpWithKeysAndTakesEitherAnswer_RFC8643) {
    trunks(SrtpMode::off, SrtpMode::optional, {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    const auto first = offered();
    EXPECT_EQ(protocol(first.body()), "RTP/AVP");
    EXPECT_THAT(crypto(first.body()), SizeIs(1));
    g->right.respond(callee, 200, g->right.sdp());
    g->left.ack(call, g->left.expect("200"));
    EXPECT_EQ(g->core.calls().at(0).media.at(1).figures.suite, sdp::SrtpSuite::none);
    g->left.request(call, "BYE");
    g->left.take_all();
    g->right.take_all();

    offered();
    g->right.respond(callee, 200, g->right.sdp({.crypto = {"1 AES_CM_128_HMAC_SHA1_80 " + key_b}}));
    g->left.ack(call, g->left.expect("200"));
    EXPECT_EQ(g->core.calls().at(0).media.at(1).figures.suite, sdp::SrtpSuite::aes_cm_128_hmac_sha1_80);
}

TEST_F(SrtpPolicy, BothLegsSecuredHaveKeysOfTheirOwn) {
    trunks(SrtpMode::mandatory, SrtpMode::mandatory, {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    const auto invite = offered(secured);
    g->right.respond(
        callee, 200,
        g->right.sdp({.protocol = "RTP/SAVP", .crypto = {"1 AES_CM_128_HMAC_SHA1_80 " + key_b}}));
    const auto ok = g->left.expect("200");
    const auto to_left = crypto(ok.body()).at(0), to_right = crypto(invite.body()).at(0);
    const auto key = [](const std::string& line) { return line.substr(line.find("inline:")); };
    EXPECT_NE(key(to_left), key(to_right));
    for (const auto& sent : {g->left.received, g->right.received}) {
        for (const auto& m : sent) {
            EXPECT_THAT(m, Not(HasSubstr(key_a)));
            EXPECT_THAT(m, Not(HasSubstr(key_b)));
        }
    }
    g->left.ack(call, ok);
}

TEST_F(SrtpPolicy, HoldKeepsKeysAndProtocol_RFC3264_8) {
    // The left trunk is optional, and its peer chose RTP/SAVP: what we send there later stays so.
    trunks(SrtpMode::optional, SrtpMode::mandatory, {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    const auto invite = offered(secured);
    Description answer{.protocol = "RTP/SAVP", .crypto = {"1 AES_CM_128_HMAC_SHA1_80 " + key_b}};
    g->right.respond(callee, 200, g->right.sdp(answer));
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    g->left.ack(call, ok);

    auto hold = answer;
    hold.direction = "sendonly";
    hold.version = 2;
    g->right.request(callee, "INVITE", g->right.sdp(hold));
    g->right.expect("100");
    const auto reinvite = g->left.expect("INVITE");
    EXPECT_EQ(protocol(reinvite.body()), "RTP/SAVP");
    EXPECT_EQ(crypto(reinvite.body()), crypto(ok.body())) << "the same key, tag included";
    auto held = secured;
    held.direction = "recvonly";
    held.version = 2;
    g->left.respond(reinvite, 200, {}, g->left.sdp(held));
    g->left.expect("ACK");
    const auto held_ok = g->right.expect("200");
    EXPECT_EQ(protocol(held_ok.body()), "RTP/SAVP");
    EXPECT_EQ(crypto(held_ok.body()), crypto(invite.body()));
    g->right.ack(callee, held_ok);
}

TEST_F(SrtpPolicy, HoldsForALateOfferToo) {
    trunks(SrtpMode::mandatory, SrtpMode::mandatory, {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80});
    call = g->left.invite("+4930200", {});
    g->left.expect("100");
    callee = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(callee, 200, g->right.sdp(secured));
    const auto ok = g->left.expect("200");
    EXPECT_EQ(protocol(ok.body()), "RTP/SAVP");
    const auto lines = crypto(ok.body());
    ASSERT_FALSE(lines.empty());
    const auto suite = lines[0].substr(0, lines[0].find("inline:"));
    const auto length = suite.find("256") != std::string::npos   ? 44u
                        : suite.find("GCM") != std::string::npos ? 28u
                                                                 : 30u;
    g->left.ack(call, ok,
                g->left.sdp({.protocol = "RTP/SAVP",
                             .crypto = {suite + "inline:" + to_base64(Bytes(length, 0x42))}}));
    const auto ack = g->right.expect("ACK");
    EXPECT_EQ(protocol(ack.body()), "RTP/SAVP");
    EXPECT_THAT(crypto(ack.body()), ElementsAre(HasSubstr("7 AES_CM_128_HMAC_SHA1_80 inline:")));
}

TEST_F(SrtpPolicy, LateOfferThatIsPlainOnAMandatoryTrunkEndsTheCall) {
    trunks(SrtpMode::off, SrtpMode::mandatory);
    call = g->left.invite("+4930200", {});
    g->left.expect("100");
    callee = g->right.dialog_of(g->right.expect("INVITE"));
    expect_answer_refused(plain);
}

}  // namespace
}  // namespace causeway::call
