// Whole calls through trunks that have profiles.
#include <gmock/gmock.h>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Peer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Profiles : public CallTest {
  protected:
    Profiles() {
        left.name = "of-left";
        right.name = "of-right";
    }
    Config with_profiles() const {
        auto c = fakes::two_trunks();
        c.profiles = {left, right};
        c.trunks[0].profile = left.name;
        c.trunks[1].profile = right.name;
        return c;
    }
    void begin() { configure(with_profiles()); }
    sip::Message invite(const Peer::Headers& headers = {}) {
        g->left.invite("+4930200", g->left.sdp(), headers);
        g->left.expect("100");
        return g->right.expect("INVITE");
    }
    Profile left, right;
};

TEST_F(Profiles, FieldsOfARequestPassBothSidesRules) {
    left.in.keep = {"X-*", "P-Asserted-Identity"};
    left.in.headers = {{"X-Account", HeaderRule::On::all, "id=*", "$1"}};
    right.out.drop = {"X-Drop"};
    right.out.headers = {{"X-Account", HeaderRule::On::all, "*", "account $1"},
                         {"X-Via-Trunk", HeaderRule::On::requests, {}, "right"}};
    // Of the other direction: they do nothing here.
    left.out.drop = {"*"};
    right.in.drop = {"*"};
    begin();
    const auto m = invite({{"Subject", "Lunch"},
                           {"X-Account", "id=7"},
                           {"X-Drop", "1"},
                           {"P-Asserted-Identity", "<sip:+4930100@pbx.leftie.example>"}});
    EXPECT_FALSE(m.has(sip::HeaderId::subject));
    EXPECT_EQ(m.first("X-Account"), "account 7");
    EXPECT_EQ(m.first("X-Drop"), "");
    EXPECT_EQ(m.first("X-Via-Trunk"), "right");
    EXPECT_TRUE(m.has(sip::HeaderId::p_asserted_identity));
}

TEST_F(Profiles, FieldsOfResponsesPassBothSidesRules) {
    right.in.drop = {"X-Drop"};
    left.out.headers = {{"X-A", HeaderRule::On::responses, "*", "$1!"},
                        {"X-B", HeaderRule::On::requests, "*", "$1!"}};
    begin();
    const auto callee = g->right.dialog_of(invite());
    const Peer::Headers theirs{{"X-Drop", "1"}, {"X-A", "a"}, {"X-B", "b"}};
    g->right.respond(callee, 180, {}, theirs);
    g->right.respond(callee, 486, {}, theirs);
    for (const auto* status : {"180", "486"}) {
        const auto m = g->left.expect(status);
        EXPECT_EQ(m.first("X-Drop"), "");
        EXPECT_EQ(m.first("X-A"), "a!");
        EXPECT_EQ(m.first("X-B"), "b");
    }
}

TEST_F(Profiles, RulesWorkOnWhatTopologyHidingLeaves) {
    // Rules that try to carry an address across get nothing to carry.
    left.in.headers = {{"X-Node", HeaderRule::On::all, "*.*.*.*", "$1-$2-$3-$4"},
                       {"X-Kept", HeaderRule::On::all, "*", "$1"}};
    left.in.keep = right.out.keep = {"*"};
    begin();
    const auto m = invite({{"X-Node", "192.0.2.10"},
                           {"X-Kept", "pbx.leftie.example"},
                           {"Contact", "<sip:192.0.2.10>"},
                           {"P-Asserted-Identity", "<sip:+4930100@pbx.leftie.example>"}});
    EXPECT_EQ(m.first("X-Node"), "");
    EXPECT_EQ(m.first("X-Kept"), "");
    EXPECT_EQ(m.first(sip::HeaderId::contact), "<sip:198.51.100.2:5060>");
    EXPECT_EQ(m.first(sip::HeaderId::p_asserted_identity), "<sip:+4930100@198.51.100.2>");
}

TEST_F(Profiles, NumbersAreNormalisedBeforeTheRouteAndForTheOtherSideAfterIt) {
    left.in.numbers = {{{}, "00", 2, "+"}, {{}, "0", 1, "+49"}};
    right.out.numbers = {{Party::called, "+49", 3, "0"}, {Party::calling, "+", 1, ""}};
    begin();
    g->left.from = "\"Alice\" <sip:0-30-100@pbx.leftie.example;user=phone>";
    g->left.invite_uri("sip:004930200@198.51.100.1", g->left.sdp(),
                       {{"P-Asserted-Identity", "<tel:030100>"}, {"Privacy", "id"}});
    g->left.expect("100");
    const auto m = g->right.expect("INVITE");
    EXPECT_EQ(m.request_uri(), "sip:030200@203.0.113.20");
    EXPECT_EQ(m.to().uri.to_string(), "sip:030200@203.0.113.20");
    EXPECT_EQ(m.from().uri.to_string(), "sip:4930100@198.51.100.2");
    EXPECT_EQ(m.from().display, "Alice");
    EXPECT_EQ(m.first(sip::HeaderId::p_asserted_identity), "<tel:4930100>");
    EXPECT_EQ(g->starts.at(0).caller, "+4930100");
    EXPECT_EQ(g->starts.at(0).callee, "+4930200");
}

