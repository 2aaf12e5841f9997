#include "tools/causeway-card/validate.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <map>

#include "host/base/random.hpp"

namespace causeway::card {
namespace {

struct Function {
    const char* name;
    Operation operation;
};
constexpr Function functions[] = {
    {"loopback", Operation::loopback}, {"packet", Operation::packet}, {"tick", Operation::tick},
    {"open", Operation::open},         {"rekey", Operation::rekey},   {"export", Operation::export_state},
    {"close", Operation::close},
};
constexpr std::uint16_t longest = 1500;  // octets

void wait(const Card& card) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(card.next_look() - now()).count();
    pollfd waiting{card.fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 100)));
}

struct Sent {
    Descriptor descriptor;
    Bytes packet;
    Status expected = Status::ok;
};

// Packets of all lengths, some with too little room.
Sent make(Operation operation, std::uint64_t cookie, SeededRandom& random) {
    Sent sent;
    const std::uint32_t length = cookie % 16 == 0 ? longest : 1 + random.below(longest);
    sent.packet.resize(length);
    random.fill(sent.packet);
    sent.descriptor.cookie = cookie;
    sent.descriptor.session = random.u32();
    sent.descriptor.generation = static_cast<std::uint16_t>(random.u32());
    sent.descriptor.operation = operation;
    sent.descriptor.srtp_index = std::uint64_t{random.u32()} << 16 | (random.u32() & 0xffff);
    sent.descriptor.room = longest;
    if (cookie % 13 == 5 && length > 1) {
        sent.descriptor.room = static_cast<std::uint16_t>(length - 1);
        sent.expected = Status::no_room;
    }
    return sent;
}

// What is wrong about a completion; empty: nothing.
std::string wrong(const Sent& sent, const Completion& completion, ByteView packet) {
    const Descriptor& asked = sent.descriptor;
    if (completion.session != asked.session || completion.generation != asked.generation ||
        completion.operation != asked.operation || completion.srtp_index != asked.srtp_index) {
        return "a completion that is not of its packet";
    }
    if (completion.status != sent.expected) {
        return fmt::format("status {} instead of {}", static_cast<int>(completion.status),
                           static_cast<int>(sent.expected));
    }
    const bool comes_back = sent.expected == Status::ok;
    if (packet.size() != (comes_back ? sent.packet.size() : 0)) return "a packet of another length";
    if (!std::equal(packet.begin(), packet.end(), sent.packet.begin())) return "a packet with other octets";
    if (completion.cycles.total == 0) return "no cycles in the ledger";
    return {};
}

Result<Trial> attempt(Card& card, const Function& function, unsigned unit, std::uint32_t packets,
                      SeededRandom& random) {
    Trial trial;
    trial.function = function.name;
    trial.unit = unit;
    std::map<std::uint64_t, Sent> outstanding;
    std::uint64_t unsupported = 0;
    const Card::Completed completed = [&](const Completion& completion, ByteView packet) {
        const auto found = outstanding.find(completion.cookie);
        if (found == outstanding.end()) {
            trial.what = "a completion that nobody asked for";
            return;
        }
        if (function.operation != Operation::loopback && completion.status == Status::unsupported) {
            found->second.expected = Status::unsupported;
            ++unsupported;
        }
        if (std::string what = wrong(found->second, completion, packet); !what.empty())
            trial.what = std::move(what);
        trial.cycles += completion.cycles.total;
        outstanding.erase(found);
    };
    const Time begin = now();
    for (std::uint32_t sent = 0; sent < packets || !outstanding.empty();) {
        if (sent < packets) {
            Sent next = make(function.operation, sent, random);
            if (card.submit(unit, next.descriptor, next.packet, now())) {
                outstanding.emplace(sent++, std::move(next));
                if (sent == packets) card.flush();
                continue;
            }
        }
        wait(card);
        card.poll(now(), completed);
        if (card.state() == Card::State::lost) return fail(card.why());
    }
    trial.packets = packets;
    trial.seconds = std::chrono::duration<double>(now() - begin).count();
    trial.verdict = !trial.what.empty()      ? Trial::Verdict::wrong
                    : unsupported == packets ? Trial::Verdict::unsupported
                                             : Trial::Verdict::right;
    return trial;
}

}  // namespace

Time now() {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Result<void> wait_until_ready(Card& card) {
    const Card::Completed nothing = [](const Completion&, ByteView) {};
    while (card.state() == Card::State::starting) {
        wait(card);
        card.poll(now(), nothing);
    }
    if (card.state() == Card::State::lost) return fail(card.why());
    return {};
}

Result<std::vector<Trial>> validate(Card& card, std::uint32_t packets, std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<Trial> trials;
    for (const Function& function : functions) {
        for (unsigned unit = 0; unit < card.units(); ++unit) {
            auto trial = attempt(card, function, unit, packets, random);
            if (!trial) return tl::make_unexpected(trial.error());
            trials.push_back(std::move(*trial));
        }
    }
    return trials;
}

}  // namespace causeway::card
