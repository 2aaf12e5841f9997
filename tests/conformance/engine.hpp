// What every media engine must do. A test program that has an engine to test links the sources of this folder
// and says which by engines_under_test().
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "host/media/engine.hpp"

namespace causeway::conformance {

struct EngineUnderTest {
    std::string name;
    std::function<std::unique_ptr<media::Engine>(std::size_t max_contexts)> make;
    friend void PrintTo(const EngineUnderTest& engine, std::ostream* out) { *out << engine.name; }
};
std::vector<EngineUnderTest> engines_under_test();

class EngineSuite : public testing::TestWithParam<EngineUnderTest> {
  protected:
    static std::unique_ptr<media::Engine> make_engine(std::size_t max_contexts = 1024) {
        return GetParam().make(max_contexts);
    }
};

#define CAUSEWAY_FOR_ALL_ENGINES(suite)                                                                 \
    INSTANTIATE_TEST_SUITE_P(, suite, testing::ValuesIn(::causeway::conformance::engines_under_test()), \
                             [](const auto& engine) { return engine.param.name; })

}  // namespace causeway::conformance
