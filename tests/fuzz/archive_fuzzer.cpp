// Bytes as what a core saved: whatever they hold, restoring them harms nobody, and what a core took up it can
// save, hang up and forget.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "drivers/cpu/engine.hpp"
#include "host/base/archive.hpp"
#include "host/call/core.hpp"

using namespace causeway;

namespace {

struct Nowhere final : media::Network, call::CoreOutput {
    std::set<Endpoint> bound;
    bool bind(const Endpoint& local) override { return bound.insert(local).second; }
    void release(const Endpoint& local) override { bound.erase(local); }
    void send(const Endpoint&, const Endpoint&, ByteView) override {}
    bool send(const sip::Hop&, std::string_view) override { return true; }
    bool start(const call::CdrStart&) override { return true; }
    void end(const call::CdrEnd&) override {}
};

call::Config config() {
    call::Config c;
    const auto ip = *IpAddress::parse("198.51.100.9");
    c.listeners = {{sip::Transport::udp, "198.51.100.1", 5060}, {sip::Transport::udp, "198.51.100.2", 5060}};
    c.media = {{ip, ip, 20000, 20019}};
    return c;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto engine = cpu::make_engine(64);
    SeededRandom random(1);
    Nowhere nowhere;
    Time now{std::chrono::seconds(1000)};
    {
        call::Core core(config(), *engine, nowhere, random, nowhere);
        (void)core.restore(now, {data, size});  // mostly refused by its checksum
    }
    {
        call::Core core(config(), *engine, nowhere, random, nowhere);
        const auto report = core.restore(now, seal(call::state_version, {data, size}).view());
        if (!report && (!nowhere.bound.empty() || core.status().legs != 0)) std::abort();
        (void)core.save(now);
        for (const auto& c : core.calls()) core.hangup(now, c.id);
        for (int i = 0; i < 100 && core.next_timer() && *core.next_timer() - now < std::chrono::hours(1);
             ++i) {
            now = std::max(now, *core.next_timer());
            core.advance(now);
        }
        if (core.status().calls != 0 || core.status().media.ports_in_use != 0 || !nowhere.bound.empty())
            std::abort();
    }
    if (engine->live().ingresses != 0 || engine->live().egresses != 0) std::abort();
    return 0;
}
