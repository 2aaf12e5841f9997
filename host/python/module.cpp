// The Python module causeway._core; the package causeway around it is what programs import.
#include "host/python/bindings.hpp"

PYBIND11_MODULE(_core, m) {
    m.doc() = "Causeway's SIP core, endpoint and gateway";
    m.attr("__version__") = CAUSEWAY_VERSION;
    causeway::python::bind_messages(m);
    causeway::python::bind_descriptions(m);
    causeway::python::bind_audio(m);
    causeway::python::bind_core(m);
    causeway::python::bind_endpoint(m);
    causeway::python::bind_gateway(m);
}
