#include "host/sip/framer.hpp"

#include <algorithm>
#include <optional>

#include "host/base/text.hpp"

namespace causeway::sip {
namespace {

constexpr std::string_view line_end = "\r\n", head_end = "\r\n\r\n";

// The value of Content-Length in a head; an error where there is none, several that differ, or no number.
struct Length {
    std::optional<std::size_t> octets;
    std::string_view error;
};

Length content_length(std::string_view head) {
    Length length;
    for (auto at = head.find(line_end); at != std::string_view::npos;) {
        const auto begin = at + line_end.size();
        // A line that begins with white space goes on with the last (7.3.1).
        for (at = head.find(line_end, begin); at != std::string_view::npos && at + 2 < head.size() &&
                                              (head[at + 2] == ' ' || head[at + 2] == '\t');
             at = head.find(line_end, at + 2)) {
        }
        const auto line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
        const auto [name, value] = split_once(line, ':');
        if (!iequals(trim(name), "content-length") && !iequals(trim(name), "l")) continue;
        const auto octets = parse_number<std::uint32_t>(trim(value));
        if (!octets) return {std::nullopt, "Content-Length is no number"};
        if (length.octets && *length.octets != *octets) return {std::nullopt, "several Content-Length"};
        length.octets = *octets;
    }
    if (!length.octets) length.error = "Content-Length is missing";
    return length;
}

}  // namespace

void StreamFramer::add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    if (why_broken_.empty()) buffer_ += bytes;
}

StreamFramer::Piece StreamFramer::broken(std::string_view why) {
    why_broken_ = why;
    begin_ = buffer_.size();
    return {Found::broken, why};
}

StreamFramer::Piece StreamFramer::next() {
    if (!why_broken_.empty()) return {Found::broken, why_broken_};
    const auto rest = [&] { return std::string_view(buffer_).substr(begin_); };
    // Between messages: pings, pongs and empty lines (7.5).
    while (rest().substr(0, 1) == "\r") {
        if (rest().size() >= 2 && rest()[1] != '\n') return broken("a line ends with CR alone");
        if (rest().size() < 3 || (rest().size() < 4 && rest()[2] == '\r')) {
            // A lone CRLF is a pong, or the first half of a ping.
            return {};
        }
        if (rest().substr(0, 4) == head_end) {
            begin_ += 4;
            return {Found::ping, {}};
        }
        begin_ += 2;
    }
    const auto text = rest();
    const auto from = std::min(scanned_, text.size());
    const auto end = text.find(head_end, from < 3 ? 0 : from - 3);
    if (end == std::string_view::npos) {
        scanned_ = text.size();
        if (text.size() > max_head) return broken("a head of more than 16384 octets");
        return {};
    }
    const auto head = text.substr(0, end + line_end.size());
    if (head.size() > max_head) return broken("a head of more than 16384 octets");
    const Length length = content_length(head);
    if (!length.octets) return broken(length.error);
    const std::size_t size = end + head_end.size() + *length.octets;
    if (size > max_message) return broken("a message of more than 65535 octets");
    if (text.size() < size) {
        scanned_ = end;
        return {};
    }
    begin_ += size;
    scanned_ = 0;
    return {Found::message, text.substr(0, size)};
}

}  // namespace causeway::sip
