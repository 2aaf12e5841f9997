#include "drivers/cpu/engine.hpp"
#include "tests/conformance/engine.hpp"

namespace causeway::conformance {

std::vector<EngineUnderTest> engines_under_test() {
    return {{"batch", [](std::size_t n) { return cpu::make_engine(n, cpu::SrtpLibrary::batch); }},
            {"libsrtp2", [](std::size_t n) { return cpu::make_engine(n, cpu::SrtpLibrary::libsrtp2); }}};
}

}  // namespace causeway::conformance
