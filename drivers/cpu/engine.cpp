#include "drivers/cpu/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "drivers/cpu/played_path.hpp"
#include "drivers/cpu/srtp_provider.hpp"
#include "drivers/cpu/transcoder.hpp"
#include "host/base/timers.hpp"
#include "host/rtp/renumber.hpp"
#include "host/rtp/timescale.hpp"

namespace causeway::cpu {

namespace {

using media::Completion;
using media::EgressId;
using media::IngressId;
using media::Kind;
using media::PathId;
using media::Verdict;

// The key of a context and its SRTP session; no session for plain RTP. A key that comes back (one fork
// answers with it, then another, then the first again) finds its session as it left it: begun anew, it would
// use indices for a second plaintext, or take packets a second time.
class Protection {
  public:
    static Result<Protection> create(SrtpProvider& srtp, const sdp::SrtpKey& key, Srtp::Direction direction) {
        Protection made(srtp, direction);
        if (auto opened = made.rekey(key); !opened) return tl::make_unexpected(opened.error());
        return made;
    }
    // Keeps what it has where the key is the same or cannot be used.
    Result<void> rekey(const sdp::SrtpKey& key) {
        if (key == current_.key) return {};
        Keyed next{key, nullptr};
        const auto former =
            std::find_if(former_.begin(), former_.end(), [&](const Keyed& k) { return k.key == key; });
        if (former != former_.end()) {
            next = std::move(*former);
            former_.erase(former);
        } else if (key.suite != sdp::SrtpSuite::none) {
            auto session = srtp_->create(key, direction_);
            if (!session) return tl::make_unexpected(session.error());
            next.session = std::move(*session);
        }
        if (current_.session) former_.push_back(std::move(current_));
        if (former_.size() > most_former) former_.erase(former_.begin());
        current_ = std::move(next);
        return {};
    }
    static Result<Protection> restore(SrtpProvider& srtp, const media::KeysState& state,
                                      Srtp::Direction direction) {
        if (state.empty() || state.size() > most_former + 1)
            return fail("media context: no keys to go on with");
        Protection made(srtp, direction);
        for (const auto& s : state) {
            Keyed next{s.key, nullptr};
            if (s.key.suite != sdp::SrtpSuite::none) {
                auto session = srtp.resume(s, direction);
                if (!session) return tl::make_unexpected(session.error());
                next.session = std::move(*session);
            }
            if (made.current_.session) made.former_.push_back(std::move(made.current_));
            made.current_ = std::move(next);
        }
        return made;
    }
    media::KeysState save() const {
        media::KeysState out;
        for (const auto& k : former_) out.push_back(k.save());
        out.push_back(current_.save());
        return out;
    }
    SrtpSession* session() { return current_.session.get(); }

  private:
    static constexpr std::size_t most_former = 8;
    struct Keyed {
        sdp::SrtpKey key;
        std::unique_ptr<SrtpSession> session;
        media::SrtpState save() const {
            return {key, session ? session->sources() : std::vector<media::SrtpSource>{}};
        }
    };
    Protection(SrtpProvider& srtp, Srtp::Direction direction) : srtp_(&srtp), direction_(direction) {}

