#include "sim/card/knobs.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <string_view>

namespace causeway::sim {
namespace {

template <class Number>
bool parse(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

bool parse_latency(std::string_view text, Knobs& knobs) {
    const std::size_t dash = text.find('-');
    return dash != text.npos && parse(text.substr(0, dash), knobs.least_latency) &&
           parse(text.substr(dash + 1), knobs.most_latency) && knobs.least_latency <= knobs.most_latency;
}

bool parse_fault(std::string_view text, Knobs& knobs) {
    static const std::map<std::string_view, Fault> kinds = {
        {"hang", Fault::hang}, {"lost-writes", Fault::lost_writes}, {"stale", Fault::stale},
        {"ones", Fault::ones}, {"model-dies", Fault::model_dies},   {"card-dies", Fault::card_dies}};
    const std::size_t at = text.find('@');
    const auto kind = kinds.find(text.substr(0, at));
    if (at == text.npos || kind == kinds.end()) return false;
    knobs.fault = kind->second;
    return parse(text.substr(at + 1), knobs.faulty_run) && knobs.faulty_run > 0;
}

}  // namespace

Result<Knobs> knobs_of_environment() {
    Knobs knobs;
    const auto bad = [](const char* name) {
        return fail(fmt::format("{}: cannot read {:?}", name, environment(name)));
    };
    if (const auto text = environment("CAUSEWAY_CARD_SEED"); !text.empty() && !parse(text, knobs.seed)) {
        return bad("CAUSEWAY_CARD_SEED");
    }
    if (const auto text = environment("CAUSEWAY_CARD_LATENCY");
        !text.empty() && !parse_latency(text, knobs)) {
        return bad("CAUSEWAY_CARD_LATENCY");
    }
    if (const auto text = environment("CAUSEWAY_CARD_STALL");
        !text.empty() && (!parse(text, knobs.stall) || knobs.stall > 95)) {
        return bad("CAUSEWAY_CARD_STALL");
    }
    if (const auto text = environment("CAUSEWAY_CARD_FAULT"); !text.empty() && !parse_fault(text, knobs)) {
        return bad("CAUSEWAY_CARD_FAULT");
    }
    knobs.trace = environment("CAUSEWAY_CARD_TRACE");
    return knobs;
}

}  // namespace causeway::sim
