// Calls that outlive their process: saved, and taken up by a core that has the same sockets and nothing else.
#include <gmock/gmock.h>

#include "drivers/cpu/srtp.hpp"
#include "host/base/archive.hpp"
#include "host/rtp/packet.hpp"
#include "tests/fakes/gateway.hpp"

namespace causeway::call {
namespace {

using fakes::CallTest;
using fakes::Description;
using fakes::Gateway;
using fakes::Millis;
using fakes::Peer;
using fakes::Seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string left_key = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string right_key = "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

// The media of one peer, which knows nothing of restarts: what it takes must go on where it was.
class Voice {
  public:
    Voice(Gateway& gateway, const Peer& peer, std::string_view our_sdp, const Description& theirs,
          std::uint32_t ssrc)
        : g_(gateway), peer_(peer), to_(Gateway::media_of(our_sdp)), ssrc_(ssrc) {
        const auto ours = sdp::cryptos(sdp::Session::parse(our_sdp)->media.at(0));
        if (theirs.crypto.empty() || ours.empty()) return;
        in_ = cpu::Srtp::create(ours.front().key, cpu::Srtp::Direction::inbound).value();
        out_ =
            cpu::Srtp::create(sdp::Crypto::parse(theirs.crypto.front())->key, cpu::Srtp::Direction::outbound)
                .value();
    }
    // Sends the next packet, `skip` further on than usual; what was sent comes back.
    Bytes send(std::uint16_t skip = 0) {
        sequence_ = static_cast<std::uint16_t>(sequence_ + 1 + skip);
        timestamp_ += 160U * (1U + skip);
        Bytes b(rtp::header_size + 160, static_cast<std::uint8_t>(sequence_));
        rtp::write_header({0, false, sequence_, timestamp_, ssrc_}, b.data());
        EXPECT_TRUE(!out_ || out_->protect(b));
        g_.media(peer_.media, to_, b);
        return b;
    }
    void send_again(const Bytes& packet) { g_.media(peer_.media, to_, packet); }
    // The packets that came since the last time, as this peer takes them.
    std::vector<rtp::Header> take() {
        std::vector<rtp::Header> out;
        const auto all = g_.network.at(peer_.media);
        for (; seen_ < all.size(); ++seen_) {
            Bytes b = all[seen_];
            EXPECT_TRUE(!in_ || in_->unprotect(b) == cpu::Srtp::Outcome::ok) << "packet " << seen_;
            const auto packet = rtp::Packet::parse(b);
            EXPECT_TRUE(packet);
            if (packet) out.push_back(packet->header);
        }
        return out;
    }
    std::uint16_t sequence() const { return sequence_; }

  private:
    Gateway& g_;
    const Peer& peer_;
    Endpoint to_;
    std::uint32_t ssrc_;
    std::uint16_t sequence_ = 1000;
    std::uint32_t timestamp_ = 5;
    std::size_t seen_ = 0;
    std::optional<cpu::Srtp> in_, out_;
};

struct Talk {
    Gateway::Established call;
    std::unique_ptr<Voice> left, right;
};

Config secured(SrtpMode left, SrtpMode right) {
    auto config = fakes::two_trunks();
    config.trunks[0].srtp = left;
    config.trunks[1].srtp = right;
    config.trunks[1].suites = {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80};
    return config;
}

class Restart : public CallTest {
  protected:
    const Description plain;
    const Description left_secured{.protocol = "RTP/SAVP", .crypto = {left_key}};
    const Description right_secured{.protocol = "RTP/SAVP", .crypto = {right_key}};

