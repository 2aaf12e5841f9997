// SRTP to SRTP on the simulated card, by XRT and the Verilated kernel, held against libsrtp2.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <vector>

#include "drivers/cpu/srtp.hpp"
#include "drivers/xrt/card.hpp"
#include "drivers/xrt/context.hpp"

namespace causeway::card {
namespace {

using sdp::SrtpSuite;

Time now() {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

SrtpKeys for_card(const sdp::SrtpKey& key) {
    if (key.suite == SrtpSuite::none) return {};
    const auto sizes = sdp::sizes_of(key.suite);
    const auto octets = key.key_salt.view();
    SrtpKeys keys;
    keys.cipher = sdp::is_aead(key.suite) ? Cipher::aes_gcm : Cipher::aes_cm;
    keys.tag = static_cast<std::uint8_t>(sizes.rtp_tag);
    keys.key.assign(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(sizes.key));
    keys.salt.assign(octets.begin() + static_cast<std::ptrdiff_t>(sizes.key), octets.end());
    return keys;
}

ByteView octets_of(const Context& context) {
    return {reinterpret_cast<const std::uint8_t*>(&context), sizeof context};
}

struct Came {
    Completion completion;
    Bytes packet;
};

class SrtpOnTheCard : public testing::Test {
  protected:
    SrtpOnTheCard() : random_(11) {
        CardOptions options;
        options.xclbin = CAUSEWAY_XCLBIN;
        options.program = CAUSEWAY_ENGINE;
        options.run_deadline = std::chrono::seconds(10);
        unsetenv("CAUSEWAY_CARD_FAULT");
        auto card = Card::start(options, now());
        EXPECT_TRUE(card) << card.error().what;
        card_ = std::move(*card);
        wait([&] { return card_->state() != Card::State::starting; });
        EXPECT_EQ(card_->state(), Card::State::ready) << card_->why();
    }
    template <class Condition>
    bool wait(Condition condition) {
        const Time end = now() + std::chrono::seconds(30);
        while (!condition() && now() < end) {
            pollfd waiting{card_->fd(), POLLIN, 0};
            poll(&waiting, 1, 1);
            card_->poll(now(), [&](const Completion& completion, ByteView packet) {
                came_.push_back({completion, Bytes(packet.begin(), packet.end())});
            });
        }
        return condition();
    }
    // One descriptor, and what came of it.
    Came run(const Descriptor& descriptor, ByteView packet) {
        came_.clear();
        EXPECT_TRUE(card_->submit(0, descriptor, packet, now()));
        card_->flush();
        EXPECT_TRUE(wait([&] { return !came_.empty(); })) << card_->why();
        return came_.empty() ? Came{} : came_.front();
    }
    Status open(std::uint32_t session, std::uint16_t generation, const sdp::SrtpKey& in,
                const sdp::SrtpKey& out) {
        const auto context = make_context(generation, for_card(in), for_card(out));
        EXPECT_TRUE(context) << context.error().what;
        Descriptor descriptor;
        descriptor.operation = Operation::open;
        descriptor.session = session;
        return run(descriptor, octets_of(*context)).completion.status;
    }
    // An RTP packet with this sequence number; `header` is set to the length of its header.
    Bytes rtp(std::uint16_t sequence, std::size_t payload, unsigned sources, bool extended,
              std::size_t& header) {
        header = 12 + 4 * sources + (extended ? 8 : 0);
        Bytes packet(header + payload);
        random_.fill(packet);
        packet[0] = static_cast<std::uint8_t>(0x80 | sources | (extended ? 0x10 : 0));
        store_be16(&packet[2], sequence);
        if (extended) store_be32(&packet[header - 8], 0xbede0001);
        return packet;
    }
    static Descriptor relay(std::uint32_t session, std::uint16_t generation, const Bytes& sent,
                            std::size_t header, const Bytes& goes_out) {
        Descriptor descriptor;
        descriptor.operation = Operation::packet;
        descriptor.session = session;
        descriptor.generation = generation;
        descriptor.header_words = static_cast<std::uint8_t>(header / 4);
        descriptor.room = static_cast<std::uint16_t>(goes_out.size() + 32);
        descriptor.srtp_index = load_be16(&sent[2]);
        descriptor.outgoing_index = load_be16(&goes_out[2]);
        std::copy_n(goes_out.begin(), 12, descriptor.rtp_header.begin());
        return descriptor;
    }

    std::unique_ptr<Card> card_;
    std::vector<Came> came_;
    Bytes came_first_;  // the packet that went out before
    SeededRandom random_;
};

TEST_F(SrtpOnTheCard, IsWhatLibsrtpMakesOfIt) {
    const SrtpSuite suites[] = {SrtpSuite::none,
                                SrtpSuite::aes_cm_128_hmac_sha1_80,
                                SrtpSuite::aes_cm_128_hmac_sha1_32,
                                SrtpSuite::aead_aes_128_gcm,
                                SrtpSuite::aead_aes_256_gcm,
                                SrtpSuite::aes_256_cm_hmac_sha1_80};
    std::uint32_t session = 0;
    for (const SrtpSuite from : suites) {
        for (const SrtpSuite to : suites) {
            SCOPED_TRACE(std::string(sdp::to_string(from)) + " to " + std::string(sdp::to_string(to)));
            const auto in = sdp::make_srtp_key(from, random_);
            const auto out = sdp::make_srtp_key(to, random_);
            ASSERT_EQ(open(++session, 5, in, out), Status::ok);
            std::optional<cpu::Srtp> sender, receiver;
            if (from != SrtpSuite::none)
                sender.emplace(std::move(*cpu::Srtp::create(in, cpu::Srtp::Direction::outbound)));
            if (to != SrtpSuite::none)
                receiver.emplace(std::move(*cpu::Srtp::create(out, cpu::Srtp::Direction::outbound)));
            for (std::uint16_t i = 1; i <= 4; ++i) {
                std::size_t header = 0;
                Bytes sent = rtp(i, i == 4 ? 1200 : 1 + random_.below(200), i == 2 ? 3 : 0, i == 3, header);
                Bytes goes_out = sent;
                random_.fill(std::span(goes_out).subspan(1, 11));
                store_be16(&goes_out[2], static_cast<std::uint16_t>(100 + i));
                if (i > 1) std::copy_n(&came_first_[8], 4, &goes_out[8]);  // one SSRC
                came_first_ = goes_out;
                const Descriptor descriptor = relay(session, 5, sent, header, goes_out);
                ASSERT_TRUE(!sender || sender->protect(sent));
                ASSERT_TRUE(!receiver || receiver->protect(goes_out));
                const Came came = run(descriptor, sent);
                ASSERT_EQ(came.completion.status, Status::ok) << "packet " << i;
                ASSERT_EQ(came.packet, goes_out) << "packet " << i;
                EXPECT_EQ(came.completion.cycles.unprotect > 200, from != SrtpSuite::none);
                EXPECT_EQ(came.completion.cycles.protect > 200, to != SrtpSuite::none);
                if (!sender || i % 2 == 0) continue;
                sent[random_.below(2) == 0 ? header : sent.size() - 1] ^= 4;
                const Came forged = run(descriptor, sent);
                EXPECT_EQ(forged.completion.status, Status::unauthentic);
                EXPECT_TRUE(forged.packet.empty());
            }
        }
    }
}

TEST_F(SrtpOnTheCard, RefusesWhatIsStaleMalformedOrOutOfBoundsAndGoesOn) {
    const auto key = sdp::make_srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, random_);
    ASSERT_EQ(open(3, 1, key, key), Status::ok);
    auto peer = cpu::Srtp::create(key, cpu::Srtp::Direction::outbound);
    ASSERT_TRUE(peer);
    std::size_t header = 0;
    Bytes sent = rtp(9, 160, 0, false, header);
    const Descriptor good = relay(3, 1, sent, header, sent);
    ASSERT_TRUE(peer->protect(sent));
    const auto status = [&](auto change, std::span<const std::uint8_t> packet) {
        Descriptor descriptor = good;
        change(descriptor);
        const Came came = run(descriptor, packet);
        EXPECT_TRUE(came.packet.empty());
        return came.completion.status;
    };
    EXPECT_EQ(status([](Descriptor& d) { d.generation = 2; }, sent), Status::stale);
    EXPECT_EQ(status([](Descriptor& d) { d.session = 4; }, sent), Status::stale) << "never opened";
    EXPECT_EQ(status([](Descriptor& d) { d.session = 1024; }, sent), Status::bad_descriptor);
    EXPECT_EQ(status([](Descriptor& d) { d.session = ~0u; }, sent), Status::bad_descriptor);
    EXPECT_EQ(status([](Descriptor& d) { d.header_words = 2; }, sent), Status::malformed);
    EXPECT_EQ(status([](Descriptor& d) { d.header_words = 200; }, sent), Status::malformed);
    EXPECT_EQ(status([](Descriptor&) {}, std::span(sent).first(15)), Status::malformed);
    EXPECT_EQ(status([](Descriptor&) {}, Bytes(1985)), Status::bad_descriptor);
    EXPECT_EQ(status([](Descriptor& d) { d.room = 160; }, sent), Status::no_room);
    EXPECT_EQ(status([](Descriptor& d) { d.srtp_index += 0x10000; }, sent), Status::unauthentic);
    const Came came = run(good, sent);
    EXPECT_EQ(came.completion.status, Status::ok);
    EXPECT_EQ(came.packet, sent) << "the same key, index and header";
}

TEST_F(SrtpOnTheCard, ContextsAreExportedRekeyedAndZeroed) {
    const auto first = sdp::make_srtp_key(SrtpSuite::aead_aes_128_gcm, random_);
    const auto second = sdp::make_srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, random_);
    Descriptor descriptor;
    descriptor.session = 7;
    descriptor.room = sizeof(Context);
    const auto exported = [&] {
        descriptor.operation = Operation::export_state;
        return run(descriptor, Bytes(1)).packet;
    };
    const auto is = [](const Bytes& octets, const Context& context) {
        return octets.size() == sizeof context && std::memcmp(octets.data(), &context, sizeof context) == 0;
    };
    EXPECT_EQ(exported(), Bytes(sizeof(Context)));
    const auto opened = make_context(1, for_card(first), for_card(second));
    descriptor.operation = Operation::open;
    EXPECT_EQ(run(descriptor, octets_of(*opened)).completion.status, Status::ok);
    EXPECT_TRUE(is(exported(), *opened));
    const auto rekeyed = make_context(2, for_card(second), for_card(first));
    descriptor.operation = Operation::rekey;
    EXPECT_EQ(run(descriptor, octets_of(*rekeyed)).completion.status, Status::ok);
    EXPECT_TRUE(is(exported(), *rekeyed));
    descriptor.operation = Operation::close;
    EXPECT_EQ(run(descriptor, Bytes(1)).completion.status, Status::ok);
    EXPECT_EQ(exported(), Bytes(sizeof(Context)));
    descriptor.operation = Operation::open;
    EXPECT_EQ(run(descriptor, Bytes(639)).completion.status, Status::bad_descriptor);
    descriptor.session = 1024;
    EXPECT_EQ(run(descriptor, octets_of(*opened)).completion.status, Status::bad_descriptor);
}

// Memory that is shared with the card's process and holds these octets.
bool is_in_shared_memory(ByteView octets) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(shared_memory_name) == line.npos) continue;
        std::size_t dash = 0;
        const std::uint64_t from = std::stoull(line, &dash, 16);
        const std::uint64_t to = std::stoull(line.substr(dash + 1), nullptr, 16);
        if (memmem(reinterpret_cast<const void*>(from), to - from, octets.data(), octets.size()) != nullptr)
            return true;
    }
    return false;
}

