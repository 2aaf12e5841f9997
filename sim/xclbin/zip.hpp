// A zip archive of one executable file, not compressed.
#pragma once

#include <string>
#include <string_view>

namespace causeway::sim {

// `name` is the path inside the archive; `unzip` gives the file mode 0755. Up to 4 GiB.
std::string zip_of_executable(std::string_view name, std::string_view contents);

}  // namespace causeway::sim
