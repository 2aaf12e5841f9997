// Whole messages over a stream socket.
#pragma once

#include <cstddef>
#include <string_view>

namespace causeway::sim {

// Both return false when the peer is gone.
bool receive_all(int fd, void* to, std::size_t size);
bool send_all(int fd, std::string_view octets);

// Connects to a unix socket that may not be there yet. -1 when `seconds` have passed.
int connect_to(const char* path, double seconds);

}  // namespace causeway::sim
