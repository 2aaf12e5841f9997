// As much of SQLite as the store needs, closed when it goes out of scope. Failures are remembered by the
// connection: look at error() after a call that returned false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace causeway::store {

class Sqlite {
  public:
    Sqlite() = default;
    Sqlite(Sqlite&& other) noexcept;
    Sqlite& operator=(Sqlite&& other) noexcept;
    ~Sqlite();

    bool open(const std::string& path);
    // Statements without results.
    bool execute(const char* sql);
    std::string error() const;
    std::size_t changes() const;  // rows that the last statement changed
    sqlite3* handle() const { return handle_; }

  private:
    sqlite3* handle_ = nullptr;
};

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
  public:
    Statement(const Sqlite& database, std::string_view sql);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    void bind(int parameter, std::int64_t value);
    void bind(int parameter, std::string_view value);  // text must outlive run()
    void bind_null(int parameter);
    // To the end and ready for the next values; false on failure. For statements without rows.
    bool run();
    // True where there is a row. After false, failed() tells the end from an error.
    bool row();
    bool failed() const { return failed_; }
    void reset();  // ready for the next values before the rows have ended

    int columns() const;
    std::string_view column_name(int column) const;
    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;  // valid until the next row

  private:
    sqlite3_stmt* statement_ = nullptr;
    bool failed_ = false;
};

}  // namespace causeway::store
