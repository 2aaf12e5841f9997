#include "host/sdp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/sdp/corpus.hpp"

namespace causeway::sdp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string start = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

Session parsed(std::string_view text) {
    auto s = Session::parse(text);
    EXPECT_TRUE(s) << s.error().what;
    return s ? *s : Session{};
}

std::string error_of(std::string_view text) {
    const auto s = Session::parse(text);
    return s ? "taken" : s.error().what;
}

TEST(Session, EveryConstructIsReadAndWrittenUnchanged_RFC8866_5) {
    const Session s = parsed(every_construct);
    EXPECT_EQ(s.to_string(), every_construct);
    EXPECT_EQ(s.origin, (Origin{"jdoe", 3724394400, UINT64_MAX, true, "2001:db8::1"}));
    EXPECT_EQ(s.name, " ");
    EXPECT_EQ(*s.connection, (Connection{false, "233.252.0.1", "/127/3"}));
    EXPECT_THAT(s.bandwidths, ElementsAre("AS:128", "X-YZ:64"));
    EXPECT_EQ(s.times.size(), 4u);
    EXPECT_EQ(s.attribute("unknown"), "with: colons =and= signs ");
    ASSERT_EQ(s.media.size(), 4u);
    const Media& audio = s.media[0];
    EXPECT_EQ(audio.port_count, 2);
    EXPECT_EQ(audio.title, "Microphone");
    EXPECT_EQ(s.connection_of(audio)->address, "2001:db8::2");
    EXPECT_EQ(audio.ptime_ms(), 30u);
    EXPECT_TRUE(audio.has_attribute("x-later"));
    EXPECT_EQ(audio.attributes[2].value, "");
    EXPECT_TRUE(s.media[1].rejected());
    EXPECT_FALSE(s.media[2].is_rtp());
    EXPECT_EQ(s.connection_of(s.media[2])->address, "233.252.0.1");
}

TEST(Session, ParseOfWriteIsIdentityOverTheCorpus) {
    for (const auto text : corpus) {
        const Session once = parsed(text);
        const Session twice = parsed(once.to_string());
        EXPECT_EQ(once, twice) << text;
        EXPECT_EQ(once.to_string(), twice.to_string());
    }
}

TEST(Session, LineEndsMayBeLfCrOrCrlfAndTheLastMayBeMissing) {
    const std::string crlf = start + "m=audio 4000 RTP/AVP 0\r\n";
    std::string lf, cr;
    for (const char c : crlf) {
        if (c != '\r') lf += c;
        if (c != '\n') cr += c;
    }
    const Session expected = parsed(crlf);
    EXPECT_EQ(parsed(lf), expected);
    EXPECT_EQ(parsed(cr), expected);
    EXPECT_EQ(parsed(lf.substr(0, lf.size() - 1)), expected);
    EXPECT_EQ(parsed("\r\n" + crlf + "\r\n\r\n"), expected);
}

TEST(Session, OrderWithinASectionDoesNotMatterAndTimesMayBeMissing) {
    const Session s = parsed(
        "s=x\nv=0\na=tool:y\nc=IN IP4 192.0.2.1\no=- 1 1 IN IP4 192.0.2.1\n"
        "m=audio 4000 RTP/AVP 0\na=sendonly\nb=AS:64\nc=IN IP4 192.0.2.9\n");
    EXPECT_THAT(s.times, ElementsAre("t=0 0"));
    EXPECT_EQ(s.connection_of(s.media[0])->address, "192.0.2.9");
    EXPECT_EQ(parsed(s.to_string()), s);
}

TEST(Session, WhatMustBeThereIsAskedFor_RFC8866_5) {
    EXPECT_THAT(error_of(""), HasSubstr("missing"));
    EXPECT_THAT(error_of("v=0\no=- 1 1 IN IP4 192.0.2.1\n"), HasSubstr("missing"));
    EXPECT_THAT(error_of("v=0\ns=-\n"), HasSubstr("missing"));
    const std::string bare = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n";
    EXPECT_THAT(error_of(bare + "m=audio 4000 RTP/AVP 0\n"), HasSubstr("m-line 1: no connection"));
    EXPECT_EQ(error_of(bare + "m=audio 0 RTP/AVP 0\n"), "taken");  // a rejected line needs none
}

