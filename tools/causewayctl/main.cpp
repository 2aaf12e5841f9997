// causewayctl: asks a running gateway, and reads call records without one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include "host/store/cdr_database.hpp"
#include "tools/causewayctl/client.hpp"
#include "tools/causewayctl/print.hpp"

namespace {

using namespace causeway;
using nlohmann::json;

enum Exit : int { done = 0, refused = 1, unreachable = 2, bad_command_line = 3 };

constexpr const char* footer =
    "Exit status: 0 done, 1 refused or failed, 2 cannot reach the gateway, 3 the command "
    "line is wrong\n";

int fail(const ctl::Failure& failure) {
    fmt::print(stderr, "causewayctl: {}\n", failure.what);
    return failure.connection ? unreachable : refused;
}

int fail(const Error& error) {
    fmt::print(stderr, "causewayctl: {}\n", error.what);
    return refused;
}

// The answer as JSON, or as `people` shows it.
template <class Text>
int show(const tl::expected<json, ctl::Failure>& answer, bool as_json, Text people) {
    if (!answer) return fail(answer.error());
    fmt::print("{}", as_json ? answer->dump(2) + "\n" : people(*answer));
    return done;
}

// Returns when the gateway that drains has ended.
int wait_for_end(const ctl::Client& client) {
    std::optional<std::int64_t> pid;
    for (;;) {
        const auto status = client.call("status");
        if (!status) return status.error().gone ? done : fail(status.error());
        const auto now = status->value("pid", std::int64_t{0});
        if (pid.value_or(now) != now) return done;  // another one is in its place
        pid = now;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

// All calls, page by page.
tl::expected<json, ctl::Failure> all_calls(const ctl::Client& client) {
    json all = json::array();
    std::uint64_t after = 0;
    for (;;) {
        auto page = client.call("calls", {{"after", after}});
        if (!page) return page;
        const auto calls = page->find("calls");
        if (calls == page->end() || !calls->is_array() || calls->empty()) return all;
        after = calls->back().value("id", std::uint64_t{0});
        all.insert(all.end(), calls->begin(), calls->end());
        if (after == 0 || !page->value("more", false)) return all;
    }
}

// The whole of a file, or of standard input for "-". Bounded: a request to the gateway is.
Result<std::string> read_message(const std::string& file) {
    constexpr std::size_t longest = 32 * 1024;
    std::ifstream stream;
    if (file != "-") stream.open(file, std::ios::binary);
    std::istream& in = file == "-" ? std::cin : stream;
    std::string text(longest + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.gcount() == 0 && !in.eof())) return causeway::fail(file + ": cannot be read");
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > longest) return causeway::fail(file + ": longer than 32 KiB");
    if (text.empty()) return causeway::fail(file + ": is empty");
    return text;
}

int try_profile(const ctl::Client& client, const std::string& profile, const std::string& direction,
                const std::string& file, bool as_json) {
    const auto message = read_message(file);
    if (!message) return fail(message.error());
    return show(
        client.call("profile_try", {{"profile", profile}, {"direction", direction}, {"message", *message}}),
        as_json, ctl::profile_trial_text);
}

int import_records(const std::string& directory, const std::string& file, bool remove, bool as_json) {
    auto database = store::CdrDatabase::open(file);
    if (!database) return fail(database.error());
    const auto read =
        database->import_journal(directory, remove ? store::Segments::remove : store::Segments::keep);
    if (!read) return fail(read.error());
    if (as_json) {
        fmt::print("{}\n", json{{"starts", read->starts},
                                {"ends", read->ends},
                                {"damaged", read->damaged},
                                {"lost", read->lost},
                                {"removed", read->removed}}
                               .dump(2));
    } else {
        fmt::print("{} starts, {} ends, {} damaged places, {} calls of a dead gateway, {} files removed\n",
                   read->starts, read->ends, read->damaged, read->lost, read->removed);
    }
    return done;
}

int export_records(const std::string& file, const std::string& out, bool media) {
    if (!std::filesystem::exists(file)) return fail(Error{file + ": there is no such database"});
    const auto database = store::CdrDatabase::open(file);
    if (!database) return fail(database.error());
    const auto table = media ? store::CdrDatabase::Table::cdr_media : store::CdrDatabase::Table::cdr;
    if (out.empty()) {
        const auto written = database->export_csv(table, std::cout);
        return written ? done : fail(written.error());
    }
    std::ofstream stream(out, std::ios::binary | std::ios::trunc);
    if (!stream) return fail(Error{out + ": cannot be written"});
    if (const auto written = database->export_csv(table, stream); !written) return fail(written.error());
    stream.close();
    return stream ? done : fail(Error{out + ": cannot be written"});
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Asks a running Causeway gateway, and reads call records without one", "causewayctl");
    std::string socket = "/run/causeway/control.sock";
    bool as_json = false;
    app.add_option("-s,--socket", socket, "Control socket of the gateway")
        ->capture_default_str()
        ->type_name("PATH");
    app.add_flag("-j,--json", as_json, "Answers as JSON");
    app.set_version_flag("-v,--version", "causewayctl " CAUSEWAY_VERSION);
    app.require_subcommand(1);
    app.footer(footer);

    auto* status = app.add_subcommand("status", "What the gateway is and does");
    auto* calls = app.add_subcommand("calls", "The calls that run");
    auto* hangup = app.add_subcommand("hangup", "End a call");
    auto* reload =
        app.add_subcommand("reload", "Read the configuration again; calls that run are not touched");
    auto* drain = app.add_subcommand(
        "drain", "Refuse new calls with 503; the gateway ends with the last call, and this command with it");
    auto* restart = app.add_subcommand(
        "restart", "Start the program and its configuration again; answered calls go on in the new process");
    bool no_wait = false;
    drain->add_flag("-n,--no-wait", no_wait, "Return at once");
    std::uint64_t id = 0;
    hangup->add_option("ID", id, "As \"calls\" shows it")->required();

    auto* profile = app.add_subcommand("profile", "The profiles of the running configuration");
    profile->require_subcommand(1);
    auto* trial = profile->add_subcommand("try", "Show a message before and after the rules of a profile");
    std::string profile_name, direction = "in", message_file;
    trial->add_option("PROFILE", profile_name, "Its name")->required();
    trial->add_option("FILE", message_file, "A SIP message; - is standard input")->required();
    trial->add_option("-d,--direction", direction, "\"in\": received from the trunk, \"out\": sent to it")
        ->capture_default_str()
        ->check(CLI::IsMember({"in", "out"}));

    auto* cdr = app.add_subcommand("cdr", "Call detail records; needs no gateway, and does not disturb one");
    cdr->require_subcommand(1);
    auto* import = cdr->add_subcommand("import", "Import a journal into an SQLite database");
    auto* csv = cdr->add_subcommand("csv", "Write the records of a database as CSV");
    std::string directory, database, file;
    bool remove = false, media = false;
    import->add_option("JOURNAL", directory, "Directory of the journal")->required();
    import->add_option("DATABASE", database, "SQLite file, made where absent")->required();
    import->add_flag("-r,--remove", remove, "Remove journal files that are finished and imported");
    csv->add_option("DATABASE", database, "SQLite file")->required();
    csv->add_option("FILE", file, "Where to; standard output where absent");
    csv->add_flag("-m,--media", media,
                  "One line for each m-line of each leg, instead of one for each attempt");
    for (auto* command : {status, calls, hangup, reload, restart, drain, profile, trial, cdr, import, csv})
        command->fallthrough();

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : bad_command_line;
    }

