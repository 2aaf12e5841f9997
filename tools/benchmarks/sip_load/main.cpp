// Drives calls through a SIP server at a fixed rate (open loop: calls start on time whatever the answers do),
// as caller and callee in one process and one thread, and prints what became of them and what the server used
// as one JSON object.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "host/net/clock.hpp"
#include "tools/benchmarks/load/calls.hpp"
#include "tools/benchmarks/sip_load/processes.hpp"
#include "tools/benchmarks/sip_load/sockets.hpp"

namespace causeway::bench {
namespace {

using namespace std::chrono_literals;

volatile std::sig_atomic_t interrupted = 0;

struct Options {
    CallsOptions calls;
    double rate = 1000;             // calls/s
    double warm_up = 1;             // seconds before the measured ones
    double seconds = 3;             // measured
    double hold = 0.1;              // seconds
    std::uint64_t count = 0;        // calls in all instead of warm_up and seconds
    bool only_while_clean = false;  // stops at the first failure or retransmission
    std::vector<int> pids;
};

Duration seconds(double s) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

bool clean(const Counters& c) {
    return c.failed == 0 && c.retransmissions == 0;
}

class Run {
  public:
    explicit Run(const Options& options)
        : o_(options),
          calls_(options.calls, [this](Side from, std::string_view m) { socket(from).send(m); }) {}

    Result<void> open() {
        const auto server = Endpoint::parse(o_.calls.server);
        const auto caller = Endpoint::parse(o_.calls.caller);
        const auto callee = Endpoint::parse(o_.calls.callee);
        if (!server || !caller || !callee) return causeway::fail("addresses are written ADDRESS:PORT");
        if (auto opened = caller_.open(*caller, *server); !opened) return opened;
        return callee_.open(*callee, *server);
    }

    // False where it was interrupted.
    bool drive() {
        before_ = memory_of(o_.pids);
        const Time begin = net::now();
        const Time window = begin + seconds(o_.warm_up);
        const Time end = window + seconds(o_.seconds);
        const auto gap = seconds(1 / o_.rate);
        Time next = begin;
        bool starting = true;
        while (interrupted == 0) {
            const Time now = net::now();
            for (int burst = 0; starting && next <= now && burst < 64; ++burst, next += gap) {
                lag_ = std::max(lag_, now - next);
                calls_.start(now);
                if (o_.count > 0 && calls_.counters().started == o_.count) starting = false;
            }
            bool busy = starting && next <= now;
            calls_.advance(now);
            busy |= caller_.receive([&](std::string_view m) { calls_.receive(now, Side::caller, m); });
            busy |= callee_.receive([&](std::string_view m) { calls_.receive(now, Side::callee, m); });
            caller_.flush();
            callee_.flush();
            const Counters& c = calls_.counters();
            if (o_.count > 0) {
                if (!established_ && c.answered == o_.count) established_ = memory_of(o_.pids);
            } else {
                if (!window_begin_ && now >= window) window_begin_ = mark(now);
                if (!window_end_ && now >= end) {
                    window_end_ = mark(now);
                    starting = false;
                }
            }
            if (o_.only_while_clean && !clean(c)) return true;
            if (!starting && c.unfinished() == 0) break;
            if (!busy) rest(starting ? std::optional(next) : std::nullopt);
        }
        after_ = memory_of(o_.pids);
        return interrupted == 0;
    }

