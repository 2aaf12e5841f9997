// Records framed so that a reader finds them again behind damage: a record torn by a kill or a power cut, a
// sector of zeros, a flipped bit.
//
//   "CDR1" | length (32 bit, big-endian) | CRC-32 of length and payload (big-endian) | payload
//
// A preallocated file is zero behind its last record. Payloads are JSON, in which the zero octets of a length
// cannot occur, so no record can be hidden inside another one's text.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"

namespace causeway::store {

constexpr std::size_t max_payload = 256u << 10;  // octets

// The record of `payload`, which has at most max_payload octets.
std::string frame(std::string_view payload);

struct ReadFrames {
    std::size_t end = 0;      // where the last good record ends; a later read goes on here
    std::size_t damaged = 0;  // stretches between good records that are none
    bool torn = false;        // something that is no good record stands behind the last one
};

// Every good record of `bytes` in order. A record that is being written looks torn: read again later.
ReadFrames read_frames(ByteView bytes, const std::function<void(std::string_view payload)>& record);

}  // namespace causeway::store
