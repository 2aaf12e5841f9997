#include "host/store/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/random.hpp"

namespace causeway::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Found : ReadFrames {
    std::vector<std::string> payloads;
};

Found read(std::string_view text) {
    Found found;
    static_cast<ReadFrames&>(found) =
        read_frames(as_bytes(text), [&](std::string_view payload) { found.payloads.emplace_back(payload); });
    return found;
}

const std::string three = frame("{\"a\":1}") + frame("{}") + frame("{\"c\":\"CDR1\"}");

TEST(Frames, RecordsAreReadUpToTheZerosOfThePreallocatedRest) {
    const Found found = read(three + std::string(1000, '\0'));
    EXPECT_THAT(found.payloads, ElementsAre("{\"a\":1}", "{}", "{\"c\":\"CDR1\"}"));
    EXPECT_EQ(found.end, three.size());
    EXPECT_EQ(found.damaged, 0u);
    EXPECT_FALSE(found.torn);
    EXPECT_THAT(read("").payloads, IsEmpty());
}

TEST(Frames, ATornLastRecordHidesNoneBeforeIt) {
    const std::size_t whole = (frame("{\"a\":1}") + frame("{}")).size();
    for (std::size_t n = whole + 1; n < three.size(); ++n) {
        const Found found = read(three.substr(0, n) + std::string(100, '\0'));
        EXPECT_THAT(found.payloads, ElementsAre("{\"a\":1}", "{}")) << n;
        EXPECT_EQ(found.end, whole);
        EXPECT_TRUE(found.torn);
    }
}

TEST(Frames, ADamagedRecordIsLeftOutAndTheNextOneFound) {
    const std::size_t first = frame("{\"a\":1}").size(), second = frame("{}").size();
    for (std::size_t octet = first; octet < first + second; ++octet)
        for (int bit = 0; bit < 8; ++bit) {
            std::string text = three;
            text[octet] = static_cast<char>(text[octet] ^ (1 << bit));
            const Found found = read(text);
            EXPECT_THAT(found.payloads, ElementsAre("{\"a\":1}", "{\"c\":\"CDR1\"}")) << octet;
            EXPECT_EQ(found.damaged, 1u);
            EXPECT_EQ(found.end, three.size());
        }
    std::string hole = three;  // a page that never reached the disk
    std::fill_n(hole.begin() + static_cast<std::ptrdiff_t>(first), second, '\0');
    EXPECT_THAT(read(hole).payloads, ElementsAre("{\"a\":1}", "{\"c\":\"CDR1\"}"));
}

TEST(Frames, NoiseIsNoRecord) {
    SeededRandom random(5);
    for (int round = 0; round < 200; ++round) {
        std::string text(4096, '\0');
        random.fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
        for (std::size_t i = 0; i + 4 < text.size(); i += 64) text.replace(i, 4, "CDR1");
        EXPECT_THAT(read(text).payloads, IsEmpty());
    }
}

}  // namespace
}  // namespace causeway::store
