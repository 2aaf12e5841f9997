#include "hls/jitter/slots.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace causeway::hls {
namespace {

using Slots = JitterSlots<16, 240>;

Fill fill(Slots& slots, unsigned sequence, unsigned timestamp, std::uint8_t content = 1) {
    return slots.fill(static_cast<std::uint16_t>(sequence), timestamp, 8, &content, 1);
}

TEST(JitterSlots, GivesEachPacketOnceByItsTimestamp) {
    Slots slots;
    const std::uint8_t payload[3] = {7, 8, 9};
    EXPECT_EQ(slots.fill(65535, 0xFFFFFF60, 8, payload, 3), Fill::stored);
    EXPECT_EQ(fill(slots, 0, 0, 42), Fill::stored);
    EXPECT_EQ(slots.take(160), -1);
    const int first = slots.take(0xFFFFFF60);
    ASSERT_GE(first, 0);
    EXPECT_EQ(slots.head(first).length, 3);
    EXPECT_EQ(slots.head(first).payload_type, 8);
    EXPECT_EQ(slots.payload(first)[2], 9);
    EXPECT_EQ(slots.take(0xFFFFFF60), -1);
    const int second = slots.take(0);
    ASSERT_GE(second, 0);
    EXPECT_EQ(slots.payload(second)[0], 42);
}

TEST(JitterSlots, SaysWhatIsWrongWithAPacket) {
    Slots slots;
    const std::uint8_t payload[241] = {};
    EXPECT_EQ(slots.fill(1, 160, 8, payload, 241), Fill::too_long);
    EXPECT_EQ(slots.fill(1, 160, 8, payload, -1), Fill::too_long);
    EXPECT_EQ(slots.fill(1, 160, 8, payload, 240), Fill::stored);
    EXPECT_EQ(fill(slots, 1, 160), Fill::duplicate);
    EXPECT_EQ(fill(slots, 65521, 0), Fill::late);  // 16 behind, over the wrap
    EXPECT_EQ(fill(slots, 17, 2720), Fill::replaced);
    EXPECT_EQ(slots.take(160), -1);
    slots.clear();
    EXPECT_EQ(slots.take(2720), -1);
}

}  // namespace
}  // namespace causeway::hls