    Talk talk(const Description& offer = {}, const Description& answer = {}) {
        Talk t;
        t.call = g->establish(offer, answer);
        t.left = std::make_unique<Voice>(*g, g->left, t.call.to_left, offer, 0x11111111);
        t.right = std::make_unique<Voice>(*g, g->right, t.call.to_right, answer, 0x22222222);
        return t;
    }
    // One packet each way, 20 ms later: what each side got must follow what it got before.
    void speak(Talk& t, std::uint16_t skip = 0) {
        g->run(Millis(20 * (1 + skip)));
        t.left->send(skip);
        t.right->send(skip);
        follow(t.left->take(), last_left, skip);
        follow(t.right->take(), last_right, skip);
    }
    static void follow(const std::vector<rtp::Header>& got, std::optional<rtp::Header>& last,
                       std::uint16_t skip) {
        ASSERT_EQ(got.size(), 1u);
        if (last) {
            EXPECT_EQ(got[0].sequence, static_cast<std::uint16_t>(last->sequence + 1 + skip));
            EXPECT_EQ(got[0].timestamp, last->timestamp + 160U * (1U + skip));
            EXPECT_EQ(got[0].ssrc, last->ssrc);
        }
        last = got[0];
    }
    void restart(std::size_t carried = 1) {
        const auto bound = g->network.bound;
        const auto report = g->restart(config);
        ASSERT_TRUE(report) << report.error().what;
        EXPECT_EQ(report->carried, carried);
        EXPECT_EQ(report->unanswered + report->changing + report->failed, 0u);
        EXPECT_EQ(g->network.bound, bound) << "the same sockets";
        EXPECT_EQ(g->core.status().calls, carried);
    }
    void secure(SrtpMode left, SrtpMode right) {
        config = secured(left, right);
        configure(config);
    }
    // `holder` re-INVITEs, the other side agrees.
    void change(Peer& holder, Peer::Dialog& from, Peer& held, const Description& offer,
                const Description& answer) {
        holder.request(from, "INVITE", holder.sdp(offer));
        holder.expect("100");
        const auto invite = held.expect("INVITE");
        held.respond(invite, 200, {}, held.sdp(answer));
        held.expect("ACK");
        holder.ack(from, holder.expect("200"));
    }
    void expect_ended(Ended by, int status = 200) {
        ASSERT_EQ(g->ends.size(), 1u);
        EXPECT_EQ(g->ends[0].by, by);
        EXPECT_EQ(g->ends[0].status, status);
        ASSERT_EQ(g->starts.size(), 1u);
        EXPECT_EQ(g->ends[0].attempt, g->starts[0].attempt);
    }
    Config config = fakes::two_trunks();
    std::optional<rtp::Header> last_left, last_right;
};

TEST_F(Restart, ACallGoesOnAsIfNothingHadBeen) {
    auto t = talk();
    speak(t);
    speak(t);
    for (int i = 0; i < 3; ++i) {
        restart();
        speak(t);
        speak(t, 5);
    }
    const auto info = g->core.calls().at(0);
    EXPECT_EQ(info.state, "answered");
    EXPECT_EQ(info.incoming.trunk, "left");
    EXPECT_EQ(info.outgoing->state, "confirmed");
    g->left_hangs_up(t.call);
    expect_ended(Ended::caller);
    for (const auto& m : g->ends[0].media) {
        EXPECT_EQ(m.figures.packets_received, 8u) << m.leg;
        EXPECT_EQ(m.figures.packets_sent, 8u) << m.leg;
        EXPECT_EQ(m.figures.packets_lost, 15) << "the gaps that the peers made";
        EXPECT_EQ(m.figures.codec, "PCMU/8000");
    }
    EXPECT_TRUE(g->ends[0].answered);
}

TEST_F(Restart, TheCalleeMayHangUp) {
    auto t = talk();
    restart();
    g->right.request(t.call.right, "BYE");
    g->right.expect("200");
    g->left.respond(g->left.expect("BYE"), 200);
    expect_ended(Ended::callee);
}

TEST_F(Restart, TheOperatorMayHangUp) {
    auto t = talk();
    restart();
    EXPECT_TRUE(g->core.hangup(g->now, g->starts[0].attempt));
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    expect_ended(Ended::gateway);
}

TEST_F(Restart, SrtpOnOneSideGoesOn) {
    secure(SrtpMode::mandatory, SrtpMode::off);
    auto t = talk(left_secured, plain);
    speak(t);
    restart();
    speak(t);
    EXPECT_EQ(g->core.calls().at(0).media.at(0).figures.suite, sdp::SrtpSuite::aes_cm_128_hmac_sha1_80);
    g->left_hangs_up(t.call);
}

// Both peers and both of our streams pass 2^16 while processes come and go: a step of less than 3000 is loss.
TEST_F(Restart, SrtpOnBothSidesGoesOnOverEveryWrapOfTheSequence_RFC3711_3_3_1) {
    secure(SrtpMode::mandatory, SrtpMode::mandatory);
    auto t = talk(left_secured, right_secured);
    for (int i = 0; i < 60; ++i) {
        speak(t, i == 0 ? 0 : 2900);
        restart();
        speak(t);
    }
    EXPECT_GT(60 * 2902, 2 * 65536);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, EveryPlaceAroundTheWrapIsOneToGoOnFrom) {
    secure(SrtpMode::mandatory, SrtpMode::mandatory);
    auto t = talk(left_secured, right_secured);
    speak(t);
    const auto near = [&] {
        return static_cast<std::uint16_t>(last_left->sequence + 6) < 12 ||
               static_cast<std::uint16_t>(last_right->sequence + 6) < 12 ||
               static_cast<std::uint16_t>(t.left->sequence() + 6) < 12;
    };
    // To just below each wrap by large steps, over it one by one.
    int restarts = 0;
    for (int i = 0; i < 4000 && restarts < 30; ++i) {
        std::uint16_t step = 2900;
        for (const std::uint16_t s : {last_left->sequence, last_right->sequence, t.left->sequence()}) {
            const auto before = static_cast<std::uint16_t>(65530 - s);
            if (before > 0 && before < 2900 + 1) step = std::min<std::uint16_t>(step, before - 1);
        }
        speak(t, near() ? 0 : step);
        if (!near()) continue;
        ++restarts;
        restart();
    }
    EXPECT_GE(restarts, 30);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, SrtpPacketsOfBeforeAreReplays_RFC3711_3_3_2) {
    secure(SrtpMode::mandatory, SrtpMode::off);
    auto t = talk(left_secured, plain);
    const Bytes first = t.left->send();
    const Bytes last = t.left->send();
    EXPECT_EQ(t.right->take().size(), 2u);
    restart();
    t.left->send_again(first);
    t.left->send_again(last);
    EXPECT_EQ(t.right->take().size(), 0u);
    EXPECT_EQ(g->core.calls().at(0).media.at(0).figures.dropped_replayed, 2u);
    speak(t);
}

TEST_F(Restart, AStrangerIsNotHeardAfterwardsEither) {
    auto t = talk();
    speak(t);
    g->run(Seconds(10));
    restart();
    t.left->send();
    const auto heard = g->network.at(g->right.media).size();
    Bytes packet(rtp::header_size + 160);
    rtp::write_header({0, false, 1, 1, 99}, packet.data());
    g->media(*Endpoint::parse("192.0.2.77:9"), Gateway::media_of(t.call.to_left), packet);
    EXPECT_EQ(g->network.at(g->right.media).size(), heard);
}

TEST_F(Restart, HoldAndResumeCrossAfterwards) {
    auto t = talk();
    speak(t);
    restart();
    change(g->left, t.call.left, g->right, {.direction = "sendonly", .version = 2},
           {.direction = "recvonly", .version = 2});
    t.right->send();
    EXPECT_EQ(t.left->take().size(), 0u) << "who holds hears nothing";
    restart();
    change(g->left, t.call.left, g->right, {.version = 3}, {.version = 3});
    t.right->send();
    EXPECT_EQ(t.left->take().size(), 1u);
}

TEST_F(Restart, ACallOnHoldIsResumedByTheOtherSide) {
    auto t = talk();
    change(g->right, t.call.right, g->left, {.direction = "inactive", .version = 2},
           {.direction = "inactive", .version = 2});
    restart();
    t.left->send();
    t.right->send();
    EXPECT_EQ(t.left->take().size() + t.right->take().size(), 0u);
    change(g->right, t.call.right, g->left, {.version = 3}, {.version = 3});
    speak(t);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, TheVersionOfOurDescriptionGoesOn_RFC3264_8) {
    auto t = talk();
    restart();
    g->left.request(t.call.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    const auto before = sdp::Session::parse(t.call.to_right)->origin;
    const auto after = sdp::Session::parse(invite.body())->origin;
    EXPECT_EQ(after.session_id, before.session_id);
    EXPECT_EQ(after.version, before.version + 1);
    g->right.respond(invite, 200, {}, g->right.sdp({.direction = "recvonly", .version = 2}));
    g->right.expect("ACK");
    g->left.ack(t.call.left, g->left.expect("200"));
}

TEST_F(Restart, ALateOfferIsAnsweredAfterwards_RFC3261_13_2_2_4) {
    auto left = g->left.invite("+4930200", {});
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    auto right = g->right.dialog_of(invite);
    g->right.respond(right, 200, g->right.sdp());
    const auto ok = g->left.expect("200");
    EXPECT_EQ(g->right.waiting(), 0u) << "no ACK before the answer";
    restart();
    g->right.respond(right, 200, g->right.sdp());
    EXPECT_EQ(g->right.waiting(), 0u) << "our ACK is still due";
    g->left.ack(left, ok, g->left.sdp());
    const auto ack = g->right.expect("ACK");
    Talk t;
    t.left = std::make_unique<Voice>(*g, g->left, ok.body(), plain, 1);
    t.right = std::make_unique<Voice>(*g, g->right, ack.body(), plain, 2);
    speak(t);
    restart();
    speak(t);
}

TEST_F(Restart, A2xxWithoutItsAckIsSentOn_RFC3261_13_3_1_4) {
    auto left = g->left.invite("+4930200", g->left.sdp());
    const auto invite = g->right.expect("INVITE");
    auto right = g->right.dialog_of(invite);
    g->right.respond(right, 200, g->right.sdp());
    g->right.expect("ACK");
    EXPECT_THAT(g->left.take_all(), ElementsAre("100", "200"));
    restart();
    g->run(Millis(600));
    const auto again = g->left.expect("200");
    g->left.send(left.invite.text().data());  // the INVITE once more: its 200 was lost
    EXPECT_EQ(g->left.expect("200").text(), again.text());
    g->left.ack(left, again);
    g->run(Seconds(40));
    EXPECT_EQ(g->left.waiting(), 0u);
    EXPECT_EQ(g->core.status().calls, 1u);
}

TEST_F(Restart, A2xxWhoseAckNeverComesEndsTheCallInTime_RFC3261_13_3_1_4) {
    g->left.invite("+4930200", g->left.sdp());
    auto right = g->right.dialog_of(g->right.expect("INVITE"));
    g->right.respond(right, 200, g->right.sdp());
    g->right.expect("ACK");
    g->run(Seconds(10));
    restart();
    g->run(Seconds(21));
    EXPECT_EQ(g->core.status().calls, 1u);
    g->left.take_all();
    g->run(Seconds(2));
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    expect_ended(Ended::gateway);
}

TEST_F(Restart, A2xxThatIsRepeatedDrawsItsAckAgain_RFC3261_13_2_2_4) {
    auto t = talk();
    restart();
    g->right.respond(t.call.right, 200, g->right.sdp());
    g->right.expect("ACK");
    EXPECT_EQ(g->right.waiting(), 0u);
}

TEST_F(Restart, AByeThatWasUnderWayIsSaidAgain) {
    auto t = talk();
    g->left.request(t.call.left, "BYE");
    g->left.expect("200");
    const auto bye = g->right.expect("BYE");
    restart(0);
    const auto again = g->right.expect("BYE");
    EXPECT_EQ(again.cseq().number, bye.cseq().number + 1);
    g->right.respond(again, 481);
    g->run(Seconds(1));
    EXPECT_EQ(g->core.status().legs, 0u);
}

TEST_F(Restart, CallsThatNobodyHasAnsweredAreLostAndEveryoneIsTold) {
    g->left.invite("+4930200", g->left.sdp());
    const auto invite = g->right.expect("INVITE");
    g->right.respond(g->right.dialog_of(invite), 180);
    g->left.take_all();
    auto t = talk();
    const auto report = g->restart();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->carried, 1u);
    EXPECT_EQ(report->unanswered, 1u);
    g->left.expect("503");
    const auto cancel = g->right.expect("CANCEL");
    EXPECT_EQ(cancel.via().to_string(), invite.via().to_string());
    EXPECT_EQ(cancel.cseq().number, invite.cseq().number);
    ASSERT_EQ(g->ends.size(), 1u);
    EXPECT_EQ(g->ends[0].attempt, g->starts[0].attempt);
    EXPECT_EQ(g->ends[0].status, 503);
    EXPECT_THAT(g->ends[0].reason, HasSubstr("restart"));
    EXPECT_TRUE(g->ends[0].ringing);
    speak(t);
}

TEST_F(Restart, ACallWhoseChangeIsUnderWayIsHungUpUnlessOneWaits) {
    auto t = talk();
    EXPECT_TRUE(g->core.settled());
    g->left.request(t.call.left, "INVITE", g->left.sdp({.direction = "sendonly", .version = 2}));
    g->left.expect("100");
    const auto invite = g->right.expect("INVITE");
    g->core.settle(true);
    EXPECT_FALSE(g->core.settled());
    g->right.request(t.call.right, "INVITE", g->right.sdp({.version = 3}));
    g->left.invite("+4930200", g->left.sdp());
    EXPECT_EQ(g->left.waiting() + g->right.waiting(), 0u) << "they will say it again";

    const auto report = g->restart();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->changing, 1u);
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    expect_ended(Ended::gateway);
}

TEST_F(Restart, AttemptsAreNumberedOn) {
    auto first = talk();
    restart();
    auto second = g->establish();
    ASSERT_EQ(g->starts.size(), 2u);
    EXPECT_GT(g->starts[1].attempt, g->starts[0].attempt);
    EXPECT_NE(Gateway::media_of(second.to_left), Gateway::media_of(first.call.to_left))
        << "its port is in use";
}

TEST_F(Restart, AnotherClockMakesNoDifference) {
    secure(SrtpMode::mandatory, SrtpMode::off);
    auto t = talk(left_secured, plain);
    for (int i = 0; i < 600; ++i) speak(t);
    const auto before = g->core.calls().at(0);
    const Secret saved = g->core.save(g->now);
    g->now = Time{} + Seconds(3);
    g->replace(config);
    ASSERT_TRUE(g->core.restore(g->now, saved.view()));
    const auto after = g->core.calls().at(0);
    EXPECT_EQ(after.started, g->now - Seconds(12));
    for (int i = 0; i < 600; ++i) speak(t);
    EXPECT_EQ(g->core.calls().at(0).media.at(0).figures.jitter, before.media.at(0).figures.jitter);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, ACallKeepsItsTrunksWhateverTheNewConfigurationSays) {
    auto t = talk();
    config.trunks.clear();
    config.routes.clear();
    std::swap(config.listeners[0], config.listeners[1]);
    const auto report = g->restart(config);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_EQ(report->carried, 1u);
    speak(t);
    EXPECT_EQ(g->core.calls().at(0).outgoing->trunk, "right");
    change(g->left, t.call.left, g->right, {.direction = "sendonly", .version = 2},
           {.direction = "recvonly", .version = 2});
    EXPECT_THAT(g->right.received.back(), HasSubstr("198.51.100.2:5060")) << "from the listener that it had";
    g->left_hangs_up(t.call);
}

TEST_F(Restart, ACallWhoseListenerIsGoneIsLost) {
    auto t = talk();
    config.listeners.pop_back();
    config.trunks.pop_back();
    const auto report = g->restart(config);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->failed, 1u);
    expect_ended(Ended::gateway);
}