TEST(Session, ErrorsNameTheLineAndDoNotQuoteIt) {
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"v=1", "line 6 (v=)"},
        {"o=- 1 1 IN IP4 192.0.2.1", "line 6 (o=): second"},
        {"c=IN IP4 192.0.2.1", "line 6 (c=): second"},
        {"x=SECRET", "line 6 (x=): unknown type letter"},
        {"\x1b=SECRET", "line 6 (?=)"},
        {"SECRET", "line 6: not of the form"},
        {"m=audio", "line 6 (m=)"},
        {"m=audio 4000 RTP/x@192.0.2.1>;tag=1 0", "line 6 (m=)"},
        {"m=au<dio 4000 RTP/AVP 0", "line 6 (m=)"},
        {"m=audio 4000 RTP/AVP 0;1", "line 6 (m=)"},
        {"m=audio 65536 RTP/AVP 0", "line 6 (m=): port"},
        {"m=audio -1 RTP/AVP 0", "line 6 (m=): port"},
        {"m=audio 4000/0 RTP/AVP 0", "line 6 (m=): number of ports"},
        {"m=audio 4000 RTP/AVP", "line 6 (m=): no format"},
        {"m=audio 4000 RTP/AVP 0\nt=0 0", "line 7 (t=)"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP4", "line 7 (c=)"},
        {"m=audio 4000 RTP/AVP 0\nc=ATM NSAP 47.0091", "line 7 (c=): network type"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP6 192.0.2.1", "line 7 (c=): address is not of its type"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP4 2001:db8::1", "line 7 (c=): address is not of its type"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8:::1", "line 7 (c=): address is malformed"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1/SECRET", "line 7 (c=): TTL"},
        {"m=audio 4000 RTP/AVP 0\nc=IN IP4 a<b", "line 7 (c=): address is malformed"},
        {std::string("a=x\0y", 5), "line 6 (a=): NUL"},
        {"a=" + std::string(Session::max_line, 'S'), "line 6 (a=): too long"},
    };
    for (const auto& [line, expected] : bad) {
        const std::string error = error_of(start + line + "\n");
        EXPECT_THAT(error, HasSubstr(expected));
        EXPECT_EQ(error.find('S', 3), std::string::npos) << error;
    }
    for (const auto origin : {"- 1 1 IN IP4", "- x 1 IN IP4 h", "- 1 18446744073709551616 IN IP4 h",
                              "a b 1 1 IN IP4 h", "- 1 1 IN IP5 h"})
        EXPECT_THAT(error_of("v=0\no=" + std::string(origin) + "\ns=-\n"), HasSubstr("line 2 (o=)"));
}

TEST(Session, NumberOfLinesAndMLinesIsBounded) {
    std::string media = start, lines = start;
    for (std::size_t i = 0; i < Session::max_media; ++i) media += "m=audio 0 RTP/AVP 0\n";
    EXPECT_EQ(parsed(media).media.size(), Session::max_media);
    EXPECT_THAT(error_of(media + "m=audio 0 RTP/AVP 0\n"), HasSubstr("too many m-lines"));
    for (std::size_t i = 5; i < Session::max_lines; ++i) lines += "a=x\n";
    EXPECT_EQ(error_of(lines), "taken");
    EXPECT_THAT(error_of(lines + "a=x\n"), HasSubstr("too many lines"));
    lines.replace(lines.find("t=0 0"), 5, "a=tim");  // what is taken can be written and taken again
    EXPECT_THAT(error_of(lines), HasSubstr("too many lines"));
}

TEST(Session, AValueCannotStartALineOfItsOwn) {
    Session s = parsed(start + "m=audio 4000 RTP/AVP 0\r\n");
    s.name = "x\r\na=evil";
    s.media[0].attributes.push_back({"note", "y\nm=audio 1 RTP/AVP 0\rc=IN IP4 203.0.113.66"});
    s.media[0].attributes.push_back({"n\no", {}});
    s.media[0].title = std::string("t\0\r\nk=clear:x", 13);
    const Session again = parsed(s.to_string());
    EXPECT_EQ(again.media.size(), 1u);
    EXPECT_FALSE(again.media[0].key);
    EXPECT_TRUE(again.attributes.empty());
    EXPECT_EQ(again.connection_of(again.media[0])->address, "192.0.2.1");
    EXPECT_EQ(again.media[0].attribute("note"), "y m=audio 1 RTP/AVP 0 c=IN IP4 203.0.113.66");
}

TEST(Direction, OwnAttributeBeatsTheSessionsAndTheDefaultIsSendrecv_RFC8866_6_7) {
    Session s = parsed(start + "a=inactive\r\nm=audio 1 RTP/AVP 0\r\na=sendonly\r\nm=audio 2 RTP/AVP 0\r\n");
    EXPECT_EQ(s.direction(s.media[0]), Direction::sendonly);
    EXPECT_EQ(s.direction(s.media[1]), Direction::inactive);
    s.attributes.clear();
    EXPECT_EQ(s.direction(s.media[1]), Direction::sendrecv);
    EXPECT_FALSE(s.media[1].direction());
}

