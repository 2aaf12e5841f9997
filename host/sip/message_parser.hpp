// Reads one message (RFC 3261 section 7) in one pass over its text. Private to host/sip.
//
// The parser does not stop at the first mistake: it notes it and goes on, so that the same pass serves
// Message::parse (which refuses the message), Message::salvage (which answers it) and MessageBuilder::build.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "host/sip/message.hpp"

namespace causeway::sip {

constexpr std::size_t max_message_size = 65536;  // octets; a UDP datagram cannot hold more
constexpr std::size_t max_fields = 512;

class MessageParser {
  public:
    explicit MessageParser(std::string datagram);

    const std::optional<ParseError>& error() const { return error_; }
    // A request that a response can be sent to: it has a Via that names a host, and is no ACK.
    bool answerable() const;
    // What was found, whole if there is no error().
    Message take() { return std::move(message_); }

  private:
    void fail(int status, std::string reason);  // only the first one counts
    bool next_line(std::string_view& line, bool may_fold);
    void read_start_line(std::string_view line);
    void read_request_line(std::string_view line);
    void read_status_line(std::string_view line);
    void read_field(std::string_view line);
    void read_once(std::optional<std::string_view>& slot, const Field& field);
    void read_content_length(std::string_view value);
    void check_required();
    void check_contacts();
    void cut_body();

    Message message_;
    std::string* text_;    // the buffer, while it is still being unfolded
    std::size_t in_ = 0;   // where reading goes on
    std::size_t out_ = 0;  // where the unfolded text ends
    bool request_ = false;
    bool head_complete_ = false;
    bool via_usable_ = false;
    std::optional<std::string_view> via_, from_, to_, call_id_, cseq_;
    std::optional<std::size_t> content_length_;
    std::optional<ParseError> error_;
};

}  // namespace causeway::sip
