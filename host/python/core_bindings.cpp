// causeway.Core: the core on a virtual clock.
#include "host/python/bindings.hpp"
#include "host/python/virtual_core.hpp"

namespace causeway::python {
namespace {

const char* to_text(call::Ended ended) {
    switch (ended) {
        case call::Ended::caller:
            return "caller";
        case call::Ended::callee:
            return "callee";
        case call::Ended::gateway:
            return "gateway";
    }
    return "?";
}

py::object moment(const std::optional<Time>& at) {
    return at ? py::object(py::float_(seconds(*at - VirtualCore::epoch))) : py::none();
}

py::dict record(const VirtualCore::Record& r) {
    py::dict d;
    d["attempt"] = r.start.attempt;
    d["started"] = moment(r.start.at);
    d["call_id"] = text(r.start.call_id);
    d["caller"] = text(r.start.caller);
    d["callee"] = text(r.start.callee);
    d["source_trunk"] = r.start.source_trunk;
    d["target_trunk"] = r.start.target_trunk;
    d["target_call_id"] = text(r.start.target_call_id);
    d["ended"] = r.end ? moment(r.end->at) : py::none();
    if (!r.end) return d;
    d["ringing"] = moment(r.end->ringing);
    d["answered"] = moment(r.end->answered);
    d["status"] = r.end->status;
    d["reason"] = text(r.end->reason);
    d["ended_by"] = to_text(r.end->by);
    py::list media;
    for (const auto& m : r.end->media) media.append(to_dict(m));
    d["media"] = media;
    return d;
}

}  // namespace

void bind_core(py::module_& m) {
    using Core = VirtualCore;
    py::class_<Core>(m, "Core")
        .def(py::init([](const std::string& toml, std::uint64_t seed) {
                 return std::make_unique<Core>(config(toml).core, seed);
             }),
             py::arg("config"), py::arg("seed") = 1)
        .def(
            "receive_sip",
            [](Core& c, const std::string& datagram, const std::string& from, std::uint16_t listener) {
                c.receive_sip(datagram, endpoint(from), listener);
            },
            py::arg("text"), py::arg("source"), py::arg("listener") = 0)
        .def(
            "receive_media",
            [](Core& c, const std::string& local, const std::string& from, const py::bytes& bytes) {
                c.receive_media(endpoint(local), endpoint(from), as_bytes(std::string_view(bytes)));
            },
            py::arg("local"), py::arg("source"), py::arg("data"))
        .def(
            "advance", [](Core& c, double s) { c.advance(duration(s)); }, py::arg("seconds"))
        .def_property_readonly("now", [](const Core& c) { return seconds(c.now()); })
        .def_property_readonly("next_timer",
                               [](const Core& c) -> std::optional<double> {
                                   const auto next = c.next_timer();
                                   if (!next) return std::nullopt;
                                   return seconds(*next);
                               })
        .def("take_sip",
             [](Core& c) {
                 py::list out;
                 for (const auto& s : c.take_sip())
                     out.append(py::make_tuple(s.to.to_string(), text(s.text)));
                 return out;
             })
        .def("take_media",
             [](Core& c) {
                 py::list out;
                 for (const auto& s : c.take_media())
                     out.append(py::make_tuple(s.local.to_string(), s.to.to_string(), octets(s.bytes)));
                 return out;
             })
        .def("status", [](const Core& c) { return to_dict(c.core().status()); })
        .def("calls",
             [](const Core& c) {
                 py::list out;
                 for (const auto& info : c.core().calls()) out.append(to_dict(info, Core::epoch));
                 return out;
             })
        .def_property_readonly("cdrs",
                               [](const Core& c) {
                                   py::list out;
                                   for (const auto& r : c.records()) out.append(record(r));
                                   return out;
                               })
        .def("hangup", &Core::hangup, py::arg("id"))
        .def("drain", &Core::drain);
}

}  // namespace causeway::python
