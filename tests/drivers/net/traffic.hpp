// Ports and datagrams for the tests of media sockets.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <tuple>
#include <vector>

#include "drivers/net/udp.hpp"

namespace causeway::net {

// Opens the first free port on that address from `from` on.
inline Endpoint open_any(UdpSockets& sockets, const char* ip, std::uint16_t from) {
    for (std::uint16_t port = from; port < from + 1000; ++port) {
        const Endpoint e{*IpAddress::parse(ip), port};
        if (sockets.open(e)) return e;
    }
    ADD_FAILURE() << "no free port on " << ip;
    return {};
}

// Datagrams as they come until `count` are there; gives up when nothing comes for five seconds.
inline std::vector<std::tuple<Endpoint, Endpoint, std::string>> collect(UdpSockets& sockets,
                                                                        std::size_t count,
                                                                        std::size_t limit = 256) {
    std::vector<std::tuple<Endpoint, Endpoint, std::string>> out;
    while (out.size() < count) {
        pollfd wait{sockets.descriptor(), POLLIN, 0};
        if (::poll(&wait, 1, 5000) != 1) break;
        for (const auto& d : sockets.receive(limit)) out.emplace_back(d.local, d.from, as_text(d.bytes));
    }
    return out;
}

}  // namespace causeway::net