    SrtpProvider* srtp_;
    Srtp::Direction direction_;
    Keyed current_;
    std::vector<Keyed> former_;  // oldest first
};

struct Ingress {
    Protection protection;
    rtp::Reception reception;
    media::IngressCounters counters;
    std::vector<PathId> paths;
};

struct Egress {
    Protection protection;
    rtp::Renumber renumber;
    media::EgressCounters counters;
    std::vector<PathId> paths;
};

struct Path {
    media::PathConfig config;
    std::vector<Transcoder> transcoders;  // as the transcodings of config; none where it plays out
    rtp::Timescale timescale;             // of what is transcoded from one RTP clock to another
    std::unique_ptr<PlayedPath> played;
    Timers<PathId>::Id timer;
    // Nothing where it is relayed as it is.
    std::optional<std::size_t> transcoding(std::uint8_t payload_type) const {
        for (std::size_t i = 0; i < transcoders.size(); ++i) {
            if (config.transcodings[i].payload_type == payload_type) return i;
        }
        return std::nullopt;
    }
};

Verdict to_verdict(Srtp::Outcome outcome) {
    switch (outcome) {
        case Srtp::Outcome::ok:
            return Verdict::ok;
        case Srtp::Outcome::malformed:
            return Verdict::malformed;
        case Srtp::Outcome::unauthentic:
            return Verdict::unauthentic;
        case Srtp::Outcome::replayed:
            return Verdict::replayed;
    }
    return Verdict::malformed;
}

class CpuEngine final : public media::Engine {
  public:
    CpuEngine(std::unique_ptr<SrtpProvider> srtp, std::size_t max_contexts) : srtp_(std::move(srtp)) {
        capabilities_.name = "cpu";
        capabilities_.suites = {
            sdp::SrtpSuite::aead_aes_256_gcm,        sdp::SrtpSuite::aead_aes_128_gcm,
            sdp::SrtpSuite::aes_cm_128_hmac_sha1_80, sdp::SrtpSuite::aes_cm_128_hmac_sha1_32,
            sdp::SrtpSuite::aes_256_cm_hmac_sha1_80, sdp::SrtpSuite::aes_256_cm_hmac_sha1_32,
            sdp::SrtpSuite::aes_192_cm_hmac_sha1_80, sdp::SrtpSuite::aes_192_cm_hmac_sha1_32};
        std::erase_if(capabilities_.suites, [&](sdp::SrtpSuite s) { return !srtp_->takes(s); });
        using media::Speech;
        capabilities_.speech = {Speech::pcmu,         Speech::pcma,         Speech::g722,
                                Speech::g726_16,      Speech::g726_24,      Speech::g726_32,
                                Speech::g726_40,      Speech::aal2_g726_16, Speech::aal2_g726_24,
                                Speech::aal2_g726_32, Speech::aal2_g726_40, Speech::l16,
                                Speech::l16_16k};
        capabilities_.max_contexts = max_contexts;
    }

    const media::Capabilities& capabilities() const override { return capabilities_; }

    Result<IngressId> open_ingress(const media::IngressConfig& config) override {
        if (full()) return no_room();
        if (config.clock_rate == 0) return fail("media context: the clock rate is 0");
        auto protection = Protection::create(*srtp_, config.key, Srtp::Direction::inbound);
        if (!protection) return tl::make_unexpected(protection.error());
        return ingresses_.emplace(Ingress{std::move(*protection), rtp::Reception(config.clock_rate), {}, {}});
    }

    Result<EgressId> open_egress(const media::EgressConfig& config) override {
        if (full()) return no_room();
        auto protection = Protection::create(*srtp_, config.key, Srtp::Direction::outbound);
        if (!protection) return tl::make_unexpected(protection.error());
        Egress egress{
            std::move(*protection), rtp::Renumber(config.first_sequence, config.first_timestamp), {}, {}};
        egress.counters.ssrc = config.ssrc;
        egress.counters.last_timestamp = config.first_timestamp;
        return egresses_.emplace(std::move(egress));
    }

    Result<void> rekey_ingress(IngressId id, const sdp::SrtpKey& key) override {
        Ingress* ingress = ingresses_.find(id);
        return ingress != nullptr ? ingress->protection.rekey(key) : closed();
    }

    Result<void> rekey_egress(EgressId id, const sdp::SrtpKey& key) override {
        Egress* egress = egresses_.find(id);
        return egress != nullptr ? egress->protection.rekey(key) : closed();
    }

    void close_ingress(IngressId id) override {
        const Ingress* ingress = ingresses_.find(id);
        if (ingress == nullptr) return;
        for (const PathId path : std::vector(ingress->paths)) close_path(path);
        ingresses_.erase(id);
    }

    void close_egress(EgressId id) override {
        const Egress* egress = egresses_.find(id);
        if (egress == nullptr) return;
        for (const PathId path : std::vector(egress->paths)) close_path(path);
        egresses_.erase(id);
    }

    Result<PathId> open_path(const media::PathConfig& config) override {
        Ingress* from = ingresses_.find(config.from);
        Egress* to = egresses_.find(config.to);
        if (from == nullptr || to == nullptr) return tl::make_unexpected(closed().error());
        Path path;
        path.config = config;
        if (config.playout) {
            if (auto valid = check(config); !valid) return tl::make_unexpected(valid.error());
            path.played = std::make_unique<PlayedPath>(config);
        } else {
            for (const auto& t : config.transcodings) path.transcoders.emplace_back(t.from, t.to);
        }
        const PathId id = paths_.emplace(std::move(path));
        from->paths.push_back(id);
        to->paths.push_back(id);
        return id;
    }

    void close_path(PathId id) override {
        Path* path = paths_.find(id);
        if (path == nullptr) return;
        timers_.cancel(path->timer);
        std::erase(ingresses_.find(path->config.from)->paths, id);
        std::erase(egresses_.find(path->config.to)->paths, id);
        paths_.erase(id);
    }