TEST_F(Profiles, NumbersOfTheOtherDirectionAsWell) {
    right.in.numbers = {{Party::called, "0", 1, "+"}};
    left.out.numbers = {{Party::called, "", 0, "77"}};  // a prefix that this carrier asks for
    begin();
    g->right.invite("033123", g->right.sdp());
    g->right.expect("100");
    EXPECT_EQ(sip::Uri::parse(g->left.expect("INVITE").request_uri())->user, "77+33123");
}

TEST_F(Profiles, RepliesAreTranslatedFromTheTrunkThatGaveThem) {
    right.replies = {{603, 488, ""}, {503, 503, "No circuit"}};
    left.replies = {{603, 480, "not this one"}};
    begin();
    const auto status = [&](int given) {
        const auto callee = g->right.dialog_of(invite());
        g->right.respond(callee, given);
        g->right.expect("ACK");
        auto m = g->left.take();
        return std::to_string(m.status()) + " " + std::string(m.reason());
    };
    EXPECT_EQ(status(603), "488 Not Acceptable Here");
    EXPECT_EQ(status(503), "503 No circuit") << "in place of what a 503 is without a rule";
    EXPECT_EQ(status(486), "486 Busy Here");
    EXPECT_EQ(g->ends.at(0).status, 488);
    EXPECT_EQ(g->ends.at(1).reason, "No circuit");
}

TEST_F(Profiles, ReasonOfAByePassesOrNot_RFC3326) {
    right.in.drop = {"Reason"};
    begin();
    auto call = g->establish();
    g->right.request(call.right, "BYE", {}, {{"Reason", "Q.850;cause=16"}});
    const auto bye = g->left.expect("BYE");
    EXPECT_FALSE(bye.has(sip::HeaderId::reason));
    g->left.respond(bye, 200);
    EXPECT_EQ(g->ends.at(0).reason, "Q.850;cause=16") << "the record has it";
}

TEST_F(Profiles, ReloadLeavesRunningCallsTheirProfile) {
    right.in.headers = {{"X-A", HeaderRule::On::all, {}, "old"}};
    right.replies = {{486, 480, ""}};
    begin();
    const auto callee = g->right.dialog_of(invite());
    right.in.headers[0].value = "new";
    right.replies.clear();
    g->core.reconfigure(with_profiles());
    g->right.respond(callee, 486);
    EXPECT_EQ(g->left.expect("480").first("X-A"), "old");
    g->right.expect("ACK");

    g->right.respond(g->right.dialog_of(invite()), 486);
    EXPECT_EQ(g->left.expect("486").first("X-A"), "new");
}

TEST_F(Profiles, RestartTakesTheProfileOfThatNameInTheNewConfiguration) {
    right.in.drop = {"Reason"};
    begin();
    auto call = g->establish(), other = g->establish();
    left.out.drop = {"Reason"};
    right.in.drop.clear();
    ASSERT_TRUE(g->restart(with_profiles()));
    g->left.request(call.left, "BYE", {}, {{"Reason", "Q.850;cause=16"}});
    g->left.expect("200");
    const auto bye = g->right.expect("BYE");
    EXPECT_TRUE(bye.has(sip::HeaderId::reason));
    g->right.respond(bye, 200);

    // Without any: the call goes on without rules.
    ASSERT_TRUE(g->restart());
    g->right.request(other.right, "BYE", {}, {{"Reason", "Q.850;cause=16"}});
    const auto last = g->left.expect("BYE");
    EXPECT_TRUE(last.has(sip::HeaderId::reason));
    g->left.respond(last, 200);
}

class ProfileMedia : public Profiles {
  protected:
    static std::string formats(const sip::Message& m) {
        const auto session = sdp::Session::parse(m.body());
        std::string out;
        if (!session) return "no SDP";
        for (const auto& media : session->media) {
            out += (out.empty() ? "" : " | ") + media.type + (media.rejected() ? " rejected" : "");
            for (const auto& c : media.codecs()) out += " " + c.name;
        }
        return out;
    }
};

