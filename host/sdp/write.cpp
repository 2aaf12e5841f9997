// Session to text, in the order that RFC 8866 section 5 prescribes.
#include <algorithm>
#include <initializer_list>

#include "host/sdp/session.hpp"

namespace causeway::sdp {

namespace {

class Writer {
  public:
    void line(std::initializer_list<std::string_view> pieces) {
        const auto start = text_.size();
        for (const auto piece : pieces) text_ += piece;
        std::replace_if(
            text_.begin() + static_cast<std::ptrdiff_t>(start), text_.end(),
            [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
        text_ += "\r\n";
    }
    void lines(std::string_view prefix, const std::vector<std::string>& values) {
        for (const auto& v : values) line({prefix, v});
    }
    void optional(std::string_view prefix, const std::optional<std::string>& value) {
        if (value) line({prefix, *value});
    }
    void connection(const std::optional<Connection>& c) {
        if (c) line({"c=IN ", c->ip6 ? "IP6 " : "IP4 ", c->address, c->suffix});
    }
    void attributes(const std::vector<Attribute>& attributes) {
        for (const auto& a : attributes)
            if (a.value)
                line({"a=", a.name, ":", *a.value});
            else
                line({"a=", a.name});
    }
    void media(const Media& m) {
        std::string formats;
        for (const auto& f : m.formats) (formats += ' ') += f;
        std::string port = std::to_string(m.port);
        if (m.port_count != 1) port += '/' + std::to_string(m.port_count);
        line({"m=", m.type, " ", port, " ", m.protocol, formats});
        optional("i=", m.title);
        connection(m.connection);
        lines("b=", m.bandwidths);
        optional("k=", m.key);
        attributes(m.attributes);
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

}  // namespace

std::string Session::to_string() const {
    Writer w;
    w.line({"v=0"});
    w.line({"o=", origin.username, " ", std::to_string(origin.session_id), " ",
            std::to_string(origin.version), origin.ip6 ? " IN IP6 " : " IN IP4 ", origin.address});
    w.line({"s=", name.empty() ? std::string_view("-") : std::string_view(name)});
    w.lines("", information);
    w.connection(connection);
    w.lines("b=", bandwidths);
    if (times.empty()) w.line({"t=0 0"});
    w.lines("", times);
    w.optional("k=", key);
    w.attributes(attributes);
    for (const auto& m : media) w.media(m);
    return w.take();
}

}  // namespace causeway::sdp
