// rtpengine's control protocol "ng": a cookie, a space, and a dictionary in bencode, over UDP.
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "host/base/ip.hpp"
#include "host/net/clock.hpp"
#include "tools/benchmarks/rtp_load/setup.hpp"
#include "tools/benchmarks/sip_load/sockets.hpp"

namespace causeway::bench {
namespace {

using namespace std::chrono_literals;

std::string text(std::string_view s) {
    return fmt::format("{}:{}", s.size(), s);
}

// The value of a key whose value is a text; empty where there is none. The keys asked for stand in no value.
std::string_view value(std::string_view dictionary, std::string_view key) {
    const auto at = dictionary.find(text(key));
    if (at == std::string_view::npos) return {};
    const auto rest = dictionary.substr(at + text(key).size());
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    if (error != std::errc()) return {};
    return rest.substr(static_cast<std::size_t>(end - rest.data()) + 1, length);
}

class NgSetup final : public Setup {
  public:
    Result<void> establish(const SetupOptions& o) {
        const auto server = Endpoint::parse(o.server);
        const auto local = Endpoint::parse(o.caller);
        if (!server || !local) return causeway::fail("addresses are written ADDRESS:PORT");
        if (auto opened = socket_.open(*local, *server); !opened) return opened;
        const auto offer = describe(o.caller_media);
        const auto answer = describe(o.callee_media);
        // Who has no codec in common is transcoded; plain on the callee's side.
        const std::string codecs = o.caller_media.codec == o.callee_media.codec
                                       ? ""
                                       : "5:codecd4:maskl" + text(o.caller_media.codec) + "e9:transcodel" +
                                             text(o.callee_media.codec) + "ee";
        for (std::uint32_t n = 0; n < o.calls; ++n) {
            const auto common = "7:call-id" + text(fmt::format("bench{}", n)) + codecs;
            const auto tags = "8:from-tag1:a";
            const auto replace = "7:replacel6:origin18:session-connectione";
            MediaCall call;
            auto told = ask("d3:ICE6:remove" + common + "7:command5:offer" + tags + replace + "3:sdp" +
                                text(offer) + "18:transport-protocol7:RTP/AVPe",
                            call.callee);
            if (!told) return told;
            told = ask("d3:ICE6:remove7:call-id" + text(fmt::format("bench{}", n)) + "7:command6:answer" +
                           tags + replace + "3:sdp" + text(answer) + "6:to-tag1:be",
                       call.caller);
            if (!told) return told;
            calls_.push_back(std::move(call));
        }
        return {};
    }

  private:
    Result<void> ask(const std::string& request, MediaLeg& leg) {
        const auto cookie = std::to_string(++cookies_) + " ";
        socket_.send(cookie + request);
        socket_.flush();
        for (const Time limit = net::now() + 2s; net::now() < limit;) {
            Result<MediaLeg> read = causeway::fail("no answer");
            bool answered = false;
            socket_.receive([&](std::string_view m) {
                if (!m.starts_with(cookie)) return;
                answered = true;
                const auto sdp = value(m, "sdp");
                read = sdp.empty() ? causeway::fail("rtpengine: " + std::string(value(m, "error-reason")))
                                   : read_leg(sdp);
            });
            if (answered) {
                if (!read) return tl::make_unexpected(read.error());
                leg = std::move(*read);
                return {};
            }
            pollfd waiting{socket_.descriptor(), POLLIN, 0};
            ::poll(&waiting, 1, 100);
        }
        return causeway::fail("rtpengine does not answer");
    }

    Socket socket_;
    std::uint64_t cookies_ = 0;
};

}  // namespace

Result<std::unique_ptr<Setup>> set_up_by_ng(const SetupOptions& options) {
    auto setup = std::make_unique<NgSetup>();
    if (auto done = setup->establish(options); !done) return tl::make_unexpected(done.error());
    return setup;
}

}  // namespace causeway::bench
