// A media network that records: what is bound, and what was sent from where to where.
#pragma once

#include <set>
#include <vector>

#include "host/media/local_ports.hpp"

namespace causeway::media::fakes {

struct RecordingNetwork final : Network {
    struct Sent {
        Endpoint local, to;
        Bytes bytes;
    };
    std::set<Endpoint> bound;         // RTP and RTCP sockets
    std::set<std::uint16_t> refused;  // RTP ports that somebody else holds
    std::vector<Sent> sent;

    bool bind(const Endpoint& rtp) override {
        const Endpoint rtcp = above(rtp);
        if (refused.count(rtp.port) != 0 || bound.count(rtp) != 0 || bound.count(rtcp) != 0) return false;
        bound.insert(rtp);
        bound.insert(rtcp);
        return true;
    }
    void release(const Endpoint& rtp) override {
        bound.erase(rtp);
        bound.erase(above(rtp));
    }
    void send(const Endpoint& local, const Endpoint& to, ByteView bytes) override {
        sent.push_back({local, to, Bytes(bytes.begin(), bytes.end())});
    }
    // What arrived at `to` so far, in order.
    std::vector<Bytes> at(const Endpoint& to) const {
        std::vector<Bytes> out;
        for (const Sent& s : sent) {
            if (s.to == to) out.push_back(s.bytes);
        }
        return out;
    }

  private:
    static Endpoint above(Endpoint rtp) {
        ++rtp.port;
        return rtp;
    }
};

}  // namespace causeway::media::fakes
