// Results of things that may fail for reasons outside the program. No exceptions on the data path: a peer's
// mistake or the environment's refusal is a value.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace causeway {

// Why something failed, in words for a log or an operator: "what: why".
struct Error {
    std::string what;
};

template <class T>
using Result = tl::expected<T, Error>;

// fail("...") as the returned value of a function that returns Result<T>.
inline tl::unexpected<Error> fail(std::string what) {
    return tl::make_unexpected(Error{std::move(what)});
}

}  // namespace causeway
