// A network namespace of a test's own, with nothing but a loopback interface: what the test does to the
// network ends with it.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "drivers/net/udp.hpp"

namespace causeway::fakes {

class OwnNetwork {
  public:
    OwnNetwork() = default;
    OwnNetwork(const OwnNetwork&) = delete;
    OwnNetwork& operator=(const OwnNetwork&) = delete;
    ~OwnNetwork() {
        if (before_ < 0) return;
        EXPECT_EQ(::setns(before_, CLONE_NEWNET), 0) << std::strerror(errno);
        ::close(before_);
    }
    // The calling thread is in it until the end. Says why where that is not permitted.
    std::string enter() {
        const int before = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (before < 0 || ::unshare(CLONE_NEWNET) != 0) {
            const int error = errno;
            if (before >= 0) ::close(before);
            return fmt::format("no network namespace of our own: {}", std::strerror(error));
        }
        before_ = before;
        return loopback(IFF_UP, 0);
    }
    // Of the loopback interface.
    static std::string set_mtu(int octets) { return loopback(0, octets); }

  private:
    static std::string loopback(short flags, int mtu) {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq request{};
        std::strcpy(request.ifr_name, "lo");
        int done = 0;
        if (mtu > 0) {
            request.ifr_mtu = mtu;
            done = ::ioctl(fd, SIOCSIFMTU, &request);
        } else {
            request.ifr_flags = flags;
            done = ::ioctl(fd, SIOCSIFFLAGS, &request);
        }
        const int error = errno;
        ::close(fd);
        return done == 0 ? "" : fmt::format("loopback interface: {}", std::strerror(error));
    }

    int before_ = -1;
};

// Why the back end cannot be tested here; empty where it can, in a network of its own where it needs one.
// What it should be able to do and does not is a failure.
inline std::string cannot_test(net::UdpBackend backend, OwnNetwork& network) {
    if (backend == net::UdpBackend::range) {
        if (auto why = network.enter(); !why.empty()) return why;
    }
    const auto works = net::try_udp_backend(backend);
    if (works) return {};
    const std::string& why = works.error().what;
    const bool permitted = why.find("permitted") == std::string::npos;
    EXPECT_FALSE(backend == net::UdpBackend::epoll) << why;
    EXPECT_FALSE(backend == net::UdpBackend::range && permitted) << why;
    return why;
}

inline std::string name_of(net::UdpBackend backend) {
    switch (backend) {
        case net::UdpBackend::epoll:
            break;
        case net::UdpBackend::io_uring:
            return "io_uring";
        case net::UdpBackend::range:
            return "range";
    }
    return "epoll";
}
constexpr net::UdpBackend udp_backends[] = {net::UdpBackend::epoll, net::UdpBackend::io_uring,
                                            net::UdpBackend::range};

}  // namespace causeway::fakes