TEST_F(ProfileMedia, OfferIsCutToBothSidesCodecsInTheOrderOfTheOneThatGetsIt) {
    left.sdp.codecs = {{"PCMA", {}}, {"PCMU", {}}, {"telephone-event", {}}};
    right.sdp.codecs = {{"G722", {}}, {"PCMU", {}}, {"telephone-event", {}}, {"PCMA", {}}};
    begin();
    auto call = g->left.invite("+4930200", g->left.sdp({.formats = "9 0 8 101"}));
    g->left.expect("100");
    const auto offer = g->right.expect("INVITE");
    EXPECT_EQ(formats(offer), "audio PCMU telephone-event PCMA");
    auto callee = g->right.dialog_of(offer);
    g->right.respond(callee, 200, g->right.sdp({.formats = "0 8 101"}));
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    EXPECT_EQ(formats(ok), "audio PCMA PCMU telephone-event") << "answers obey as well";
    g->left.ack(call, ok);

    // So do changes, from either side.
    g->right.request(callee, "INVITE", g->right.sdp({.formats = "9 8", .version = 2}));
    g->right.expect("100");
    const auto change = g->left.expect("INVITE");
    EXPECT_EQ(formats(change), "audio PCMA");
    g->left.respond(change, 200, {}, g->left.sdp({.formats = "8", .version = 2}));
    g->left.expect("ACK");
    g->right.ack(callee, g->right.expect("200"));
    g->right.request(callee, "INVITE", g->right.sdp({.formats = "9", .version = 3}));
    g->right.expect("100");
    g->right.expect("488");
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(ProfileMedia, OfferWithNothingLeftIs488) {
    left.sdp.codecs = {{"G729", {}}};
    begin();
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
    EXPECT_EQ(g->right.waiting(), 0u);
    EXPECT_THAT(g->ends.at(0).reason, HasSubstr("no codec that the profile allows"));
}

TEST_F(ProfileMedia, OfferWithNothingLeftForTheOtherSideIs488) {
    right.sdp.codecs = {{"G729", {}}, {"telephone-event", {}}};
    begin();
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "488"));
    EXPECT_EQ(g->right.waiting(), 0u);
}

TEST_F(ProfileMedia, LateOfferObeys_RFC3261_14_1) {
    right.sdp.codecs = {{"PCMA", {}}};
    begin();
    auto call = g->left.invite("+4930200", {});
    g->left.expect("100");
    g->right.respond(g->right.dialog_of(g->right.expect("INVITE")), 200, g->right.sdp());
    const auto ok = g->left.expect("200");
    EXPECT_EQ(formats(ok), "audio PCMA");
    g->left.ack(call, ok, g->left.sdp({.formats = "8"}));
    EXPECT_EQ(formats(g->right.expect("ACK")), "audio PCMA");
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(ProfileMedia, ALineWithoutACodecIsRejectedBesideOthers) {
    right.sdp.codecs = {{"PCMA", {}}};
    begin();
    auto call = g->left.invite(
        "+4930200", g->left.sdp({.more = "m=video 30002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"}));
    g->left.expect("100");
    const auto offer = g->right.expect("INVITE");
    EXPECT_EQ(formats(offer), "audio PCMA | video rejected");
    g->right.respond(
        g->right.dialog_of(offer), 200,
        g->right.sdp({.formats = "8", .more = "m=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"}));
    g->right.expect("ACK");
    const auto ok = g->left.expect("200");
    EXPECT_THAT(formats(ok), HasSubstr("video rejected"));
    g->left.ack(call, ok);
}

TEST_F(ProfileMedia, AttributesCrossAsTheProfilesSay) {
    left.sdp.drop_attributes = {"x-*"};
    right.sdp.keep_attributes = {"x-kept", "x-b", "label"};
    begin();
    g->left.invite("+4930200", g->left.sdp({.more = "a=x-b:1\r\na=label:7\r\na=silenceSupp:off\r\n"}));
    g->left.expect("100");
    const auto offer = sdp::Session::parse(g->right.expect("INVITE").body()).value();
    const auto& m = offer.media.at(0);
    EXPECT_FALSE(m.has_attribute("x-b"));
    EXPECT_FALSE(m.has_attribute("ptime"));
    EXPECT_FALSE(m.has_attribute("silenceSupp"));
    EXPECT_EQ(m.attribute("label"), "7");
    EXPECT_EQ(m.direction(), sdp::Direction::sendrecv);
    EXPECT_EQ(m.codecs().size(), 3u);
}

TEST_F(ProfileMedia, KeysDoNotDependOnAttributeRules_RFC4568) {
    left.sdp.keep_attributes = right.sdp.keep_attributes = {"ptime"};
    auto c = with_profiles();
    c.trunks[0].srtp = SrtpMode::mandatory;
    configure(std::move(c));
    auto e = g->establish(
        {.protocol = "RTP/SAVP",
         .crypto = {"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"}});
    EXPECT_THAT(e.to_left, HasSubstr("a=crypto:1 AES_CM_128_HMAC_SHA1_80"));
    g->left_hangs_up(e);
}

}  // namespace
}  // namespace causeway::call
