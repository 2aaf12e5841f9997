#include "host/store/frame.hpp"

#include <algorithm>
#include <boost/crc.hpp>

namespace causeway::store {

namespace {

constexpr std::string_view magic = "CDR1";
constexpr std::size_t header = 12;

std::uint32_t checksum(std::string_view length, std::string_view payload) {
    boost::crc_32_type crc;
    crc.process_bytes(length.data(), length.size());
    crc.process_bytes(payload.data(), payload.size());
    return crc.checksum();
}

// Length of the good record that `text` starts with; 0 where there is none.
std::size_t good_record(std::string_view text) {
    if (text.size() < header || !text.starts_with(magic)) return 0;
    const ByteView bytes = as_bytes(text);
    const std::size_t length = load_be32(bytes.data() + 4);
    if (length > max_payload || length > text.size() - header) return 0;
    const bool good = checksum(text.substr(4, 4), text.substr(header, length)) == load_be32(bytes.data() + 8);
    return good ? header + length : 0;
}

}  // namespace

std::string frame(std::string_view payload) {
    std::uint8_t numbers[8];
    store_be32(numbers, static_cast<std::uint32_t>(payload.size()));
    const std::string_view length = as_text({numbers, 4});
    store_be32(numbers + 4, checksum(length, payload));
    std::string out;
    out.reserve(header + payload.size());
    return out.append(magic).append(as_text(numbers)).append(payload);
}

ReadFrames read_frames(ByteView bytes, const std::function<void(std::string_view)>& record) {
    const std::string_view text = as_text(bytes);
    ReadFrames read;
    std::size_t at = 0;
    while (at < text.size()) {
        if (const std::size_t length = good_record(text.substr(at))) {
            if (at != read.end) ++read.damaged;
            record(text.substr(at + header, length - header));
            at += length;
            read.end = at;
        } else {
            at = std::min(text.find(magic, at + 1), text.size());
        }
    }
    read.torn = text.find_first_not_of('\0', read.end) != std::string_view::npos;
    return read;
}

}  // namespace causeway::store
