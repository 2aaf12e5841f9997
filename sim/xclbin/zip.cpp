#include "sim/xclbin/zip.hpp"

#include <zlib.h>

#include <cstdint>

namespace causeway::sim {
namespace {

// Little-endian, `size` octets.
void put(std::string& to, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) to.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

// PKWARE APPNOTE 6.3: local file header (4.3.7), central directory (4.3.12), its end (4.3.16).
std::string zip_of_executable(std::string_view name, std::string_view contents) {
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size());
    const auto common = [&](std::string& to) {
        put(to, 20, 2);    // version needed
        put(to, 0, 2);     // flags
        put(to, 0, 2);     // method: stored
        put(to, 0, 2);     // time
        put(to, 0x21, 2);  // date: the first of January 1980
        put(to, crc, 4);
        put(to, contents.size(), 4);
        put(to, contents.size(), 4);
        put(to, name.size(), 2);
        put(to, 0, 2);  // extra field
    };
    std::string zip = "PK\x03\x04";
    common(zip);
    zip.append(name).append(contents);
    const std::size_t directory = zip.size();
    zip += "PK\x01\x02";
    put(zip, 3 << 8 | 20, 2);  // made by Unix
    common(zip);
    put(zip, 0, 2);               // comment
    put(zip, 0, 2);               // disk
    put(zip, 0, 2);               // internal attributes
    put(zip, 0100755u << 16, 4);  // external attributes: a regular file, its mode
    put(zip, 0, 4);               // offset of the local header
    zip.append(name);
    const std::size_t end = zip.size();
    zip += "PK\x05\x06";
    put(zip, 0, 4);  // disks
    put(zip, 1, 2);
    put(zip, 1, 2);
    put(zip, end - directory, 4);
    put(zip, directory, 4);
    put(zip, 0, 2);  // comment
    return zip;
}

}  // namespace causeway::sim