    nlohmann::json report() const {
        const Counters& c = calls_.counters();
        nlohmann::json j{{"started", c.started},       {"completed", c.completed},
                         {"failed", c.failed},         {"retransmissions", c.retransmissions},
                         {"unexpected", c.unexpected}, {"clean", clean(c) && c.unfinished() == 0},
                         {"lag_ms", to_ms(lag_)},      {"memory_before", before_},
                         {"memory_after", after_}};
        if (established_) j["memory_established"] = *established_;
        auto times = calls_.setup_times();
        if (!times.empty()) {
            std::sort(times.begin(), times.end());
            const auto at = [&](double share) {
                const auto n = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1));
                return std::chrono::duration<double, std::milli>(times[n]).count();
            };
            j["setup_ms"] = {{"median", at(0.5)}, {"p99", at(0.99)}, {"longest", at(1)}};
            j["late"] = std::count_if(times.begin(), times.end(), [](Duration d) { return d > 200ms; });
        }
        if (window_begin_ && window_end_) {
            const auto calls = static_cast<double>(window_end_->completed - window_begin_->completed);
            const auto each = [&](double a, double b) { return calls > 0 ? (b - a) * 1e6 / calls : 0; };
            const std::chrono::duration<double> took = window_end_->at - window_begin_->at;
            j["calls_per_second"] = calls / took.count();
            j["user_us"] = each(window_begin_->cpu.user, window_end_->cpu.user);
            j["system_us"] = each(window_begin_->cpu.system, window_end_->cpu.system);
            j["busy"] = (window_end_->cpu.user + window_end_->cpu.system - window_begin_->cpu.user -
                         window_begin_->cpu.system) /
                        took.count();
            j["driver_us"] = each(window_begin_->own, window_end_->own);
        }
        return j;
    }

  private:
    struct Mark {
        Time at;
        std::uint64_t completed;
        CpuTime cpu;
        double own;  // CPU seconds of this process
    };
    Mark mark(Time now) const {
        return {now, calls_.counters().completed, cpu_time_of(o_.pids),
                static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
    }
    Socket& socket(Side side) { return side == Side::caller ? caller_ : callee_; }

    void rest(std::optional<Time> next) {
        if (const auto timer = calls_.next_timer(); timer && (!next || *timer < *next)) next = timer;
        const Duration wait =
            std::clamp(next ? *next - net::now() : Duration(10ms), Duration(0), Duration(10ms));
        const timespec limit{0, static_cast<long>(wait.count())};
        std::array<pollfd, 2> both{{{caller_.descriptor(), POLLIN, 0}, {callee_.descriptor(), POLLIN, 0}}};
        ::ppoll(both.data(), both.size(), &limit, nullptr);
    }

    const Options& o_;
    Socket caller_, callee_;
    Calls calls_;
    Duration lag_{};                        // how late a call was started at most
    std::uint64_t before_ = 0, after_ = 0;  // octets of the server
    std::optional<std::uint64_t> established_;
    std::optional<Mark> window_begin_, window_end_;
};

int run(int argc, char** argv) {
    Options o;
    CLI::App app("Drives calls through a SIP server and prints what became of them as JSON.");
    app.add_option("--server", o.calls.server, "ADDRESS:PORT of the server")->required();
    app.add_option("--caller", o.calls.caller, "ADDRESS:PORT that calls come from")->required();
    app.add_option("--callee", o.calls.callee, "ADDRESS:PORT that calls go to")->required();
    app.add_option("--rate", o.rate, "calls/s")->check(CLI::Range(0.1, 100000.0));
    app.add_option("--warm-up", o.warm_up, "seconds before the measured ones");
    app.add_option("--seconds", o.seconds, "measured seconds");
    app.add_option("--hold", o.hold, "seconds from ACK to BYE");
    app.add_option("--count", o.count, "so many calls in all, memory measured when all are established")
        ->check(CLI::Range(1, 5000000));
    app.add_flag("--only-while-clean", o.only_while_clean, "stop at the first failure or retransmission");
    app.add_option("--pid", o.pids, "process of the server, several times for several");
    CLI11_PARSE(app, argc, argv);
    o.calls.hold = seconds(o.hold);
    o.calls.run = std::to_string(std::chrono::steady_clock::now().time_since_epoch().count() % 1000000);
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });

    const auto load = std::make_unique<Run>(o);
    if (auto opened = load->open(); !opened) {
        std::cerr << "sip_load: " << opened.error().what << '\n';
        return 1;
    }
    const bool ended = load->drive();
    std::cout << load->report().dump() << '\n';
    return ended ? 0 : 130;
}

}  // namespace
}  // namespace causeway::bench

int main(int argc, char** argv) {
    return causeway::bench::run(argc, argv);
}
