#include "host/sip/framer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "host/base/random.hpp"

namespace causeway::sip {
namespace {

using testing::ElementsAre;
using testing::StartsWith;
using Found = StreamFramer::Found;

std::string message(std::string_view headers, std::string_view body = {}) {
    return "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\n" + std::string(headers) +
           "\r\n" + std::string(body);
}

// Everything that comes out, as text: messages as they are, "ping", "broken: why".
std::vector<std::string> all(StreamFramer& framer) {
    std::vector<std::string> out;
    for (;;) {
        const auto piece = framer.next();
        if (piece.found == Found::nothing) return out;
        if (piece.found == Found::ping) {
            out.emplace_back("ping");
        } else if (piece.found == Found::message) {
            out.emplace_back(piece.text);
        } else {
            out.push_back("broken: " + std::string(piece.text));
            return out;
        }
    }
}
std::vector<std::string> frame(std::string_view bytes) {
    StreamFramer framer;
    framer.add(bytes);
    return all(framer);
}

TEST(StreamFramer, CutsWhereContentLengthSays_RFC3261_18_3) {
    const auto a = message("Content-Length: 5\r\n", "a\r\n\r\n"), b = message("l:0\r\n");
    EXPECT_THAT(frame(a + b + b), ElementsAre(a, b, b));
}

TEST(StreamFramer, ReadsContentLengthInEveryForm_RFC3261_7_3) {
    for (const auto* form : {"Content-Length: 2\r\n", "content-length:2\r\n", "L : 2 \r\n", "l:\r\n 2\r\n",
                             "Content-Length: 2\r\nl: 2\r\n", "Subject: x\r\n l: 9\r\nl: 0002\r\n"}) {
        const auto m = message(form, "ab");
        EXPECT_THAT(frame(m), ElementsAre(m)) << form;
    }
}

TEST(StreamFramer, BreaksWhereTheEndCannotBeTold) {
    EXPECT_THAT(frame(message("")), ElementsAre("broken: Content-Length is missing"));
    for (const auto* value : {"", "x", "-1", "+1", "1 2", "99999999999999999999"}) {
        EXPECT_THAT(frame(message("Content-Length: " + std::string(value) + "\r\n")),
                    ElementsAre("broken: Content-Length is no number"))
            << value;
    }
    EXPECT_THAT(frame(message("l: 1\r\nContent-Length: 2\r\n", "ab")),
                ElementsAre("broken: several Content-Length"));
    EXPECT_THAT(frame("\rx"), ElementsAre("broken: a line ends with CR alone"));
    EXPECT_THAT(frame(std::string(16385, 'x')), ElementsAre(StartsWith("broken: a head")));
    EXPECT_THAT(frame(message("X: " + std::string(17000, 'x') + "\r\nl: 0\r\n")),
                ElementsAre(StartsWith("broken: a head")));
    EXPECT_THAT(frame(message("l: 65535\r\n")), ElementsAre(StartsWith("broken: a message")));
}

TEST(StreamFramer, BrokenStaysBroken) {
    StreamFramer framer;
    framer.add(message(""));
    EXPECT_EQ(framer.next().found, Found::broken);
    framer.add(message("l: 0\r\n"));
    EXPECT_EQ(framer.next().found, Found::broken);
}

TEST(StreamFramer, TellsPingsFromPongsAndEmptyLines_RFC5626_3_5_1) {
    const auto m = message("l: 0\r\n");
    EXPECT_THAT(frame("\r\n\r\n"), ElementsAre("ping"));
    EXPECT_THAT(frame("\r\n" + m), ElementsAre(m));
    EXPECT_THAT(frame("\r\n\r\n\r\n" + m + "\r\n\r\n"), ElementsAre("ping", m, "ping"));
    StreamFramer framer;
    framer.add("\r\n");
    EXPECT_EQ(framer.next().found, Found::nothing) << "a pong, or half a ping";
    framer.add("\r\n");
    EXPECT_EQ(framer.next().found, Found::ping);
    EXPECT_FALSE(framer.is_waiting());
}

TEST(StreamFramer, KnowsThatAMessageIsNotComplete) {
    StreamFramer framer;
    EXPECT_FALSE(framer.is_waiting());
    framer.add("OPT");
    EXPECT_TRUE(all(framer).empty());
    EXPECT_TRUE(framer.is_waiting());
}

TEST(StreamFramer, SameMessagesHoweverTheStreamIsCut) {
    SeededRandom random(4);
    std::string stream;
    for (int i = 0; i < 30; ++i) {
        std::string body(random.below(40), 'b');
        if (random.below(3) == 0) body += "\r\n\r\n";
        if (random.below(4) == 0) stream += "\r\n\r\n";
        if (random.below(4) == 0) stream += "\r\n";
        stream += message("Content-Length: " + std::to_string(body.size()) + "\r\n", body);
    }
    const auto expected = frame(stream);
    ASSERT_GE(expected.size(), 30u);
    for (int run = 0; run < 200; ++run) {
        StreamFramer framer;
        std::vector<std::string> got;
        for (std::size_t at = 0; at < stream.size();) {
            const auto size =
                std::min<std::size_t>(stream.size() - at, 1 + random.below(run < 100 ? 3 : 400));
            framer.add(std::string_view(stream).substr(at, size));
            at += size;
            for (auto& piece : all(framer)) got.push_back(std::move(piece));
        }
        ASSERT_EQ(got, expected) << "run " << run;
    }
}

}  // namespace
}  // namespace causeway::sip
