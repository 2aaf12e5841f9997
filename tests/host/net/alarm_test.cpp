// The alarm against the real clock: it may be late, never early.
#include "host/net/alarm.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "host/net/clock.hpp"

using namespace causeway;
using namespace causeway::net;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Alarm, RingsOnceNotBeforeItsDeadline) {
    boost::asio::io_context io;
    std::vector<Time> rings;
    Alarm alarm(io, [&](Time t) { rings.push_back(t); });
    const Time deadline = now() + milliseconds(20);
    alarm.set(deadline);
    io.run();
    ASSERT_EQ(rings.size(), 1u);
    EXPECT_GE(rings[0], deadline);
}

TEST(Alarm, ALaterSettingReplacesTheEarlierOne) {
    boost::asio::io_context io;
    int rings = 0;
    Alarm alarm(io, [&](Time) { ++rings; });
    alarm.set(now() + hours(1));
    alarm.set(now() - hours(1));  // long due
    io.run();
    EXPECT_EQ(rings, 1);
    io.restart();
    alarm.set(now() - hours(1));
    alarm.set(std::nullopt);
    io.run();
    EXPECT_EQ(rings, 1);
}

TEST(Alarm, MayBeSetFromItsOwnRingAndDestroyedWhilePending) {
    boost::asio::io_context io;
    int rings = 0;
    std::unique_ptr<Alarm> alarm;
    alarm = std::make_unique<Alarm>(io, [&](Time t) {
        if (++rings < 3) alarm->set(t);
    });
    alarm->set(now());
    io.run();
    EXPECT_EQ(rings, 3);
    io.restart();
    alarm->set(now());
    alarm.reset();
    io.run();
    EXPECT_EQ(rings, 3);
}
