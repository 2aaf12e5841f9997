#include "host/sip/message.hpp"

#include <algorithm>

#include "host/base/text.hpp"
#include "host/sip/grammar.hpp"
#include "host/sip/message_parser.hpp"

namespace causeway::sip {

namespace {

// Of a message that is too large no more is copied than shows it to be so.
std::string bounded(std::string_view datagram) {
    return std::string(datagram.substr(0, max_message_size + 1));
}

}  // namespace

tl::expected<Message, ParseError> Message::parse(std::string_view datagram) {
    MessageParser parser(bounded(datagram));
    if (parser.error()) return tl::make_unexpected(*parser.error());
    return parser.take();
}

std::optional<Message> Message::salvage(std::string_view datagram) {
    MessageParser parser(bounded(datagram));
    if (!parser.answerable()) return std::nullopt;
    return parser.take();
}

bool Message::has(HeaderId id) const {
    return std::any_of(fields_.begin(), fields_.end(), [id](const Field& field) { return field.id == id; });
}

std::string_view Message::first(HeaderId id) const {
    for (const Field& field : fields_)
        if (field.id == id) return field.value;
    return {};
}

std::string_view Message::first(std::string_view name) const {
    if (const HeaderId id = parse_header_name(name); id != HeaderId::other) return first(id);
    for (const Field& field : fields_)
        if (iequals(field.name, name)) return field.value;
    return {};
}

std::vector<std::string_view> Message::values(HeaderId id) const {
    std::vector<std::string_view> out;
    for (const Field& field : fields_) {
        if (field.id != id) continue;
        std::string_view rest = field.value, value;
        while (grammar::next_value(rest, value)) out.push_back(value);
    }
    return out;
}

bool Message::lists(HeaderId id, std::string_view token) const {
    for (const Field& field : fields_) {
        if (field.id != id) continue;
        std::string_view rest = field.value, value;
        while (grammar::next_value(rest, value))
            if (iequals(value, token)) return true;
    }
    return false;
}

Message Message::with_top_via(const Via& via) const {
    const std::string_view old_text = text();
    const std::string_view field = first(HeaderId::via);
    if (field.data() == nullptr) return *this;
    const std::string_view old_via = field.substr(0, grammar::value_end(field));
    const std::string new_via = via.to_string();
    const auto begin = static_cast<std::size_t>(old_via.data() - old_text.data());
    const std::size_t end = begin + old_via.size();

    auto buffer = std::make_shared<std::string>();
    buffer->reserve(old_text.size() + new_via.size());
    buffer->append(old_text.substr(0, begin)).append(new_via).append(old_text.substr(end));

    // A view before the Via stays where it was, one behind moves with the text, and the one of the Via
    // itself grows with it.
    const auto rebase = [&](std::string_view view) {
        if (view.data() == nullptr) return view;
        const auto offset = static_cast<std::size_t>(view.data() - old_text.data());
        if (offset == begin)
            return std::string_view(*buffer).substr(begin, view.size() - old_via.size() + new_via.size());
        return std::string_view(*buffer).substr(
            offset < begin ? offset : offset - end + begin + new_via.size(), view.size());
    };
    Message out = *this;
    out.via_ = via;
    out.request_uri_ = rebase(request_uri_);
    out.reason_ = rebase(reason_);
    out.call_id_ = rebase(call_id_);
    out.body_ = rebase(body_);
    for (Field& f : out.fields_) {
        f.name = rebase(f.name);
        f.value = rebase(f.value);
    }
    out.buffer_ = std::move(buffer);
    return out;
}

}  // namespace causeway::sip
