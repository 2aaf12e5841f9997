// What a call costs inside the gateway's core, without sockets: plain calls on a virtual clock, and beside
// that the pieces that can be timed alone. Prints one JSON object.
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "drivers/cpu/engine.hpp"
#include "host/call/core.hpp"
#include "host/gateway/cdr_records.hpp"
#include "host/net/clock.hpp"
#include "host/sdp/session.hpp"
#include "host/sip/message.hpp"
#include "host/store/journal.hpp"
#include "tools/benchmarks/load/calls.hpp"

namespace causeway::bench {
namespace {

using namespace std::chrono_literals;

// Of this thread: what other programs do at the same time is not in it.
Duration cpu_time() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

const CallsOptions addresses;  // the defaults

call::Config config() {
    call::Config c;
    sip::Listener listener;
    listener.host = "127.0.0.1";
    c.listeners = {listener};
    const auto here = *IpAddress::parse("127.0.0.1");
    c.media = {{here, here, 1024, 65535}};
    call::Trunk callers;
    callers.name = "callers";
    callers.sources = {Endpoint::parse(addresses.caller)->ip};
    call::Trunk callees;
    callees.name = "callees";
    callees.target = *Endpoint::parse(addresses.callee);
    c.trunks = {callers, callees};
    call::Route route;
    route.prefix = "2";
    route.trunk = "callees";
    c.routes = {route};
    c.max_calls = 1000000;
    return c;
}

// The core between the callers and the callees; each hears the others in turn.
class Bench final : call::CoreOutput, media::Network {
  public:
    explicit Bench(Duration hold)
        : calls_(with_hold(hold), [this](Side from, std::string_view m) { queue(true, from, m); }),
          random_(1),
          engine_(cpu::make_engine()),
          core_(config(), *engine_, static_cast<media::Network&>(*this), random_,
                static_cast<call::CoreOutput&>(*this)) {}

    // `count` calls, one every `gap` of virtual time.
    void calls(std::uint64_t count, Duration gap) {
        for (std::uint64_t i = 0; i < count; ++i) {
            calls_.start(now_);
            settle();
            pass(gap);
        }
    }
    // Lets virtual time pass, everything at its deadline.
    void pass(Duration time) {
        const Time end = now_ + time;
        while (true) {
            const auto theirs = calls_.next_timer();
            const auto ours = core_.next_timer();
            auto next = theirs;
            if (!next || (ours && *ours < *next)) next = ours;
            if (!next || *next > end) break;
            now_ = std::max(now_, *next);
            timed([&] { core_.advance(now_); });
            calls_.advance(now_);
            settle();
        }
        now_ = end;
    }

    const Counters& counters() const { return calls_.counters(); }
    call::CoreStatus status() const { return core_.status(); }
    Duration in_core() const { return in_core_; }
    // Of what the core received and sent for the first call.
    const std::vector<std::string>& received() const { return received_; }
    const call::CdrStart& first_start() const { return first_start_; }
    const call::CdrEnd& first_end() const { return first_end_; }

  private:
    struct Message {
        bool to_core;
        Side side;
        std::string text;
    };
    static CallsOptions with_hold(Duration hold) {
        CallsOptions o = addresses;
        o.hold = hold;
        return o;
    }
    template <class F>
    void timed(F f) {
        const Duration begin = cpu_time();
        f();
        in_core_ += cpu_time() - begin;
    }
    void queue(bool to_core, Side side, std::string_view text) {
        waiting_.push_back({to_core, side, std::string(text)});
    }
    void settle() {
        for (; !waiting_.empty(); waiting_.pop_front()) {
            const Message& m = waiting_.front();
            if (!m.to_core) {
                calls_.receive(now_, m.side, m.text);
                continue;
            }
            if (counters().started == 1) received_.push_back(m.text);
            timed([&] {
                core_.receive_sip(now_, m.text,
                                  {sip::Transport::udp, 0, m.side == Side::caller ? caller_ : callee_});
            });
        }
    }

    bool send(const sip::Hop& to, std::string_view message) override {
        queue(false, to.remote == caller_ ? Side::caller : Side::callee, message);
        return true;
    }
    bool start(const call::CdrStart& record) override {
        if (record.attempt == 1) first_start_ = record;
        return true;
    }
    void end(const call::CdrEnd& record) override {
        if (record.attempt == 1) first_end_ = record;
    }
    bool bind(const Endpoint&) override { return true; }
    void release(const Endpoint&) override {}
    void send(const Endpoint&, const Endpoint&, ByteView) override {}

