// Session descriptions as Python values, and G.711 octets from and to samples.
#include "hls/codec/g711.hpp"
#include "host/python/bindings.hpp"
#include "host/sdp/session.hpp"

namespace causeway::python {
namespace {

py::object address_of(const std::optional<sdp::Connection>& c) {
    return c ? py::object(text(c->address)) : py::none();
}

py::list attribute_list(const std::vector<sdp::Attribute>& all) {
    py::list out;
    for (const auto& a : all)
        out.append(py::make_tuple(text(a.name), a.value ? py::object(text(*a.value)) : py::none()));
    return out;
}

}  // namespace

void bind_descriptions(py::module_& m) {
    py::class_<sdp::Codec>(m, "Codec", "A payload format: rtpmap and fmtp together.")
        .def_readonly("payload_type", &sdp::Codec::payload_type)
        .def_property_readonly("name", [](const sdp::Codec& c) { return text(c.name); })
        .def_readonly("clock_rate", &sdp::Codec::clock_rate)
        .def_readonly("channels", &sdp::Codec::channels)
        .def_property_readonly("fmtp", [](const sdp::Codec& c) { return text(c.fmtp); });

    using sdp::Media;
    py::class_<Media>(m, "Media", "One m-line with all below it.")
        .def_property_readonly("type", [](const Media& d) { return text(d.type); })
        .def_readonly("port", &Media::port)
        .def_property_readonly("protocol", [](const Media& d) { return text(d.protocol); })
        .def_property_readonly("rejected", &Media::rejected)
        .def_property_readonly("codecs", &Media::codecs)
        .def_property_readonly(
            "connection", [](const Media& d) { return address_of(d.connection); },
            "Its own connection address or None.")
        .def_property_readonly(
            "attributes", [](const Media& d) { return attribute_list(d.attributes); },
            "(name, value) in order; value None where there is none.")
        .def_property_readonly("ptime_ms", &Media::ptime_ms);

    using sdp::Session;
    py::class_<Session>(m, "Session", "A session description (RFC 8866).")
        .def_static(
            "parse",
            [](const std::string& written) {
                auto session = Session::parse(written);
                if (!session) value_error(session.error().what);
                return std::move(*session);
            },
            py::arg("text"), "Raises ValueError with the number of the line.")
        .def_property_readonly("name", [](const Session& s) { return text(s.name); })
        .def_property_readonly("session_id", [](const Session& s) { return s.origin.session_id; })
        .def_property_readonly("version", [](const Session& s) { return s.origin.version; })
        .def_property_readonly("connection", [](const Session& s) { return address_of(s.connection); })
        .def_property_readonly("attributes", [](const Session& s) { return attribute_list(s.attributes); })
        .def_readonly("media", &Session::media)
        .def(
            "direction", [](const Session& s, const Media& d) { return sdp::to_string(s.direction(d)); },
            py::arg("media"), "What holds for this m-line: \"sendrecv\", \"sendonly\", ...")
        .def(
            "connection_of",
            [](const Session& s, const Media& d) -> py::object {
                const auto* c = s.connection_of(d);
                return c == nullptr ? py::object(py::none()) : py::object(text(c->address));
            },
            py::arg("media"), "The connection address that holds for this m-line.")
        .def("to_string", [](const Session& s) { return text(s.to_string()); })
        .def("__str__", [](const Session& s) { return text(s.to_string()); });
}

namespace {

template <std::uint8_t (*encode)(std::int16_t)>
py::bytes encoded(std::string_view samples) {
    if (samples.size() % 2 != 0) value_error("samples have two octets each");
    std::string out;
    out.reserve(samples.size() / 2);
    for (std::size_t i = 0; i + 1 < samples.size(); i += 2) {
        const auto low = static_cast<std::uint8_t>(samples[i]);
        const auto high = static_cast<std::uint8_t>(samples[i + 1]);
        out.push_back(static_cast<char>(encode(static_cast<std::int16_t>(high << 8 | low))));
    }
    return out;
}

template <std::int16_t (*decode)(std::uint8_t)>
py::bytes decoded(std::string_view codes) {
    std::string out;
    out.reserve(codes.size() * 2);
    for (const char code : codes) {
        const auto sample = static_cast<std::uint16_t>(decode(static_cast<std::uint8_t>(code)));
        out.push_back(static_cast<char>(sample & 0xFF));
        out.push_back(static_cast<char>(sample >> 8));
    }
    return out;
}

}  // namespace

void bind_audio(py::module_& m) {
    const char* encode = "16-bit little-endian samples in, one octet each out (ITU-T G.711).";
    const char* decode = "One octet a sample in, 16-bit little-endian samples out (ITU-T G.711).";
    m.def("mulaw_encode", &encoded<hls::mulaw_encode>, py::arg("samples"), encode);
    m.def("mulaw_decode", &decoded<hls::mulaw_decode>, py::arg("codes"), decode);
    m.def("alaw_encode", &encoded<hls::alaw_encode>, py::arg("samples"), encode);
    m.def("alaw_decode", &decoded<hls::alaw_decode>, py::arg("codes"), decode);
}

}  // namespace causeway::python
