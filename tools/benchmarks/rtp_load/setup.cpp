#include "tools/benchmarks/rtp_load/setup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "host/base/ip.hpp"
#include "host/net/clock.hpp"
#include "tools/benchmarks/load/calls.hpp"
#include "tools/benchmarks/sip_load/sockets.hpp"

namespace causeway::bench {
namespace {

using namespace std::chrono_literals;

// The rest of the first line that starts so.
std::string_view line(std::string_view text, std::string_view start) {
    for (auto at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1)) {
        if (at > 0 && text[at - 1] != '\n') continue;
        const auto from = at + start.size();
        return text.substr(from, text.find_first_of("\r\n", from) - from);
    }
    return {};
}

class SipSetup final : public Setup {
  public:
    ~SipSetup() override {
        if (!sip_) return;
        sip_->hang_up(net::now());
        const Counters& c = sip_->counters();
        const Time limit = net::now() + 3s;
        while ((c.unfinished() > 0 || c.released < c.completed) && net::now() < limit) step();
        step();  // what is written last leaves, too
    }

    Result<void> establish(const SetupOptions& o) {
        const auto server = Endpoint::parse(o.server);
        const auto caller = Endpoint::parse(o.caller);
        const auto callee = Endpoint::parse(o.callee);
        if (!server || !caller || !callee) return causeway::fail("addresses are written ADDRESS:PORT");
        if (auto opened = caller_.open(*caller, *server); !opened) return opened;
        if (auto opened = callee_.open(*callee, *server); !opened) return opened;
        calls_.resize(o.calls);
        CallsOptions options;
        options.server = o.server;
        options.caller = o.caller;
        options.callee = o.callee;
        options.run = std::to_string(net::now().time_since_epoch().count() % 1000000);
        options.hold = 24h;
        options.offer = describe(o.caller_media);
        options.answer = describe(o.callee_media);
        options.told = [this](Side at, std::uint32_t call, std::string_view message) {
            auto leg = read_leg(message.substr(message.find("\r\n\r\n") + 4));
            if (!leg) {
                error_ = fmt::format("call {}: {}", call, leg.error().what);
            } else {
                (at == Side::caller ? calls_[call].caller : calls_[call].callee) = std::move(*leg);
            }
        };
        sip_.emplace(options, [this](Side from, std::string_view m) {
            (from == Side::caller ? caller_ : callee_).send(m);
        });
        const auto& counters = sip_->counters();
        const auto gap = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / o.rate));
        Time next = net::now();
        Time acknowledged = Time::max();  // when the last ACKs have had time to arrive
        while (error_.empty() && net::now() < acknowledged) {
            const Time now = net::now();
            for (; counters.started < o.calls && next <= now; next += gap) sip_->start(now);
            step();
            if (counters.failed > 0) return causeway::fail("calls were refused or not answered");
            if (acknowledged == Time::max() && counters.answered == o.calls) acknowledged = now + 300ms;
        }
        if (!error_.empty()) return causeway::fail(error_);
        return {};
    }

  private:
    void step() {
        const Time now = net::now();
        sip_->advance(now);
        bool busy = caller_.receive([&](std::string_view m) { sip_->receive(now, Side::caller, m); });
        busy |= callee_.receive([&](std::string_view m) { sip_->receive(now, Side::callee, m); });
        caller_.flush();
        callee_.flush();
        if (!busy) ::usleep(200);
    }

    Socket caller_, callee_;
    std::optional<Calls> sip_;
    std::string error_;
};

}  // namespace

int payload_type(std::string_view codec) {
    return codec == "G722" ? 9 : codec == "PCMA" ? 8 : 0;
}

std::string describe(const MediaSide& side) {
    const auto at = Endpoint::parse(side.media).value_or(Endpoint{});
    const int type = payload_type(side.codec);
    return fmt::format(
        "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/{2} {3}\r\n"
        "a=rtpmap:{3} {4}/8000\r\na=ptime:20\r\n{5}a=sendrecv\r\n",
        at.ip.to_string(), at.port, side.srtp ? "SAVP" : "AVP", type, side.codec,
        side.srtp ? "a=crypto:" + sdp::Crypto{1, *side.srtp}.to_string() + "\r\n" : "");
}

Result<MediaLeg> read_leg(std::string_view sdp) {
    const auto m = line(sdp, "m=audio ");
    MediaLeg leg;
    if (std::from_chars(m.data(), m.data() + m.size(), leg.port).ec != std::errc() || leg.port == 0) {
        return causeway::fail("no audio port in what the server said");
    }
    if (m.find("SAVP") == std::string_view::npos) return leg;
    const auto crypto = sdp::Crypto::parse(line(sdp, "a=crypto:"));
    if (!crypto) return tl::make_unexpected(crypto.error());
    leg.srtp = crypto->key;
    return leg;
}

Result<std::unique_ptr<Setup>> set_up_by_sip(const SetupOptions& options) {
    auto setup = std::make_unique<SipSetup>();
    if (auto done = setup->establish(options); !done) return tl::make_unexpected(done.error());
    return setup;
}

}  // namespace causeway::bench
