// A plain call and somebody who knows addresses, ports, SSRCs, sequence numbers and timestamps of it, but no
// keys.
#pragma once

#include "tests/host/media/ports_fixture.hpp"

namespace causeway::media {

inline const Endpoint thief = at("198.51.100.66:4000");
inline const Endpoint neighbour = at("192.0.2.10:5555");  // behind the caller's address

inline Bytes rtp_of(const rtp::Header& header, std::string_view payload) {
    Bytes out(rtp::header_size);
    rtp::write_header(header, out.data());
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

inline Endpoint above(Endpoint rtp) {
    ++rtp.port;
    return rtp;
}

class Attacks : public PortsTest {
  protected:
    void SetUp() override { connect(); }

    // 20 ms of the true caller, as packet() makes it; what left for the callee.
    std::vector<Sent> caller_speaks(const Endpoint& from) {
        now += 20ms;
        return speak(from, sequence++);
    }
    std::vector<Sent> caller_speaks() { return caller_speaks(caller); }
    // Where the callee's voice goes.
    Endpoint heard_by() {
        network.sent.clear();
        receive(local(b), callee, packet(++from_callee, "secret", 0, 0x2222));
        return network.sent.size() == 1 ? network.sent[0].to : Endpoint{};
    }
    // What left for the callee for a packet of the attacker's own making.
    std::size_t inject(const Endpoint& from, const rtp::Header& header) {
        network.sent.clear();
        receive(local(a), from, rtp_of(header, "forged"));
        return network.sent.size();
    }
    // The RTCP that a port has sent, from now on until `end`.
    std::vector<rtp::RtcpCompound> reports_of(PortId port, Time end) {
        network.sent.clear();
        run_until(end);
        std::vector<rtp::RtcpCompound> out;
        for (const auto& s : network.sent) {
            if (s.local == local_rtcp(port)) out.push_back(*rtp::RtcpCompound::parse(s.bytes));
        }
        return out;
    }
    // A port that learns by that rule, in place of the caller's.
    void learn_by(Learning learning) {
        ports.close(now, a);
        PortOptions options;
        options.signaling_source = caller.ip;
        options.learning = learning;
        a = ports.open(now, options).value();
        ASSERT_TRUE(ports.set_remote(now, a, plain(caller, events_a)));
        ASSERT_TRUE(ports.join(now, a, b));
    }
    std::uint16_t sequence = 100, from_callee = 0;
};

}  // namespace causeway::media
