#include "drivers/xrt/assembly.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace causeway::card {
namespace {

Bytes packet_of(std::size_t size) {
    Bytes packet(size);
    std::iota(packet.begin(), packet.end(), std::uint8_t{1});
    return packet;
}

Descriptor with_room(std::uint16_t room) {
    Descriptor descriptor;
    descriptor.room = room;
    return descriptor;
}

// What a kernel would write: each packet comes back as it went in.
void loop_back(std::span<std::uint8_t> memory) {
    const auto header = read_at<BatchHeader>(memory, 0);
    for (std::uint32_t i = 0; i < header.count; ++i) {
        const auto descriptor = read_at<Descriptor>(memory, (1 + i) * sizeof(Descriptor));
        Completion completion;
        completion.cookie = descriptor.cookie;
        completion.out_offset = descriptor.out_offset;
        completion.length = descriptor.length;
        std::memcpy(memory.data() + descriptor.out_offset, memory.data() + descriptor.in_offset,
                    descriptor.length);
        std::memcpy(memory.data() + header.completions + (1 + i) * sizeof completion, &completion,
                    sizeof completion);
    }
}

TEST(Assembly, KeepsThePartsOfABatchApartAndInOrder) {
    Bytes memory(64 << 10);
    Assembly assembly(memory, 4);
    for (std::uint16_t i = 0; i < 3; ++i) {
        Descriptor descriptor = with_room(200);
        descriptor.cookie = i;
        ASSERT_TRUE(assembly.add(descriptor, packet_of(60 + 30u * i)));
    }
    assembly.close(5, 17);
    const auto header = read_at<BatchHeader>(memory, 0);
    EXPECT_TRUE(sound(header, memory.size()));
    EXPECT_EQ(header.epoch, 5u);
    EXPECT_EQ(header.batch, 17u);
    EXPECT_EQ(header.count, 3u);
    std::uint32_t in_end = (1 + header.count) * sizeof(Descriptor);
    std::uint32_t out_end = header.output_begin;
    for (std::uint32_t i = 0; i < 3; ++i) {
        const auto descriptor = read_at<Descriptor>(memory, (1 + i) * sizeof(Descriptor));
        EXPECT_EQ(descriptor.in_offset % alignment, 0u);
        EXPECT_EQ(descriptor.out_offset % alignment, 0u);
        EXPECT_GE(descriptor.in_offset, in_end);
        EXPECT_GE(descriptor.out_offset, out_end);
        in_end = descriptor.in_offset + descriptor.length;
        out_end = descriptor.out_offset + descriptor.room;
    }
    EXPECT_LE(in_end, header.completions);
    EXPECT_LE(out_end, header.size);
}

TEST(Assembly, GivesBackWhatTheKernelWrote) {
    Bytes memory(64 << 10);
    Assembly assembly(memory, 4);
    for (std::uint64_t i = 0; i < 4; ++i) {
        Descriptor descriptor = with_room(100);
        descriptor.cookie = 100 + i;
        ASSERT_TRUE(assembly.add(descriptor, packet_of(10 + i)));
    }
    EXPECT_TRUE(assembly.full());
    EXPECT_FALSE(assembly.add(with_room(1), packet_of(1)));
    assembly.close(1, 1);
    loop_back(memory);
    std::vector<std::uint64_t> cookies;
    EXPECT_TRUE(take_apart(memory, [&](const Completion& completion, ByteView packet) {
        cookies.push_back(completion.cookie);
        const Bytes expected = packet_of(10 + cookies.size() - 1);
        EXPECT_TRUE(std::equal(packet.begin(), packet.end(), expected.begin(), expected.end()));
    }));
    EXPECT_EQ(cookies, (std::vector<std::uint64_t>{100, 101, 102, 103}));
}

TEST(Assembly, RefusesWhatHasNoRoomAndStaysAsItWas) {
    Bytes memory(4096);
    Assembly assembly(memory, 8);
    EXPECT_FALSE(assembly.add(with_room(4000), packet_of(100)));
    EXPECT_FALSE(assembly.add(with_room(100), packet_of(4000)));
    EXPECT_EQ(assembly.count(), 0u);
    std::uint32_t added = 0;
    while (assembly.add(with_room(512), packet_of(512))) ++added;
    EXPECT_GT(added, 0u);
    EXPECT_LT(added, 4u);
    assembly.close(1, 1);
    EXPECT_TRUE(sound(read_at<BatchHeader>(memory, 0), memory.size()));
}

TEST(Assembly, TrustsNoCompletionOfABatchInWhichOneNamesWhatIsOutside) {
    for (const std::uint32_t offset : {0u, 64u, 1u << 31, ~0u}) {
        Bytes memory(64 << 10);
        Assembly assembly(memory, 2);
        ASSERT_TRUE(assembly.add(with_room(100), packet_of(50)));
        ASSERT_TRUE(assembly.add(with_room(100), packet_of(50)));
        assembly.close(1, 1);
        loop_back(memory);
        const auto header = read_at<BatchHeader>(memory, 0);
        const std::size_t second = header.completions + 2 * sizeof(Completion);
        std::memcpy(memory.data() + second + offsetof(Completion, out_offset), &offset, sizeof offset);
        int completed = 0;
        EXPECT_FALSE(take_apart(memory, [&](const Completion&, ByteView) { ++completed; }));
        EXPECT_EQ(completed, 0);
    }
}

TEST(CompletionHeader, IsThatOfItsBatchOnly) {
    BatchHeader batch;
    batch.epoch = 3;
    batch.batch = 7;
    batch.count = 2;
    CompletionHeader header{completion_magic, kernel_build, 3, 7, 2, 0, 100, {}};
    EXPECT_TRUE(completes(header, batch));
    for (auto change : {+[](CompletionHeader& h) { h.magic = 0; }, +[](CompletionHeader& h) { ++h.build; },
                        +[](CompletionHeader& h) { --h.epoch; }, +[](CompletionHeader& h) { --h.batch; },
                        +[](CompletionHeader& h) { --h.count; }}) {
        CompletionHeader other = header;
        change(other);
        EXPECT_FALSE(completes(other, batch));
    }
}

}  // namespace
}  // namespace causeway::card