    // Step by step for the whole batch: what came secured is opened, everything is judged and sent on in its
    // order, what goes out secured is sealed.
    void submit(Time now, std::span<const media::PacketIn> batch) override {
        open(batch);
        std::size_t next_opened = 0;
        for (const media::PacketIn& in : batch) {
            Completion done;
            done.cookie = in.cookie;
            done.ingress = in.ingress;
            done.kind = in.kind;
            if (Ingress* ingress = ingresses_.find(in.ingress); ingress == nullptr) {
                done.verdict = Verdict::stale;
            } else {
                ByteView clear = in.bytes;
                done.verdict = may_be(in) ? Verdict::ok : Verdict::malformed;
                if (done.verdict == Verdict::ok && ingress->protection.session() != nullptr) {
                    const SrtpJob& opened = jobs_[next_opened++];
                    done.verdict = to_verdict(opened.outcome);
                    clear = *opened.packet;
                }
                if (in.kind == Kind::rtp) {
                    if (done.verdict == Verdict::ok)
                        done.verdict = take_rtp(*ingress, in, clear, done.header);
                    ++ingress->counters.verdicts[static_cast<std::size_t>(done.verdict)];
                } else {
                    if (done.verdict == Verdict::ok) done.rtcp.assign(clear.begin(), clear.end());
                    ++ingress->counters.rtcp_verdicts[static_cast<std::size_t>(done.verdict)];
                }
            }
            ready_.completions.push_back(std::move(done));
        }
        send(now);
    }

    void submit_rtcp(Time /*now*/, EgressId id, ByteView compound) override {
        Egress* egress = egresses_.find(id);
        if (egress == nullptr) return;
        Bytes bytes(compound.begin(), compound.end());
        if (SrtpSession* session = egress->protection.session(); session != nullptr) {
            SrtpJob job{session, Kind::rtcp, &bytes};
            srtp_->run({&job, 1});
            if (job.outcome != Srtp::Outcome::ok) return;
        }
        ready_.packets.push_back({id, Kind::rtcp, std::move(bytes)});
    }

    std::optional<Time> next_timer() const override { return timers_.next(); }

    void advance(Time now) override {
        while (const auto due = timers_.pop_due(now)) {
            Path& path = *paths_.find(due->second);
            played_.clear();
            path.played->advance(now, played_);
            for (const PlayedPath::Out& out : played_) append(now, due->second, path, out);
            path.timer = timers_.set(*path.played->due(), due->second);
        }
        send(now);
    }

    void collect(Time /*now*/, media::Results& results) override {
        std::move(ready_.completions.begin(), ready_.completions.end(),
                  std::back_inserter(results.completions));
        std::move(ready_.packets.begin(), ready_.packets.end(), std::back_inserter(results.packets));
        ready_.clear();
    }

    media::IngressCounters counters(IngressId id) const override {
        const Ingress* ingress = ingresses_.find(id);
        return ingress != nullptr ? ingress->counters : media::IngressCounters{};
    }
    media::EgressCounters counters(EgressId id) const override {
        const Egress* egress = egresses_.find(id);
        return egress != nullptr ? egress->counters : media::EgressCounters{};
    }
    media::PathCounters counters(PathId id) const override {
        const Path* path = paths_.find(id);
        return path != nullptr && path->played ? path->played->counters() : media::PathCounters{};
    }
    rtp::Reception* reception(IngressId id) override {
        Ingress* ingress = ingresses_.find(id);
        return ingress != nullptr ? &ingress->reception : nullptr;
    }
    std::optional<media::IngressState> save(IngressId id) const override {
        const Ingress* ingress = ingresses_.find(id);
        if (ingress == nullptr) return std::nullopt;
        return media::IngressState{ingress->protection.save(), ingress->reception, ingress->counters};
    }
    std::optional<media::EgressState> save(EgressId id) const override {
        const Egress* egress = egresses_.find(id);
        if (egress == nullptr) return std::nullopt;
        return media::EgressState{egress->protection.save(), egress->renumber, egress->counters};
    }
    Result<IngressId> restore(const media::IngressState& state) override {
        if (full()) return no_room();
        auto protection = Protection::restore(*srtp_, state.keys, Srtp::Direction::inbound);
        if (!protection) return tl::make_unexpected(protection.error());
        return ingresses_.emplace(Ingress{std::move(*protection), state.reception, state.counters, {}});
    }
    Result<EgressId> restore(const media::EgressState& state) override {
        if (full()) return no_room();
        auto protection = Protection::restore(*srtp_, state.keys, Srtp::Direction::outbound);
        if (!protection) return tl::make_unexpected(protection.error());
        return egresses_.emplace(Egress{std::move(*protection), state.renumber, state.counters, {}});
    }
    Live live() const override { return {ingresses_.size(), egresses_.size(), paths_.size()}; }

