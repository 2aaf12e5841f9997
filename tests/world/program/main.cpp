// causeway_world: runs worlds of consecutive seeds until the time is up or one of them finds something. What
// fails is made smaller as long as it still fails, and printed with the command that runs it again.
#include <CLI/CLI.hpp>
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

world::Report run(std::uint64_t seed, const world::Options& options) {
    std::snprintf(crash_note, sizeof crash_note, "crashed with seed %llu\n",
                  static_cast<unsigned long long>(seed));
    return world::World(seed, options).run();
}

// Leaves out one kind of fault after the other, then peers, then calls, for as long as something is found.
world::Report shrink(world::Report failed, world::Options& options) {
    const auto still_fails = [&](const world::Options& fewer) {
        auto report = run(failed.seed, fewer);
        if (report.problems.empty()) return false;
        failed = std::move(report);
        options = fewer;
        return true;
    };
    for (const auto& fault : world::faults) {
        auto fewer = options;
        if (fewer.without.insert(fault).second) still_fails(fewer);
    }
    for (auto fewer = options; fewer.peers > 2;) {
        --fewer.peers;
        if (!still_fails(fewer)) break;
    }
    for (unsigned calls = 1; calls < options.calls; ++calls) {
        auto fewer = options;
        fewer.calls = calls;
        if (still_fails(fewer)) break;
    }
    return failed;
}

// The last events as a ladder: a column for the gateway, and one for each peer beside it.
void print_ladder(const world::Report& r) {
    constexpr int column = 14;
    const auto lines = [&](std::size_t left, std::size_t right, bool to_right, const std::string& label) {
        std::string out;
        for (std::size_t i = 0; i <= r.names.size(); ++i) {
            out += '|';
            if (i == r.names.size()) break;
            const bool inside = i >= left && i < right;
            std::string cell(column - 1, inside ? '-' : ' ');
            if (inside && to_right && i + 1 == right) cell.back() = '>';
            if (inside && !to_right && i == left) cell.front() = '<';
            out += cell;
        }
        return fmt::format("{}  {}", out, label);
    };
    fmt::print("{:>13}{:<{}}", "", "gateway", column);
    for (const auto& name : r.names) fmt::print("{:<{}}", name, column);
    fmt::print("\n");
    for (const auto& e : r.last_events) {
        const double at = std::chrono::duration<double>(e.at.time_since_epoch()).count() - 1000;
        const auto& peer = e.from == "gateway" ? e.to : e.from;
        std::size_t place = 0;
        while (place < r.names.size() && r.names[place] != peer) ++place;
        if (e.from.empty() || place == r.names.size()) {
            fmt::print("{:12.6f} {}\n", at, line_of(e).substr(13));
        } else {
            fmt::print("{:12.6f} {}\n", at, lines(0, place + 1, e.from == "gateway", e.what));
        }
    }
}

void print(const world::Report& r, const world::Options& options) {
    const auto& w = r.weather;
    fmt::print(
        "seed {}: {} peers, SIP loss {}% repeat {}% jitter {} ms, media loss {}% repeat {}% jitter {} ms, "
        "mangled "
        "{}%, {} outages, {} breaks, {} crashes, {} restarts\n",
        r.seed, r.names.size(), w.sip_loss, w.sip_repeat, to_ms(w.sip_jitter), w.media_loss, w.media_repeat,
        to_ms(w.media_jitter), w.mangled, w.outages, w.breaks, w.crashes, w.restarts);
    print_ladder(r);
    for (const auto& line : r.state) fmt::print("{}\n", line);
    for (const auto& problem : r.problems) fmt::print("PROBLEM: {}\n", problem);
    std::string without;
    for (const auto& fault : options.without) without += (without.empty() ? " --without " : ",") + fault;
    fmt::print("again: causeway_world --seed {} --calls {} --peers {}{} --verbose\n", r.seed, options.calls,
               options.peers, without);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Random calls through a gateway on a bad network, under a virtual clock");
    std::uint64_t seed = 1;
    double seconds = 0;
    std::uint64_t seeds = 1;
    bool verbose = false, no_shrink = false;
    world::Options options;
    std::vector<std::string> without;
    app.add_option("--seed", seed, "First seed");
    app.add_option("--seconds", seconds, "Wall-clock time to spend on seeds from there on");
    app.add_option("--seeds", seeds, "Seeds to run at least");
    app.add_option("--calls", options.calls, "Calls of one world, at most")->check(CLI::Range(1, 10000));
    app.add_option("--peers", options.peers, "Peers of one world, at most")->check(CLI::Range(2, 5));
    app.add_option("--without", without, "Kinds of faults to leave out")
        ->delimiter(',')
        ->check(CLI::IsMember(world::faults));
    app.add_flag("--verbose", verbose, "Print every event");
    app.add_flag("--no-shrink", no_shrink, "Print what fails as it is");
    CLI11_PARSE(app, argc, argv);
    options.without = {without.begin(), without.end()};
    if (verbose) options.verbose = [](const std::string& line) { fmt::print("{}\n", line); };
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, on_crash);

    const auto begin = std::chrono::steady_clock::now();
    const auto spent = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::uint64_t worlds = 0, attempts = 0, answered = 0, datagrams = 0, heard = 0, faults = 0, restarts = 0;
    Duration simulated{};
    do {
        auto report = run(seed, options);
        if (!report.problems.empty()) {
            fmt::print("{} worlds until seed {}\n", worlds + 1, seed);
            if (!verbose && !no_shrink) report = shrink(std::move(report), options);
            print(report, options);
            return 1;
        }
        ++worlds;
        ++seed;
        attempts += report.attempts;
        answered += report.answered;
        datagrams += report.datagrams;
        heard += report.phones.packets_heard;
        faults += report.faults;
        restarts += report.restarts;
        simulated += report.simulated;
    } while (worlds < seeds || spent() < seconds);
    fmt::print(
        "{} worlds, {} attempts, {} answered, {} datagrams, {} RTP packets heard, {} faults, {} restarts, "
        "{:.0f} hours "
        "in {:.1f} s\n",
        worlds, attempts, answered, datagrams, heard, faults, restarts,
        std::chrono::duration<double>(simulated).count() / 3600, spent());
    return 0;
}
