#include "host/base/archive.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace causeway {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

enum class Colour : std::uint8_t { red, green, blue };
constexpr Colour last_value(Colour) {
    return Colour::blue;
}

class Hidden {
  public:
    explicit Hidden(int v = 0) : value_(v) {}
    template <class A>
    void archive(A& a) {
        a(value_);
    }
    bool operator==(const Hidden&) const = default;

  private:
    int value_;
};

struct Everything {
    bool yes = false;
    std::uint8_t u8 = 0;
    std::uint16_t u16 = 0;
    std::uint32_t u32 = 0;
    std::uint64_t u64 = 0;
    std::int64_t i64 = 0;
    int i = 0;
    double d = 0;
    Colour colour = Colour::red;
    std::string text;
    Bytes bytes;
    Secret secret;
    Duration duration{};
    IpAddress ip;
    Endpoint endpoint;
    std::optional<std::string> some, none;
    std::vector<Hidden> list;
    std::map<std::string, std::uint32_t> map;
    std::array<std::uint8_t, 3> array{};
    std::pair<std::string, std::string> pair;

    template <class A>
    void archive(A& a) {
        a(yes, u8, u16, u32, u64, i64, i, d, colour, text, bytes, secret, duration, ip, endpoint, some, none,
          list, map, array, pair);
    }
    bool operator==(const Everything&) const = default;
};

Everything everything() {
    Everything e;
    e.yes = true;
    e.u8 = 255;
    e.u16 = 0x8001;
    e.u32 = std::numeric_limits<std::uint32_t>::max();
    e.u64 = std::numeric_limits<std::uint64_t>::max();
    e.i64 = std::numeric_limits<std::int64_t>::min();
    e.i = -1;
    e.d = -1.5e-300;
    e.colour = Colour::blue;
    e.text = std::string("a\0b", 3);
    e.bytes = Bytes(300, 7);
    e.secret = Secret(as_bytes("key"));
    e.duration = -5s;
    e.ip = *IpAddress::parse("2001:db8::1");
    e.endpoint = *Endpoint::parse("192.0.2.1:5060");
    e.some = "";
    e.list = {Hidden(1), Hidden(-200)};
    e.map = {{"a", 1}, {"b", 2}};
    e.array = {1, 2, 3};
    e.pair = {"x", "y"};
    return e;
}

TEST(Archive, WhatIsWrittenIsReadAgain) {
    Encoder out(Time{});
    const auto e = everything();
    out(e);
    const auto sealed = out.seal(7);
    auto in = Decoder::open(Time{}, 7, sealed.view());
    ASSERT_TRUE(in) << in.error().what;
    Everything again;
    (*in)(again);
    in->finish();
    EXPECT_TRUE(in->ok()) << in->error();
    EXPECT_EQ(again, e);
}

TEST(Archive, TimesMoveToTheReadersClock) {
    const Time then = Time{} + 1000s;
    Encoder out(then);
    out(then - 3s, then + 5s);
    const auto sealed = out.seal(1);
    const Time now = Time{} + 7s;
    auto in = Decoder::open(now, 1, sealed.view());
    Time before, after;
    (*in)(before, after);
    EXPECT_EQ(before, now - 3s);
    EXPECT_EQ(after, now + 5s);
}

TEST(Archive, AnotherVersionIsRefusedByNumber) {
    Encoder out(Time{});
    const auto in = Decoder::open(Time{}, 2, out.seal(1).view());
    ASSERT_FALSE(in);
    EXPECT_THAT(in.error().what, HasSubstr("version is 1, this program reads 2"));
}

TEST(Archive, EveryCutAndEveryFlippedBitOfSealedBytesIsRefused) {
    Encoder out(Time{});
    out(everything());
    const auto sealed = out.seal(1);
    Bytes bytes(sealed.view().begin(), sealed.view().end());
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        EXPECT_FALSE(Decoder::open(Time{}, 1, ByteView(bytes).first(n))) << "cut to " << n;
    }
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(Decoder::open(Time{}, 1, bytes)) << "bit " << bit;
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
    EXPECT_TRUE(Decoder::open(Time{}, 1, bytes));
}

// Behind the checksum there may still be a program that disagrees: nothing is read outside, nothing wild is
// allocated, and an error stays.
TEST(Archive, ValuesThatAreCutShortOrOutOfRangeAreErrors) {
    Encoder out(Time{});
    out(everything());
    const auto sealed = out.seal(1);
    const auto body = sealed.view().subspan(16, sealed.size() - 24);
    for (std::size_t n = 0; n < body.size(); ++n) {
        Decoder in(Time{}, body.first(n));
        Everything e;
        in(e);
        EXPECT_FALSE(in.ok()) << "cut to " << n;
    }
    const auto fails = [](Bytes bytes, auto value) {
        Decoder in(Time{}, bytes);
        in(value);
        return !in.ok();
    };
    EXPECT_TRUE(fails({2}, false));
    EXPECT_TRUE(fails({3}, Colour::red));
    EXPECT_FALSE(fails({2}, Colour::red));
    EXPECT_TRUE(fails({0x80, 2}, std::uint8_t{}));
    EXPECT_TRUE(fails({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}, std::uint64_t{}));
    EXPECT_TRUE(fails({0xfe, 0xff, 0xff, 0xff, 0xff, 1}, int{}));
    EXPECT_TRUE(fails({0xff, 0xff, 0xff, 0xff, 0x7f}, std::string{}));
    EXPECT_TRUE(fails({0xff, 0xff, 0xff, 0xff, 0x7f}, std::vector<std::string>{}));
    EXPECT_TRUE(fails({0, 1, 2, 3}, IpAddress{}));
    EXPECT_TRUE(fails({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, Time{}));
}

TEST(Archive, WhatIsLeftOverIsAnError) {
    const Bytes bytes{1, 1};
    Decoder in(Time{}, bytes);
    bool b = false;
    in(b);
    EXPECT_TRUE(in.ok());
    in.finish();
    EXPECT_THAT(in.error(), HasSubstr("at octet 1 of 2"));
    in(b);
    EXPECT_FALSE(b) << "after an error everything reads as nothing";
}

}  // namespace
}  // namespace causeway
