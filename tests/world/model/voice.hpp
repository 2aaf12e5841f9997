// The media of one call as a phone sees it: its descriptions, its keys, and numbered RTP packets whose
// payload tells who sent it and whether it arrived whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/cpu/srtp.hpp"
#include "host/call/config.hpp"
#include "host/sdp/crypto.hpp"
#include "host/sdp/session.hpp"
#include "tests/world/model/surroundings.hpp"

namespace causeway::world {

// What an offer says, and how.
struct Wish {
    enum class Hold { attribute, session, address };  // a= of the line or of the session, c=0.0.0.0
    sdp::Direction direction = sdp::Direction::sendrecv;
    Hold hold = Hold::attribute;
    bool new_keys = false;
    std::vector<std::uint8_t> codecs{0, 8, 101};
    std::optional<bool> video{};      // a second line in use, or out of use; absent: as before
    std::optional<Endpoint> local{};  // moves there
};

class Voice {
  public:
    static constexpr int video_offset = 20000;  // of the ports of its second line

    Voice(Dice& dice, Endpoint local, std::uint32_t serial, bool caller, call::SrtpMode srtp,
          std::vector<sdp::SrtpSuite> suites, std::string name);

    // ---- offer and answer. What is pending takes effect with the answer.
    std::string offer(const Wish& wish);
    std::string offer(sdp::Direction direction) { return offer(Wish{.direction = direction}); }
    // The answer to an offer of theirs; nothing where it cannot be taken.
    std::optional<std::string> answer(std::string_view their_offer, sdp::Direction willing);
    bool take_answer(std::string_view body);
    void rollback() { pending_.reset(); }
    bool offering() const { return pending_.has_value(); }

    // ---- packets
    bool may_send() const;
    Endpoint local() const { return local_; }
    Endpoint remote() const { return remote_; }
    // The next packet, protected where the call is secured; its number is sent() before.
    Bytes next_packet();
    // A sender report with a name, protected as the packets are.
    Bytes next_report();
    std::uint32_t sent() const { return next_index_; }

    struct Heard {
        enum class What { packet, early, forged, corrupt, replayed } what = What::packet;
        std::uint32_t index = 0;
        std::string why;
    };
    // `early`: nothing is agreed yet that could tell what it is.
    Heard hear(ByteView bytes);
    bool hear_rtcp(ByteView bytes);  // false where it is no valid (S)RTCP
    bool secured() const { return in_.has_value(); }

  private:
    struct Pending {
        std::vector<sdp::Crypto> keys;
        sdp::Direction direction = sdp::Direction::sendrecv;
        Endpoint local;
        std::size_t lines = 1;
        bool video = false;
    };
    sdp::Session describe(sdp::Direction direction, const std::string& protocol, Endpoint local);
    sdp::Media video(const std::string& protocol, Endpoint local);
    sdp::Media video_answer(const sdp::Media& offered);
    bool agree(const sdp::Session& theirs, sdp::Direction mine, std::optional<sdp::Crypto> ours,
               const sdp::SrtpKey& key);
    static Bytes payload(std::uint32_t serial, bool caller, std::uint32_t index);

    Dice& dice_;
    Endpoint local_, remote_;
    std::uint32_t serial_;
    bool caller_;
    call::SrtpMode srtp_;
    std::vector<sdp::SrtpSuite> suites_;
    std::string name_, protocol_;
    std::uint64_t session_id_, version_ = 0;
    std::optional<Pending> pending_;
    bool agreed_ = false, video_ = false, rekeyed_ = false;
    std::size_t lines_ = 1;
    sdp::Direction mine_ = sdp::Direction::sendrecv, theirs_ = sdp::Direction::inactive;
    std::optional<sdp::Crypto> our_key_;
    sdp::SrtpKey their_key_;
    std::optional<cpu::Srtp> out_, in_;
    std::uint8_t payload_type_ = 0;
    std::uint32_t next_index_ = 0, ssrc_, timestamp_;
    std::uint16_t sequence_;
};

}  // namespace causeway::world
