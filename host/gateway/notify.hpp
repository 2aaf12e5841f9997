// What the service manager hears of the daemon (sd_notify(3)): that it is ready, reloads, stops, who the main
// process is after a restart, and that it lives. Where there is no manager, nothing of this does anything.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "host/base/time.hpp"

namespace causeway::gateway {

class ServiceManager {
  public:
    // Reads the environment, and takes what holds for this process only out of it. Before there are threads.
    ServiceManager();

    bool present() const { return present_; }
    // Half of the time within which it wants to hear alive(); nothing where it does not watch.
    std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

    void ready(std::string_view status) const;
    void reloading() const;
    void alive(std::string_view status) const;
    // Ends within `limit`: it is not to be killed before.
    void stopping(std::string_view status, Duration limit) const;
    // Waits up to 1 s until the manager knows, since it takes the end of the main process for the service's.
    void main_process(int pid) const;

  private:
    bool present_ = false;
    std::optional<Duration> watchdog_interval_;
};

// Says that the daemon lives only while every loop of it answers: at each interval every loop is asked to run
// something, and when all have, `alive` is called on `control`. While one has not, none is asked again.
class Watchdog {
  public:
    Watchdog(boost::asio::io_context& control, std::vector<boost::asio::io_context*> loops, Duration interval,
             std::function<void()> alive);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace causeway::gateway
