// causeway_world: runs worlds of consecutive seeds until the time is up or one of them finds something.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "tests/world/model/world.hpp"

namespace {

using namespace causeway;

char crash_note[64];  // written by a signal handler: which seed was running

void on_crash(int signal) {
    const auto ignored = write(STDERR_FILENO, crash_note, std::strlen(crash_note));
    static_cast<void>(ignored);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void print(const world::Report& r) {
    const auto& w = r.weather;
    fmt::print(
        "seed {}: SIP loss {}% repeat {}% jitter {} ms, media loss {}% repeat {}% jitter {} ms, mangled {}%, "
        "{} outages, {} restarts\n",
        r.seed, w.sip_loss, w.sip_repeat, to_ms(w.sip_jitter), w.media_loss, w.media_repeat,
        to_ms(w.media_jitter), w.mangled, w.outages, w.restarts);
    for (const auto& line : r.last_events) fmt::print("{}\n", line);
    for (const auto& problem : r.problems) fmt::print("PROBLEM: {}\n", problem);
    fmt::print("again: causeway_world --seed {} --verbose\n", r.seed);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Random calls through a gateway on a bad network, under a virtual clock");
    std::uint64_t seed = 1;
    double seconds = 0;
    bool verbose = false;
    world::Options options;
    app.add_option("--seed", seed, "First seed");
    app.add_option("--seconds", seconds, "Wall-clock time to spend on seeds from there on; 0: one seed");
    app.add_option("--calls", options.calls, "Calls of one world, at most")->check(CLI::Range(1, 10000));
    app.add_flag("--verbose", verbose, "Print every event");
    CLI11_PARSE(app, argc, argv);
    if (verbose) options.verbose = [](const std::string& line) { fmt::print("{}\n", line); };
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, on_crash);

    const auto begin = std::chrono::steady_clock::now();
    const auto spent = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::uint64_t worlds = 0, attempts = 0, answered = 0, datagrams = 0, heard = 0;
    Duration simulated{};
    do {
        std::snprintf(crash_note, sizeof crash_note, "crashed with seed %llu\n",
                      static_cast<unsigned long long>(seed));
        const auto report = world::World(seed, options).run();
        if (!report.problems.empty()) {
            print(report);
            return 1;
        }
        ++worlds;
        ++seed;
        attempts += report.attempts;
        answered += report.answered;
        datagrams += report.datagrams;
        heard += report.phones.packets_heard;
        simulated += report.simulated;
    } while (spent() < seconds);
    fmt::print(
        "{} worlds, {} attempts, {} answered, {} datagrams, {} RTP packets heard, {:.0f} hours in {:.1f} s\n",
        worlds, attempts, answered, datagrams, heard, std::chrono::duration<double>(simulated).count() / 3600,
        spent());
    return 0;
}
