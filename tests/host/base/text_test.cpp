#include "host/base/text.hpp"

#include <gtest/gtest.h>

#include "host/base/bytes.hpp"

namespace causeway {
namespace {

TEST(Text, ComparesWithoutCase) {
    EXPECT_TRUE(iequals("Call-ID", "cALL-id"));
    EXPECT_FALSE(iequals("Call-ID", "Call-I"));
    EXPECT_TRUE(istarts_with("z9HG4bKabc", "z9hG4bK"));
    EXPECT_FALSE(istarts_with("z9", "z9hG4bK"));
}

TEST(Text, TrimsAndSplits) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_EQ(split_once("a=b=c", '='), (std::pair<std::string_view, std::string_view>{"a", "b=c"}));
    EXPECT_EQ(split_once("a", '=').second, "");
    EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
}

TEST(Text, NumbersAreWholeAndInRange) {
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_FALSE(parse_number<std::uint16_t>("65536"));
    for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0"}) {
        EXPECT_FALSE(parse_number<std::uint32_t>(bad)) << bad;
    }
    EXPECT_EQ(parse_number<std::uint32_t>("0009"), 9U);
}

// RFC 4648 section 10.
TEST(Base64, PublishedVectors) {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, coded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(plain)), coded);
        const auto back = from_base64(coded);
        ASSERT_TRUE(back) << coded;
        EXPECT_EQ(as_text(*back), plain);
    }
}

TEST(Base64, TakesMissingPaddingAndRefusesTheRest) {
    EXPECT_EQ(as_text(from_base64("Zm8").value()), "fo");
    for (const auto* bad : {"Z", "Zm9v!", "Zm 9v", "Zg==Zg==", "\xffm9v"})
        EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Hex, LowerCase) {
    const std::uint8_t bytes[] = {0x00, 0xAB, 0xff};
    EXPECT_EQ(to_hex(bytes), "00abff");
}

}  // namespace
}  // namespace causeway
