// Sends back whatever comes on any of its ports: what a media relay would cost if it did nothing but its
// system calls. drivers/net does them, as for the gateway.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "drivers/net/udp.hpp"

namespace causeway::bench {
namespace {

volatile std::sig_atomic_t ended = 0;

int run(int argc, char** argv) {
    std::string address = "127.0.0.1";
    std::uint16_t first = 20000;
    std::uint16_t ports = 1000;
    net::UdpOptions options;
    const std::map<std::string, net::UdpBackend> names{{"epoll", net::UdpBackend::epoll},
                                                       {"io_uring", net::UdpBackend::io_uring},
                                                       {"range", net::UdpBackend::range}};
    CLI::App app("Sends back whatever comes on any of its ports.");
    app.add_option("--address", address, "that the ports are bound to");
    app.add_option("--first-port", first, "the lowest port");
    app.add_option("--ports", ports, "how many");
    app.add_option("--backend", options.backend, "epoll, io_uring or range")
        ->transform(CLI::CheckedTransformer(names));
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGINT, [](int) { ended = 1; });
    std::signal(SIGTERM, [](int) { ended = 1; });

    const auto ip = IpAddress::parse(address);
    if (!ip) {
        std::cerr << "bare_loop: no address: " << address << '\n';
        return 1;
    }
    if (auto works = net::try_udp_backend(options.backend); !works) {
        std::cerr << "bare_loop: " << works.error().what << '\n';
        return 1;
    }
    net::UdpSockets sockets(options);
    // The sockets of a loop before this one may still be open: io_uring closes them after its process has
    // ended.
    int patience = 100;
    for (int n = 0; n < ports; ++n) {
        const Endpoint local{*ip, static_cast<std::uint16_t>(first + n)};
        auto opened = sockets.open(local);
        for (; !opened && patience > 0; --patience) {
            ::poll(nullptr, 0, 20);
            opened = sockets.open(local);
        }
        if (!opened) {
            std::cerr << "bare_loop: " << opened.error().what << '\n';
            return 1;
        }
    }
    std::cout << "ready" << std::endl;
    while (ended == 0) {
        pollfd waiting{sockets.descriptor(), POLLIN, 0};
        ::poll(&waiting, 1, 100);
        for (auto came = sockets.receive(); !came.empty(); came = sockets.receive()) {
            for (const auto& datagram : came) sockets.send(datagram.local, datagram.from, datagram.bytes);
            sockets.flush();
        }
    }
    return 0;
}

}  // namespace
}  // namespace causeway::bench

int main(int argc, char** argv) {
    return causeway::bench::run(argc, argv);
}
