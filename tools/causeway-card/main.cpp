// causeway-card: what card is there, does it work, what does it do.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/causeway-card/top.hpp"
#include "tools/causeway-card/validate.hpp"

namespace {

using namespace causeway;
using namespace causeway::card;
using nlohmann::json;

enum Exit : int { done = 0, wrong = 1, no_card = 2, bad_command_line = 3 };

constexpr const char* footer =
    "Exit status: 0 done, 1 the card does not work as it should, 2 there is no card or it was lost, 3 the "
    "command line "
    "is wrong\n";

int fail_with(const Error& error) {
    fmt::print(stderr, "causeway-card: {}\n", error.what);
    return no_card;
}

Result<std::unique_ptr<Card>> opened(const CardOptions& options) {
    auto card = Card::start(options, now());
    if (!card) return card;
    if (const auto ready = wait_until_ready(**card); !ready) return tl::make_unexpected(ready.error());
    return card;
}

json as_json(const Facts& facts) {
    return {{"device", facts.device},
            {"bdf", facts.bdf},
            {"emulated", facts.emulated != 0},
            {"xclbin", facts.xclbin},
            {"uuid", facts.uuid},
            {"kernel", "media"},
            {"interface", facts.build},
            {"compute_units", facts.units},
            {"clock_mhz", facts.clock_mhz}};
}

int examine(const CardOptions& options, bool json_wanted) {
    const auto card = opened(options);
    if (!card) return fail_with(card.error());
    const Facts& facts = (*card)->facts();
    if (json_wanted) {
        fmt::print("{}\n", as_json(facts).dump(2));
        return done;
    }
    fmt::print("card       {} {}{}\n", facts.device, facts.bdf,
               facts.emulated != 0 ? " (simulated, hw_emu)" : "");
    fmt::print("xclbin     {}\nuuid       {}\n", facts.xclbin, facts.uuid);
    fmt::print("kernel     media, interface {}, {} compute units{}\n", facts.build, facts.units,
               facts.clock_mhz == 0 ? "" : fmt::format(", {} MHz", facts.clock_mhz));
    return done;
}

const char* name_of(Trial::Verdict verdict) {
    switch (verdict) {
        case Trial::Verdict::right:
            return "right";
        case Trial::Verdict::wrong:
            return "wrong";
        case Trial::Verdict::unsupported:
            return "unsupported";
    }
    return "";
}

int validate_card(const CardOptions& options, std::uint32_t packets, std::uint64_t seed, bool json_wanted) {
    const auto card = opened(options);
    if (!card) return fail_with(card.error());
    const auto trials = validate(**card, packets, seed);
    if (!trials) return fail_with(trials.error());
    bool all_right = true;
    json listed = json::array();
    if (!json_wanted)
        fmt::print("{:<10} {:>4}  {:<12} {:>8} {:>12} {:>10}\n", "function", "unit", "", "packets",
                   "cycles each", "packets/s");
    for (const Trial& trial : *trials) {
        all_right = all_right && trial.verdict != Trial::Verdict::wrong;
        const auto per_packet = trial.cycles / std::max<std::uint64_t>(trial.packets, 1);
        if (json_wanted) {
            listed.push_back({{"function", trial.function},
                              {"unit", trial.unit},
                              {"verdict", name_of(trial.verdict)},
                              {"packets", trial.packets},
                              {"cycles_per_packet", per_packet},
                              {"seconds", trial.seconds},
                              {"what", trial.what}});
        } else {
            fmt::print("{:<10} {:>4}  {:<12} {:>8} {:>12} {:>10.0f}{}{}\n", trial.function, trial.unit,
                       name_of(trial.verdict), trial.packets, per_packet,
                       static_cast<double>(trial.packets) / std::max(trial.seconds, 1e-9),
                       trial.what.empty() ? "" : "  ", trial.what);
        }
    }
    if (json_wanted)
        fmt::print(
            "{}\n",
            json{{"right", all_right}, {"card", as_json((*card)->facts())}, {"trials", listed}}.dump(2));
    return all_right ? done : wrong;
}

json counters_of(const OpenCard& card) {
    const SharedPage& page = card.shared.page();
    json units = json::array();
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(page.facts.units, most_units); ++i) {
        const UnitCounters& unit = page.counters[i];
        units.push_back({{"batches", unit.batches.load()},
                         {"packets", unit.packets.load()},
                         {"octets_in", unit.octets_in.load()},
                         {"octets_out", unit.octets_out.load()},
                         {"refused", unit.refused.load()},
                         {"cycles", unit.cycles.load()},
                         {"run_seconds", static_cast<double>(unit.nanoseconds.load()) * 1e-9},
                         {"running", unit.running.load()}});
    }
    static constexpr const char* states[] = {"starting", "ready", "failed"};
    const auto state = static_cast<std::uint32_t>(page.state.load());
    return {{"process", card.process},
            {"state", state < 3 ? states[state] : "?"},
            {"epoch", page.epoch},
            {"card", as_json(page.facts)},
            {"units", units}};
}

