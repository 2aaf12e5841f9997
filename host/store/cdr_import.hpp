// From the segments of a journal into the tables of CdrDatabase.
#pragma once

#include "host/store/cdr_database.hpp"

namespace causeway::store {

// See CdrDatabase::import_journal.
Result<Import> import_journal(Sqlite& sqlite, const std::filesystem::path& directory, Segments finished);

}  // namespace causeway::store
