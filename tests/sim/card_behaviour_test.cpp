// causeway_card on the simulated card: what a media thread may rely on.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "drivers/xrt/keeper.hpp"
#include "host/base/random.hpp"

namespace causeway::card {
namespace {

Time now() {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

class SimulatedCard : public testing::Test {
  protected:
    SimulatedCard() {
        options_.xclbin = CAUSEWAY_XCLBIN;
        options_.program = CAUSEWAY_ENGINE;
        unsetenv("CAUSEWAY_CARD_FAULT");
    }
    std::unique_ptr<Card> open() {
        auto card = Card::start(options_, now());
        EXPECT_TRUE(card) << card.error().what;
        if (!card) return nullptr;
        wait(**card, [&] { return (*card)->state() != Card::State::starting; });
        return std::move(*card);
    }
    // Polls until `condition` holds, 20 s at most.
    template <class Condition>
    bool wait(Card& card, Condition condition) {
        const Time end = now() + std::chrono::seconds(20);
        while (!condition() && now() < end) {
            pollfd waiting{card.fd(), POLLIN, 0};
            poll(&waiting, 1, 1);
            card.poll(now(), [&](const Completion& completion, ByteView packet) {
                completed_.push_back(completion);
                packets_.emplace_back(packet.begin(), packet.end());
            });
        }
        return condition();
    }
    static Descriptor numbered(std::uint64_t cookie, std::uint16_t room = 256) {
        Descriptor descriptor;
        descriptor.cookie = cookie;
        descriptor.room = room;
        return descriptor;
    }

    CardOptions options_;
    std::vector<Completion> completed_;
    std::vector<Bytes> packets_;
};

TEST_F(SimulatedCard, SendsABatchThatIsNotFullWhenItsDeadlineHasCome) {
    options_.batch_deadline = std::chrono::milliseconds(5);
    const auto card = open();
    ASSERT_EQ(card->state(), Card::State::ready) << card->why();
    const Bytes packet{1, 2, 3, 4, 5};
    const Time handed = now();
    ASSERT_TRUE(card->submit(0, numbered(7), packet, handed));
    EXPECT_LE(card->next_look(), handed + options_.batch_deadline);
    ASSERT_TRUE(wait(*card, [&] { return !completed_.empty(); }));
    EXPECT_EQ(completed_[0].cookie, 7u);
    EXPECT_EQ(packets_[0], packet);
    EXPECT_EQ(card->counters(0).batches.load(), 1u);
}

TEST_F(SimulatedCard, SendsAFullBatchAtOnce) {
    options_.packets = 8;
    options_.batch_deadline = std::chrono::hours(1);
    const auto card = open();
    for (std::uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(card->submit(1, numbered(i), Bytes(100), now()));
    ASSERT_TRUE(wait(*card, [&] { return completed_.size() == 8; }));
    EXPECT_EQ(card->counters(1).batches.load(), 1u);
}

TEST_F(SimulatedCard, SaysNoRatherThanWaitWhereAllSlotsAreTaken) {
    setenv("CAUSEWAY_CARD_FAULT", "hang@3", 1);  // the first run after those of the start
    options_.run_deadline = std::chrono::milliseconds(700);
    options_.packets = 4;
    options_.slots = 3;
    const auto card = open();
    ASSERT_EQ(card->state(), Card::State::ready) << card->why();
    std::uint64_t taken = 0;
    while (taken < 100 && card->submit(0, numbered(taken), Bytes(60), now())) ++taken;
    EXPECT_EQ(taken, 4u * 3u);
    EXPECT_TRUE(card->submit(1, numbered(1000), Bytes(60), now())) << "the other unit has room";
    ASSERT_TRUE(wait(*card, [&] { return card->state() == Card::State::lost; }));
    EXPECT_NE(card->why().find("has not ended"), std::string::npos) << card->why();
    EXPECT_FALSE(card->submit(0, numbered(0), Bytes(60), now()));
    const std::string folder = fmt::format("causeway-card-{}-", getpid());
    for (const auto& entry : std::filesystem::directory_iterator("/tmp")) {
        EXPECT_FALSE(entry.path().filename().string().starts_with(folder))
            << "left while the lost card is still held";
    }
}

TEST_F(SimulatedCard, IsBackAfterALossUnderAnotherEpoch) {
    for (std::uint32_t epoch = 1; epoch <= 4; ++epoch) {
        options_.epoch = epoch;
        setenv("CAUSEWAY_CARD_FAULT", epoch % 2 == 1 ? "model-dies@3" : "", 1);
        completed_.clear();
        const auto card = open();
        ASSERT_EQ(card->state(), Card::State::ready) << card->why();
        ASSERT_TRUE(card->submit(0, numbered(epoch), Bytes(60), now()));
        ASSERT_TRUE(wait(*card, [&] { return card->state() == Card::State::lost || !completed_.empty(); }));
        EXPECT_EQ(card->state() == Card::State::lost, epoch % 2 == 1) << card->why();
        EXPECT_EQ(completed_.size(), epoch % 2 == 1 ? 0u : 1u);
    }
}

// Time is advanced by hand where nothing is to be waited for.
TEST_F(SimulatedCard, IsKeptInServiceByItsKeeper) {
    setenv("CAUSEWAY_CARD_FAULT", "card-dies@4", 1);
    std::vector<std::string> lost;
    Keeper keeper(
        options_, [&](const std::string& why) { lost.push_back(why); }, now());
    Duration advanced{};
    const auto until = [&](const std::function<bool()>& condition) {
        const Time end = now() + std::chrono::seconds(20);
        while (!condition() && now() < end) {
            pollfd waiting{keeper.fd(), POLLIN, 0};
            poll(&waiting, 1, 1);
            keeper.poll(now() + advanced, [&](const Completion& c, ByteView) { completed_.push_back(c); });
        }
        return condition();
    };
    for (std::uint32_t loss = 1; loss <= 2; ++loss) {
        ASSERT_TRUE(until([&] { return keeper.card() != nullptr; }));
        ASSERT_TRUE(keeper.card()->submit(0, numbered(loss), Bytes(60), now() + advanced));
        keeper.card()->flush();
        ASSERT_TRUE(until([&] { return !completed_.empty() || lost.size() == loss; }));
        if (lost.size() < loss) {  // the run that kills it is the next
            completed_.clear();
            ASSERT_TRUE(keeper.card()->submit(1, numbered(loss), Bytes(60), now() + advanced));
            keeper.card()->flush();
            ASSERT_TRUE(until([&] { return lost.size() == loss; }));
        }
        EXPECT_EQ(keeper.card(), nullptr);
        EXPECT_EQ(keeper.epoch(), loss + 1);
        if (loss == 2) unsetenv("CAUSEWAY_CARD_FAULT");
        advanced += Keeper::least_interval;
    }
    ASSERT_TRUE(until([&] { return keeper.card() != nullptr; }));
    completed_.clear();
    ASSERT_TRUE(keeper.card()->submit(0, numbered(9), Bytes(60), now() + advanced));
    keeper.card()->flush();
    ASSERT_TRUE(until([&] { return !completed_.empty(); }));
}

TEST_F(SimulatedCard, IsTriedAgainAtGrowingIntervals) {
    options_.xclbin = "/nowhere.xclbin";
    int attempts = 0;
    Time time{};
    Keeper keeper(
        options_, [&](const std::string&) { ++attempts; }, time);
    const auto nothing = [](const Completion&, ByteView) {};
    std::vector<std::int64_t> seconds;
    for (int i = 0; i < 9; ++i) {
        keeper.poll(keeper.next_look() - std::chrono::milliseconds(1), nothing);
        EXPECT_EQ(attempts, i) << "too early";
        const Time before = keeper.next_look();
        keeper.poll(before, nothing);
        EXPECT_EQ(attempts, i + 1);
        seconds.push_back(to_ms(keeper.next_look() - before) / 1000);
    }
    EXPECT_EQ(seconds, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
}

TEST_F(SimulatedCard, BringsBackEveryPacketOnceAndInOrderOfItsUnit) {
    options_.packets = 16;
    options_.slot_size = 16 << 10;
    const auto card = open();
    ASSERT_EQ(card->state(), Card::State::ready) << card->why();
    SeededRandom random(1);
    constexpr std::uint64_t total = 800;
    std::map<std::uint64_t, Bytes> sent;
    for (std::uint64_t cookie = 0; cookie < total;) {
        Bytes packet(1 + random.below(1400));
        random.fill(packet);
        if (card->submit(random.below(2), numbered(cookie, 1400), packet, now())) {
            sent[cookie++] = packet;
        } else {
            ASSERT_TRUE(wait(*card, [seen = completed_.size(), this] { return completed_.size() > seen; }));
        }
    }
    card->flush();
    ASSERT_TRUE(wait(*card, [&] { return completed_.size() == total; })) << card->why();
    for (std::size_t i = 0; i < completed_.size(); ++i) {
        const auto found = sent.find(completed_[i].cookie);
        ASSERT_NE(found, sent.end()) << "twice";
        EXPECT_EQ(packets_[i], found->second);
        sent.erase(found);
    }
    EXPECT_TRUE(sent.empty());
}

TEST_F(SimulatedCard, RefusesAPacketThatIsLongerThanASlot) {
    options_.packets = 4;
    options_.slot_size = 4096;
    const auto card = open();
    EXPECT_FALSE(card->submit(0, numbered(1), Bytes(5000), now()));
    EXPECT_TRUE(card->submit(0, numbered(2), Bytes(60), now()));
    EXPECT_FALSE(card->submit(2, numbered(3), Bytes(60), now())) << "there is no such unit";
    ASSERT_TRUE(wait(*card, [&] { return completed_.size() == 1; }));
}

TEST_F(SimulatedCard, OptionsOutOfRangeAreRefused) {
    options_.slots = 1;
    EXPECT_FALSE(Card::start(options_, now()));
    options_.slots = most_slots + 1;
    EXPECT_FALSE(Card::start(options_, now()));
}

}  // namespace
}  // namespace causeway::card
