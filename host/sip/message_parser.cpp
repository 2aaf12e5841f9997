#include "host/sip/message_parser.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/base/text.hpp"
#include "host/sip/grammar.hpp"

namespace causeway::sip {

namespace {

constexpr std::string_view version = "SIP/2.0";

// A NUL may stand in a quoted pair only (25.1).
bool has_bare_nul(std::string_view text) {
    for (std::size_t at = text.find('\0'); at != std::string_view::npos; at = text.find('\0', at + 1))
        if (at == 0 || text[at - 1] != '\\') return true;
    return false;
}

bool is_call_id(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

MessageParser::MessageParser(std::string datagram) {
    const auto buffer = std::make_shared<std::string>(std::move(datagram));
    message_.buffer_ = buffer;
    text_ = buffer.get();
    if (text_->size() > max_message_size) fail(513, "message is larger than 65536 octets");
    const std::size_t begin = text_->find_first_not_of("\r\n");
    if (begin == std::string::npos) {
        fail(0, "no message");
        return;
    }
    text_->erase(0, begin);

    std::string_view line;
    if (next_line(line, false)) {
        read_start_line(line);
        message_.fields_.reserve(24);
        while (!head_complete_ && next_line(line, true)) {
            if (line.empty())
                head_complete_ = true;
            else
                read_field(line);
        }
    }
    text_->erase(out_, in_ - out_);
    if (has_bare_nul(std::string_view(*text_).substr(0, out_))) fail(400, "NUL in the headers");
    check_required();
    if (request_) check_contacts();
    cut_body();
    if (error_ && !answerable()) error_->status = 0;
}

bool MessageParser::answerable() const {
    return request_ && via_usable_ && message_.cseq_.method != Method::ack;
}

void MessageParser::fail(int status, std::string reason) {
    if (!error_) error_ = ParseError{status, std::move(reason)};
}

// The next line without its end. Folded lines (7.3.1) are joined by one space; what is read moves down in the
// buffer to close the gaps, so a message without folds stays where it is.
bool MessageParser::next_line(std::string_view& line, bool may_fold) {
    std::string& text = *text_;
    const std::size_t begin = out_;
    for (;;) {
        const std::size_t newline = text.find('\n', in_);
        if (newline == std::string::npos) return false;
        const std::size_t end = newline > in_ && text[newline - 1] == '\r' ? newline - 1 : newline;
        const std::size_t size = end - in_, terminator = newline + 1 - end;
        if (in_ != out_) std::memmove(&text[out_], &text[in_], newline + 1 - in_);
        in_ = newline + 1;
        out_ += size;
        const bool folded = may_fold && out_ != begin && in_ < text.size() && grammar::is_lws(text[in_]);
        if (!folded) {
            line = std::string_view(text).substr(begin, out_ - begin);
            out_ += terminator;
            break;
        }
        while (out_ != begin && grammar::is_lws(text[out_ - 1])) --out_;
        text[out_++] = ' ';
        in_ = grammar::skip_lws(text, in_);
    }
    if (line.find('\r') != std::string_view::npos) fail(400, "CR without LF in the headers");
    return true;
}

void MessageParser::read_start_line(std::string_view line) {
    request_ = !istarts_with(line, "SIP/");
    if (request_)
        read_request_line(line);
    else
        read_status_line(line);
}

// Method SP Request-URI SP SIP-Version (7.1), with exactly these two spaces.
void MessageParser::read_request_line(std::string_view line) {
    const std::size_t first = std::min(line.find(' '), line.size());
    const std::string_view method = line.substr(0, first);
    message_.cseq_.method_name = method;
    message_.cseq_.method = parse_method(method);
    if (method.empty() || !grammar::all(method, grammar::token)) return fail(400, "method is not a token");

    const std::size_t last = line.rfind(' ');
    if (last == std::string_view::npos || last == first) return fail(400, "request line is incomplete");
    const std::string_view uri = line.substr(first + 1, last - first - 1);
    const std::string_view protocol = line.substr(last + 1);
    message_.request_uri_ = uri;
    if (protocol.empty()) return fail(400, "white space behind the request line");
    if (!istarts_with(protocol, "SIP/")) return fail(400, "no SIP version in the request line");
    if (!iequals(protocol, version)) return fail(505, "SIP version is not 2.0");
    const auto parsed = Uri::parse(uri);
    if (!parsed) return fail(400, "Request-URI: " + parsed.error().what);
    if (!parsed->headers.empty()) fail(400, "Request-URI with headers");
}

// SIP-Version SP Status-Code SP Reason-Phrase (7.2). The space before an empty phrase may be missing.
void MessageParser::read_status_line(std::string_view line) {
    const auto [protocol, rest] = split_once(line, ' ');
    const auto [code, reason] = split_once(rest, ' ');
    if (!iequals(protocol, version)) return fail(505, "SIP version is not 2.0");
    const auto status = parse_number<unsigned>(code);
    if (!status || code.size() != 3 || *status < 100 || *status > 699)
        return fail(400, "status code is not between 100 and 699");
    message_.status_ = static_cast<int>(*status);
    message_.reason_ = reason;
}

void MessageParser::read_field(std::string_view line) {
    if (message_.fields_.size() == max_fields) return fail(400, "more than 512 header fields");
    const std::size_t name_end = grammar::run_end(line, 0, grammar::token);
    const std::size_t colon = grammar::skip_lws(line, name_end);
    if (name_end == 0) return fail(400, "header field without a name");
    if (colon == line.size() || line[colon] != ':') return fail(400, "header field without ':'");

    Field field;
    field.name = line.substr(0, name_end);
    field.id = parse_header_name(field.name);
    field.value = grammar::trim_lws(line.substr(colon + 1));
    message_.fields_.push_back(field);
    switch (field.id) {
        case HeaderId::via:
            if (!via_) via_ = field.value;
            break;
        case HeaderId::from:
            read_once(from_, field);
            break;
        case HeaderId::to:
            read_once(to_, field);
            break;
        case HeaderId::call_id:
            read_once(call_id_, field);
            break;
        case HeaderId::cseq:
            read_once(cseq_, field);
            break;
        case HeaderId::content_length:
            read_content_length(field.value);
            break;
        default:
            break;
    }
}

void MessageParser::read_once(std::optional<std::string_view>& slot, const Field& field) {
    if (slot) return fail(400, "more than one " + std::string(to_string(field.id)));
    slot = field.value;
}

// Saying the same twice is harmless; two lengths would let two readers see two bodies.
void MessageParser::read_content_length(std::string_view value) {
    const auto length = parse_number<std::size_t>(value);
    if (!length) return fail(400, "Content-Length is not a number");
    if (content_length_ && *content_length_ != *length) return fail(400, "Content-Lengths that differ");
    content_length_ = length;
}

void MessageParser::check_required() {
    if (!head_complete_) fail(400, "no empty line behind the headers");
    if (via_) {
        const std::string_view top = via_->substr(0, grammar::value_end(*via_));
        auto via = Via::parse(top);
        if (!via) {
            fail(400, via.error().what);
            via = Via::parse(top.substr(0, top.find(';')));  // host and transport are enough for an answer
        }
        via_usable_ = via.has_value();
        if (via) message_.via_ = std::move(*via);
    } else {
        fail(400, "no Via");
    }
    const auto read_address = [this](const std::optional<std::string_view>& text, const std::string& name,
                                     NameAddr& address) {
        if (!text) return fail(400, "no " + name);
        auto parsed = NameAddr::parse(*text);
        if (!parsed) return fail(400, name + ": " + parsed.error().what);
        address = std::move(*parsed);
    };
    read_address(from_, "From", message_.from_);
    read_address(to_, "To", message_.to_);

    if (!call_id_)
        fail(400, "no Call-ID");
    else if (!is_call_id(*call_id_))
        fail(400, "Call-ID is malformed");
    else
        message_.call_id_ = *call_id_;

    if (!cseq_) return fail(400, "no CSeq");
    auto cseq = CSeq::parse(*cseq_);
    if (!cseq) return fail(400, cseq.error().what);
    if (request_ && cseq->method_name != message_.cseq_.method_name) {
        fail(400, "method of CSeq differs from that of the request");
        message_.cseq_.number = cseq->number;
    } else {
        message_.cseq_ = std::move(*cseq);
    }
}

// A Contact becomes the Request-URI of later requests, so a broken one is refused before a dialog rests on
// it.
void MessageParser::check_contacts() {
    for (const Field& field : message_.fields_) {
        if (field.id != HeaderId::contact || field.value == "*") continue;
        std::string_view rest = field.value, value;
        while (grammar::next_value(rest, value)) {
            const auto contact = NameAddr::parse(value);
            if (!contact) return fail(400, "Contact: " + contact.error().what);
        }
    }
}

// Content-Length cuts the body of a datagram (18.3); without one it goes to the end.
void MessageParser::cut_body() {
    if (!head_complete_) return;
    const std::size_t available = text_->size() - out_;
    const std::size_t size = content_length_.value_or(available);
    if (size > available) fail(400, "Content-Length is larger than the body");
    text_->resize(out_ + std::min(size, available));
    message_.body_ = std::string_view(*text_).substr(out_);
}

}  // namespace causeway::sip
