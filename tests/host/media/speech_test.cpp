#include "host/media/speech.hpp"

#include <gtest/gtest.h>

namespace causeway::media {
namespace {

TEST(Speech, NamesMayTellTheClock) {
    EXPECT_EQ(parse_speech("PCMU"), Speech::pcmu);
    EXPECT_EQ(parse_speech("pcmu/8000"), Speech::pcmu);
    EXPECT_EQ(parse_speech("L16"), Speech::l16);
    EXPECT_EQ(parse_speech("L16/8000"), Speech::l16);
    EXPECT_EQ(parse_speech("l16/16000"), Speech::l16_16k);
    EXPECT_EQ(parse_speech("G722/8000"), Speech::g722);
    for (const auto* none :
         {"", "/", "L16/", "L16/x", "L16/44100", "G722/16000", "PCMU/16000", "L16/16000/1", "GSM"})
        EXPECT_EQ(parse_speech(none), std::nullopt) << none;
}

TEST(Speech, EveryCodingIsWhatItsDescriptionSays) {
    for (int i = 0; i <= static_cast<int>(Speech::l16_16k); ++i) {
        const auto speech = static_cast<Speech>(i);
        const auto codec = to_codec(speech);
        EXPECT_EQ(to_speech(codec), speech) << codec.name;
        EXPECT_EQ(codec.clock_rate, clock_rate(speech)) << codec.name;
    }
}

TEST(Speech, LinearIsToldByItsClockAndChannels_RFC3551_4_5_11) {
    sdp::Codec codec = to_codec(Speech::l16_16k);
    EXPECT_GE(codec.payload_type, 96);
    EXPECT_EQ(codec.clock_rate, 16000u);
    codec.channels = 2;
    EXPECT_EQ(to_speech(codec), std::nullopt);
    codec = {11, "L16", 44100, 1, ""};
    EXPECT_EQ(to_speech(codec), std::nullopt);
    codec = {96, "L16", 8000, 1, ""};
    EXPECT_EQ(to_speech(codec), Speech::l16);
}

}  // namespace
}  // namespace causeway::media