TEST(Direction, AnUnspecifiedAddressTakesReceptionAway_RFC3264_8_4) {
    Session s = parsed(start + "m=audio 1 RTP/AVP 0\r\n");
    for (const auto& [ip6, address] : {std::pair{false, "0.0.0.0"}, {true, "::"}, {true, "hold.invalid"}}) {
        s.connection = Connection{ip6, address, ""};
        s.media[0].attributes.clear();
        EXPECT_EQ(s.direction(s.media[0]), Direction::sendonly) << address;
        s.media[0].set_direction(Direction::recvonly);
        EXPECT_EQ(s.direction(s.media[0]), Direction::inactive) << address;
    }
    s.media[0].connection = Connection{false, "192.0.2.7", ""};
    EXPECT_EQ(s.direction(s.media[0]), Direction::recvonly);
}

TEST(Direction, SettingItReplacesAllOldOnesWhereTheFirstStood) {
    Media m;
    m.attributes = {{"x", {}}, {"sendonly", {}}, {"y", "1"}, {"inactive", {}}, {"recvonly", "a value"}};
    m.set_direction(Direction::recvonly);
    const std::vector<Attribute> expected = {
        {"x", {}}, {"recvonly", {}}, {"y", "1"}, {"recvonly", "a value"}};
    EXPECT_EQ(m.attributes, expected);
    Media none;
    none.set_direction(Direction::inactive);
    EXPECT_EQ(none.direction(), Direction::inactive);
}

TEST(Codecs, StaticTypesNeedNoRtpmap_RFC3551_6) {
    const Session s = parsed(start + "m=audio 4000 RTP/AVP 8 0 9 10 18 13 72 96\r\na=fmtp:18 annexb=no\r\n");
    const std::vector<Codec> expected = {{8, "PCMA", 8000, 1, ""},           {0, "PCMU", 8000, 1, ""},
                                         {9, "G722", 8000, 1, ""},           {10, "L16", 44100, 2, ""},
                                         {18, "G729", 8000, 1, "annexb=no"}, {13, "CN", 8000, 1, ""}};
    EXPECT_EQ(s.media[0].codecs(), expected);
}

TEST(Codecs, RtpmapAndFmtpAreReadInTheOrderOfTheFormats_RFC8866_6_6) {
    const Session s =
        parsed(start +
               "m=audio 4000 RTP/SAVP 101 96 0 96 abc 128\r\n"
               "a=fmtp:96 useinbandfec=1; stereo=0\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:96 evil/1\r\n"
               "a=rtpmap:101  telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:0 G726-32/8000/1\r\n");
    const std::vector<Codec> expected = {{101, "telephone-event", 8000, 1, "0-15"},
                                         {96, "opus", 48000, 2, "useinbandfec=1; stereo=0"},
                                         {0, "G726-32", 8000, 1, ""}};
    EXPECT_EQ(s.media[0].codecs(), expected);
}

TEST(Codecs, MalformedRtpmapsNameNothing) {
    for (const auto map :
         {"96", "96 opus", "96 opus/", "96 opus/0", "96 /8000", "96 opus/8000/0", "96 opus/8000/256",
          "96 opus/8000/1/1", "224 opus/8000", "96 o p/8000", "96 opus/4294967296"}) {
        const Session s = parsed(start + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:" + map + "\r\n");
        EXPECT_TRUE(s.media[0].codecs().empty()) << map;
    }
}

TEST(Codecs, NonRtpHasNone) {
    EXPECT_TRUE(parsed(start + "m=image 4000 udptl 0\r\n").media[0].codecs().empty());
    EXPECT_TRUE(parsed(start + "m=audio 4000 rtp/avp 0\r\n").media[0].is_rtp());
}

TEST(Codecs, SettingThemKeepsOtherAttributesInPlace) {
    Session s = parsed(start +
                       "m=audio 4000 RTP/AVP 0 96\r\na=mid:1\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
                       "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 x\r\na=sendrecv\r\n");
    const std::vector<Codec> codecs = {{97, "L16", 44100, 2, ""}, {8, "PCMA", 8000, 1, "y"}};
    s.media[0].set_codecs(codecs);
    EXPECT_EQ(s.media[0].codecs(), codecs);
    EXPECT_THAT(s.to_string(),
                testing::EndsWith("m=audio 4000 RTP/AVP 97 8\r\na=mid:1\r\na=rtpmap:97 L16/44100/2\r\n"
                                  "a=rtpmap:8 PCMA/8000\r\na=fmtp:8 y\r\na=ptime:20\r\na=sendrecv\r\n"));
    EXPECT_EQ(parsed(s.to_string()), s);
}

}  // namespace
}  // namespace causeway::sdp
