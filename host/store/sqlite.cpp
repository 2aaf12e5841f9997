#include "host/store/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace causeway::store {

Sqlite::Sqlite(Sqlite&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Sqlite& Sqlite::operator=(Sqlite&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

Sqlite::~Sqlite() {
    sqlite3_close(handle_);
}

bool Sqlite::open(const std::string& path) {
    constexpr int busy_timeout_ms = 5000;
    return sqlite3_open(path.c_str(), &handle_) == SQLITE_OK &&
           sqlite3_busy_timeout(handle_, busy_timeout_ms) == SQLITE_OK;
}

bool Sqlite::execute(const char* sql) {
    return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string Sqlite::error() const {
    return sqlite3_errmsg(handle_);
}

std::size_t Sqlite::changes() const {
    return static_cast<std::size_t>(sqlite3_changes(handle_));
}

// A statement that could not be prepared fails when it is run: SQLite takes null for a statement everywhere.
Statement::Statement(const Sqlite& database, std::string_view sql) {
    sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

void Statement::bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(statement_, parameter, value);
}

void Statement::bind(int parameter, std::string_view value) {
    sqlite3_bind_text(statement_, parameter, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind_null(int parameter) {
    sqlite3_bind_null(statement_, parameter);
}

bool Statement::run() {
    const bool more = row();
    reset();
    return !more && !failed_;
}

bool Statement::row() {
    const int result = statement_ ? sqlite3_step(statement_) : SQLITE_ERROR;
    failed_ = result != SQLITE_ROW && result != SQLITE_DONE;
    return result == SQLITE_ROW;
}

void Statement::reset() {
    sqlite3_reset(statement_);
}

int Statement::columns() const {
    return sqlite3_column_count(statement_);
}

std::string_view Statement::column_name(int column) const {
    return sqlite3_column_name(statement_, column);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (!text) return {};
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace causeway::store
