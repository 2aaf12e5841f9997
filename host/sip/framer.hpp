// Cuts a byte stream into SIP messages (RFC 3261 18.3): over TCP the Content-Length says where a message
// ends, and is required. Keep-alives between messages are told apart (RFC 5626 3.5.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace causeway::sip {

class StreamFramer {
  public:
    // A message of more octets, or a head of more, breaks the stream.
    static constexpr std::size_t max_message = 65535, max_head = 16384;

    enum class Found {
        nothing,  // more bytes are needed
        message,
        ping,    // CRLF CRLF: the other side wants a pong
        broken,  // where the next message begins cannot be told: the connection is of no more use
    };
    struct Piece {
        Found found = Found::nothing;
        std::string_view text;  // the message, or why it is broken; valid until the next call
    };

    void add(std::string_view bytes);
    Piece next();
    // A message has begun and is not complete.
    bool is_waiting() const { return buffer_.find_first_not_of("\r\n", begin_) != std::string::npos; }

  private:
    Piece broken(std::string_view why);

    std::string buffer_;
    std::size_t begin_ = 0;    // of what next() has not given out
    std::size_t scanned_ = 0;  // octets of it that hold no end of a head
    std::string_view why_broken_;
};

}  // namespace causeway::sip
