// causeway._core.Endpoint: the endpoint with calls as numbers; the package makes objects of them. Waits are
// cut into slices, so that Ctrl-C is heard.
#include <algorithm>

#include "host/net/clock.hpp"
#include "host/python/bindings.hpp"
#include "host/python/udp_endpoint.hpp"

namespace causeway::python {
namespace {

using endpoint::CallId;
using endpoint::Event;
constexpr auto slice = std::chrono::milliseconds(100);

CallId call_of(std::uint64_t number) {
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
}

call::SrtpMode srtp_mode(const std::string& name) {
    if (name == "off") return call::SrtpMode::off;
    if (name == "optional") return call::SrtpMode::optional;
    if (name == "mandatory") return call::SrtpMode::mandatory;
    value_error("srtp is \"off\", \"optional\" or \"mandatory\", not \"" + name + "\"");
}

sdp::Direction direction(const std::string& name) {
    for (const auto d : {sdp::Direction::inactive, sdp::Direction::recvonly, sdp::Direction::sendonly,
                         sdp::Direction::sendrecv}) {
        if (sdp::to_string(d) == name) return d;
    }
    value_error("no direction: " + name);
}

std::unique_ptr<UdpEndpoint> open(const std::string& user, const std::string& display_name,
                                  const std::string& domain, const std::string& ip, std::uint16_t port,
                                  const std::string& srtp, const std::vector<std::string>& suites,
                                  const std::vector<std::pair<std::string, std::string>>& headers,
                                  bool late_offer, bool accept_changes) {
    endpoint::Options options;
    options.user = user;
    options.display_name = display_name;
    options.domain = domain;
    options.address = {address(ip), port};
    options.srtp = srtp_mode(srtp);
    if (!suites.empty()) options.suites.clear();
    for (const auto& name : suites) {
        const auto suite = sdp::parse_srtp_suite(name);
        if (!suite) value_error("no SRTP suite: " + name);
        options.suites.push_back(*suite);
    }
    for (const auto& [name, value] : headers) options.headers.emplace_back(name, value);
    options.late_offer = late_offer;
    options.accept_changes = accept_changes;
    auto opened = [&] {
        const py::gil_scoped_release others_run;
        return UdpEndpoint::open(std::move(options));
    }();
    if (opened) return std::move(*opened);
    PyErr_SetString(PyExc_OSError, opened.error().what.c_str());
    throw py::error_already_set();
}

// Asks `poll` again and again, each time for a slice of the time left, until it has something or the time is
// over.
template <class F>
auto patiently(double timeout, F poll) {
    const Time deadline = net::now() + duration(timeout);
    while (true) {
        auto result = [&] {
            const py::gil_scoped_release others_run;
            return poll(std::min(deadline, net::now() + slice));
        }();
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (result || net::now() >= deadline) return result;
    }
}

py::object wait_event(UdpEndpoint& e, std::size_t begin, std::optional<std::uint64_t> call,
                      const std::vector<std::string>& kinds, double timeout) {
    const auto wanted = [&](const UdpEndpoint::Happened& h) {
        return (!call || h.event.call == call_of(*call)) &&
               (kinds.empty() ||
                std::find(kinds.begin(), kinds.end(), endpoint::to_string(h.event.kind)) != kinds.end());
    };
    bool closed = false;
    const Time deadline = net::now() + duration(timeout);
    std::optional<std::pair<std::size_t, UdpEndpoint::Happened>> found;
    while (!found && !closed) {
        {
            const py::gil_scoped_release others_run;
            closed = e.closed();
            found = e.wait_event(begin, wanted, std::min(deadline, net::now() + slice));
        }
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (net::now() >= deadline) break;
    }
    if (!found) return py::none();
    const auto& [number, h] = *found;
    return py::make_tuple(number, seconds(h.at - e.opened()), h.event.call.value(),
                          endpoint::to_string(h.event.kind), h.event.status, text(h.event.text));
}

py::dict figures(const endpoint::MediaFigures& f) {
    py::dict d;
    d["sent"] = f.sent;
    d["received"] = f.received;
    d["lost"] = f.lost;
    d["duplicates"] = f.duplicates;
    d["reordered"] = f.reordered;
    d["refused"] = f.refused;
    d["rtcp_received"] = f.rtcp_received;
    return d;
}

// A function of the script on a call, without the interpreter's lock.
template <class F>
bool act(UdpEndpoint& e, F f) {
    const py::gil_scoped_release others_run;
    return e.act(std::move(f));
}

template <class F>
auto read(const UdpEndpoint& e, F f) {
    const py::gil_scoped_release others_run;
    return e.read(std::move(f));
}

// Closing waits for the thread, which never waits for the interpreter.
struct ClosesWithoutLock {
    void operator()(UdpEndpoint* e) const {
        const py::gil_scoped_release others_run;
        delete e;
    }
};

}  // namespace

void bind_endpoint(py::module_& m) {
    using Core = endpoint::Endpoint;
    py::class_<UdpEndpoint, std::unique_ptr<UdpEndpoint, ClosesWithoutLock>>(m, "Endpoint")
        .def(py::init([](const std::string& user, const std::string& display_name, const std::string& domain,
                         const std::string& ip, std::uint16_t port, const std::string& srtp,
                         const std::vector<std::string>& suites,
                         const std::vector<std::pair<std::string, std::string>>& headers, bool late_offer,
                         bool accept_changes) {
            return std::unique_ptr<UdpEndpoint, ClosesWithoutLock>(
                open(user, display_name, domain, ip, port, srtp, suites, headers, late_offer, accept_changes)
                    .release());
        }))
        .def_property_readonly("address", [](const UdpEndpoint& e) { return e.address().to_string(); })
        .def_property_readonly("closed", &UdpEndpoint::closed, py::call_guard<py::gil_scoped_release>())
        .def("close", &UdpEndpoint::close, py::call_guard<py::gil_scoped_release>())
        .def("call",
             [](UdpEndpoint& e, const std::string& uri, const std::string& via) {
                 const Endpoint to = endpoint(via);
                 const py::gil_scoped_release others_run;
                 const auto id = e.act([&](Core& c, Time now) { return c.call(now, uri, to); });
                 return id ? std::optional(id->value()) : std::nullopt;
             })
        .def("set_policy",
             [](UdpEndpoint& e, int ring, int status, double after) {
                 const endpoint::AnswerPolicy policy{ring, status, duration(after)};
                 act(e, [&](Core& c, Time) { return c.set_policy(policy), true; });
             })
        .def("clear_policy",
             [](UdpEndpoint& e) { act(e, [](Core& c, Time) { return c.set_policy({}), true; }); })
        .def("ring",
             [](UdpEndpoint& e, std::uint64_t call, int status) {
                 return act(e, [&](Core& c, Time now) { return c.ring(now, call_of(call), status); });
             })
        .def("answer",
             [](UdpEndpoint& e, std::uint64_t call) {
                 return act(e, [&](Core& c, Time now) { return c.answer(now, call_of(call)); });
             })
        .def("reject",
             [](UdpEndpoint& e, std::uint64_t call, int status) {
                 return act(e, [&](Core& c, Time now) { return c.reject(now, call_of(call), status); });
             })
        .def("hang_up",
             [](UdpEndpoint& e, std::uint64_t call) {
                 return act(e, [&](Core& c, Time now) { return c.hang_up(now, call_of(call)); });
             })
        .def("change_direction",
             [](UdpEndpoint& e, std::uint64_t call, const std::string& to) {
                 const auto d = direction(to);
                 return act(e, [&](Core& c, Time now) { return c.change_direction(now, call_of(call), d); });
             })
        .def("play",
             [](UdpEndpoint& e, std::uint64_t call, const std::string& coded) {
                 return act(e,
                            [&](Core& c, Time now) { return c.play(now, call_of(call), as_bytes(coded)); });
             })
        .def("send_digits",
             [](UdpEndpoint& e, std::uint64_t call, const std::string& digits) {
                 return act(e, [&](Core& c, Time now) { return c.send_digits(now, call_of(call), digits); });
             })
        .def("wait_event", &wait_event)
        .def("wait_played",
             [](UdpEndpoint& e, std::uint64_t call, double timeout) {
                 return patiently(timeout, [&](Time deadline) {
                     return e.wait_media(
                         call_of(call), [](const auto& s) { return s.idle(); }, deadline);
                 });
             })
        .def("wait_recorded",
             [](UdpEndpoint& e, std::uint64_t call, std::size_t wanted, double timeout) {
                 return patiently(timeout, [&](Time deadline) {
                     return e.wait_media(
                         call_of(call), [&](const auto& s) { return s.recorded().size() >= wanted; },
                         deadline);
                 });
             })
        .def("recorded",
             [](const UdpEndpoint& e, std::uint64_t call) {
                 return octets(read(e, [&](const Core& c) {
                     const auto* media = c.media(call_of(call));
                     return media == nullptr ? Bytes() : media->recorded();
                 }));
             })
        .def("figures",
             [](const UdpEndpoint& e, std::uint64_t call) {
                 return figures(read(e, [&](const Core& c) {
                     const auto* media = c.media(call_of(call));
                     return media == nullptr ? endpoint::MediaFigures() : media->figures();
                 }));
             })
        .def("confirmed",
             [](const UdpEndpoint& e, std::uint64_t call) {
                 return read(e, [&](const Core& c) { return c.confirmed(call_of(call)); });
             })
        .def("call_id",
             [](const UdpEndpoint& e, std::uint64_t call) {
                 return text(read(e, [&](const Core& c) { return c.call_id(call_of(call)); }));
             })
        .def("forget",
             [](UdpEndpoint& e, std::uint64_t call) {
                 act(e, [&](Core& c, Time) { return c.forget(call_of(call)), true; });
             })
        .def("live_calls",
             [](const UdpEndpoint& e) { return read(e, [](const Core& c) { return c.live_calls(); }); })
        .def("transactions",
             [](const UdpEndpoint& e) { return read(e, [](const Core& c) { return c.transactions(); }); })
        .def("trace", [](const UdpEndpoint& e) {
            const auto trace = read(e, [](const Core& c) { return c.trace(); });
            py::list out;
            for (const auto& t : trace) {
                out.append(py::make_tuple(seconds(t.at - e.opened()), t.sent ? "sent" : "received",
                                          t.remote.to_string(), text(t.text)));
            }
            return out;
        });
}

}  // namespace causeway::python