TEST_F(Restart, ACallKeepsPortsThatTheRangesNoLongerHave) {
    auto t = talk();
    config.media[0].first = 30000;
    config.media[0].last = 30019;
    restart();
    speak(t);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, ACallWithoutItsSocketIsHungUp) {
    auto t = talk();
    const Secret saved = g->core.save(g->now);
    g->replace();
    g->network.refused.insert(Gateway::media_of(t.call.to_right).port);
    const auto report = g->core.restore(g->now, saved.view());
    ASSERT_TRUE(report);
    EXPECT_EQ(report->failed, 1u);
    g->left.respond(g->left.expect("BYE"), 200);
    g->right.respond(g->right.expect("BYE"), 200);
    expect_ended(Ended::gateway);
    EXPECT_TRUE(g->network.bound.empty());
}

TEST_F(Restart, SavingChangesNothing) {
    secure(SrtpMode::mandatory, SrtpMode::mandatory);
    auto t = talk(left_secured, right_secured);
    speak(t);
    const Secret once = g->core.save(g->now);
    EXPECT_TRUE(once == g->core.save(g->now));
    speak(t);
    g->left_hangs_up(t.call);
}

TEST_F(Restart, ARestoredCoreSavesWhatItGot) {
    auto t = talk();
    speak(t);
    const Secret once = g->core.save(g->now);
    restart();
    const Secret twice = g->core.save(g->now);
    EXPECT_TRUE(once == twice);
}

