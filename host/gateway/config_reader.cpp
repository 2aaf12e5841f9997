#include "host/gateway/config_reader.hpp"

#include <algorithm>
#include <tuple>

namespace causeway::gateway {
namespace {

// What stands in the file, short enough for one line of an error.
std::string shown(const toml::node& node) {
    if (const auto* s = node.as_string()) return fmt::format("{:?}", s->get().substr(0, 80));
    if (const auto* i = node.as_integer()) return fmt::format("{}", i->get());
    if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
    if (const auto* b = node.as_boolean()) return b->get() ? "true" : "false";
    if (node.is_array()) return "an array";
    if (node.is_table()) return "a table";
    return "a date or time";
}

}  // namespace

ConfigReader::ConfigReader(std::string_view text) {
    toml::parse_result parsed = toml::parse(text);
    readable_ = static_cast<bool>(parsed);
    if (readable_) {
        root_ = std::move(parsed).table();
    } else {
        error(parsed.error().source().begin, fmt::format("not TOML: {}", parsed.error().description()));
    }
}

void ConfigReader::error(toml::source_position at, std::string what) {
    errors_.push_back(
        {std::max<std::size_t>(at.line, 1), std::max<std::size_t>(at.column, 1), std::move(what)});
}

ConfigReader::Table ConfigReader::table(std::string_view name) {
    tables_.emplace(name);
    return as_table(root_.get(name), std::string(name), {1, 1});
}

ConfigReader::Table ConfigReader::as_table(const toml::node* node, std::string name,
                                           toml::source_position at) {
    if (node != nullptr) at = node->source().begin;
    if (node != nullptr && !node->is_table()) {
        error(at, fmt::format("{}: expected one table [{}]", name, name));
        node = nullptr;
    }
    return {*this, node == nullptr ? nullptr : node->as_table(), std::move(name), at};
}

std::vector<ConfigReader::Table> ConfigReader::tables(std::string_view name) {
    tables_.emplace(name);
    return as_tables(root_.get(name), name);
}

std::vector<ConfigReader::Table> ConfigReader::as_tables(const toml::node* node, std::string_view name) {
    std::vector<Table> out;
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr ||
        !std::all_of(array->begin(), array->end(), [](auto& e) { return e.is_table(); })) {
        error(node->source().begin, fmt::format("{}: expected tables [[{}]]", name, name));
        return out;
    }
    for (const toml::node& element : *array) {
        out.push_back({*this, element.as_table(), std::string(name), element.source().begin});
    }
    return out;
}

ConfigErrors ConfigReader::finish() {
    for (const auto& [key, node] : root_) {
        if (tables_.contains(key.str())) continue;
        error(key.source().begin, fmt::format("{}: expected one of {}", key.str(), fmt::join(tables_, ", ")));
    }
    std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return std::move(errors_);
}

ConfigReader::Table::Table(ConfigReader& reader, const toml::table* table, std::string name,
                           toml::source_position at)
    : reader_(reader), table_(table), name_(std::move(name)), at_(at) {}

std::string ConfigReader::Table::path(std::string_view key) const {
    return fmt::format("{}.{}", name_, key);
}

ConfigReader::Table ConfigReader::Table::table(std::string_view key) {
    taken_.emplace(key);
    return reader_.as_table(table_ == nullptr ? nullptr : table_->get(key), path(key), at_);
}

std::vector<ConfigReader::Table> ConfigReader::Table::tables(std::string_view key) {
    taken_.emplace(key);
    return reader_.as_tables(table_ == nullptr ? nullptr : table_->get(key), path(key));
}

const toml::node* ConfigReader::Table::take(std::string_view key, bool required, std::string_view expected) {
    taken_.emplace(key);
    reader_.asked_.insert(path(key));
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    if (node == nullptr && required) error(key, at_, fmt::format("expected {}, is missing", expected));
    return node;
}

void ConfigReader::Table::wrong(std::string_view key, const toml::node& node, std::string_view expected) {
    error(key, node.source().begin, fmt::format("expected {}, got {}", expected, shown(node)));
}

std::optional<Located<std::uint64_t>> ConfigReader::Table::number(std::string_view key, std::uint64_t least,
                                                                  std::uint64_t most, bool required) {
    const std::string expected = fmt::format("a whole number from {} to {}", least, most);
    const toml::node* node = take(key, required, expected);
    if (node == nullptr) return std::nullopt;
    if (const auto* i = node->as_integer(); i != nullptr && i->get() >= 0) {
        const auto value = static_cast<std::uint64_t>(i->get());
        if (value >= least && value <= most) return Located<std::uint64_t>{value, node->source().begin};
    }
    wrong(key, *node, expected);
    return std::nullopt;
}

void ConfigReader::Table::error(std::string_view key, toml::source_position at, std::string_view what) {
    reader_.error(
        at, key.empty() ? fmt::format("{}: {}", name_, what) : fmt::format("{}.{}: {}", name_, key, what));
}

void ConfigReader::Table::done() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
        if (taken_.contains(key.str())) continue;
        error(key.str(), key.source().begin, fmt::format("expected one of {}", fmt::join(taken_, ", ")));
    }
}

}  // namespace causeway::gateway
