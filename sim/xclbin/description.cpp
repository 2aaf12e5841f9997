#include "sim/xclbin/description.hpp"

#include <fmt/format.h>

#include <limits>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace causeway::sim {
namespace {

// Reads keys of one table and keeps the first complaint.
class Keys {
  public:
    Keys(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

    void read(std::string_view key, std::string& value) {
        const auto found = table_[key].value_exact<std::string>();
        if (!found || found->empty()) return complain(key, "a text");
        value = *found;
    }
    void read(std::string_view key, std::uint64_t& value) {
        const auto found = table_[key].value_exact<std::int64_t>();
        if (!found || *found < 0) return complain(key, "a whole number, 0 or more");
        value = static_cast<std::uint64_t>(*found);
    }
    const std::string& complaint() const { return complaint_; }

  private:
    void complain(std::string_view key, std::string_view wanted) {
        if (complaint_.empty()) complaint_ = fmt::format("{}: {} must be {}", name_, key, wanted);
    }
    const toml::table& table_;
    std::string name_;
    std::string complaint_;
};

template <class Read>
Result<void> each(const toml::table& root, std::string_view name, Read read) {
    const toml::array* tables = root[name].as_array();
    if (tables == nullptr || tables->empty()) return fail(fmt::format("[[{}]] is missing", name));
    for (const toml::node& node : *tables) {
        const toml::table* table = node.as_table();
        if (table == nullptr) return fail(fmt::format("{} is no table", name));
        Keys keys(*table, fmt::format("[[{}]]", name));
        read(keys);
        if (!keys.complaint().empty()) return fail(keys.complaint());
    }
    return {};
}

}  // namespace

Result<Description> parse_description(std::string_view text) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        return fail(
            fmt::format("line {}: {}", parsed.error().source().begin.line, parsed.error().description()));
    }
    const toml::table& root = parsed.table();
    const toml::table* kernel = root["kernel"].as_table();
    if (kernel == nullptr) return fail("[kernel] is missing");
    Description description;
    std::string control;
    Keys keys(*kernel, "[kernel]");
    keys.read("name", description.name);
    keys.read("control", control);
    keys.read("compute_units", description.compute_units);
    keys.read("base", description.base);
    keys.read("range", description.range);
    if (!keys.complaint().empty()) return fail(keys.complaint());
    if (control != "ap_ctrl_chain" && control != "ap_ctrl_hs") {
        return fail("[kernel]: control must be ap_ctrl_chain or ap_ctrl_hs");
    }
    description.chained = control == "ap_ctrl_chain";
    if (description.compute_units < 1 || description.compute_units > 16) {
        return fail("[kernel]: compute_units must be 1 to 16");
    }
    const auto arguments = each(root, "argument", [&](Keys& of) {
        Description::Argument& argument = description.arguments.emplace_back();
        of.read("name", argument.name);
        of.read("type", argument.type);
        of.read("port", argument.port);
        of.read("offset", argument.offset);
        of.read("size", argument.size);
    });
    if (!arguments) return tl::make_unexpected(arguments.error());
    const auto memories = each(root, "memory", [&](Keys& of) {
        Description::Memory& memory = description.memories.emplace_back();
        of.read("tag", memory.tag);
        of.read("base", memory.base);
        of.read("size", memory.size);
    });
    if (!memories) return tl::make_unexpected(memories.error());
    return description;
}

}  // namespace causeway::sim
