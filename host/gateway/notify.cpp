#include "host/gateway/notify.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>

#include "host/base/log.hpp"

namespace causeway::gateway {
namespace {

constexpr std::uint64_t barrier_limit = 1'000'000;  // us

std::int64_t us(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

void notify(const std::string& state) {
    if (const int result = ::sd_notify(0, state.c_str()); result < 0)
        log::warning({}, "service manager: {}", std::generic_category().message(-result));
}

}  // namespace

ServiceManager::ServiceManager() {
    const char* socket = std::getenv("NOTIFY_SOCKET");
    present_ = socket != nullptr && *socket != '\0';
    std::uint64_t within = 0;
    if (::sd_watchdog_enabled(0, &within) > 0) watchdog_interval_ = std::chrono::microseconds(within / 2);
    // The process that takes over in a restart is watched as this one is.
    ::unsetenv("WATCHDOG_PID");
}

void ServiceManager::ready(std::string_view status) const {
    notify(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceManager::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

void ServiceManager::alive(std::string_view status) const {
    notify(fmt::format("WATCHDOG=1\nSTATUS={}", status));
}

void ServiceManager::stopping(std::string_view status, Duration limit) const {
    notify(fmt::format("STOPPING=1\nSTATUS={}\nEXTEND_TIMEOUT_USEC={}", status, us(limit)));
}

void ServiceManager::main_process(int pid) const {
    if (!present_) return;
    notify(fmt::format("MAINPID={}", pid));
    if (const int result = ::sd_notify_barrier(0, barrier_limit); result < 0)
        log::warning({}, "service manager: {}", std::generic_category().message(-result));
}

// Shared with what is posted, which may come back when the watchdog is gone.
struct Watchdog::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& c, std::vector<boost::asio::io_context*> l, Duration i,
          std::function<void()> a)
        : control(c), loops(std::move(l)), interval(i), alive(std::move(a)), timer(c) {}

    void ask() {
        unanswered = loops.size();
        for (auto* loop : loops) {
            boost::asio::post(*loop, [self = shared_from_this()] {
                boost::asio::post(self->control, [self] {
                    if (--self->unanswered == 0 && self->alive) self->alive();
                });
            });
        }
    }
    void wait() {
        timer.expires_after(interval);
        timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (error || !self->alive) return;
            if (self->unanswered == 0) {
                self->ask();
            } else {
                log::error({}, "{} of {} threads do not answer", self->unanswered, self->loops.size());
            }
            self->wait();
        });
    }

    boost::asio::io_context& control;
    const std::vector<boost::asio::io_context*> loops;
    const Duration interval;
    std::function<void()> alive;  // null once stopped
    boost::asio::steady_timer timer;
    std::size_t unanswered = 0;
};

Watchdog::Watchdog(boost::asio::io_context& control, std::vector<boost::asio::io_context*> loops,
                   Duration interval, std::function<void()> alive)
    : state_(std::make_shared<State>(control, std::move(loops), interval, std::move(alive))) {
    state_->ask();
    state_->wait();
}

Watchdog::~Watchdog() {
    state_->alive = nullptr;
    state_->timer.cancel();
}

}  // namespace causeway::gateway
