// The watchdog's rule on a gateway whose shards run, and stand still. What the daemon tells a service manager
// is in tests/e2e/systemd_test.py.
#include "host/gateway/notify.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>

#include "host/gateway/gateway.hpp"
#include "tests/host/gateway/temporary_folder.hpp"

namespace causeway::gateway {
namespace {

constexpr auto interval = std::chrono::milliseconds(2);

class WatchdogTest : public testing::Test {
  protected:
    WatchdogTest() {
        Config config;
        config.shards = 2;
        config.listeners = {{"lo", *Endpoint::parse("127.0.0.1:0"), false}};
        config.core.listeners = {{sip::Transport::udp, "127.0.0.1", 0}};
        const auto loopback = *IpAddress::parse("127.0.0.1");
        config.core.media = {{loopback, loopback, 42200, 42219}};
        config.cdr.directory.clear();
        config.control_socket.clear();
        auto started = Gateway::start(config);
        EXPECT_TRUE(started);
        gateway = std::move(*started);
        watchdog.emplace(gateway->io(), gateway->loops(), interval, [this] { ++alive; });
        thread = std::thread([this] { gateway->run(); });
    }
    ~WatchdogTest() override {
        gateway->stop();
        thread.join();
    }
    // The count once the control thread has seen some more intervals: its timers fire in their order.
    int after_some_intervals() {
        std::promise<int> seen;
        boost::asio::steady_timer timer(gateway->io());
        boost::asio::post(gateway->io(), [&] {
            timer.expires_after(10 * interval);
            timer.async_wait([&](boost::system::error_code) { seen.set_value(alive); });
        });
        return seen.get_future().get();
    }

    std::unique_ptr<Gateway> gateway;
    std::optional<Watchdog> watchdog;
    int alive = 0;  // the control thread's
    std::thread thread;
};

TEST_F(WatchdogTest, LivesWhileEveryShardAnswers) {
    EXPECT_GT(after_some_intervals(), 0);
    const int before = after_some_intervals();
    EXPECT_GT(after_some_intervals(), before);
}

TEST_F(WatchdogTest, IsSilentWhileOneShardIsStuckAndTheControlThreadIsNot) {
    std::promise<void> stuck, release;
    boost::asio::post(*gateway->loops()[1], [&, released = release.get_future()]() mutable {
        stuck.set_value();
        released.wait();
    });
    stuck.get_future().wait();
    after_some_intervals();  // it may have answered just before
    const int before = after_some_intervals();
    EXPECT_EQ(after_some_intervals(), before);
    release.set_value();
    after_some_intervals();
    EXPECT_GT(after_some_intervals(), before);
}

}  // namespace
}  // namespace causeway::gateway
