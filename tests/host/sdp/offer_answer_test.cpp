#include "host/sdp/offer_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/sdp/corpus.hpp"

namespace causeway::sdp {
namespace {

using testing::HasSubstr;
using State = OfferAnswer::State;

Session parsed(const std::string& text) {
    auto s = Session::parse(text);
    EXPECT_TRUE(s) << s.error().what << "\n" << text;
    return s ? *s : Session{};
}

// A description of Alice or Bob as in RFC 3264 section 10: "v=0" to "t=0 0" with the given o= version.
std::string alice(std::uint64_t version) {
    return "v=0\r\no=alice 2890844526 " + std::to_string(version) +
           " IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 host.anywhere.com\r\nt=0 0\r\n";
}
std::string bob(std::uint64_t version) {
    return "v=0\r\no=bob 2890844730 " + std::to_string(version) +
           " IN IP4 host.example.com\r\ns=\r\nc=IN IP4 host.example.com\r\nt=0 0\r\n";
}

// Runs one offer/answer exchange on both sides.
void exchange(OfferAnswer& offerer, OfferAnswer& answerer, const Session& offer, const Session& answer) {
    ASSERT_TRUE(offerer.send_offer(offer));
    ASSERT_TRUE(answerer.receive_offer(offer));
    const auto sent = answerer.send_answer(answer), received = offerer.receive_answer(answer);
    ASSERT_TRUE(sent) << sent.error().what;
    ASSERT_TRUE(received) << received.error().what;
    EXPECT_EQ(offerer.state(), State::stable);
    EXPECT_EQ(*offerer.local(), offer);
    EXPECT_EQ(*offerer.remote(), answer);
    EXPECT_EQ(*answerer.local(), answer);
    EXPECT_EQ(*answerer.remote(), offer);
}

TEST(OfferAnswer, BasicExchange_RFC3264_10_1) {
    const std::string video31 = "a=rtpmap:31 H261/90000\r\n", video32 = "a=rtpmap:32 MPV/90000\r\n";
    const Session first =
        parsed(alice(2890844526) + "m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" +
               "m=video 51372 RTP/AVP 31\r\n" + video31 + "m=video 53000 RTP/AVP 32\r\n" + video32);
    const Session answer = parsed(bob(2890844730) + "m=audio 49920 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" +
                                  "m=video 0 RTP/AVP 31\r\nm=video 53000 RTP/AVP 32\r\n" + video32);
    OfferAnswer a, b;
    exchange(a, b, first, answer);
    EXPECT_EQ(answer.media[1], reject(first.media[1]));

    // Bob moves his audio port and adds a stream for DTMF that he only receives.
    const std::string events = "a=rtpmap:110 telephone-events/8000\r\n";
    const Session change = parsed(
        bob(2890844731) + "m=audio 65422 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\n" +
        "m=video 53000 RTP/AVP 32\r\n" + video32 + "m=audio 51434 RTP/AVP 110\r\n" + events +
        "a=recvonly\r\n");
    const Session reply = parsed(
        alice(2890844527) + "m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\n" +
        video31 + "m=video 53000 RTP/AVP 32\r\n" + video32 + "m=audio 53122 RTP/AVP 110\r\n" + events +
        "a=sendonly\r\n");
    EXPECT_TRUE(check_reoffer(answer, change));
    EXPECT_TRUE(check_reoffer(first, reply));
    exchange(b, a, change, reply);
    EXPECT_EQ(answer_direction(change.direction(change.media[3]), Direction::sendrecv), Direction::sendonly);
}

TEST(OfferAnswer, OneOfSeveralCodecs_RFC3264_10_2) {
    const std::string pcmu = "a=rtpmap:0 PCMU/8000\r\n", g723 = "a=rtpmap:4 G723/8000\r\n";
    const Session offer = parsed(alice(2890844526) + "m=audio 62986 RTP/AVP 0 4 18\r\n" + pcmu + g723 +
                                 "a=rtpmap:18 G729/8000\r\na=inactive\r\n");
    const Session answer =
        parsed(bob(2890844730) + "m=audio 54344 RTP/AVP 0 4\r\n" + pcmu + g723 + "a=inactive\r\n");
    OfferAnswer a, b;
    exchange(a, b, offer, answer);
    EXPECT_EQ(common_codecs(offer.media[0].codecs(), answer.media[0].codecs()), answer.media[0].codecs());
    exchange(a, b, parsed(alice(2890844527) + "m=audio 62986 RTP/AVP 4\r\n" + g723),
             parsed(bob(2890844731) + "m=audio 54344 RTP/AVP 4\r\n" + g723));
}

TEST(OfferAnswer, AudioAndVideoWithOneCodecEach_RFC4317_2_1) {
    OfferAnswer a, b;
    exchange(a, b, parsed(std::string(rfc4317_offer)),
             parsed(bob(2808844564) + "m=audio 49174 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                                      "m=video 49170 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n"));
}

TEST(OfferAnswer, VideoRefused_RFC4317_2_2) {
    const Session offer = parsed(std::string(rfc4317_offer));
    OfferAnswer a, b;
    exchange(a, b, offer,
             parsed(bob(2808844564) +
                    "m=audio 49172 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
                    "a=rtpmap:8 PCMA/8000\r\nm=video 0 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"));
    EXPECT_EQ(reject(offer.media[1]).formats, offer.media[1].formats);
}

TEST(OfferAnswer, HoldAndUnhold_RFC4317_3_1) {
    const std::string line =
        "m=audio 49170 RTP/AVP 0 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:97 iLBC/8000\r\n";
    OfferAnswer a, b;
    exchange(a, b, parsed(alice(1) + line), parsed(bob(1) + line));
    const Session hold = parsed(bob(2) + line + "a=sendonly\r\n");
    exchange(b, a, hold, parsed(alice(2) + line + "a=recvonly\r\n"));
    EXPECT_EQ(a.local()->direction(a.local()->media[0]), Direction::recvonly);
    const Session unhold = parsed(bob(3) + line);
    exchange(b, a, unhold, parsed(alice(3) + line));
}

TEST(OfferAnswer, AStreamIsAddedAndDeletedAndItsPlaceUsedAnew_RFC4317_4_RFC3264_8) {
    const std::string one = "m=audio 49170 RTP/AVP 0\r\n";
    const Session before = parsed(alice(1) + one);
    const Session added =
        parsed(alice(2) + one + "m=audio 49178 RTP/AVP 98\r\na=rtpmap:98 telephone-event/8000\r\n");
    const Session deleted = parsed(alice(3) + one + "m=audio 0 RTP/AVP 98\r\n");
    const Session reused = parsed(alice(4) + one + "m=video 49180 RTP/AVP 31\r\n");
    EXPECT_TRUE(check_reoffer(before, added));
    EXPECT_TRUE(check_reoffer(added, deleted));
    EXPECT_TRUE(check_reoffer(deleted, reused));
    EXPECT_THAT(check_reoffer(deleted, before).error().what, HasSubstr("1 m-lines after 2"));
    EXPECT_TRUE(check_reoffer(added, reused));  // 8.3.3
}

TEST(OfferAnswer, NobodySpeaksOutOfTurn_RFC3264_4) {
    const Session s = parsed(alice(1) + "m=audio 49170 RTP/AVP 0\r\n");
    const Session other = parsed(bob(1) + "m=audio 49172 RTP/AVP 0\r\n");
    OfferAnswer oa;
    EXPECT_FALSE(oa.send_answer(s));
    EXPECT_FALSE(oa.receive_answer(s));
    EXPECT_EQ(oa.local(), nullptr);
    ASSERT_TRUE(oa.send_offer(s));
    EXPECT_FALSE(oa.send_offer(other));
    EXPECT_FALSE(oa.receive_offer(other));
    EXPECT_FALSE(oa.send_answer(other));
    EXPECT_EQ(oa.state(), State::local_offer);
    EXPECT_EQ(*oa.local(), s);
    EXPECT_EQ(oa.remote(), nullptr);
    EXPECT_EQ(oa.agreed_local(), nullptr);
}

TEST(OfferAnswer, RollbackReturnsToWhatWasAgreed_RFC6337_3) {
    const Session first = parsed(alice(1) + "m=audio 49170 RTP/AVP 0\r\n");
    const Session answer = parsed(bob(1) + "m=audio 49172 RTP/AVP 0\r\n");
    const Session change = parsed(bob(2) + "m=audio 49174 RTP/AVP 8\r\n");
    OfferAnswer oa;
    ASSERT_TRUE(oa.send_offer(first));
    oa.rollback();
    EXPECT_EQ(oa.state(), State::idle);
    ASSERT_TRUE(oa.send_offer(first));
    ASSERT_TRUE(oa.receive_answer(answer));
    ASSERT_TRUE(oa.receive_offer(change));
    EXPECT_EQ(*oa.remote(), change);
    EXPECT_EQ(*oa.agreed_remote(), answer);
    oa.rollback();
    EXPECT_EQ(oa.state(), State::stable);
    EXPECT_EQ(*oa.remote(), answer);
    EXPECT_EQ(*oa.local(), first);
}

TEST(OfferAnswer, AnAnswerThatDoesNotMatchIsRefusedAndTheOfferStaysOpen_RFC3264_6) {
    const std::string m = "m=audio 49170 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\nm=image 0 udptl t38\r\n";
    const Session offer = parsed(alice(1) + m);
    const std::string t38 = "m=image 0 udptl t38\r\n";
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"m=audio 4000 RTP/AVP 0\r\n", "1 m-lines to 2"},
        {"m=video 4000 RTP/AVP 0\r\n" + t38, "m-line 1: type"},
        {"m=audio 4000 RTP/SAVP 0\r\n" + t38, "m-line 1: protocol"},
        {"m=audio 4000 RTP/AVP 8\r\n" + t38, "m-line 1: no offered codec"},
        {"m=audio 4000 RTP/AVP 0\r\nm=image 4000 udptl t38\r\n", "m-line 2: offered as disabled"},
    };
    for (const auto& [text, expected] : bad) {
        OfferAnswer oa;
        ASSERT_TRUE(oa.send_offer(offer));
        const auto refused = oa.receive_answer(parsed(bob(1) + text));
        ASSERT_FALSE(refused) << text;
        EXPECT_THAT(refused.error().what, HasSubstr(expected));
        EXPECT_EQ(oa.state(), State::local_offer);
        // The answerer's payload type may be another one (6.1).
        EXPECT_TRUE(oa.receive_answer(
            parsed(bob(1) + "m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 OPUS/48000/2\r\n" + t38)));
    }
}

TEST(OfferAnswer, EveryFormOfHoldReadsTheSame_RFC3264_8_4) {
    const std::string line = "m=audio 49170 RTP/AVP 0\r\n";
    Session old_hold = parsed(alice(2) + line);
    old_hold.connection = Connection{false, "0.0.0.0", ""};
    Session by_session = parsed(alice(2) + line);
    by_session.attributes.push_back({"sendonly", {}});
    for (const auto& hold : {old_hold, by_session, parsed(alice(2) + line + "a=sendonly\r\n"),
                             parsed(alice(2) + line + "c=IN IP4 0.0.0.0\r\na=sendrecv\r\n"),
                             parsed(alice(2) + line + "c=IN IP6 hold.invalid\r\n")}) {
        EXPECT_EQ(hold.direction(hold.media[0]), Direction::sendonly);
    }
}

TEST(OfferAnswer, AnswerDirectionMirrorsTheOffer_RFC3264_6_1) {
    using D = Direction;
    EXPECT_EQ(answer_direction(D::sendonly, D::sendrecv), D::recvonly);
    EXPECT_EQ(answer_direction(D::recvonly, D::sendrecv), D::sendonly);
    EXPECT_EQ(answer_direction(D::sendrecv, D::sendrecv), D::sendrecv);
    EXPECT_EQ(answer_direction(D::sendrecv, D::sendonly), D::sendonly);
    EXPECT_EQ(answer_direction(D::sendonly, D::sendonly), D::inactive);
    EXPECT_EQ(answer_direction(D::inactive, D::sendrecv), D::inactive);
}

TEST(OfferAnswer, CommonCodecsHaveTheOffersTypesAndOrderAndOurParameters_RFC3264_6_1) {
    const std::vector<Codec> offered = {{101, "telephone-event", 8000, 1, "0-16"},
                                        {100, "telephone-event", 16000, 1, "0-16"},
                                        {96, "OPUS", 48000, 2, "stereo=1"},
                                        {8, "PCMA", 8000, 1, ""}};
    const std::vector<Codec> ours = {
        {8, "PCMA", 8000, 1, ""}, {111, "opus", 48000, 2, ""}, {97, "telephone-event", 8000, 1, "0-15"}};
    const std::vector<Codec> expected = {
        {101, "telephone-event", 8000, 1, "0-15"}, {96, "OPUS", 48000, 2, ""}, {8, "PCMA", 8000, 1, ""}};
    EXPECT_EQ(common_codecs(offered, ours), expected);
}

}  // namespace
}  // namespace causeway::sdp
