// Who owns the SRTP indices of a stream (RFC 3711 3.3.1, 3.3.2): every order of packets that are new, late,
// repeated, far ahead or around the turn of the rollover counter, with a change of owner at any moment.
#include <gtest/gtest.h>

#include <set>

#include "drivers/cpu/srtp.hpp"
#include "host/base/archive.hpp"
#include "host/base/random.hpp"
#include "host/rtp/packet.hpp"
#include "host/rtp/srtp_window.hpp"
#include "tests/exhaustive/choices.hpp"

namespace causeway {
namespace {

using exhaustive::Choices;
using rtp::SrtpWindow;

TEST(SrtpIndexExhaustively, EachIsTakenOnceAndNoneIsMistaken) {
    // From the highest so far. A distance below 2^15 is told right; of those below the window nothing is
    // known.
    constexpr std::int64_t steps[] = {0, 1, 2, 3, 70, -1, -2, -64, -127, -128, 32767, -32767};
    constexpr std::uint64_t starts[] = {0, 65533, 65536 + 64, (std::uint64_t{1} << 32) - 2};
    const auto explored = exhaustive::explore([&](Choices& choices) {
        const std::uint64_t start = starts[choices.choose(std::size(starts))];
        SrtpWindow window;
        std::set<std::uint64_t> used;
        std::uint64_t highest = start, floor = 0;
        if (start > 65535) {
            window = SrtpWindow(start);
            floor = start + 1;
        } else {
            window.use(start);
            used.insert(start);
        }
        for (int n = 0; n < 4; ++n) {
            const auto choice = choices.choose(std::size(steps) + 1);
            if (choice == std::size(steps)) {  // another owner, who knows the highest alone
                window = SrtpWindow(highest);
                floor = highest + 1;
                continue;
            }
            if (steps[choice] < 0 && highest < static_cast<std::uint64_t>(-steps[choice])) continue;
            const std::uint64_t index = highest + static_cast<std::uint64_t>(steps[choice]);
            if (window.index_of(static_cast<std::uint16_t>(index)) != index) {
                ADD_FAILURE() << index << " taken for another; highest " << highest << ", " << choices.path();
                return false;
            }
            const bool old = index + SrtpWindow::size <= highest;
            const bool fresh = !old && index >= floor && used.count(index) == 0;
            if (window.is_fresh(index) != fresh) {
                ADD_FAILURE() << index << (fresh ? " refused" : " taken again") << "; highest " << highest
                              << ", " << choices.path();
                return false;
            }
            if (!fresh) continue;
            window.use(index);
            used.insert(index);
            highest = std::max(highest, index);
        }
        return true;
    });
    EXPECT_GT(explored.runs, 50000u);
}

// A sender, whatever it is asked to send and whenever its state moves to another process, never protects two
// packets under one index.
TEST(SrtpIndexExhaustively, NoneIsSentUnderTwice) {
    SeededRandom random(1);
    const auto key = sdp::make_srtp_key(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, random);
    constexpr int steps[] = {1, 0, -1, 2};
    const auto explored = exhaustive::explore([&](Choices& choices) {
        auto sender = cpu::Srtp::create(key, cpu::Srtp::Direction::outbound);
        auto receiver = cpu::Srtp::create(key, cpu::Srtp::Direction::inbound);
        if (!sender || !receiver) {
            ADD_FAILURE() << "no session";
            return false;
        }
        std::set<int> sent;  // from 65534 on, not wrapped
        int highest = 65533;
        for (int n = 0; n < 5; ++n) {
            const auto choice = choices.choose(std::size(steps) + 1);
            if (choice == std::size(steps)) {
                auto resumed = cpu::Srtp::resume(sender->save(key), cpu::Srtp::Direction::outbound);
                if (!resumed) {
                    ADD_FAILURE() << resumed.error().what;
                    return false;
                }
                sender = std::move(resumed);
                continue;
            }
            const int index = highest + steps[choice];
            Bytes packet(rtp::header_size + 4, static_cast<std::uint8_t>(n));
            rtp::write_header({0, false, static_cast<std::uint16_t>(index), 160, 7}, packet.data());
            if (!sender->protect(packet)) continue;
            if (!sent.insert(index).second) {
                ADD_FAILURE() << index << " sent under twice, " << choices.path();
                return false;
            }
            highest = std::max(highest, index);
            if (receiver->unprotect(packet) != cpu::Srtp::Outcome::ok) {
                ADD_FAILURE() << index << " sent under another index, " << choices.path();
                return false;
            }
        }
        return true;
    });
    EXPECT_GT(explored.runs, 1000u);
}

}  // namespace
}  // namespace causeway
