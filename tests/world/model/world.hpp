// The first world: a gateway and two PBXs on a network that loses, delays, reorders, repeats and mangles, all
// under one virtual clock and one seed. There are no threads and no sleeps: an hour of calls takes a fraction
// of a second, and the same seed gives the same run, byte for byte.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/base/timers.hpp"
#include "host/call/core.hpp"
#include "tests/fakes/leaks.hpp"
#include "tests/fakes/media_network.hpp"
#include "tests/world/model/phone.hpp"

namespace causeway::world {

// The weather of one run, drawn from its seed. Rates in percent.
struct Weather {
    unsigned sip_loss = 0, sip_repeat = 0, media_loss = 0, media_repeat = 0;
    unsigned mangled = 0;    // copies of SIP messages with octets changed
    unsigned garbage = 0;    // datagrams from nowhere, per call
    unsigned outages = 0;    // times that a peer cannot be reached
    unsigned operators = 0;  // calls that somebody hangs up by hand
    unsigned restarts = 0;   // times that the gateway's process gives way to another, which takes over
    Duration min_delay{}, sip_jitter{}, media_jitter{};
    bool drain = false;
    // What is sent arrives, once, in order, and nobody interferes.
    bool fair() const {
        return sip_loss + sip_repeat + media_loss + media_repeat + mangled + outages + operators == 0 &&
               sip_jitter + media_jitter == Duration{} && !drain;
    }
};

struct Report {
    std::uint64_t seed = 0;
    std::uint64_t trace_hash = 0;  // over all that was sent and recorded, with its time
    std::vector<std::string> problems;
    std::deque<std::string> last_events;
    Weather weather;
    std::uint64_t restarts = 0, carried = 0;  // and calls that went on then, counted each time
    std::uint64_t attempts = 0, answered = 0, failed = 0, malformed = 0, events = 0, datagrams = 0;
    PhoneCounters phones;  // of both together
    Duration simulated{};
};

struct Options {
    unsigned calls = 12;                              // dialled on either side, at most
    std::function<void(const std::string&)> verbose;  // gets every event line
};

class World final : Surroundings, call::CoreOutput, media::Network {
  public:
    explicit World(std::uint64_t seed, Options options = {});
    Report run();

  private:
    // ---- Surroundings, for the phones
    Time now() const override { return now_; }
    void later(Duration delay, std::function<void()> action) override;
    bool send_sip(const Endpoint& from, const Endpoint& to, std::string_view message) override;
    void send_media(const Endpoint& from, const Endpoint& to, ByteView bytes) override;
    void problem(std::string what) override;
    // ---- for the gateway
    bool send(const sip::Hop& to, std::string_view message) override;
    bool start(const call::CdrStart& record) override;
    void end(const call::CdrEnd& record) override;
    bool bind(const Endpoint& rtp_local) override;
    void release(const Endpoint& rtp_local) override;
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes) override;

    static Weather draw_weather(Dice& dice);
    static Habits draw_habits(Dice& dice, const std::string& name);
    static call::Config configure(Dice& dice, const Weather& weather, const Habits& left,
                                  const Habits& right);

    enum class Line { sip, media };
    // One datagram on the wire: perhaps lost, late, twice.
    void carry(Line line, const Endpoint& from, const Endpoint& to, std::string bytes);
    void deliver(Line line, const Endpoint& from, const Endpoint& to, const std::string& bytes);
    void mangle(const Endpoint& from, const Endpoint& to, std::string message);
    void plan();
    void throw_garbage();
    void await_call(Time give_up);
    void restart(Time give_up);
    void take_over();
    bool step(Time limit);  // the next event; false where none is due
    void note(std::string line);
    void hash(std::string_view bytes);
    void check_now();
    void check_end();
    void check_heard(const Phone& speaker, const Phone& listener);
    Phone* phone_at(const IpAddress& ip);
    bool out_of_reach(const IpAddress& ip) const;

    std::uint64_t seed_;
    Options options_;
    Time now_{Seconds(1000)};
    Dice dice_;  // what the phones do, and what the run is
    Dice wire_;  // what the network does
    SeededRandom gateway_random_;
    Weather weather_;
    Habits left_habits_, right_habits_;
    std::unique_ptr<media::Engine> engine_;
    const call::Config config_;
    Timers<std::function<void()>> events_;
    media::fakes::RecordingNetwork sockets_;
    call::Core core_;
    Phone left_, right_;
    std::map<IpAddress, Time> unreachable_until_;
    fakes::Secrets left_secrets_, right_secrets_;
    std::unordered_set<std::string> to_left_, to_right_;  // all that the gateway sent there
    std::map<call::AttemptId, int> records_;              // 1: begun, 2: ended
    Report report_;
};

}  // namespace causeway::world
