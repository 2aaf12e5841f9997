#include "host/call/core.hpp"

#include <algorithm>

#include "host/base/archive.hpp"
#include "host/base/log_limit.hpp"
#include "host/call/b2bua.hpp"
#include "host/call/legs.hpp"

namespace causeway::call {

namespace {

struct OwnMedia {
    OwnMedia(const Config& config, media::Engine& engine, media::Network& network, Random& random)
        : pool(config.media, random),
          ports(engine, network, pool, random, media::LocalPorts::draw_ntp_zero(random)) {}
    media::PortPool pool;
    media::LocalPorts ports;
};

}  // namespace

struct Core::Impl final : sip::TransactionWire {
    Impl(const Config& config, std::unique_ptr<OwnMedia> own, media::Ports* others, Random& random,
         CoreOutput& out, CoreOptions options)
        : output(out),
          media(std::move(own)),
          ports(media ? media->ports : *others),
          legs(config.listeners, config.timers, config.user_agent, random, *this, b2bua,
               options.shard.number),
          b2bua(std::make_shared<Plan>(config), legs, ports, random, output,
                {options.shard, options.load == nullptr ? &own_load : options.load}) {}

    bool send(Time, const sip::Hop& to, const sip::Message& message) override {
        return output.send(to, message.text());
    }

    // A datagram that is no SIP: a request that can be answered gets its error, anything else is counted and
    // dropped.
    void refuse(Time now, const sip::Hop& from, std::string_view datagram, const sip::ParseError& error) {
        ++malformed;
        log::limited(malformed_log, now, log::Level::warning, {}, "malformed SIP from {}: {}",
                     from.remote.to_string(), error.reason);
        if (error.status == 0) return;
        const auto request = sip::Message::salvage(datagram);
        if (!request || !request->is_request() || request->method() == sip::Method::ack) return;
        auto builder = sip::MessageBuilder::response_to(*request, error.status, {}, error.reason);
        output.send(sip::TransactionLayer::response_hop(*request, from), builder.build().text());
    }

    CoreOutput& output;
    Load own_load;
    const std::unique_ptr<OwnMedia> media;  // null: the ports are others'
    media::Ports& ports;
    // Legs and B2BUA know each other; neither calls the other while it is built.
    Legs legs;
    B2bua b2bua;
    std::uint64_t malformed = 0;
    log::Limit malformed_log;
    bool settling = false;
};

Core::Core(const Config& config, media::Engine& engine, media::Network& network, Random& random,
           CoreOutput& output, CoreOptions options)
    : impl_(std::make_unique<Impl>(config, std::make_unique<OwnMedia>(config, engine, network, random),
                                   nullptr, random, output, options)) {}

Core::Core(const Config& config, media::Ports& ports, Random& random, CoreOutput& output, CoreOptions options)
    : impl_(std::make_unique<Impl>(config, nullptr, &ports, random, output, options)) {}

Core::~Core() = default;

void Core::receive_sip(Time now, std::string_view datagram, const sip::Hop& from) {
    // Keep-alives (RFC 5626 4.4.1) are no messages.
    if (datagram.find_first_not_of("\r\n") == std::string_view::npos) return;
    auto message = sip::Message::parse(datagram);
    if (!message) return impl_->refuse(now, from, datagram, message.error());
    if (impl_->settling && message->is_request() && message->method() == sip::Method::invite) return;
    impl_->legs.receive(now, *message, from);
}

void Core::sip_transport_error(Time now, const sip::Hop& to) {
    impl_->legs.transport_error(now, to);
}

void Core::receive_media(Time now, std::span<const media::Datagram> batch) {
    if (impl_->media) impl_->media->ports.receive(now, batch);
}

std::optional<Time> Core::next_timer() const {
    std::optional<Time> next;
    for (const auto t : {impl_->legs.next_timer(), impl_->b2bua.next_timer(), impl_->ports.next_timer()}) {
        if (t && (!next || *t < *next)) next = t;
    }
    return next;
}

void Core::advance(Time now) {
    impl_->legs.advance(now);
    impl_->b2bua.advance(now);
    impl_->ports.advance(now);
}

void Core::reconfigure(Config config) {
    impl_->b2bua.reconfigure(std::make_shared<Plan>(std::move(config)));
}

void Core::settle(bool on) {
    impl_->settling = on;
}

bool Core::settled() const {
    return impl_->b2bua.settled();
}

Secret Core::save(Time now) const {
    Encoder out(now);
    impl_->b2bua.save(out);
    return out.seal(state_version);
}

Result<RestoreReport> Core::restore(Time now, ByteView saved) {
    auto in = Decoder::open(now, state_version, saved);
    if (!in) return tl::make_unexpected(in.error());
    return impl_->b2bua.restore(now, *in);
}

void Core::drain(Time) {
    impl_->b2bua.drain();
}

bool Core::drained() const {
    const auto s = status();
    return s.draining && s.calls == 0 && s.legs == 0;
}

bool Core::hangup(Time now, AttemptId id) {
    return impl_->b2bua.hangup(now, id);
}

std::vector<CallInfo> Core::calls() const {
    return impl_->b2bua.calls();
}

CoreStatus Core::status() const {
    CoreStatus status;
    impl_->b2bua.fill(status);
    status.legs = impl_->legs.size();
    status.transactions = impl_->legs.transactions();
    status.malformed = impl_->malformed;
    status.sip = impl_->legs.counters();
    status.media = impl_->ports.status();
    return status;
}

}  // namespace causeway::call