int top(bool once, bool json_wanted) {
    std::map<std::pair<pid_t, std::size_t>, std::uint64_t> before;  // packets
    for (;;) {
        const auto cards = open_cards();
        if (json_wanted) {
            json all = json::array();
            for (const OpenCard& card : cards) all.push_back(counters_of(card));
            fmt::print("{}\n", all.dump(once ? 2 : -1));
        } else {
            if (!once) fmt::print("\x1b[H\x1b[2J");
            if (cards.empty()) fmt::print("no program has a card open\n");
            for (const OpenCard& card : cards) {
                const json counters = counters_of(card);
                fmt::print("process {} {} {}\n{:>4} {:>10} {:>10} {:>8} {:>9} {:>10} {:>8}\n", card.process,
                           card.shared.page().facts.device, counters["state"].get<std::string>(), "unit",
                           "batches", "packets", "refused", "running", "packets/s", "ms/run");
                for (std::size_t i = 0; i < counters["units"].size(); ++i) {
                    const json& unit = counters["units"][i];
                    const auto packets = unit["packets"].get<std::uint64_t>();
                    const auto batches = unit["batches"].get<std::uint64_t>();
                    auto& last = before.try_emplace({card.process, i}, packets).first->second;
                    fmt::print("{:>4} {:>10} {:>10} {:>8} {:>9} {:>10} {:>8.2f}\n", i, batches, packets,
                               unit["refused"].get<std::uint64_t>(), unit["running"].get<std::uint32_t>(),
                               packets - last,
                               1e3 * unit["run_seconds"].get<double>() /
                                   static_cast<double>(std::max<std::uint64_t>(batches, 1)));
                    last = packets;
                }
            }
        }
        std::fflush(stdout);
        if (once) return done;
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Examines and tries the card, and shows what it does", "causeway-card");
    bool json_wanted = false;
    app.add_flag("-j,--json", json_wanted, "Output as JSON");
    app.set_version_flag("-v,--version", "causeway-card " CAUSEWAY_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(footer);

    CardOptions options;
    std::string trace;
    std::uint32_t packets = 500;
    std::uint64_t seed = 1;
    std::int64_t run_ms = to_ms(options.run_deadline), start_ms = to_ms(options.start_deadline);
    const auto with_card = [&](CLI::App* command) {
        command
            ->add_option("-x,--xclbin", options.xclbin,
                         "The card's program; one for hw_emu brings its own card")
            ->required()
            ->type_name("FILE");
        command->add_option("-d,--device", options.device, "Index or BDF of the card")->capture_default_str();
        command->add_option("--engine", options.program, "The program causeway-card-engine")
            ->type_name("FILE");
        command->add_option("--run-deadline", run_ms,
                            "A run that takes longer never ends, in ms (2000; 30000 if simulated)");
        command->add_option("--start-deadline", start_ms, "For opening the card, in ms")
            ->capture_default_str();
        command->add_option("--trace", trace, "Waveforms of a simulated card to FILE.media_1.fst, ...")
            ->type_name("FILE");
        return command;
    };
    auto* examine_command = with_card(app.add_subcommand("examine", "What card and kernel are there"));
    auto* validate_command =
        with_card(app.add_subcommand("validate", "Try every function on every compute unit"));
    validate_command->add_option("-n,--packets", packets, "Of each function on each unit")
        ->capture_default_str();
    validate_command->add_option("--seed", seed, "Of the packets' contents")->capture_default_str();
    auto* top_command = app.add_subcommand("top", "Counters of the cards that programs have open");
    bool once = false;
    top_command->add_flag("--once", once, "Print once and end");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : bad_command_line;
    }
    options.run_deadline = std::chrono::milliseconds(run_ms);
    options.start_deadline = std::chrono::milliseconds(start_ms);
    if (!trace.empty()) setenv("CAUSEWAY_CARD_TRACE", std::filesystem::absolute(trace).c_str(), 1);
    if (*examine_command) return examine(options, json_wanted);
    if (*validate_command) return validate_card(options, packets, seed, json_wanted);
    return top(*top_command && once, json_wanted);
}
