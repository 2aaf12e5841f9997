// A test with a call between left and right that changes: re-INVITEs, and which packets arrive afterwards.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "tests/fakes/gateway.hpp"

namespace causeway::call {

class ChangeTest : public fakes::CallTest {
  protected:
    using Peer = fakes::Peer;
    using Description = fakes::Description;

    // What each got: the asked one the offer, the asker the answer.
    struct Crossed {
        std::string offered, answered;
    };
    // `asker` re-INVITEs with one description, `asked` answers with another.
    Crossed cross(Peer& asker, Peer::Dialog& from, Peer& asked, const std::string& offer,
                  const std::string& answer) {
        const auto request = asker.request(from, "INVITE", offer);
        asker.expect("100");
        const auto invite = asked.expect("INVITE");
        EXPECT_FALSE(invite.to().tag().empty());
        asked.respond(invite, 200, {}, answer);
        asked.expect("ACK");
        const auto ok = asker.expect("200");
        EXPECT_EQ(ok.cseq().number, request.cseq().number);
        asker.ack(from, ok);
        EXPECT_EQ(asker.waiting() + asked.waiting(), 0u);
        return {std::string(invite.body()), std::string(ok.body())};
    }
    Crossed cross(Peer& asker, Peer::Dialog& from, Peer& asked, const Description& offer,
                  const Description& answer) {
        return cross(asker, from, asked, asker.sdp(offer), asked.sdp(answer));
    }
    // The asked one refuses with `status`; the asker gets the response named.
    void refused(Peer& asker, Peer::Dialog& from, Peer& asked, const std::string& offer, int status,
                 std::string_view expected) {
        asker.request(from, "INVITE", offer);
        asker.expect("100");
        asked.respond(asked.expect("INVITE"), status);
        asked.expect("ACK");
        asker.expect(expected);
    }

    // Whether one RTP packet, sent from there to our port, goes on to that place, as that payload type.
    bool arrives(const Endpoint& from, const Endpoint& ours, const Endpoint& to, std::uint8_t sent_as = 0,
                 std::uint8_t expected_as = 0) {
        const auto before = g->network.sent.size();
        ++sequence;
        g->media(from, ours,
                 Bytes{0x80, sent_as, static_cast<std::uint8_t>(sequence >> 8U),
                       static_cast<std::uint8_t>(sequence), 0, 0, 0, 160, 1, 2, 3, 4, 0xA0});
        for (auto i = before; i < g->network.sent.size(); ++i) {
            const auto& s = g->network.sent[i];
            if (s.to == to && (s.bytes[1] & 0x7FU) == expected_as) return true;
        }
        return false;
    }
    bool hears(const Peer& to, const Peer& from, std::string_view our_sdp_to_from) {
        return arrives(from.media, fakes::Gateway::media_of(our_sdp_to_from), to.media);
    }
    bool both_hear(const fakes::Gateway::Established& e) {
        return hears(g->right, g->left, e.to_left) && hears(g->left, g->right, e.to_right);
    }
    std::size_t ports() const { return g->core.status().media.ports_in_use; }
    media::PortReport figures(std::size_t line) const { return g->core.calls().at(0).media.at(line).figures; }

    static sdp::Session parsed(std::string_view text) {
        return sdp::Session::parse(text).value_or(sdp::Session());
    }
    static std::uint64_t version_of(std::string_view text) { return parsed(text).origin.version; }
    static sdp::Direction direction_of(std::string_view text, std::size_t line = 0) {
        const auto s = parsed(text);
        return s.direction(s.media.at(line));
    }
    // Our address of a line.
    static Endpoint line_of(std::string_view text, std::size_t line) {
        const auto s = parsed(text);
        return {*IpAddress::parse(s.connection_of(s.media.at(line))->address), s.media.at(line).port};
    }
    static std::string replaced(std::string text, std::string_view what, std::string_view with) {
        const auto at = text.find(what);
        if (at == std::string::npos) throw std::runtime_error("not in the text: " + std::string(what));
        return text.replace(at, what.size(), with);
    }

    std::uint16_t sequence = 0;
};

}  // namespace causeway::call