    try {
        const ctl::Client client(socket);
        if (*status) return show(client.call("status"), as_json, ctl::status_text);
        if (*calls) return show(all_calls(client), as_json, ctl::calls_text);
        if (*hangup) {
            return show(client.call("hangup", {{"id", id}}), as_json,
                        [&](const json&) { return fmt::format("call {} is ended\n", id); });
        }
        if (*reload) {
            return show(client.call("reload"), as_json, [](const json& answer) {
                return fmt::format("reloaded: {} calls go on\n", answer.value("calls", 0));
            });
        }
        if (*restart) {
            return show(client.call("restart"), as_json, [](const json& answer) {
                return fmt::format("restarted: {} calls go on, {} lost\n", answer.value("calls", 0),
                                   answer.value("lost", 0));
            });
        }
        if (*trial) return try_profile(client, profile_name, direction, message_file, as_json);
        if (*drain) {
            const int begun = show(client.call("drain"), as_json, [](const json& answer) {
                return fmt::format("draining: {} calls left\n", answer.value("calls", 0));
            });
            std::fflush(stdout);
            return begun == done && !no_wait ? wait_for_end(client) : begun;
        }
    } catch (const json::exception&) {
        return fail(
            ctl::Failure{true, fmt::format("control socket {}: the answer is not understood", socket)});
    }
    if (*import) return import_records(directory, database, remove, as_json);
    return export_records(database, file, media);
}