TEST_F(SrtpOnTheCard, KeysStayNotInSharedMemory) {
    const auto key = sdp::make_srtp_key(SrtpSuite::aes_cm_128_hmac_sha1_80, random_);
    const auto context = make_context(1, for_card(key), for_card(key));
    const ByteView secret(context->in.round_keys[0].data(), 16);
    Descriptor descriptor;
    descriptor.operation = Operation::open;
    ASSERT_TRUE(card_->submit(0, descriptor, octets_of(*context), now()));
    EXPECT_TRUE(is_in_shared_memory(secret)) << "or this test sees nothing";
    card_->flush();
    ASSERT_TRUE(wait([&] { return !came_.empty(); }));
    EXPECT_EQ(came_.front().completion.status, Status::ok);
    EXPECT_FALSE(is_in_shared_memory(secret));
}

TEST_F(SrtpOnTheCard, KeysOfAWrongLengthAreRefused) {
    SrtpKeys keys{Cipher::aes_cm, 10, Bytes(16), Bytes(14)};
    EXPECT_TRUE(make_context(1, keys, {}));
    keys.key.resize(24);
    EXPECT_FALSE(make_context(1, keys, {}));
    keys.key.resize(16);
    keys.salt.resize(12);
    EXPECT_FALSE(make_context(1, {}, keys));
    keys.cipher = Cipher::aes_gcm;
    keys.tag = 17;
    EXPECT_FALSE(make_context(1, {}, keys));
}

}  // namespace
}  // namespace causeway::card
