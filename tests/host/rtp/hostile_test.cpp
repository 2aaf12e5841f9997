// Packets cut short and with bits turned over. Each lies in a block of its own size, so that the sanitizers
// see a read beyond it.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "host/base/random.hpp"
#include "host/rtp/packet.hpp"
#include "host/rtp/rtcp.hpp"

namespace causeway::rtp {
namespace {

template <class Parse>
void abuse(const Bytes& good, Parse parse) {
    const auto try_one = [&](ByteView bytes) {
        const auto block = std::make_unique<std::uint8_t[]>(bytes.size());
        if (!bytes.empty()) std::memcpy(block.get(), bytes.data(), bytes.size());
        parse(ByteView(block.get(), bytes.size()));
    };
    for (std::size_t n = 0; n <= good.size(); ++n) try_one(ByteView(good).first(n));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes b = good;
        b[bit / 8] = static_cast<std::uint8_t>(b[bit / 8] ^ (1U << bit % 8));
        try_one(b);
    }
    SeededRandom random(3);
    for (int i = 0; i < 20000; ++i) {
        Bytes b = good;
        for (std::uint32_t flips = random.below(6); flips > 0; --flips) {
            const auto bit = random.below(static_cast<std::uint32_t>(b.size() * 8));
            b[bit / 8] = static_cast<std::uint8_t>(b[bit / 8] ^ (1U << bit % 8));
        }
        try_one(ByteView(b).first(random.below(static_cast<std::uint32_t>(b.size() + 1))));
    }
}

TEST(HostileRtp, NoReadBeyondThePacket) {
    Bytes good(60, 3);
    good[0] = 0xb2;  // padding, extension, two CSRCs
    good[22] = 0;
    good[23] = 2;
    ASSERT_TRUE(Packet::parse(good));
    std::size_t seen = 0;
    abuse(good, [&](ByteView b) {
        const auto p = Packet::parse(b);
        if (!p) return;
        EXPECT_LE(header_size + p->csrc_count * 4 + p->extension.size() + p->payload.size(), b.size());
        for (const auto octet : p->payload) seen += octet;
        for (const auto octet : p->extension) seen += octet;
    });
    EXPECT_GT(seen, 0u);
}

TEST(HostileRtcp, NoReadBeyondTheCompound) {
    RtcpCompound c;
    c.sender = SenderInfo{1, 2, 3, 4};
    c.reports.resize(3);
    c.cname = "somebody";
    c.bye = {0, 1};
    std::size_t seen = 0;
    abuse(c.to_bytes(), [&](ByteView b) {
        const auto read = RtcpCompound::parse(b);
        if (!read) return;
        seen += read->reports.size() + read->bye.size() + read->cname.size();
        EXPECT_TRUE(RtcpCompound::parse(read->to_bytes())) << "what was read can be written and read";
    });
    EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace causeway::rtp
