// causeway._core.Gateway: a whole gateway that runs on a thread of its own.
#include <mutex>
#include <thread>

#include "host/python/bindings.hpp"

namespace causeway::python {
namespace {

// Never used with the interpreter's lock held.
class RunningGateway {
  public:
    explicit RunningGateway(std::unique_ptr<gateway::Gateway> gateway)
        : gateway_(std::move(gateway)), thread_([this] { gateway_->run(); }) {}
    ~RunningGateway() { stop(); }

    // Returns when the peers have answered, or after 2 s.
    void stop() {
        const std::lock_guard held(stopping_);
        if (!thread_.joinable()) return;
        gateway_->stop();
        thread_.join();
    }
    gateway::Gateway& operator*() { return *gateway_; }

  private:
    std::unique_ptr<gateway::Gateway> gateway_;
    std::mutex stopping_;
    std::thread thread_;
};

struct StopsWithoutLock {
    void operator()(RunningGateway* g) const {
        const py::gil_scoped_release others_run;
        delete g;
    }
};
using Holder = std::unique_ptr<RunningGateway, StopsWithoutLock>;

Holder start(const std::string& toml) {
    const auto parsed = config(toml);
    auto started = [&] {
        const py::gil_scoped_release others_run;
        return gateway::Gateway::start(parsed);
    }();
    if (started) return Holder(new RunningGateway(std::move(*started)));
    PyErr_SetString(PyExc_OSError, started.error().what.c_str());
    throw py::error_already_set();
}

template <class F>
auto ask(RunningGateway& g, F f) {
    const py::gil_scoped_release others_run;
    return f(*g);
}

}  // namespace

void bind_gateway(py::module_& m) {
    py::class_<RunningGateway, Holder>(m, "Gateway")
        .def(py::init(&start))
        .def("stop", &RunningGateway::stop, py::call_guard<py::gil_scoped_release>())
        .def("drain", [](RunningGateway& g) { ask(g, [](auto& gateway) { return gateway.drain(), true; }); })
        .def(
            "status",
            [](RunningGateway& g) { return to_dict(ask(g, [](auto& gateway) { return gateway.status(); })); })
        .def("calls",
             [](RunningGateway& g) {
                 py::list out;
                 for (const auto& call : ask(g, [](auto& gateway) { return gateway.calls(); })) {
                     auto d = to_dict(call.info, call.info.started);
                     d["started"] = static_cast<double>(call.started.time_since_epoch().count()) / 1000;
                     d["age"] = seconds(call.age);
                     out.append(d);
                 }
                 return out;
             })
        .def("hangup",
             [](RunningGateway& g, call::AttemptId id) {
                 return ask(g, [&](auto& gateway) { return gateway.hangup(id); });
             })
        .def("listeners", [](RunningGateway& g) {
            py::list out;
            for (const auto& l : ask(g, [](auto& gateway) { return gateway.listeners(); }))
                out.append(l.to_string());
            return out;
        });
}

}  // namespace causeway::python
