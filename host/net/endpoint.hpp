// Endpoints of ours and of Asio's.
#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "host/base/ip.hpp"

namespace causeway::net {

// `Protocol` is asio::ip::udp or tcp.
template <class Protocol>
typename Protocol::endpoint to_asio(const Endpoint& e) {
    if (e.ip.is_v6()) {
        boost::asio::ip::address_v6::bytes_type octets;
        std::copy_n(e.ip.data(), octets.size(), octets.begin());
        return {boost::asio::ip::address_v6(octets), e.port};
    }
    boost::asio::ip::address_v4::bytes_type octets;
    std::copy_n(e.ip.data(), octets.size(), octets.begin());
    return {boost::asio::ip::address_v4(octets), e.port};
}

template <class AsioEndpoint>
Endpoint from_asio(const AsioEndpoint& e) {
    const auto ip = e.address();
    return {ip.is_v6() ? IpAddress::v6(ip.to_v6().to_bytes()) : IpAddress::v4(ip.to_v4().to_bytes()),
            e.port()};
}

}  // namespace causeway::net