  private:
    bool full() const { return ingresses_.size() + egresses_.size() >= capabilities_.max_contexts; }
    tl::unexpected<Error> no_room() const {
        return fail(fmt::format("media contexts: all {} are in use", capabilities_.max_contexts));
    }
    static Result<void> closed() { return fail("media context: closed"); }

    static Result<void> check(const media::PathConfig& config) {
        const media::Playout& p = *config.playout;
        using std::chrono::milliseconds;
        if (config.transcodings.empty()) return fail("media path: nothing to play out");
        if (p.packet < milliseconds(10) || p.packet > milliseconds(60) ||
            p.packet % milliseconds(10) != Duration{})
            return fail("media path: packets of 10, 20, ... 60 ms can be made");
        if (p.delay.least < Duration{} || p.delay.greatest < p.delay.least ||
            p.delay.greatest > media::DelayBounds::most)
            return fail("media path: the delay must be within 0 and 300 ms");
        return {};
    }

    // Whether it can be what it came as: multiplexing was not agreed.
    static bool may_be(const media::PacketIn& in) {
        return rtp::looks_like_rtcp(in.bytes) == (in.kind == Kind::rtcp);
    }

    // jobs_: those packets of the batch that came under SRTP and may be what they came as, opened.
    void open(std::span<const media::PacketIn> batch) {
        jobs_.clear();
        if (opened_.size() < batch.size()) opened_.resize(batch.size());
        for (const media::PacketIn& in : batch) {
            Ingress* ingress = ingresses_.find(in.ingress);
            if (ingress == nullptr || ingress->protection.session() == nullptr || !may_be(in)) continue;
            Bytes& packet = opened_[jobs_.size()];
            packet.assign(in.bytes.begin(), in.bytes.end());
            jobs_.push_back({ingress->protection.session(), in.kind, &packet});
        }
        srtp_->run(jobs_);
    }

    Verdict take_rtp(Ingress& ingress, const media::PacketIn& in, ByteView clear, rtp::Header& header) {
        const auto packet = rtp::Packet::parse(clear);
        if (!packet) return Verdict::malformed;
        header = packet->header;
        for (const PathId id : ingress.paths) {
            for (const auto& t : paths_.find(id)->config.transcodings) {
                if (t.payload_type == header.payload_type)
                    ingress.reception.set_clock_rate(media::clock_rate(t.from));
            }
        }
        ingress.reception.received(in.arrival, header, packet->payload.size());

        Verdict verdict = Verdict::no_path;
        for (const PathId id : ingress.paths) {
            Path& path = *paths_.find(id);
            const bool plays = path.played && path.played->takes(header.payload_type);
            if (!plays && path.config.payload_types[header.payload_type] == media::PathConfig::drop) continue;
            const Verdict one = plays ? keep(in.arrival, id, path, *packet)
                                      : forward(in, id, ingress.reception.clock_rate(), path, *packet);
            if (one == Verdict::ok || verdict == Verdict::no_path) verdict = one;
        }
        return verdict;
    }

    Verdict keep(Time arrival, PathId id, Path& path, const rtp::Packet& packet) {
        const Verdict verdict = path.played->arrived(arrival, packet);
        if (const auto due = path.played->due(); due && (!path.timer || *due < path.timer.deadline)) {
            timers_.cancel(path.timer);
            path.timer = timers_.set(*due, id);
        }
        return verdict;
    }

