#include "tools/causeway-card/trials.hpp"

#include <algorithm>

#include "drivers/cpu/srtp.hpp"
#include "drivers/xrt/context.hpp"

namespace causeway::card {
namespace {

using sdp::SrtpSuite;

constexpr std::uint16_t longest = 1500;  // octets
constexpr std::uint32_t sessions = 8;    // of one unit that are tried

Descriptor describe(Trials& trials, Operation operation, Random& random) {
    Descriptor descriptor;
    descriptor.cookie = trials.size();
    descriptor.operation = operation;
    descriptor.session = static_cast<std::uint32_t>(trials.size() % sessions);
    descriptor.generation = static_cast<std::uint16_t>(random.u32());
    descriptor.room = longest;
    descriptor.srtp_index = std::uint64_t{random.u32()} << 16 | (random.u32() & 0xffff);
    return descriptor;
}

Bytes random_octets(std::size_t size, Random& random) {
    Bytes octets(size);
    random.fill(octets);
    return octets;
}

SrtpKeys for_card(const sdp::SrtpKey& key) {
    const auto sizes = sdp::sizes_of(key.suite);
    const ByteView octets = key.key_salt.view();
    const ByteView master = octets.first(sizes.key);
    const ByteView salt = octets.subspan(sizes.key);
    return {sdp::is_aead(key.suite) ? Cipher::aes_gcm : Cipher::aes_cm,
            static_cast<std::uint8_t>(sizes.rtp_tag),
            {master.begin(), master.end()},
            {salt.begin(), salt.end()}};
}

Result<Bytes> context_of(std::uint16_t generation, const sdp::SrtpKey& in, const sdp::SrtpKey& out) {
    const auto context = make_context(generation, for_card(in), for_card(out));
    if (!context) return tl::make_unexpected(context.error());
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&*context);
    return Bytes(octets, octets + sizeof *context);
}

// Both ends of a session: who sends to the card, and what the card must send.
struct Session {
    sdp::SrtpKey in, out;
    cpu::Srtp sender, card;
    Bytes last_out;
};

Result<Session> make_session(std::uint32_t number, Random& random) {
    constexpr SrtpSuite suites[] = {SrtpSuite::aes_cm_128_hmac_sha1_80, SrtpSuite::aead_aes_128_gcm,
                                    SrtpSuite::aes_256_cm_hmac_sha1_80, SrtpSuite::aead_aes_256_gcm};
    auto in = sdp::make_srtp_key(suites[number % 4], random);
    auto out = sdp::make_srtp_key(suites[number / 2 % 4], random);
    auto sender = cpu::Srtp::create(in, cpu::Srtp::Direction::outbound);
    if (!sender) return tl::make_unexpected(sender.error());
    auto card = cpu::Srtp::create(out, cpu::Srtp::Direction::outbound);
    if (!card) return tl::make_unexpected(card.error());
    return Session{std::move(in), std::move(out), std::move(*sender), std::move(*card), {}};
}

}  // namespace

Result<Trials> loopback_trials(std::uint32_t packets, Random& random) {
    Trials trials;
    while (trials.size() < packets) {
        Expectation next{describe(trials, Operation::loopback, random), {}, Status::ok, {}};
        const std::size_t length = trials.size() % 16 == 0 ? longest : 1 + random.below(longest);
        next.packet = random_octets(length, random);
        if (trials.size() % 13 == 5 && length > 1) {
            next.descriptor.room = static_cast<std::uint16_t>(length - 1);
            next.status = Status::no_room;
        } else {
            next.comes_back = next.packet;
        }
        trials.push_back(std::move(next));
    }
    return trials;
}

Result<Trials> context_trials(std::uint32_t packets, Random& random) {
    Trials trials;
    const auto add = [&](Operation operation, std::uint32_t session, const Bytes& packet,
                         const Bytes& comes_back) {
        trials.push_back({describe(trials, operation, random), packet, Status::ok, comes_back});
        trials.back().descriptor.session = session;
    };
    while (trials.size() + 6 <= std::max(packets, 6u)) {
        const auto session = static_cast<std::uint32_t>(trials.size() % sessions);
        const Bytes opened = random_octets(sizeof(Context), random);
        const Bytes replaced = random_octets(sizeof(Context), random);
        add(Operation::open, session, opened, {});
        add(Operation::export_state, session, {0}, opened);
        add(Operation::rekey, session, replaced, {});
        add(Operation::export_state, session, {0}, replaced);
        add(Operation::close, session, {0}, {});
        add(Operation::export_state, session, {0}, Bytes(sizeof(Context)));
    }
    return trials;
}

Result<Trials> packet_trials(std::uint32_t packets, Random& random) {
    Trials trials;
    std::vector<Session> open;
    constexpr std::uint16_t generation = 1;
    for (std::uint32_t i = 0; i < sessions; ++i) {
        auto session = make_session(i, random);
        if (!session) return tl::make_unexpected(session.error());
        auto context = context_of(generation, session->in, session->out);
        if (!context) return tl::make_unexpected(context.error());
        trials.push_back({describe(trials, Operation::open, random), std::move(*context), Status::ok, {}});
        trials.back().descriptor.session = i;
        open.push_back(std::move(*session));
    }
    constexpr std::size_t header = 12;
    for (std::uint16_t sequence = 1; trials.size() < packets + sessions; ++sequence) {
        Expectation next{describe(trials, Operation::packet, random), {}, Status::ok, {}};
        Session& session = open[next.descriptor.session];
        next.packet =
            random_octets(header + (sequence % 5 == 0 ? 160 : 1 + random.below(longest - 100)), random);
        next.packet[0] = 0x80;
        store_be16(&next.packet[2], sequence);
        Bytes out = next.packet;
        random.fill(std::span(out).subspan(4, 4));
        if (session.last_out.empty()) session.last_out = out;
        std::copy_n(&session.last_out[8], 4, &out[8]);
        std::copy_n(out.begin(), header, next.descriptor.rtp_header.begin());
        next.descriptor.generation = generation;
        next.descriptor.header_words = header / 4;
        next.descriptor.room = longest + 100;
        next.descriptor.srtp_index = next.descriptor.outgoing_index = sequence;
        if (!session.sender.protect(next.packet)) return fail("libsrtp2 refuses to protect a packet");
        if (sequence % 7 == 3) {
            next.packet[header + random.below(static_cast<std::uint32_t>(next.packet.size() - header))] ^=
                0x10;
            next.status = Status::unauthentic;
        } else if (sequence % 11 == 4) {
            ++next.descriptor.generation;
            next.status = Status::stale;
        } else {
            if (!session.card.protect(out)) return fail("libsrtp2 refuses to protect a packet");
            next.comes_back = std::move(out);
        }
        trials.push_back(std::move(next));
    }
    return trials;
}

Result<Trials> tick_trials(std::uint32_t packets, Random& random) {
    Trials trials;
    while (trials.size() < packets)
        trials.push_back({describe(trials, Operation::tick, random), {0}, Status::ok, {}});
    return trials;
}

}  // namespace causeway::card
