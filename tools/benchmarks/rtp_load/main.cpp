// Sends RTP through a server, searches the highest rate that it takes without loss, and prints what came of
// it and what the server used as one JSON object.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "host/net/clock.hpp"
#include "tools/benchmarks/rtp_load/streams.hpp"
#include "tools/benchmarks/sip_load/processes.hpp"

namespace causeway::bench {
namespace {

struct Options {
    SetupOptions setup;
    bool ng = false;
    std::uint16_t loop = 0;  // the first port of a loop, instead of calls
    bool caller_srtp = false, callee_srtp = false;
    double rate = 0;     // packets/s
    double seconds = 2;  // measured
    double profile = 0;  // seconds more at the end, announced by a line "profile"
    std::vector<int> pids;
};

constexpr double warm_up = 0.5;  // seconds

class Run {
  public:
    explicit Run(Options options) : o_(std::move(options)) {}

    Result<void> prepare() {
        before_ = memory_of(o_.pids);
        if (auto opened = streams_.open(o_.setup.caller_media.media, o_.setup.callee_media.media); !opened)
            return opened;
        auto streams = o_.loop > 0 ? Result<std::vector<Stream>>(loops()) : calls();
        if (!streams) return tl::make_unexpected(streams.error());
        if (auto added = streams_.add(std::move(*streams), 16); !added) return added;
        auto greeted = streams_.greet();
        established_ = memory_of(o_.pids);
        return greeted;
    }

    nlohmann::json measure() {
        nlohmann::json j{{"streams", streams_.size()},
                         {"memory_before", before_},
                         {"memory_established", established_},
                         {"load", load()}};
        if (o_.profile > 0) {
            std::cout << "profile" << std::endl;
            streams_.run(o_.rate, 0, o_.profile);
        }
        return j;
    }

  private:
    nlohmann::json load() {
        CpuTime begin, end;
        const Window w = streams_.run(
            o_.rate, warm_up, o_.seconds, [&] { begin = cpu_time_of(o_.pids); },
            [&] { end = cpu_time_of(o_.pids); });
        const auto each = [&](double s) {
            return w.received > 0 ? s * 1e6 / static_cast<double>(w.received) : 0;
        };
        nlohmann::json j{{"rate", o_.rate},
                         {"reached", w.rate_sent},
                         {"streams", w.streams},
                         {"sent", w.sent},
                         {"received", w.received},
                         {"lost", w.lost()},
                         {"unknown", w.unknown},
                         {"own_drops", w.own_drops},
                         {"lag_ms", w.lag_ms},
                         {"user_us", each(end.user - begin.user)},
                         {"system_us", each(end.system - begin.system)},
                         {"waiting", (end.waiting - begin.waiting) / o_.seconds}};
        if (!w.delays.empty()) {
            const auto at = [&](double share) {
                return w.delays[static_cast<std::size_t>(share * static_cast<double>(w.delays.size() - 1))] /
                       1e3;
            };
            j["delay_us"] = {{"p50", at(0.5)}, {"p99", at(0.99)}, {"longest", at(1)}};
        }
        return j;
    }

    std::vector<Stream> loops() const {
        std::vector<Stream> streams(o_.setup.calls);
        const auto server = Endpoint::parse(o_.setup.server).value_or(Endpoint{});
        for (std::size_t n = 0; n < streams.size(); ++n) {
            streams[n].to = 0;
            streams[n].comes_from = static_cast<std::uint16_t>(o_.loop + n);
            streams[n].server = {server.ip, streams[n].comes_from};
        }
        return streams;
    }

    Result<std::vector<Stream>> calls() {
        const auto& s = o_.setup;
        auto setup = o_.ng ? set_up_by_ng(s) : set_up_by_sip(s);
        if (!setup) return tl::make_unexpected(setup.error());
        setup_ = std::move(*setup);
        const IpAddress ip = Endpoint::parse(s.server).value_or(Endpoint{}).ip;
        std::vector<Stream> streams;
        for (const MediaCall& c : setup_->calls()) {
            streams.push_back({0,
                               1,
                               {ip, c.caller.port},
                               c.callee.port,
                               payload_type(s.caller_media.codec),
                               s.caller_media.srtp,
                               c.callee.srtp});
            streams.push_back({1,
                               0,
                               {ip, c.callee.port},
                               c.caller.port,
                               payload_type(s.callee_media.codec),
                               s.callee_media.srtp,
                               c.caller.srtp});
        }
        return streams;
    }

    const Options o_;
    std::unique_ptr<Setup> setup_;
    Streams streams_;
    std::uint64_t before_ = 0, established_ = 0;  // octets of the server
};

int run(int argc, char** argv) {
    Options o;
    auto& s = o.setup;
    CLI::App app("Sends RTP through a server and prints what came of it as JSON.");
    app.add_option("--server", s.server, "ADDRESS:PORT of the server's SIP or ng")->required();
    app.add_flag("--ng", o.ng, "set up calls by rtpengine's ng, not by SIP");
    app.add_option("--loop", o.loop, "no calls: packets come back from ports from this one on");
    app.add_option("--caller", s.caller, "ADDRESS:PORT that calls (or ng) come from");
    app.add_option("--callee", s.callee, "ADDRESS:PORT that calls go to");
    app.add_option("--caller-media", s.caller_media.media, "ADDRESS:PORT of the callers' RTP")->required();
    app.add_option("--callee-media", s.callee_media.media, "ADDRESS:PORT of the callees' RTP")->required();
    const auto codecs = CLI::IsMember({"PCMU", "PCMA", "G722"});
    app.add_option("--caller-codec", s.caller_media.codec, "of the callers")->check(codecs);
    app.add_option("--callee-codec", s.callee_media.codec, "of the callees")->check(codecs);
    app.add_flag("--caller-srtp", o.caller_srtp, "AES_CM_128_HMAC_SHA1_80 on the callers' side");
    app.add_flag("--callee-srtp", o.callee_srtp, "AES_CM_128_HMAC_SHA1_80 on the callees' side");
    app.add_option("--calls", s.calls, "calls, or ports of the loop")->check(CLI::Range(1, 15000));
    app.add_option("--rate", o.rate, "packets/s")->required()->check(CLI::PositiveNumber);
    app.add_option("--seconds", o.seconds, "measured seconds");
    app.add_option("--profile", o.profile, "seconds more at the end, announced by a line \"profile\"");
    app.add_option("--pid", o.pids, "process of the server, several times for several");
    CLI11_PARSE(app, argc, argv);
    SystemRandom random;
    const auto key = [&] { return sdp::make_srtp_key(sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, random); };
    if (o.caller_srtp) s.caller_media.srtp = key();
    if (o.callee_srtp) s.callee_media.srtp = key();

    const auto load = std::make_unique<Run>(std::move(o));
    if (auto prepared = load->prepare(); !prepared) {
        std::cerr << "rtp_load: " << prepared.error().what << '\n';
        return 1;
    }
    std::cout << load->measure().dump() << '\n';
    return 0;
}

}  // namespace
}  // namespace causeway::bench

int main(int argc, char** argv) {
    return causeway::bench::run(argc, argv);
}
