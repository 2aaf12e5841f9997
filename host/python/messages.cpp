// SIP messages and URIs as Python values.
#include "host/python/bindings.hpp"
#include "host/sip/message.hpp"

namespace causeway::python {
namespace {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

PyObject* parse_error = nullptr;  // the class ParseError

[[noreturn]] void throw_parse_error(const std::string& reason, int status) {
    const py::object error = py::reinterpret_borrow<py::object>(parse_error)(reason);
    error.attr("reason") = reason;
    error.attr("status") = status;
    PyErr_SetObject(parse_error, error.ptr());
    throw py::error_already_set();
}

sip::Message finish(sip::MessageBuilder builder, const HeaderList& headers, const std::string& body,
                    const std::string& content_type) {
    for (const auto& [name, value] : headers) builder.add(name, value);
    if (!body.empty()) builder.body(content_type, body);
    return builder.build();
}

py::list texts(const std::vector<std::string_view>& all) {
    py::list out;
    for (const auto one : all) out.append(text(one));
    return out;
}

void bind_uri(py::module_& m) {
    using sip::Uri;
    py::class_<Uri>(m, "Uri", "A sip, sips or tel URI (RFC 3261 section 19.1, RFC 3966).")
        .def_static(
            "parse",
            [](const std::string& written) {
                auto uri = Uri::parse(written);
                if (!uri) throw_parse_error(uri.error().what, 400);
                return std::move(*uri);
            },
            py::arg("text"), "Raises ParseError, a ValueError.")
        .def_readonly("scheme", &Uri::scheme)
        .def_property_readonly("user", [](const Uri& u) { return text(u.user); })
        .def_property_readonly(
            "password", [](const Uri& u) { return u.password ? py::object(text(*u.password)) : py::none(); })
        .def_readonly("host", &Uri::host)
        .def_readonly("port", &Uri::port)
        .def_property_readonly(
            "params",
            [](const Uri& u) {
                py::dict out;
                for (const auto& p : u.params.all)
                    out[text(p.name)] = p.value ? py::object(text(*p.value)) : py::none();
                return out;
            },
            "Names with their values, None for a parameter without one.")
        .def_property_readonly("headers", [](const Uri& u) { return text(u.headers); })
        .def("equivalent", &Uri::equivalent, py::arg("other"),
             "Comparison of RFC 3261 section 19.1.4 and RFC 3966 section 5.")
        .def("__str__", [](const Uri& u) { return text(u.to_string()); })
        .def("__repr__", [](const Uri& u) { return text("<Uri " + u.to_string() + ">"); });
}

}  // namespace

void bind_messages(py::module_& m) {
    parse_error = PyErr_NewExceptionWithDoc("causeway.ParseError",
                                            "Text that is not what it should be. `reason` says why; `status` "
                                            "is what a server answers, 0 where it answers nothing.",
                                            PyExc_ValueError, nullptr);
    if (parse_error == nullptr) throw py::error_already_set();
    m.add_object("ParseError", parse_error);
    bind_uri(m);

    using sip::Message;
    const HeaderList none;
    py::class_<Message>(m, "Message", "A SIP message (RFC 3261 section 7). Immutable.")
        .def_static(
            "parse",
            [](const std::string& datagram) {
                auto message = Message::parse(datagram);
                if (!message) throw_parse_error(message.error().reason, message.error().status);
                return std::move(*message);
            },
            py::arg("text"), "One datagram, str or bytes. Raises ParseError, a ValueError.")
        .def_static(
            "request",
            [](const std::string& method, const std::string& uri, const HeaderList& headers,
               const std::string& body, const std::string& content_type) {
                return finish(sip::MessageBuilder::request(method, uri), headers, body, content_type);
            },
            py::arg("method"), py::arg("uri"), py::arg("headers") = none, py::arg("body") = "",
            py::arg("content_type") = "application/sdp",
            "Builds a request from (name, value) pairs; Content-Length is added.")
        .def_static(
            "response",
            [](int status, const std::string& reason, const HeaderList& headers, const std::string& body,
               const std::string& content_type) {
                const auto phrase = reason.empty() ? std::string(sip::reason_phrase(status)) : reason;
                return finish(sip::MessageBuilder::response(status, phrase), headers, body, content_type);
            },
            py::arg("status"), py::arg("reason") = "", py::arg("headers") = none, py::arg("body") = "",
            py::arg("content_type") = "application/sdp", "Builds a response from (name, value) pairs.")
        .def(
            "reply",
            [](const Message& request, int status, const std::string& to_tag, const std::string& reason,
               const HeaderList& headers, const std::string& body, const std::string& content_type) {
                return finish(sip::MessageBuilder::response_to(request, status, to_tag, reason), headers,
                              body, content_type);
            },
            py::arg("status"), py::arg("to_tag") = "", py::arg("reason") = "", py::arg("headers") = none,
            py::arg("body") = "", py::arg("content_type") = "application/sdp",
            "The response to this request, with the fields of RFC 3261 section 8.2.6.2 copied.")
        .def_property_readonly("is_request", &Message::is_request)
        .def_property_readonly(
            "method", [](const Message& s) { return text(s.method_name()); },
            "Of a response that of its CSeq.")
        .def_property_readonly("request_uri", [](const Message& s) { return text(s.request_uri()); })
        .def_property_readonly("status", &Message::status, "0 for a request.")
        .def_property_readonly("reason", [](const Message& s) { return text(s.reason()); })
        .def_property_readonly("call_id", [](const Message& s) { return text(s.call_id()); })
        .def_property_readonly("cseq", [](const Message& s) { return s.cseq().number; })
        .def_property_readonly(
            "from_uri", [](const Message& s) { return s.from().uri; }, "Of the From field.")
        .def_property_readonly(
            "to_uri", [](const Message& s) { return s.to().uri; }, "Of the To field.")
        .def_property_readonly("from_tag", [](const Message& s) { return text(s.from().tag()); })
        .def_property_readonly("to_tag", [](const Message& s) { return text(s.to().tag()); })
        .def_property_readonly(
            "fields",
            [](const Message& s) {
                py::list out;
                for (const auto& f : s.fields()) out.append(py::make_tuple(text(f.name), text(f.value)));
                return out;
            },
            "All fields as (name, value), in order, names as written.")
        .def(
            "first",
            [](const Message& s, const std::string& name) -> py::object {
                const auto id = sip::parse_header_name(name);
                for (const auto& f : s.fields()) {
                    if (id != sip::HeaderId::other && f.id == id) return text(f.value);
                }
                if (const auto value = s.first(name); !value.empty()) return text(value);
                return py::none();
            },
            py::arg("name"), "Value of the first field of that name, long or compact; None without one.")
        .def(
            "values",
            [](const Message& s, const std::string& name) {
                const auto id = sip::parse_header_name(name);
                if (id == sip::HeaderId::other) value_error("no list header that Causeway knows: " + name);
                return texts(s.values(id));
            },
            py::arg("name"), "All values of a list header (Via, Route, Contact, ...), split at commas.")
        .def_property_readonly("body", [](const Message& s) { return text(s.body()); })
        .def_property_readonly("text", [](const Message& s) { return text(s.text()); })
        .def("__str__", [](const Message& s) { return text(s.text()); })
        .def("__repr__", [](const Message& s) {
            const auto line = s.text().substr(0, s.text().find('\r'));
            return text("<Message " + std::string(line) + ">");
        });
}

}  // namespace causeway::python
