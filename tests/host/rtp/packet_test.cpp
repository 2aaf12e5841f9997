#include "host/rtp/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::rtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Version 2, padding, extension, two CSRCs, marker, payload type 8.
const Bytes full = {
    0xb2, 0x88, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04,  // fixed header
    0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,                          // CSRCs
    0xbe, 0xde, 0x00, 0x01, 0x10, 0xaa, 0x00, 0x00,                          // extension of one word
    0x51, 0x52, 0x53, 0x54, 0x55,                                            // payload
    0x00, 0x00, 0x03,                                                        // padding
};

TEST(RtpPacket, AllPartsAreFound_RFC3550_5_1) {
    const auto p = Packet::parse(full);
    ASSERT_TRUE(p);
    EXPECT_EQ(p->header.payload_type, 8);
    EXPECT_TRUE(p->header.marker);
    EXPECT_EQ(p->header.sequence, 0x1234);
    EXPECT_EQ(p->header.timestamp, 0xdeadbeef);
    EXPECT_EQ(p->header.ssrc, 0x01020304u);
    EXPECT_EQ(p->csrc_count, 2);
    EXPECT_THAT(p->extension, ElementsAre(0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0));
    EXPECT_THAT(p->payload, ElementsAre(0x51, 0x52, 0x53, 0x54, 0x55));
}

TEST(RtpPacket, LengthsThatDoNotAddUpAreRefused_RFC3550_A_1) {
    const auto with = [](std::size_t at, std::uint8_t value) {
        Bytes b = full;
        b[at] = value;
        return Packet::parse(b).has_value();
    };
    EXPECT_FALSE(with(0, 0x72)) << "version 1";
    EXPECT_FALSE(with(0, 0xbf)) << "15 CSRCs";
    EXPECT_FALSE(with(23, 3)) << "extension longer than the packet";
    EXPECT_TRUE(with(35, 8)) << "padding that leaves no payload";
    EXPECT_FALSE(with(35, 9)) << "padding longer than what is there";
    EXPECT_FALSE(with(35, 0)) << "padding of no octet";
    EXPECT_TRUE(Packet::parse(ByteView(full).first(0)) == std::nullopt);
}

TEST(RtpPacket, HeaderReadsAsWritten) {
    const Header h{101, true, 65535, 0x80000001, 0xfffffffe};
    Bytes b(header_size);
    write_header(h, b.data());
    const auto p = Packet::parse(b);
    ASSERT_TRUE(p);
    EXPECT_EQ(p->header.payload_type, 101);
    EXPECT_TRUE(p->header.marker);
    EXPECT_EQ(p->header.sequence, 65535);
    EXPECT_EQ(p->header.timestamp, 0x80000001);
    EXPECT_EQ(p->header.ssrc, 0xfffffffe);
    EXPECT_THAT(p->payload, IsEmpty());
}

TEST(RtpPacket, RtcpIsToldByItsSecondOctet_RFC5761_4) {
    const auto second = [](std::uint8_t octet) { return looks_like_rtcp(Bytes{0x80, octet, 0, 0}); };
    EXPECT_FALSE(second(191));
    EXPECT_TRUE(second(192));
    EXPECT_TRUE(second(200));
    EXPECT_TRUE(second(223));
    EXPECT_FALSE(second(224)) << "payload type 96 with marker";
    EXPECT_FALSE(looks_like_rtcp(Bytes{0x80}));
}

}  // namespace
}  // namespace causeway::rtp
