// Reads a TOML document key by key and remembers where everything stands: what is taken is checked, what is
// left over is an unknown key, and errors pile up instead of ending the reading.
#pragma once

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/gateway/config.hpp"

namespace causeway::gateway {

// A value and its place in the file, for errors that only show when values are held together.
template <class T>
struct Located {
    T value{};
    toml::source_position at{};
};

class ConfigReader {
  public:
    explicit ConfigReader(std::string_view text);

    // One table of the document. Keys are taken once; done() complains about the rest.
    class Table {
      public:
        Table(ConfigReader& reader, const toml::table* table, std::string name, toml::source_position at);

        // A string that `parse` turns into a value; `expected` says in words what it takes. Nothing where the
        // key is absent or wrong; wrong, or absent although `required`, is an error.
        template <class Parse>
        auto text(std::string_view key, std::string_view expected, Parse parse, bool required = false)
            -> std::optional<Located<typename decltype(parse(std::string_view{}))::value_type>> {
            const toml::node* node = take(key, required, expected);
            if (node == nullptr) return std::nullopt;
            return convert(key, *node, expected, parse);
        }
        // An array of such strings.
        template <class Parse>
        auto texts(std::string_view key, std::string_view expected, Parse parse)
            -> std::vector<Located<typename decltype(parse(std::string_view{}))::value_type>> {
            std::vector<Located<typename decltype(parse(std::string_view{}))::value_type>> out;
            const toml::node* node = take(key, false, expected);
            if (node == nullptr) return out;
            if (!node->is_array()) {
                wrong(key, *node, fmt::format("an array, each {}", expected));
                return out;
            }
            for (const toml::node& element : *node->as_array()) {
                if (auto value = convert(key, element, expected, parse)) out.push_back(std::move(*value));
            }
            return out;
        }
        // Tables within this one: [table.key] and [[table.key]].
        Table table(std::string_view key);
        std::vector<Table> tables(std::string_view key);
        std::optional<Located<std::uint64_t>> number(std::string_view key, std::uint64_t least,
                                                     std::uint64_t most, bool required = false);

        // An error of this table: of a key's value, or of the table as a whole.
        void error(std::string_view key, toml::source_position at, std::string_view what);
        toml::source_position at() const { return at_; }
        // Reports the keys that nobody took.
        void done();

      private:
        const toml::node* take(std::string_view key, bool required, std::string_view expected);
        void wrong(std::string_view key, const toml::node& node, std::string_view expected);

        template <class Parse>
        auto convert(std::string_view key, const toml::node& node, std::string_view expected, Parse& parse)
            -> std::optional<Located<typename decltype(parse(std::string_view{}))::value_type>> {
            if (const auto* string = node.as_string()) {
                if (auto value = parse(std::string_view(string->get()))) {
                    return Located<typename decltype(parse(std::string_view{}))::value_type>{
                        std::move(*value), node.source().begin};
                }
            }
            wrong(key, node, expected);
            return std::nullopt;
        }

        std::string path(std::string_view key) const;
        ConfigReader& reader_;
        const toml::table* table_;  // null: absent, every key has its default
        std::string name_;
        toml::source_position at_;
        std::set<std::string, std::less<>> taken_;
    };

    // [name]; without keys where it is absent.
    Table table(std::string_view name);
    // [[name]]; empty where there is none.
    std::vector<Table> tables(std::string_view name);
    void error(toml::source_position at, std::string what);
    // Reports tables that nobody asked for; the errors in the order of their places.
    ConfigErrors finish();
    // False where the text is no TOML at all: finish() has the reason.
    bool readable() const { return readable_; }
    // Every key that was asked for, as "table.key".
    const std::set<std::string>& asked() const { return asked_; }

  private:
    // A node that is to be a table or several; the node is null where it is absent.
    Table as_table(const toml::node* node, std::string name, toml::source_position at);
    std::vector<Table> as_tables(const toml::node* node, std::string_view name);

    toml::table root_;
    bool readable_ = false;
    ConfigErrors errors_;
    std::set<std::string> asked_;
    std::set<std::string, std::less<>> tables_;
};

}  // namespace causeway::gateway
