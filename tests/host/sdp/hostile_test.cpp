// The parsers before damaged and hostile text: whatever comes, they return; what they take they can write and
// read again.
#include <gtest/gtest.h>

#include "host/base/random.hpp"
#include "host/base/text.hpp"
#include "host/sdp/crypto.hpp"
#include "host/sdp/offer_answer.hpp"
#include "tests/host/sdp/corpus.hpp"

namespace causeway::sdp {
namespace {

// Reads `text` and does with it what the call layer would. True where it was taken.
bool use(std::string_view text) {
    const auto s = Session::parse(text);
    if (!s) return false;
    const auto again = Session::parse(s->to_string());
    EXPECT_TRUE(again) << again.error().what << "\n" << text;
    if (again) {
        EXPECT_EQ(*s, *again) << text;
        EXPECT_TRUE(check_reoffer(*s, *again));
    }
    for (const Media& m : s->media) {
        const auto codecs = m.codecs();
        EXPECT_EQ(common_codecs(codecs, codecs), codecs);
        s->direction(m);
        for (const Crypto& c : cryptos(m)) EXPECT_EQ(c.key.key_salt.size(), sizes_of(c.key.suite).key_salt());
    }
    return true;
}

TEST(Hostile, EveryTruncationIsReadOrRefused) {
    for (const auto text : corpus)
        for (std::size_t n = 0; n <= text.size(); ++n) use(text.substr(0, n));
}

TEST(Hostile, FlippedBitsAreReadOrRefused) {
    SeededRandom random(20260101);
    int taken = 0, refused = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string text(corpus[random.below(static_cast<std::uint32_t>(corpus.size()))]);
        for (std::uint32_t flips = 1 + random.below(4); flips > 0; --flips) {
            char& c = text[random.below(static_cast<std::uint32_t>(text.size()))];
            c = static_cast<char>(c ^ (1 << random.below(8)));
        }
        ++(use(text) ? taken : refused);
    }
    EXPECT_GT(taken, 1000);
    EXPECT_GT(refused, 1000);
}

TEST(Hostile, SplicedLinesAreReadOrRefused) {
    SeededRandom random(4);
    std::vector<std::string_view> lines;
    for (const auto text : corpus)
        for (const auto line : split(text, '\n')) lines.push_back(line);
    int taken = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string text = "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 h\n";
        for (std::uint32_t n = random.below(8); n > 0; --n)
            (text += lines[random.below(static_cast<std::uint32_t>(lines.size()))]) += '\n';
        taken += use(text);
    }
    EXPECT_GT(taken, 500);
}

TEST(Hostile, WorstCasesStayWithinBounds) {
    const std::string head = "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 h\n";
    std::string formats = "m=audio 1 RTP/AVP";
    while (formats.size() < Session::max_line - 4) formats += " 0";
    std::string maps = head + formats + "\n";
    for (int i = 0; i < 1000; ++i) maps += "a=rtpmap:0 PCMU/8000\n";
    const auto s = Session::parse(maps);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->media[0].codecs().size(), 1u);
    EXPECT_TRUE(use(maps));
    EXPECT_FALSE(use(head + std::string(1 << 20, 'a')));
    EXPECT_FALSE(use(head + "a=" + std::string(1 << 20, '=')));
    EXPECT_TRUE(use(head + std::string(1 << 20, '\n')));
    std::string empty_attributes = head;
    for (int i = 0; i < 100000; ++i) empty_attributes += "a=\n";
    EXPECT_FALSE(use(empty_attributes));
}

}  // namespace
}  // namespace causeway::sdp
