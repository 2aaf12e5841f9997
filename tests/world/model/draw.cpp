// What a run is: all of it drawn from the seed, whatever is then left out.
#include <fmt/format.h>

#include <algorithm>

#include "drivers/cpu/engine.hpp"
#include "tests/world/model/world.hpp"

namespace causeway::world {
namespace {

IpAddress ip(const std::string& text) {
    return *IpAddress::parse(text);
}

// Of each peer. No change of a few octets makes one of the others of it.
const std::vector<std::string> networks{"192.0.2.", "203.0.113.", "198.18.4.", "172.16.77.", "10.99.8."};

}  // namespace

Weather World::draw_weather() {
    Dice& dice = dice_;
    Weather w;
    w.min_delay = dice.between(Millis(1), Millis(80));
    w.garbage = dice.chance(50) ? dice.between(0U, 5U) : 0;
    w.restarts = dice.chance(40) ? dice.between(1U, 4U) : 0;
    const bool fair = dice.chance(25);
    if (!fair) {
        w.sip_loss = dice.chance(70) ? dice.between(0U, 20U) : 0;
        w.sip_repeat = dice.chance(50) ? dice.between(0U, 20U) : 0;
        w.media_loss = dice.chance(50) ? dice.between(0U, 15U) : 0;
        w.media_repeat = dice.chance(30) ? dice.between(0U, 10U) : 0;
        w.sip_jitter = dice.chance(60) ? dice.between(Millis(0), Millis(600)) : Duration{};
        w.media_jitter = dice.chance(50) ? dice.between(Millis(0), Millis(80)) : Duration{};
        w.mangled = dice.chance(30) ? dice.between(0U, 15U) : 0;
        w.outages = dice.chance(20) ? dice.between(1U, 3U) : 0;
        w.breaks = dice.chance(30) ? dice.between(1U, 5U) : 0;
        w.crashes = dice.chance(20) ? 1 : 0;  // who hangs up when all have crashed?
        w.operators = dice.chance(20) ? dice.between(1U, 30U) : 0;
        w.no_record = dice.chance(15) ? dice.between(1U, 40U) : 0;
        w.no_socket = dice.chance(15) ? dice.between(1U, 40U) : 0;
        w.drain = dice.chance(10);
    }
    if (!has("loss")) w.sip_loss = w.media_loss = 0;
    if (!has("repeat")) w.sip_repeat = w.media_repeat = 0;
    if (!has("jitter")) w.sip_jitter = w.media_jitter = {};
    if (!has("mangled")) w.mangled = 0;
    if (!has("garbage")) w.garbage = 0;
    if (!has("outages")) w.outages = 0;
    if (!has("breaks")) w.breaks = 0;
    if (!has("crashes")) w.crashes = 0;
    if (!has("operators")) w.operators = 0;
    if (!has("restarts")) w.restarts = 0;
    if (!has("records")) w.no_record = 0;
    if (!has("sockets")) w.no_socket = 0;
    if (!has("drain")) w.drain = false;
    return w;
}

Habits World::draw_habits(std::size_t number) {
    static const std::vector<std::string> names{"leftie", "rightie", "uppie", "downie", "outie"};
    Dice dice(seed_ * 64 + 8 + number);  // whoever else there is
    const auto n = static_cast<unsigned>(number);
    Habits h;
    h.name = names[number];
    h.prefix = fmt::format("+{}", 40 + n);
    h.signaling = {ip(networks[number] + "10"), 5060};
    h.media = dice.chance(50) ? h.signaling.ip : ip(networks[number] + "77");
    h.gateway = {ip(networks[number] + "201"), 5060};
    h.transport = dice.chance(25) ? sip::Transport::tcp : sip::Transport::udp;
    h.host_name = dice.chance(40);
    h.srtp = static_cast<call::SrtpMode>(dice.below(3));
    h.suites = {sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, sdp::SrtpSuite::aead_aes_256_gcm,
                sdp::SrtpSuite::aes_cm_128_hmac_sha1_32, sdp::SrtpSuite::aead_aes_128_gcm};
    std::rotate(h.suites.begin(), h.suites.begin() + dice.below(4), h.suites.end());
    h.suites.resize(dice.between(1U, 4U));
    h.late_offer = dice.between(0U, 20U);
    h.give_up = dice.between(0U, 50U);
    h.wrong_number = dice.between(0U, 10U);
    h.reject = dice.between(0U, 30U);
    h.no_answer = dice.between(0U, 10U);
    h.early_media = dice.between(0U, 80U);
    h.bad_answer = dice.between(0U, 4U);
    h.hold = dice.between(0U, 60U);
    h.refuse_reinvite = dice.between(0U, 20U);
    h.noise = dice.between(0U, 40U);
    if (weather_.fair() || !has("habits")) return h;
    h.nat = dice.chance(30);
    if (dice.chance(15)) h.slow = dice.between(1U, 20U);
    if (dice.chance(15)) h.no_ack = dice.between(1U, 60U);
    // Who chose an answer that nobody gave talks to nobody: the other side must be left to hang up.
    if (dice.chance(15) && weather_.crashes == 0) h.second_answer = dice.between(1U, 60U);
    if (dice.chance(15)) h.wrong_tag = dice.between(1U, 40U);
    if (dice.chance(50)) h.forgetful = dice.between(1U, 5U);
    if (dice.chance(15)) h.storm = dice.between(1U, 40U);
    return h;
}

void World::draw_peers() {
    const auto drawn = dice_.chance(50) ? 2U : dice_.between(3U, 5U);
    const auto count = std::min(drawn, std::max(options_.peers, 2U));
    for (std::size_t i = 0; i < count; ++i) {
        auto habits = draw_habits(i);
        Peer p;
        p.secrets.add("pbx." + habits.name + ".example");
        p.secrets.add(habits.signaling.ip.to_string());
        p.secrets.add(habits.media.to_string());
        p.secrets.add(habits.gateway.ip.to_string());
        report_.names.push_back(habits.name);
        Surroundings& around = *this;
        p.phone = std::make_unique<Phone>(std::move(habits), seed_ * 64 + 16 + i, around);
        peers_.push_back(std::move(p));
    }
}

call::Config World::configure() {
    Dice& dice = dice_;
    call::Config c;
    // Sometimes too few ports for all calls.
    const bool few = dice.chance(20);
    const auto ports = few && !weather_.fair() && has("sockets") ? dice.between(2U, 10U) : 200U;
    c.media = {
        {ip("198.51.100.9"), ip("198.51.100.9"), 20000, static_cast<std::uint16_t>(20000 + 2 * ports - 1)}};
    for (const Peer& peer : peers_) {
        const Habits& h = peer.habits();
        c.listeners.push_back({h.transport, h.gateway.ip.to_string(), h.gateway.port});
        call::Trunk t;
        t.name = h.name;
        t.transport = h.transport;
        t.sources = {h.signaling.ip, ip(networks[c.trunks.size()] + "91")};
        t.target = h.signaling;
        t.listener = static_cast<std::uint16_t>(c.trunks.size());
        // Mostly what the other side does; where not, calls fail and must fail cleanly.
        t.srtp = dice.chance(85) ? h.srtp : static_cast<call::SrtpMode>(dice.below(3));
        if (dice.chance(50)) t.suites = h.suites;
        // Who learns from anyone is fair game for strangers.
        t.learning = static_cast<media::Learning>(dice.below(weather_.garbage == 0 ? 3 : 2));
        if (dice.chance(30)) t.domain = "carrier.example";
        c.routes.push_back({h.prefix, t.name, 0, ""});
        c.trunks.push_back(std::move(t));
    }
    c.no_answer = Seconds(20);
    return c;
}

World::World(std::uint64_t seed, Options options)
    : seed_(seed),
      options_(std::move(options)),
      dice_(seed * 64 + 1),
      wire_(seed * 64 + 2),
      gateway_random_(seed * 64 + 3),
      weather_(draw_weather()),
      engine_(cpu::make_engine()) {
    report_.seed = seed;
    report_.weather = weather_;
    draw_peers();
    config_ = configure();
    media::Network& network = *this;
    call::CoreOutput& output = *this;
    core_.emplace(config_, *engine_, network, gateway_random_, output);
}

}  // namespace causeway::world
