// Both implementations of SRTP for the engine: each against the RFCs' oracle, and one against the other
// packet by packet on random traffic.
#include "drivers/cpu/srtp_provider.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "host/base/random.hpp"
#include "tests/conformance/packets.hpp"
#include "tests/conformance/srtp_oracle.hpp"

namespace causeway::cpu {
namespace {

using media::Kind;
using sdp::SrtpSuite;
using Direction = Srtp::Direction;
using Outcome = Srtp::Outcome;
using Used = rtp::SrtpWindow;

struct Library {
    const char* name;
    std::unique_ptr<SrtpProvider> (*make)();
};
constexpr Library libraries[] = {{"batch", make_batch_provider}, {"libsrtp2", make_libsrtp2_provider}};

class SrtpProviderTest : public testing::TestWithParam<std::tuple<Library, SrtpSuite>> {
  protected:
    SrtpSuite suite() const { return std::get<1>(GetParam()); }
    std::unique_ptr<SrtpSession> session(Direction direction, std::uint64_t seed = 1) {
        auto made = provider->create(srtp_key(suite(), seed), direction);
        EXPECT_TRUE(made) << made.error().what;
        return std::move(*made);
    }
    Outcome run(SrtpSession& s, Kind kind, Bytes& packet) {
        SrtpJob job{&s, kind, &packet};
        provider->run({&job, 1});
        return job.outcome;
    }
    Bytes sealed(std::uint64_t index, std::uint32_t ssrc = 0x1234) {
        return oracle::srtp(srtp_key(suite()), static_cast<std::uint32_t>(index >> 16),
                            rtp_packet(static_cast<std::uint16_t>(index), ssrc));
    }
    // All at once.
    std::vector<Outcome> run_all(SrtpSession& s, std::vector<Bytes>& packets) {
        std::vector<SrtpJob> jobs;
        for (Bytes& p : packets) jobs.push_back({&s, Kind::rtp, &p});
        provider->run(jobs);
        std::vector<Outcome> out;
        for (const auto& job : jobs) out.push_back(job.outcome);
        return out;
    }
    const std::unique_ptr<SrtpProvider> provider = std::get<0>(GetParam()).make();
};

TEST_P(SrtpProviderTest, SealsABatchAsTheRfcsSay_RFC3711_3_3_RFC7714_8) {
    auto out = session(Direction::outbound);
    std::vector<Bytes> packets;
    for (std::uint32_t i = 65400; i < 65700; ++i)
        packets.push_back(rtp_packet(static_cast<std::uint16_t>(i)));
    for (const auto outcome : run_all(*out, packets)) ASSERT_EQ(outcome, Outcome::ok);
    for (std::uint32_t i = 0; i < packets.size(); ++i) ASSERT_EQ(packets[i], sealed(65400 + i)) << i;
    Bytes again = rtp_packet(static_cast<std::uint16_t>(65699));
    EXPECT_NE(run(*out, Kind::rtp, again), Outcome::ok) << "an index is used once";
    Bytes report = rtcp_packet();
    ASSERT_EQ(run(*out, Kind::rtcp, report), Outcome::ok);
    EXPECT_EQ(report, oracle::srtcp(srtp_key(suite()), 1, rtcp_packet()));
}

TEST_P(SrtpProviderTest, OpensABatchAcrossTheWrap_RFC3711_3_3_1) {
    auto in = session(Direction::inbound);
    std::vector<Bytes> packets;
    for (std::uint32_t i = 65400; i < 65700; ++i) packets.push_back(sealed(i));
    std::swap(packets[130], packets[140]);
    packets.push_back(sealed(65699));  // a replay within the batch
    auto outcomes = run_all(*in, packets);
    EXPECT_EQ(outcomes.back(), Outcome::replayed);
    outcomes.pop_back();
    for (std::size_t i = 0; i < outcomes.size(); ++i) ASSERT_EQ(outcomes[i], Outcome::ok) << i;
    std::swap(packets[130], packets[140]);
    for (std::uint32_t i = 0; i < 300; ++i) {
        ASSERT_EQ(packets[i], rtp_packet(static_cast<std::uint16_t>(65400 + i))) << i;
    }
}

TEST_P(SrtpProviderTest, AForgeryInABatchHarmsNobody_RFC3711_3_3_2) {
    auto in = session(Direction::inbound);
    std::vector<Bytes> packets{sealed(1), sealed(2), sealed(2), sealed(3)};
    packets[1].back() ^= 1;
    const std::vector expected{Outcome::ok, Outcome::unauthentic, Outcome::ok, Outcome::ok};
    EXPECT_EQ(run_all(*in, packets), expected) << "the true one comes behind the forged one";
}

TEST_P(SrtpProviderTest, AStreamThatJumpsWithinABatchIsFollowed_RFC3711_A) {
    auto in = session(Direction::inbound);
    const std::uint64_t indices[] = {1, 20000, 40000, 60000, 79000, 99000, 119000, 139000};
    std::vector<Bytes> packets;
    for (const auto i : indices) packets.push_back(sealed(i));
    for (const auto outcome : run_all(*in, packets)) EXPECT_EQ(outcome, Outcome::ok);
    ASSERT_EQ(in->sources().size(), 1u);
    EXPECT_EQ(in->sources()[0].rtp.highest(), 139000u);
}

TEST_P(SrtpProviderTest, GoesOnWhereASessionWasSaved) {
    auto in = provider->resume({srtp_key(suite()), {{0x1234, Used(131071), Used(7)}}}, Direction::inbound);
    ASSERT_TRUE(in);
    for (const auto& [index, expected] :
         {std::pair{131071u, Outcome::replayed}, {131072u, Outcome::ok}, {131070u, Outcome::replayed}}) {
        Bytes packet = sealed(index);
        EXPECT_EQ(run(**in, Kind::rtp, packet), expected) << index;
    }
    for (const auto& [index, expected] : {std::pair{7u, Outcome::replayed}, {8u, Outcome::ok}}) {
        Bytes packet = oracle::srtcp(srtp_key(suite()), index, rtcp_packet());
        EXPECT_EQ(run(**in, Kind::rtcp, packet), expected) << index;
    }
    auto out = provider->resume({srtp_key(suite()), {{0x1234, Used(131071), Used(7)}}}, Direction::outbound);
    ASSERT_TRUE(out);
    Bytes packet = rtp_packet(0);
    ASSERT_EQ(run(**out, Kind::rtp, packet), Outcome::ok);
    EXPECT_EQ(packet, sealed(131072));
    packet = rtcp_packet();
    ASSERT_EQ(run(**out, Kind::rtcp, packet), Outcome::ok);
    EXPECT_EQ(packet, oracle::srtcp(srtp_key(suite()), 8, rtcp_packet()));
    ASSERT_EQ((*out)->sources().size(), 1u);
    EXPECT_EQ((*out)->sources()[0].rtp.highest(), 131072u);
    EXPECT_EQ((*out)->sources()[0].rtcp.highest(), 8u);
}

// Late ones too, in both directions, each once.
TEST_P(SrtpProviderTest, WhatIsStillOnItsWayWhenASessionIsSavedIsTaken_RFC3711_3_3_2) {
    auto in = session(Direction::inbound), out = session(Direction::outbound);
    for (const std::uint32_t i : {65530U, 65533U, 65537U}) {
        Bytes packet = rtp_packet(static_cast<std::uint16_t>(i));
        ASSERT_EQ(run(*out, Kind::rtp, packet), Outcome::ok);
        ASSERT_EQ(packet, sealed(i));
        ASSERT_EQ(run(*in, Kind::rtp, packet), Outcome::ok);
    }
    const auto key = srtp_key(suite());
    auto in_next = provider->resume({key, in->sources()}, Direction::inbound);
    auto out_next = provider->resume({key, out->sources()}, Direction::outbound);
    ASSERT_TRUE(in_next && out_next);
    for (const std::uint32_t i : {65530U, 65531U, 65533U, 65534U, 65536U, 65537U, 65538U}) {
        const bool before = i == 65530 || i == 65533 || i == 65537;
        Bytes packet = sealed(i);
        EXPECT_EQ(run(**in_next, Kind::rtp, packet), before ? Outcome::replayed : Outcome::ok) << i;
        packet = rtp_packet(static_cast<std::uint16_t>(i));
        EXPECT_EQ(run(**out_next, Kind::rtp, packet) == Outcome::ok, !before) << i;
        if (!before) {
            EXPECT_EQ(packet, sealed(i)) << i;
        }
    }
    Bytes late = sealed(65531);
    EXPECT_EQ(run(**in_next, Kind::rtp, late), Outcome::replayed) << "a second time";
}

TEST_P(SrtpProviderTest, TakesAnyBytes) {
    auto in = session(Direction::inbound);
    SeededRandom random(9);
    for (int i = 0; i < 3000; ++i) {
        Bytes packet(random.below(64));
        random.fill(packet);
        if (!packet.empty() && i % 2 == 0) packet[0] = static_cast<std::uint8_t>(0x80 | (packet[0] & 0x1f));
        EXPECT_NE(run(*in, i % 3 == 0 ? Kind::rtcp : Kind::rtp, packet), Outcome::ok);
    }
    EXPECT_TRUE(in->sources().empty());
}

std::string library_and_suite(const testing::TestParamInfo<SrtpProviderTest::ParamType>& p) {
    return std::string(std::get<0>(p.param).name) + "_" + std::string(sdp::to_string(std::get<1>(p.param)));
}
INSTANTIATE_TEST_SUITE_P(Libraries, SrtpProviderTest,
                         testing::Combine(testing::ValuesIn(libraries), libsrtp2_suites()),
                         library_and_suite);
INSTANTIATE_TEST_SUITE_P(BatchAlone, SrtpProviderTest,
                         testing::Combine(testing::Values(libraries[0]),
                                          testing::ValuesIn(all_suites + suites_of_libsrtp2,
                                                            std::end(all_suites))),
                         library_and_suite);

// ---- one against the other

// A valid RTP packet of any shape: CSRCs, extension, payload from nothing to a datagram's worth.
Bytes any_rtp(Random& random, std::uint16_t sequence, std::uint32_t ssrc) {
    const auto csrcs = static_cast<std::uint8_t>(random.below(4) == 0 ? random.below(16) : 0);
    const bool extension = random.below(4) == 0;
    const std::size_t words = extension ? random.below(5) : 0;
    const std::size_t payload = random.below(8) == 0 ? random.below(1300) : random.below(200);
    Bytes out(rtp::header_size + 4u * csrcs + (extension ? 4 + 4 * words : 0) + payload);
    random.fill(out);
    rtp::write_header({0, false, sequence, random.u32(), ssrc}, out.data());
    out[0] = static_cast<std::uint8_t>(0x80 | (extension ? 0x10 : 0) | csrcs);
    if (extension) store_be16(&out[rtp::header_size + 4u * csrcs + 2], static_cast<std::uint16_t>(words));
    return out;
}

class SrtpLibraries : public testing::TestWithParam<SrtpSuite> {};

// Many sessions in batches of any size: sequence numbers that wrap, packets out of order, repeated, forged,
// cut. What one library seals the other opens, and both say the same of
// everything.
TEST_P(SrtpLibraries, AgreeOnRandomTraffic) {
    SeededRandom random(11);
    const auto batch = make_batch_provider(), reference = make_libsrtp2_provider();
    struct Pair {
        std::unique_ptr<SrtpSession> batch, reference;
    };
    struct Stream {
        Pair out, in;
        std::uint64_t next = 0;
        std::uint32_t ssrc = 0;
    };
    std::vector<Stream> streams(7);
    for (std::size_t i = 0; i < streams.size(); ++i) {
        const auto key = srtp_key(GetParam(), i + 1);
        const auto make = [&](Direction d) {
            return Pair{std::move(*batch->create(key, d)), std::move(*reference->create(key, d))};
        };
        streams[i] = {make(Direction::outbound), make(Direction::inbound), 65000 + random.below(536),
                      random.u32()};
    }
    std::deque<std::pair<std::size_t, Bytes>> on_the_way;
    std::array<int, 4> outcomes{};
    for (int round = 0; round < 300; ++round) {
        // Out: the same packets through both.
        std::vector<Bytes> by_batch, by_reference;
        std::vector<std::size_t> of;
        for (auto n = random.below(200); n > 0; --n) {
            const auto i = random.below(static_cast<std::uint32_t>(streams.size()));
            Stream& s = streams[i];
            s.next += 1 + random.below(random.below(10) == 0 ? 20 : 1);
            by_batch.push_back(any_rtp(random, static_cast<std::uint16_t>(s.next), s.ssrc));
            of.push_back(i);
        }
        by_reference = by_batch;
        std::vector<SrtpJob> ours, theirs;
        for (std::size_t n = 0; n < of.size(); ++n) {
            ours.push_back({streams[of[n]].out.batch.get(), Kind::rtp, &by_batch[n]});
            theirs.push_back({streams[of[n]].out.reference.get(), Kind::rtp, &by_reference[n]});
        }
        batch->run(ours);
        reference->run(theirs);
        for (std::size_t n = 0; n < of.size(); ++n) {
            ASSERT_EQ(ours[n].outcome, theirs[n].outcome);
            ASSERT_EQ(by_batch[n], by_reference[n]);
            on_the_way.emplace_back(of[n], by_batch[n]);
        }
        // The way: some are lost, some come late, some twice, some damaged.
        std::vector<std::pair<std::size_t, Bytes>> arrived;
        while (on_the_way.size() > 60) {
            const auto at = random.below(random.below(4) == 0 ? 40 : 3);
            auto packet = on_the_way[at];
            if (random.below(12) != 0) on_the_way.erase(on_the_way.begin() + at);
            if (random.below(20) == 0)
                packet.second[random.below(static_cast<std::uint32_t>(packet.second.size()))] ^=
                    1 << random.below(8);
            if (random.below(30) == 0)
                packet.second.resize(random.below(static_cast<std::uint32_t>(packet.second.size())));
            if (random.below(25) != 0) arrived.push_back(std::move(packet));
        }
        by_batch.clear();
        for (const auto& [i, packet] : arrived) by_batch.push_back(packet);
        by_reference = by_batch;
        ours.clear();
        theirs.clear();
        for (std::size_t n = 0; n < arrived.size(); ++n) {
            ours.push_back({streams[arrived[n].first].in.batch.get(), Kind::rtp, &by_batch[n]});
            theirs.push_back({streams[arrived[n].first].in.reference.get(), Kind::rtp, &by_reference[n]});
        }
        batch->run(ours);
        reference->run(theirs);
        for (std::size_t n = 0; n < arrived.size(); ++n) {
            // Of a cut packet one may say malformed and the other what it hashed to.
            const bool cut = ours[n].outcome == Outcome::malformed || theirs[n].outcome == Outcome::malformed;
            ASSERT_EQ(ours[n].outcome == Outcome::ok, theirs[n].outcome == Outcome::ok) << "round " << round;
            if (!cut) {
                ASSERT_EQ(ours[n].outcome, theirs[n].outcome) << "round " << round << ", packet " << n;
            }
            ++outcomes[static_cast<std::size_t>(ours[n].outcome)];
            if (ours[n].outcome == Outcome::ok) {
                ASSERT_EQ(by_batch[n], by_reference[n]);
            }
        }
    }
    for (const auto& s : streams) {
        EXPECT_EQ(s.in.batch->sources(), s.in.reference->sources());
        EXPECT_EQ(s.out.batch->sources(), s.out.reference->sources());
        EXPECT_GT(*s.in.batch->sources()[0].rtp.highest(), 65536u) << "it has wrapped";
    }
    for (const int n : outcomes) EXPECT_GT(n, 50) << "every verdict was seen";
}

INSTANTIATE_TEST_SUITE_P(Suites, SrtpLibraries, libsrtp2_suites(), suite_name);

}  // namespace
}  // namespace causeway::cpu
