#include "host/python/virtual_core.hpp"

#include "drivers/cpu/engine.hpp"

namespace causeway::python {

VirtualCore::VirtualCore(call::Config config, std::uint64_t seed)
    : random_(seed),
      engine_(cpu::make_engine()),
      core_(std::make_unique<call::Core>(std::move(config), *engine_, static_cast<media::Network&>(*this),
                                         random_, static_cast<call::CoreOutput&>(*this))) {}

void VirtualCore::receive_sip(std::string_view datagram, const Endpoint& from, std::uint16_t listener) {
    core_->receive_sip(now_, datagram, {sip::Transport::udp, listener, from});
}

void VirtualCore::receive_media(const Endpoint& local, const Endpoint& from, ByteView bytes) {
    const media::Datagram datagram{local, from, bytes};
    core_->receive_media(now_, {&datagram, 1});
}

void VirtualCore::advance(Duration duration) {
    const Time end = now_ + duration;
    while (true) {
        const auto next = core_->next_timer();
        if (!next || *next > end) break;
        now_ = std::max(now_, *next);
        core_->advance(now_);
    }
    now_ = end;
}

std::optional<Duration> VirtualCore::next_timer() const {
    const auto next = core_->next_timer();
    if (!next) return std::nullopt;
    return *next - epoch;
}

bool VirtualCore::send(const sip::Hop& to, std::string_view message) {
    sip_out_.push_back({to.remote, std::string(message)});
    return true;
}

bool VirtualCore::start(const call::CdrStart& record) {
    open_[record.attempt] = records_.size();
    records_.push_back({record, std::nullopt});
    return true;
}

void VirtualCore::end(const call::CdrEnd& record) {
    const auto found = open_.find(record.attempt);
    if (found == open_.end()) return;
    records_[found->second].end = record;
    open_.erase(found);
}

bool VirtualCore::bind(const Endpoint& rtp_local) {
    return bound_.insert(rtp_local).second;
}

void VirtualCore::release(const Endpoint& rtp_local) {
    bound_.erase(rtp_local);
}

void VirtualCore::send(const Endpoint& local, const Endpoint& to, ByteView bytes) {
    media_out_.push_back({local, to, Bytes(bytes.begin(), bytes.end())});
}

}  // namespace causeway::python