class RestartRefused : public Restart {
  protected:
    void expect_refused(ByteView bytes, std::string_view why, CoreOptions options = {}) {
        g->replace(config, options);
        const auto report = g->core.restore(g->now, bytes);
        ASSERT_FALSE(report);
        EXPECT_THAT(report.error().what, HasSubstr(why));
        EXPECT_TRUE(g->network.bound.empty());
        EXPECT_EQ(g->core.status().calls + g->core.status().legs + g->core.status().transactions, 0u);
        EXPECT_EQ(g->core.status().media.engine.ingresses, 0u);
        EXPECT_FALSE(g->core.next_timer());
    }
    void TearDown() override {}  // the record of the call is not ended: nobody has it any more
};

TEST_F(RestartRefused, BytesThatAreDamagedCutOrOfAnotherVersionOrShard) {
    secure(SrtpMode::mandatory, SrtpMode::off);
    auto t = talk(left_secured, plain);
    speak(t);
    const Secret saved = g->core.save(g->now);
    Bytes bytes(saved.view().begin(), saved.view().end());
    expect_refused(ByteView(bytes).first(bytes.size() / 2), "announced");
    expect_refused({}, "hold none");
    bytes[bytes.size() / 2] ^= 1;
    expect_refused(bytes, "damaged");
    bytes[bytes.size() / 2] ^= 1;
    ++bytes[7];
    expect_refused(bytes, "version");
    --bytes[7];
    expect_refused(bytes, "of shard 0 of 1, not 1 of 2", {{1, 2}, nullptr});
}

// Sealed anew after the damage, as a program with a defect would: whatever it holds, nothing breaks.
TEST_F(RestartRefused, ValuesThatMakeNoSense) {
    auto t = talk();
    speak(t);
    const Secret saved = g->core.save(g->now);
    const auto body = saved.view().subspan(16, saved.size() - 24);
    g->unreachable = {g->left.signaling.ip,
                      g->right.signaling.ip};  // they would not take what such a core says
    SeededRandom random(7);
    std::size_t refused = 0;
    for (int i = 0; i < 300; ++i) {
        Bytes bytes(body.begin(), body.end());
        bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] ^=
            static_cast<std::uint8_t>(1U << random.below(8));
        if (i % 3 == 0) bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size())));
        g->replace(config);
        if (g->core.restore(g->now, seal(state_version, bytes).view())) {
            for (const auto& c : g->core.calls()) g->core.hangup(g->now, c.id);
        } else {
            ++refused;
            EXPECT_TRUE(g->network.bound.empty());
        }
    }
    EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace causeway::call
