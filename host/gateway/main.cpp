// causeway: the daemon. Reads the configuration, runs one gateway, and turns signals into its methods.
#include <fcntl.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "host/base/log.hpp"
#include "host/base/text.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/handover.hpp"
#include "host/gateway/logging.hpp"
#include "host/gateway/notify.hpp"

namespace {

using namespace causeway;

enum Exit : int { ended = 0, bad_configuration = 1, bad_command_line = 2, cannot_start = 3 };

constexpr const char* footer = R"(Signals:
  SIGTERM, SIGINT  new calls get 503; ends when the last call has, or after gateway.drain_limit
                   (as "causewayctl drain"); a second one hangs up all calls and ends, a third ends at once
  SIGHUP           reads the configuration again and opens the log file anew; calls that run are not touched,
                   and if the configuration is wrong, the log says where and nothing changes

Exit status: 0 ended as asked, 1 the configuration is wrong, 2 the command line is wrong, 3 cannot start
)";

// Tells the process that started this one why it will not take over.
void refuse(gateway::File channel, std::string_view why) {
    if (!channel) return;
    std::ignore = gateway::Channel(std::move(channel)).send(gateway::Channel::Kind::failed, as_bytes(why));
}

// What starts this program again: the file that it was started from, whatever is at its place by then.
std::vector<std::string> own_command(int argc, char** argv) {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return {};
    std::vector<std::string> out{program.string()};
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == gateway::take_over_option) {
            ++i;  // with its value
        } else {
            out.emplace_back(argv[i]);
        }
    }
    return out;
}

class Signals {
  public:
    explicit Signals(gateway::Gateway& gateway)
        : gateway_(gateway), signals_(gateway.io(), SIGTERM, SIGINT, SIGHUP) {
        wait();
    }

  private:
    void wait() {
        signals_.async_wait([this](boost::system::error_code error, int signal) {
            if (error) return;
            if (signal == SIGHUP) {
                // The error has a line for each mistake; so has the log.
                if (auto done = gateway_.reload(); !done) {
                    for (const auto line : split(done.error().what, '\n'))
                        log::error({}, "not reloaded: {}", line);
                }
            } else if (std::exchange(asked_, true)) {
                gateway_.stop();
            } else {
                log::info({}, "{}: ends when the last call has", signal == SIGTERM ? "SIGTERM" : "SIGINT");
                gateway_.shutdown();
            }
            wait();
        });
    }

    gateway::Gateway& gateway_;
    boost::asio::signal_set signals_;
    bool asked_ = false;
};

// What the gateway does, for the log and the service manager.
class Reports final : public gateway::Observer {
  public:
    Reports(gateway::Gateway& gateway, const gateway::ServiceManager& manager, bool to_stderr)
        : gateway_(gateway), manager_(manager), to_stderr_(to_stderr) {
        gateway.observe(*this);
        if (!manager.present()) return;
        watchdog_.emplace(gateway.io(), gateway.loops(),
                          manager.watchdog_interval().value_or(std::chrono::seconds(10)),
                          [this] { manager_.alive(status()); });
        manager.ready(status());
    }

    void reloading() override { manager_.reloading(); }
    void reloaded(const gateway::Config* next) override {
        if (next != nullptr) {
            gateway::LogConfig log = next->log;
            if (to_stderr_) log.file.clear();
            if (auto installed = gateway::install_log(log); !installed)
                log::error({}, "{}", installed.error().what);
        }
        manager_.ready(status());
    }
    void stopping(Duration limit) override {
        manager_.stopping(status(), limit + std::chrono::seconds(5));  // for the records
    }
    void restarting() override { manager_.alive("being restarted"); }
    void handed_over(int pid) override { manager_.main_process(pid); }

  private:
    std::string status() {
        const auto now = gateway_.status();
        return fmt::format("{}{} of {} calls", now.stopping ? "Ends with the last call: " : "",
                           now.core.calls, now.max_calls);
    }

    gateway::Gateway& gateway_;
    const gateway::ServiceManager& manager_;
    const bool to_stderr_;
    std::optional<gateway::Watchdog> watchdog_;
};

int serve(const gateway::Config& config, const std::filesystem::path& file, bool to_stderr,
          gateway::Restarting restarting) {
    const gateway::ServiceManager manager;
    if (auto installed = gateway::install_log(config.log); !installed) {
        fmt::print(stderr, "causeway: {}\n", installed.error().what);
        refuse(std::move(restarting.channel), installed.error().what);
        return cannot_start;
    }
    log::info({}, "causeway {}", CAUSEWAY_VERSION);
    int status = ended;
    if (auto started = gateway::Gateway::start(config, file, std::move(restarting))) {
        Signals signals(**started);
        const Reports reports(**started, manager, to_stderr);
        (*started)->run();
    } else {
        log::error({}, "cannot start: {}", started.error().what);
        if (!config.log.file.empty())
            fmt::print(stderr, "causeway: cannot start: {}\n", started.error().what);
        status = cannot_start;
    }
    gateway::remove_log();
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Causeway: SIP session border controller and media gateway", "causeway");
    std::string file = CAUSEWAY_CONFIG_FILE;
    bool check = false, to_stderr = false;
    app.add_option("-f,--file", file, "Configuration file")->capture_default_str()->type_name("FILE");
    app.add_flag("-c,--check", check, "Check the configuration and say what is wrong with it; do not run");
    app.add_flag("-E,--stderr", to_stderr, "Log to standard error, whatever the configuration says");
    int channel = -1;
    app.add_option(gateway::take_over_option, channel)->group("");  // of a restart, between two processes
    app.set_version_flag("-v,--version", "causeway " CAUSEWAY_VERSION);
    app.footer(footer);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? ended : bad_command_line;
    }

    gateway::Restarting restarting{own_command(argc, argv), gateway::File(channel)};
    if (channel >= 0) ::fcntl(channel, F_SETFD, FD_CLOEXEC);
    auto config = gateway::load_config(file);
    if (!config) {
        fmt::print(stderr, "{}\n", config.error().what);
        refuse(std::move(restarting.channel), config.error().what);
        return bad_configuration;
    }
    if (check) {
        fmt::print("{}: ok\n", file);
        return ended;
    }
    if (to_stderr) config->log.file.clear();
    return serve(*config, file, to_stderr, std::move(restarting));
}