    const Endpoint caller_ = *Endpoint::parse(addresses.caller), callee_ = *Endpoint::parse(addresses.callee);
    std::deque<Message> waiting_;
    std::vector<std::string> received_;
    call::CdrStart first_start_;
    call::CdrEnd first_end_;
    Calls calls_;
    Time now_{1h};
    Duration in_core_{};
    SeededRandom random_;
    std::unique_ptr<media::Engine> engine_;
    call::Core core_;
};

double microseconds(Duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

template <class F>
double microseconds_each(int times, F f) {
    const Duration begin = cpu_time();
    for (int i = 0; i < times; ++i) f();
    return microseconds(cpu_time() - begin) / times;
}

std::size_t allocated() {
    return ::mallinfo2().uordblks;
}

// The figures of the core at `rate` calls/s, all of the transactions of the last 32 s lingering.
nlohmann::json time_of_calls(std::uint64_t rate, std::uint64_t count, Bench& bench) {
    const Duration gap = std::chrono::duration_cast<Duration>(1s) / static_cast<std::int64_t>(rate);
    bench.calls(34 * rate, gap);
    const Duration before = bench.in_core();
    bench.calls(count, gap);
    const Duration after = bench.in_core();
    if (bench.counters().failed + bench.counters().retransmissions > 0)
        throw std::runtime_error(std::to_string(bench.counters().failed) + " calls failed, " +
                                 std::to_string(bench.counters().retransmissions) + " retransmissions of " +
                                 std::to_string(bench.counters().started));
    return {{"core_us", microseconds(after - before) / static_cast<double>(count)},
            {"transactions", bench.status().transactions}};
}

// Octets allocated, by what is alive: the caller's own state is taken off by a second, emptier measurement.
nlohmann::json memory_of_calls(std::uint64_t count) {
    Bench bench(1h);
    const auto each = [&](std::size_t from, std::size_t to) {
        return (static_cast<double>(to) - static_cast<double>(from)) / static_cast<double>(count);
    };
    bench.calls(64, 1ms);  // what grows only once
    bench.pass(40s);
    const std::size_t empty = allocated();
    bench.calls(count, 1us);
    const std::size_t with_transactions = allocated();
    const std::size_t transactions = bench.status().transactions;
    bench.pass(40s);
    const std::size_t established = allocated();
    return {{"established_call", each(empty, established)},
            {"lingering_transaction", each(established, with_transactions) * static_cast<double>(count) /
                                          static_cast<double>(transactions)}};
}

nlohmann::json time_of_pieces(const Bench& bench) {
    constexpr int times = 20000;
    std::vector<std::string_view> bodies;
    double parse = 0;
    double parse_sdp = 0;
    double write_sdp = 0;
    for (const auto& text : bench.received()) {
        parse += microseconds_each(times, [&] {
            if (!sip::Message::parse(text)) throw std::runtime_error("no SIP: " + text);
        });
        const auto body = std::string_view(text).substr(text.find("\r\n\r\n") + 4);
        if (body.empty()) continue;
        parse_sdp += microseconds_each(times, [&] {
            if (!sdp::Session::parse(body)) throw std::runtime_error("no SDP: " + text);
        });
        const auto session = *sdp::Session::parse(body);
        write_sdp += microseconds_each(times, [&] {
            if (session.to_string().empty()) throw std::runtime_error("no text");
        });
    }
    const auto folder = std::filesystem::temp_directory_path() / ("core_cost-" + std::to_string(::getpid()));
    SeededRandom random(1);
    double records = 0;
    {
        store::JournalOptions options;
        options.directory = folder;
        options.segment_octets = 256 << 20;
        auto journal = store::Journal::open(options, random);
        if (!journal || !(*journal)->sync()) throw std::runtime_error("no journal in " + folder.string());
        const auto offset = gateway::wall_offset(net::now());
        records = microseconds_each(times, [&] {
            (*journal)->start(gateway::to_store(bench.first_start(), offset));
            (*journal)->end(gateway::to_store(bench.first_end(), offset));
        });
    }
    std::filesystem::remove_all(folder);
    return {{"messages_received", bench.received().size()},
            {"parse_sip_us", parse},
            {"parse_sdp_us", parse_sdp},
            {"write_sdp_us", write_sdp},
            {"cdr_us", records}};
}

int run(int argc, char** argv) {
    std::uint64_t rate = 1000;
    std::uint64_t count = 10000;
    CLI::App app("What a call costs inside the gateway's core, as JSON.");
    app.add_option("--rate", rate, "calls/s of virtual time")->check(CLI::Range(1, 20000));
    app.add_option("--calls", count, "calls that are timed")->check(CLI::Range(100, 1000000));
    CLI11_PARSE(app, argc, argv);
    nlohmann::json all = memory_of_calls(2000);
    Bench bench(0s);
    all.update(time_of_calls(rate, count, bench));
    all.update(time_of_pieces(bench));
    std::cout << all.dump() << '\n';
    return 0;
}

}  // namespace
}  // namespace causeway::bench

int main(int argc, char** argv) {
    try {
        return causeway::bench::run(argc, argv);
    } catch (const std::exception& e) {
        std::cerr << "core_cost: " << e.what() << '\n';
        return 1;
    }
}
