#include "tools/causeway-card/validate.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <vector>

#include "tools/causeway-card/trials.hpp"

namespace causeway::card {
namespace {

void wait(const Card& card) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(card.next_look() - now()).count();
    pollfd waiting{card.fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 100)));
}

// What is wrong about a completion; empty: nothing.
std::string wrong(const Expectation& expected, const Completion& completion, ByteView packet) {
    const Descriptor& asked = expected.descriptor;
    if (completion.session != asked.session || completion.generation != asked.generation ||
        completion.operation != asked.operation || completion.srtp_index != asked.srtp_index) {
        return "a completion that is not of its packet";
    }
    if (completion.status != expected.status) {
        return fmt::format("status {} instead of {}", static_cast<int>(completion.status),
                           static_cast<int>(expected.status));
    }
    if (packet.size() != expected.comes_back.size()) return "a packet of another length";
    if (!std::equal(packet.begin(), packet.end(), expected.comes_back.begin()))
        return "a packet with other octets";
    if (completion.cycles.total == 0) return "no cycles in the ledger";
    return {};
}

Result<Trial> attempt(Card& card, const Function& function, unsigned unit, std::uint32_t packets,
                      Random& random) {
    Trial trial;
    trial.function = function.name;
    trial.unit = unit;
    const auto trials = function.make(packets, random);
    if (!trials) return tl::make_unexpected(trials.error());
    std::vector<bool> completed(trials->size());
    std::size_t sent = 0, back = 0, unsupported = 0;
    const Card::Completed look = [&](const Completion& completion, ByteView packet) {
        if (completion.cookie >= sent || completed[completion.cookie]) {
            trial.what = "a completion that nobody asked for";
            return;
        }
        completed[completion.cookie] = true;
        ++back;
        trial.cycles += completion.cycles.total;
        if (completion.status == Status::unsupported) {
            ++unsupported;
        } else if (auto what = wrong((*trials)[completion.cookie], completion, packet); !what.empty()) {
            trial.what = fmt::format("packet {}: {}", completion.cookie, what);
        }
    };
    const Time begin = now();
    while (back < trials->size() && trial.what.empty()) {
        if (sent < trials->size()) {
            const Expectation& next = (*trials)[sent];
            if (card.submit(unit, next.descriptor, next.packet, now())) {
                if (++sent == trials->size()) card.flush();
                continue;
            }
        }
        wait(card);
        card.poll(now(), look);
        if (card.state() == Card::State::lost) return fail(card.why());
    }
    if (trial.what.empty() && unsupported != 0 && unsupported != back) trial.what = "now supported, now not";
    trial.packets = back;
    trial.seconds = std::chrono::duration<double>(now() - begin).count();
    trial.verdict = !trial.what.empty()   ? Trial::Verdict::wrong
                    : unsupported == back ? Trial::Verdict::unsupported
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