    // CSRCs and header extensions stay behind: they tell who is on the other side. A duplicate is replayed. A
    // packet that cannot be converted leaves a gap in what goes out, as if it had been lost.
    Verdict forward(const media::PacketIn& in, PathId id, std::uint32_t clock_rate, Path& path,
                    const rtp::Packet& packet) {
        const EgressId to = path.config.to;
        Egress& egress = *egresses_.find(to);
        const auto transcoding = path.transcoding(packet.header.payload_type);
        rtp::Header source = packet.header;
        if (transcoding) {
            const media::Transcoding& t = path.config.transcodings[*transcoding];
            clock_rate = media::clock_rate(t.to);
            source.timestamp =
                path.timescale.convert(source.timestamp, media::clock_rate(t.from), clock_rate);
        } else if (path.timescale.to() != 0) {  // a telephone event goes by the clock of the speech before it
            clock_rate = path.timescale.to();
            source.timestamp = path.timescale.convert(source.timestamp, path.timescale.from(), clock_rate);
        }
        const auto place = path.played
                               ? egress.renumber.append(in.arrival, maker(id), path.played->clock_rate(),
                                                        path.played->place(source.timestamp))
                               : egress.renumber.place(in.arrival, in.ingress.value(), clock_rate, source);
        if (!place) return Verdict::replayed;
        const rtp::Header header{path.config.payload_types[packet.header.payload_type], packet.header.marker,
                                 place->sequence, place->timestamp, egress.counters.ssrc};
        Bytes bytes = begin(header, packet.payload.size());
        if (transcoding) {
            if (!path.transcoders[*transcoding].run(packet.payload, bytes)) return Verdict::malformed;
        } else {
            bytes.insert(bytes.end(), packet.payload.begin(), packet.payload.end());
        }
        leave(to, header, std::move(bytes));
        return Verdict::ok;
    }

    void append(Time now, PathId id, const Path& path, const PlayedPath::Out& out) {
        Egress& egress = *egresses_.find(path.config.to);
        const auto place = egress.renumber.append(now, maker(id), out.clock_rate, out.timestamp);
        const rtp::Header header{out.payload_type, out.marker, place.sequence, place.timestamp,
                                 egress.counters.ssrc};
        Bytes bytes = begin(header, out.payload.size());
        bytes.insert(bytes.end(), out.payload.begin(), out.payload.end());
        leave(path.config.to, header, std::move(bytes));
    }

    // Tells the streams made by paths from those that ingresses receive.
    static std::uint64_t maker(PathId id) { return ~id.value(); }

    static Bytes begin(const rtp::Header& header, std::size_t payload) {
        Bytes bytes;
        bytes.reserve(rtp::header_size + payload + Srtp::max_growth);
        bytes.resize(rtp::header_size);
        rtp::write_header(header, bytes.data());
        return bytes;
    }

    void leave(EgressId to, const rtp::Header& header, Bytes bytes) {
        const std::size_t payload = bytes.size() - rtp::header_size;
        leaving_.push_back({to, header.timestamp, payload, std::move(bytes)});
    }

    // Seals what leaves under SRTP, and counts what leaves.
    void send(Time now) {
        jobs_.clear();
        for (Leaving& l : leaving_) {
            if (SrtpSession* session = egresses_.find(l.egress)->protection.session()) {
                jobs_.push_back({session, Kind::rtp, &l.bytes});
            }
        }
        srtp_->run(jobs_);
        auto sealed = jobs_.begin();
        for (Leaving& l : leaving_) {
            Egress& egress = *egresses_.find(l.egress);
            // A key that has served its lifetime sends no more.
            if (egress.protection.session() != nullptr && (sealed++)->outcome != Srtp::Outcome::ok) continue;
            media::EgressCounters& counters = egress.counters;
            ++counters.packets;
            counters.octets += l.payload;
            counters.last_timestamp = l.timestamp;
            counters.last_sent = now;
            ready_.packets.push_back({l.egress, Kind::rtp, std::move(l.bytes)});
        }
        leaving_.clear();
    }

    // A packet on its way out.
    struct Leaving {
        EgressId egress;
        std::uint32_t timestamp = 0;
        std::size_t payload = 0;  // octets
        Bytes bytes;
    };

    const std::unique_ptr<SrtpProvider> srtp_;
    media::Capabilities capabilities_;
    Slots<Ingress, media::IngressTag> ingresses_;
    Slots<Egress, media::EgressTag> egresses_;
    Slots<Path, media::PathTag> paths_;
    media::Results ready_;
    Timers<PathId> timers_;  // of paths that play out
    std::vector<PlayedPath::Out> played_;
    std::vector<Leaving> leaving_;
    std::vector<SrtpJob> jobs_;
    std::vector<Bytes> opened_;  // kept for their memory
};

}  // namespace

std::unique_ptr<media::Engine> make_engine(std::size_t max_contexts, SrtpLibrary library) {
    return std::make_unique<CpuEngine>(
        library == SrtpLibrary::batch ? make_batch_provider() : make_libsrtp2_provider(), max_contexts);
}

}  // namespace causeway::cpu
