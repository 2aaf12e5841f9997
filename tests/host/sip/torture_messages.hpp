// Messages that torture a parser, after RFC 4475 (named as there) and RFC 5118, with what must become of
// each. Shared by the tests of the parser, of its robustness and of the builder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace causeway::sip::torture {

constexpr int accept = -1;

struct Case {
    std::string_view name;
    int outcome;              // `accept`, or the status of the refusal
    std::string_view reason;  // must be in the reason of the refusal
    std::string text;
};

const std::vector<Case>& cases();
const std::string& text_of(std::string_view name);

}  // namespace causeway::sip::torture
