// Many plain calls at a time, callers and callees both: INVITE, 180, 200, ACK, BYE by the caller, 200. Text
// and time alone, so that the same calls go over sockets and straight into the gateway's core. Messages are
// put together from prepared pieces and looked through for the few fields that are needed: this is the
// measuring side and must stay much cheaper than what is measured.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/time.hpp"

namespace causeway::bench {

enum class Side : std::uint8_t { caller, callee };

// Audio at an address where nobody listens.
constexpr std::string_view usual_sdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 "
    "101\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    "a=ptime:20\r\na=sendrecv\r\n";

struct CallsOptions {
    std::string server = "127.0.0.1:5060";  // ADDRESS:PORT of what is measured
    std::string caller = "127.0.0.2:5060";
    std::string callee = "127.0.0.3:5060";
    std::string run = "1";  // part of tags, branches and Call-IDs, so that two runs do not meet
    Duration hold{};        // from the ACK to the BYE
    std::string offer{usual_sdp}, answer{usual_sdp};
    // What the other side was told: the INVITE that the callee got, and the 200 that the caller got, each
    // once.
    std::function<void(Side at, std::uint32_t call, std::string_view message)> told;
};

struct Counters {
    std::uint64_t started = 0, answered = 0, completed = 0;
    std::uint64_t released = 0;         // whose callee has got the BYE
    std::uint64_t failed = 0;           // refused, or not answered in spite of three retransmissions
    std::uint64_t retransmissions = 0;  // sent or received, of any message
    std::uint64_t unexpected = 0;       // messages that are of no call of ours
    std::uint64_t unfinished() const { return started - completed - failed; }
};

class Calls {
  public:
    // Must not call back into Calls. The view is valid during the call.
    using Send = std::function<void(Side from, std::string_view message)>;

    Calls(CallsOptions options, Send send);

    // One more call, to the number "2" with the call's own seven digits behind it.
    void start(Time now);
    void receive(Time now, Side at, std::string_view message);
    std::optional<Time> next_timer() const;
    void advance(Time now);
    // Ends all calls that are answered, before their time.
    void hang_up(Time now);

    const Counters& counters() const { return counters_; }
    // INVITE to 200 at the caller, one a call answered so far.
    const std::vector<Duration>& setup_times() const { return setup_times_; }

  private:
    enum class State : std::uint8_t { idle, inviting, talking, ending, over };
    struct Call {
        State state = State::idle;
        bool invited = false, acknowledged = false, hung_up = false;  // as the callee sees it
        Time started{};
        std::string to;      // To with its tag
        std::string target;  // Contact of the other side
        std::string route;   // whole Route fields
        std::string answer;  // the callee's 200
    };
    enum class Timer : std::uint8_t { invite, answer, hang_up, bye };
    struct Event {
        Time at;
        std::uint32_t call;
        Timer timer;
        std::uint8_t attempt;
        bool operator<(const Event& o) const { return at > o.at; }  // the earliest on top
    };

    void receive_response(Time now, std::string_view message);
    void receive_request(Time now, std::string_view message);
    void invite(std::uint32_t n);
    void acknowledge(std::uint32_t n, const Call& call);
    void bye(std::uint32_t n, const Call& call);
    void in_dialog(std::string_view method, std::uint32_t n, const Call& call, int cseq);
    void respond(std::string_view request, std::string_view status, std::uint32_t n, std::string_view body);
    void fail(Call& call);
    void hang_up(Time now, std::uint32_t n, Call& call);
    // Whether the message of this timer is to be sent again, and when to look next.
    bool again(Time now, Event event, Call& call);

    const CallsOptions options_;
    const Send send_;
    std::vector<Call> calls_;
    std::priority_queue<Event> events_;
    Counters counters_;
    std::vector<Duration> setup_times_;
    std::string out_;  // the message being written
};

}  // namespace causeway::bench
