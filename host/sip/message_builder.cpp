#include <string>

#include "host/sip/grammar.hpp"
#include "host/sip/message.hpp"
#include "host/sip/message_parser.hpp"

namespace causeway::sip {

namespace {

// CR, LF and NUL become spaces: a value can end neither its line nor the headers.
void append_line_text(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    out += text;
    for (std::size_t i = begin; i < out.size(); ++i)
        if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    append_line_text(out, value);
    out += "\r\n";
}

bool makes_dialog(Method method) {
    return method == Method::invite || method == Method::subscribe || method == Method::refer;
}

}  // namespace

MessageBuilder MessageBuilder::request(Method method, std::string_view uri) {
    return request(to_string(method), uri);
}

MessageBuilder MessageBuilder::request(std::string_view method, std::string_view uri) {
    MessageBuilder builder;
    append_line_text(builder.start_line_, method);
    builder.start_line_ += ' ';
    append_line_text(builder.start_line_, uri);
    builder.start_line_ += " SIP/2.0\r\n";
    return builder;
}

MessageBuilder MessageBuilder::response(int status, std::string_view reason) {
    MessageBuilder builder;
    builder.start_line_ = "SIP/2.0 " + std::to_string(status) + ' ';
    append_line_text(builder.start_line_, reason);
    builder.start_line_ += "\r\n";
    return builder;
}

MessageBuilder MessageBuilder::response_to(const Message& request, int status, std::string_view to_tag,
                                           std::string_view reason) {
    MessageBuilder builder = response(status, reason.empty() ? reason_phrase(status) : reason);
    const bool record_route = status > 100 && status < 300 && makes_dialog(request.method());
    for (const Field& field : request.fields()) {
        switch (field.id) {
            case HeaderId::to:
                // A To that did not parse has no scheme: it is given back as it came.
                if (!to_tag.empty() && !request.to().uri.scheme.empty() && request.to().tag().empty()) {
                    builder.add(field.id, std::string(field.value) + ";tag=" + std::string(to_tag));
                    break;
                }
                [[fallthrough]];
            case HeaderId::via:
            case HeaderId::from:
            case HeaderId::call_id:
            case HeaderId::cseq:
                builder.add(field.id, field.value);
                break;
            case HeaderId::record_route:
                if (record_route) builder.add(field.id, field.value);
                break;
            case HeaderId::timestamp:  // 8.2.6.1
                if (status == 100) builder.add(field.id, field.value);
                break;
            default:
                break;
        }
    }
    return builder;
}

MessageBuilder& MessageBuilder::add(HeaderId id, std::string_view value) {
    return add(to_string(id), value);
}

MessageBuilder& MessageBuilder::add(std::string_view name, std::string_view value) {
    const bool usable = !name.empty() && grammar::all(name, grammar::token);
    if (usable && parse_header_name(name) != HeaderId::content_length) append_field(headers_, name, value);
    return *this;
}

MessageBuilder& MessageBuilder::prepend(HeaderId id, std::string_view value) {
    std::string field;
    append_field(field, to_string(id), value);
    headers_.insert(0, field);
    return *this;
}

MessageBuilder& MessageBuilder::body(std::string_view content_type, std::string_view text) {
    if (!content_type.empty()) add(HeaderId::content_type, content_type);
    body_ = text;
    return *this;
}

Message MessageBuilder::build() const {
    const std::string length = "Content-Length: " + std::to_string(body_.size()) + "\r\n\r\n";
    std::string text;
    text.reserve(start_line_.size() + headers_.size() + length.size() + body_.size());
    text.append(start_line_).append(headers_).append(length).append(body_);
    return Message::built(std::move(text));
}

Message Message::built(std::string text) {
    return MessageParser(std::move(text)).take();
}

}  // namespace causeway::sip
