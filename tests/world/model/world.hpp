// A gateway and its peers on a network that loses, delays, reorders, repeats and mangles, all under one
// virtual clock and one seed. There are no threads and no sleeps: an hour of calls takes a fraction of a
// second, and the same seed gives the same run, byte for byte.
//
// world.cpp plans and runs, draw.cpp draws what a run is, wire.cpp is the network, invariants.cpp what must
// hold.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
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
    unsigned outages = 0;    // times that a peer cannot be reached; over TCP nothing moves then
    unsigned breaks = 0;     // times that a peer's TCP connection breaks
    unsigned crashes = 0;    // times that a peer forgets everything
    unsigned operators = 0;  // calls that somebody hangs up by hand
    unsigned restarts = 0;   // times that the gateway's process gives way to another, which takes over
    unsigned no_record = 0;  // records that the journal does not take
    unsigned no_socket = 0;  // ports that cannot be bound
    Duration min_delay{}, sip_jitter{}, media_jitter{};
    bool drain = false;
    // What is sent arrives, once, in order, and nobody interferes.
    bool fair() const {
        return sip_loss + sip_repeat + media_loss + media_repeat + mangled + outages + breaks + crashes +
                       operators + no_record + no_socket ==
                   0 &&
               sip_jitter + media_jitter == Duration{} && !drain;
    }
};

// What can be taken out of a run to see whether it fails without.
inline const std::vector<std::string> faults{"loss",    "repeat",  "jitter",  "mangled",   "garbage",
                                             "outages", "breaks",  "crashes", "operators", "restarts",
                                             "records", "sockets", "drain",   "habits"};

struct Options {
    unsigned calls = 12;                              // dialled, at most
    unsigned peers = 5;                               // at most; 2 at least
    std::set<std::string> without;                    // of `faults`
    std::function<void(const std::string&)> verbose;  // gets every event line
};

struct Event {
    Time at{};
    std::string from, to;  // names, where something went from one to the other
    std::string what;
};

struct Report {
    std::uint64_t seed = 0;
    std::uint64_t trace_hash = 0;  // over all that was sent and recorded, with its time
    std::vector<std::string> problems;
    std::deque<Event> last_events;
    std::vector<std::string> state;  // of the gateway and its peers at the first problem, a line a call
    std::vector<std::string> names;  // of the peers
    Weather weather;
    std::uint64_t restarts = 0, carried = 0;  // and calls that went on then, counted each time
    std::uint64_t attempts = 0, answered = 0, failed = 0, malformed = 0, events = 0, datagrams = 0;
    std::uint64_t faults = 0;  // what was done to datagrams, connections, peers, files and sockets
    std::uint64_t unrecorded = 0, unbound = 0, breaks = 0;
    PhoneCounters phones;  // of all together
    Duration simulated{};
};

class World final : Surroundings, call::CoreOutput, media::Network {
  public:
    explicit World(std::uint64_t seed, Options options = {});
    Report run();

  private:
    struct Peer {
        std::unique_ptr<Phone> phone;
        fakes::Secrets secrets;
        std::unordered_set<std::string> told;  // all SIP that the gateway sent there
        std::optional<Time> unreachable_until;
        // TCP: which connection it is, and when the last octet of either way arrives.
        unsigned connection = 0;
        Time to_gateway{}, from_gateway{};
        const Habits& habits() const { return phone->habits(); }
    };

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

    // ---- what the run is
    Weather draw_weather();
    void draw_peers();
    Habits draw_habits(std::size_t number);
    call::Config configure();
    bool has(const char* fault) const { return options_.without.count(fault) == 0; }

    // ---- the wire
    Peer* peer_at(const IpAddress& ip);
    Peer* peer_behind(const Endpoint& gateway);
    std::string name_of(const Endpoint& e);
    bool out_of_reach(const IpAddress& ip);
    void carry_sip(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to, std::string bytes);
    void carry_media(const Endpoint& from, const Endpoint& to, std::string bytes);
    void deliver_sip(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to,
                     const std::string& bytes);
    void deliver_media(const Endpoint& from, const Endpoint& to, const std::string& bytes);
    bool lost(unsigned percent);
    void mangle(Peer& peer, bool to_gateway, const Endpoint& from, const Endpoint& to, std::string message);
    void throw_garbage();
    void break_connection(Peer& peer);

    // ---- what happens
    void plan();
    void at_any_time(std::function<void()> action);
    void crash(Peer& peer);
    void await_call(Time give_up);
    void restart(Time give_up);
    void take_over();
    bool step(Time limit);  // the next event; false where none is due
    void note(std::string what, std::string from = {}, std::string to = {});
    void hash(std::string_view bytes);

    // ---- what must hold
    void check_now();
    void check_end();
    void check_shown();
    void check_sent(const Endpoint& local, const Endpoint& to, ByteView bytes);
    void check_recorded(std::string_view message);
    void check_heard(const Phone& speaker, const Phone& listener);
    void describe_all();
    // Every message arrives, if not at first, and is what was said.
    bool gets_through() const;
    bool changes_are_answered() const;

    std::uint64_t seed_;
    Options options_;
    Time now_{Seconds(1000)};
    Dice dice_;  // what the run is
    Dice wire_;  // what the network does
    SeededRandom gateway_random_;
    Weather weather_;
    std::vector<Peer> peers_;
    std::unique_ptr<media::Engine> engine_;
    call::Config config_;
    Timers<std::function<void()>> events_;
    media::fakes::RecordingNetwork sockets_;
    std::optional<call::Core> core_;
    std::map<call::AttemptId, int> records_;  // 1: begun, 2: ended
    std::set<call::AttemptId> unrecorded_;
    std::set<std::string> unrecorded_calls_;  // Call-IDs of theirs
    // Of each SSRC that a port sent under, what went out under each sequence number.
    std::map<std::pair<Endpoint, std::uint32_t>, std::map<std::uint16_t, std::uint64_t>> sent_;
    Report report_;
};

std::string line_of(const Event& event);

}  // namespace causeway::world
