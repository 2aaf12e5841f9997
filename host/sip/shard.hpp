// Which shard owns a message. Shards share nothing, so all that belongs to one call must be handled by one of
// them, whichever received it. Tokens that we mint (branches, tags, Call-IDs) carry the number of their
// shard; a message that has none of ours belongs to the shard that its Call-ID hashes to, and so do its
// repetitions, its CANCEL and its ACK.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/random.hpp"

namespace causeway::sip {

struct Shard {
    std::uint8_t number = 0, count = 1;
    template <class A>
    void archive(A& a) {
        a(number, count);
    }
    bool operator==(const Shard&) const = default;
};
constexpr std::size_t max_shards = 64;

// "cw" with the shard's number and `octets` random ones, in hex: unguessable (RFC 3261 19.3).
std::string mint_token(Random& random, std::uint8_t shard, std::size_t octets);
// The number in a token of ours; nothing in one that we did not mint.
std::optional<std::uint8_t> shard_of_token(std::string_view token);

// The owner of a message among `count` shards: a response's branch, a request's To tag, else the Call-ID
// says. Reads the few fields it needs and takes any text: nothing where there is neither, as in what is no
// SIP.
std::optional<std::uint8_t> shard_of_message(std::string_view message, std::uint8_t count);

}  // namespace causeway::sip
