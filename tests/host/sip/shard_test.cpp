#include "host/sip/shard.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace causeway::sip {
namespace {

TEST(ShardTokens, CarryTheNumberOfTheirShard) {
    SeededRandom random(1);
    for (unsigned shard = 0; shard < max_shards; ++shard) {
        const auto token = mint_token(random, static_cast<std::uint8_t>(shard), 8);
        EXPECT_EQ(token.size(), 20u);
        EXPECT_EQ(shard_of_token(token), shard) << token;
        EXPECT_EQ(shard_of_token("z9hG4bK" + token), shard);
    }
}

TEST(ShardTokens, OfOthersHaveNone) {
    for (const auto* token : {"", "cw", "cw0", "cw01", "cwzz0000", "314159", "z9hG4bK776", "CW010000"})
        EXPECT_EQ(shard_of_token(token), std::nullopt) << token;
}

TEST(ShardOfMessage, ResponseIsItsBranchs) {
    EXPECT_EQ(shard_of_message("SIP/2.0 200 OK\r\n"
                               "Via: SIP/2.0/UDP 192.0.2.1;rport=5060;branch=z9hG4bKcw03aaaa\r\n"
                               "To: <sip:a@b>;tag=cw01aaaa\r\nCall-ID: cw02aaaa\r\n\r\n",
                               4),
              3);
}

TEST(ShardOfMessage, RequestIsItsToTagsElseItsCallIds) {
    EXPECT_EQ(
        shard_of_message("BYE sip:x SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bKcw03aaaa\r\n"
                         "t: \"A; tag=cw03\" <sip:a@b;tag=cw02ffff> ; TAG = cw01aaaa ;x\r\ni: q\r\n\r\n",
                         4),
        1);
    EXPECT_EQ(
        shard_of_message("BYE sip:x SIP/2.0\r\nTo:\r\n <sip:a@b>\r\n ;tag=cw01aaaa\r\nCall-ID: q\r\n\r\n", 4),
        1);
    EXPECT_EQ(shard_of_message("BYE sip:x SIP/2.0\r\nTo: <sip:a@b>;tag=77\r\nCall-ID: cw02ffff\r\n\r\n", 4),
              2);
}

TEST(ShardOfMessage, NumbersBeyondTheShardsAreIgnored) {
    EXPECT_LT(shard_of_message("BYE sip:x SIP/2.0\r\nTo: <sip:a@b>;tag=cw09aaaa\r\nCall-ID: q\r\n\r\n", 4),
              4);
}

TEST(ShardOfMessage, SameCallIdSameShardWhateverElseIsSaid) {
    const auto invite =
        shard_of_message("INVITE sip:x SIP/2.0\r\nCall-ID: 8@there\r\nTo: <sip:a@b>\r\n\r\n", 8);
    ASSERT_TRUE(invite);
    EXPECT_EQ(shard_of_message("CANCEL sip:x SIP/2.0\r\nTo: <sip:a@b>\r\ni :  8@there  \r\n\r\n", 8), invite);
    EXPECT_EQ(shard_of_message("ACK sip:x SIP/2.0\nTo: <sip:a@b>\ncall-id:8@there\n\n", 8), invite);
}

TEST(ShardOfMessage, SpreadsCallIdsEvenly) {
    SeededRandom random(7);
    std::array<int, 8> shards{};
    for (int i = 0; i < 8000; ++i) {
        const auto id = i % 2 == 0 ? random.token(8) : std::to_string(i) + "-12345@127.0.0.1";
        ++shards[*shard_of_message("INVITE sip:x SIP/2.0\r\nCall-ID: " + id + "\r\n\r\n", 8)];
    }
    for (const int n : shards) {
        EXPECT_GT(n, 850);
        EXPECT_LT(n, 1150);
    }
}

TEST(ShardOfMessage, WhatIsNoSipHasNone) {
    for (const auto* text :
         {"", "\r\n", "\r\n\r\n", "hello", "INVITE", "SIP/2.0 200 OK\r\n\r\nCall-ID: x\r\n"})
        EXPECT_EQ(shard_of_message(text, 4), std::nullopt) << text;
}

TEST(ShardOfMessage, TakesAnyBytes) {
    SeededRandom random(3);
    constexpr std::string_view alphabet = "Vvi:tTo;tag=cw01\r\n \tCall-ID\0<>,";
    for (int i = 0; i < 20000; ++i) {
        std::string text = i % 2 == 0 ? "SIP/2.0\n" : "X\n";
        for (auto n = random.below(60); n > 0; --n)
            text += alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
        EXPECT_LT(shard_of_message(text, 5).value_or(0), 5);
    }
}

}  // namespace
}  // namespace causeway::sip
