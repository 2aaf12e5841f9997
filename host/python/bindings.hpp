// What the files of the Python module share: text and numbers on their way from and to Python. SIP is UTF-8
// by its grammar and any octets in practice, so text comes out with surrogateescape: nothing is lost, and
// str.encode("utf-8", "surrogateescape") has the octets again.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/ip.hpp"
#include "host/base/time.hpp"
#include "host/gateway/gateway.hpp"

namespace causeway::python {

namespace py = pybind11;

void bind_messages(py::module_& m);
void bind_descriptions(py::module_& m);
void bind_audio(py::module_& m);
void bind_core(py::module_& m);
void bind_endpoint(py::module_& m);
void bind_gateway(py::module_& m);

py::str text(std::string_view octets);
py::bytes octets(ByteView bytes);
// "192.0.2.1:5060"; ValueError for anything else.
Endpoint endpoint(std::string_view text);
IpAddress address(std::string_view text);
double seconds(Duration d);
Duration duration(double seconds);
[[noreturn]] void value_error(const std::string& what);
// The configuration in TOML; ValueError with one line for each mistake.
gateway::Config config(std::string_view toml);

// Figures as plain dicts with the names of the C++ fields, durations in seconds.
py::dict to_dict(const call::CoreStatus& status);
py::dict to_dict(const call::CallInfo& call, Time epoch);
py::dict to_dict(const call::CdrMedia& media);
py::dict to_dict(const gateway::GatewayStatus& status);

}  // namespace causeway::python
