// The gateway's core on a virtual clock with nothing around it: datagrams and time go in by hand, and what
// comes out is kept until it is taken. Runs repeat to the octet from the same seed.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/call/core.hpp"

namespace causeway::python {

class VirtualCore final : private call::CoreOutput, private media::Network {
  public:
    struct SipOut {
        Endpoint to;
        std::string text;
    };
    struct MediaOut {
        Endpoint local, to;
        Bytes bytes;
    };
    struct Record {
        call::CdrStart start;
        std::optional<call::CdrEnd> end;  // absent while the attempt lasts
    };
    // Where the clock starts: not at 0, which is a time like any other.
    static constexpr Time epoch{std::chrono::hours(1)};

    VirtualCore(call::Config config, std::uint64_t seed);

    void receive_sip(std::string_view datagram, const Endpoint& from, std::uint16_t listener);
    void receive_media(const Endpoint& local, const Endpoint& from, ByteView bytes);
    // Lets the time pass; each timer fires at its own deadline.
    void advance(Duration duration);
    Duration now() const { return now_ - epoch; }
    std::optional<Duration> next_timer() const;  // since the epoch

    std::vector<SipOut> take_sip() { return std::exchange(sip_out_, {}); }
    std::vector<MediaOut> take_media() { return std::exchange(media_out_, {}); }
    const std::vector<Record>& records() const { return records_; }

    void drain() { core_->drain(now_); }
    bool hangup(call::AttemptId id) { return core_->hangup(now_, id); }
    const call::Core& core() const { return *core_; }

  private:
    bool send(const sip::Hop& to, std::string_view message) override;
    bool start(const call::CdrStart& record) override;
    void end(const call::CdrEnd& record) override;
    bool bind(const Endpoint& rtp_local) override;
    void release(const Endpoint& rtp_local) override;
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes) override;

    SeededRandom random_;
    std::unique_ptr<media::Engine> engine_;
    Time now_ = epoch;
    std::vector<SipOut> sip_out_;
    std::vector<MediaOut> media_out_;
    std::vector<Record> records_;
    std::map<call::AttemptId, std::size_t> open_;  // index into records_
    std::set<Endpoint> bound_;                     // RTP sockets
    std::unique_ptr<call::Core> core_;             // last: calls the rest while it goes
};

}  // namespace causeway::python
