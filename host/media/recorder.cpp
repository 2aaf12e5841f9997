#include "host/media/recorder.hpp"

#include <fmt/format.h>

#include <map>

namespace causeway::media {
namespace {

constexpr std::uint32_t version = 1;

enum class Step : std::uint8_t {
    open_ingress,
    open_egress,
    rekey_ingress,
    rekey_egress,
    close_ingress,
    close_egress,
    open_path,
    close_path,
    restore_ingress,
    restore_egress,
    submit,
    submit_rtcp,
    advance,
    results,
    end,
};
constexpr Step last_value(Step) {
    return Step::end;
}

std::uint64_t number(const Result<IngressId>& id) {
    return id ? id->value() : 0;
}
std::uint64_t number(const Result<EgressId>& id) {
    return id ? id->value() : 0;
}
std::uint64_t number(const Result<PathId>& id) {
    return id ? id->value() : 0;
}

// One of either kind of result, by the context that it is of.
struct Outcome {
    std::uint64_t context = 0;
    bool is_packet = false;
    Kind kind = Kind::rtp;
    std::uint64_t cookie = 0;
    Verdict verdict = Verdict::ok;
    rtp::Header header;
    Bytes bytes;
    template <class A>
    void archive(A& a) {
        a(context, is_packet, kind, cookie, verdict, header, bytes);
    }
};

std::vector<Outcome> outcomes(const Results& results, std::size_t completions, std::size_t packets) {
    std::vector<Outcome> out;
    for (std::size_t i = completions; i < results.completions.size(); ++i) {
        const Completion& c = results.completions[i];
        out.push_back({c.ingress.value(), false, c.kind, c.cookie, c.verdict, c.header, c.rtcp});
    }
    for (std::size_t i = packets; i < results.packets.size(); ++i) {
        const PacketOut& p = results.packets[i];
        out.push_back({p.egress.value(), true, p.kind, 0, Verdict::ok, {}, p.bytes});
    }
    return out;
}

}  // namespace

// ----------------------------------------------------------------------------------------------------
// writing

Recorder::Recorder(Engine& engine, Time begin) : engine_(engine), out_(begin) {}
Recorder::~Recorder() = default;

Secret Recorder::recording() const {
    return out_.seal(version);
}

const Capabilities& Recorder::capabilities() const {
    return engine_.capabilities();
}
Result<IngressId> Recorder::open_ingress(const IngressConfig& config) {
    auto id = engine_.open_ingress(config);
    out_(Step::open_ingress, config, number(id));
    return id;
}
Result<EgressId> Recorder::open_egress(const EgressConfig& config) {
    auto id = engine_.open_egress(config);
    out_(Step::open_egress, config, number(id));
    return id;
}
Result<void> Recorder::rekey_ingress(IngressId id, const sdp::SrtpKey& key) {
    auto done = engine_.rekey_ingress(id, key);
    out_(Step::rekey_ingress, id.value(), key, done.has_value());
    return done;
}
Result<void> Recorder::rekey_egress(EgressId id, const sdp::SrtpKey& key) {
    auto done = engine_.rekey_egress(id, key);
    out_(Step::rekey_egress, id.value(), key, done.has_value());
    return done;
}
void Recorder::close_ingress(IngressId id) {
    engine_.close_ingress(id);
    out_(Step::close_ingress, id.value());
}
void Recorder::close_egress(EgressId id) {
    engine_.close_egress(id);
    out_(Step::close_egress, id.value());
}
Result<PathId> Recorder::open_path(const PathConfig& config) {
    auto id = engine_.open_path(config);
    out_(Step::open_path, config.from.value(), config.to.value(), config, number(id));
    return id;
}
void Recorder::close_path(PathId id) {
    engine_.close_path(id);
    out_(Step::close_path, id.value());
}
void Recorder::submit(Time now, std::span<const PacketIn> batch) {
    out_(Step::submit, now, std::uint64_t{batch.size()});
    for (const PacketIn& p : batch) {
        out_(p.ingress.value(), p.kind, p.arrival, p.cookie, Bytes(p.bytes.begin(), p.bytes.end()));
    }
    engine_.submit(now, batch);
}
void Recorder::submit_rtcp(Time now, EgressId egress, ByteView compound) {
    out_(Step::submit_rtcp, now, egress.value(), Bytes(compound.begin(), compound.end()));
    engine_.submit_rtcp(now, egress, compound);
}
std::optional<Time> Recorder::next_timer() const {
    return engine_.next_timer();
}
void Recorder::advance(Time now) {
    out_(Step::advance, now);
    engine_.advance(now);
}
void Recorder::collect(Time now, Results& results) {
    const auto completions = results.completions.size(), packets = results.packets.size();
    engine_.collect(now, results);
    out_(Step::results, outcomes(results, completions, packets));
}
IngressCounters Recorder::counters(IngressId id) const {
    return engine_.counters(id);
}
EgressCounters Recorder::counters(EgressId id) const {
    return engine_.counters(id);
}
PathCounters Recorder::counters(PathId id) const {
    return engine_.counters(id);
}
rtp::Reception* Recorder::reception(IngressId id) {
    return engine_.reception(id);
}
std::optional<IngressState> Recorder::save(IngressId id) const {
    return engine_.save(id);
}
std::optional<EgressState> Recorder::save(EgressId id) const {
    return engine_.save(id);
}
Result<IngressId> Recorder::restore(const IngressState& state) {
    auto id = engine_.restore(state);
    out_(Step::restore_ingress, state, number(id));
    return id;
}
Result<EgressId> Recorder::restore(const EgressState& state) {
    auto id = engine_.restore(state);
    out_(Step::restore_egress, state, number(id));
    return id;
}
Engine::Live Recorder::live() const {
    return engine_.live();
}

// ----------------------------------------------------------------------------------------------------
// asking again

namespace {

class Replay {
  public:
    Replay(Decoder& in, Engine& engine) : in_(in), engine_(engine) {}

    Result<Replayed> run() {
        while (error_.empty() && in_.ok() && in_.has_more()) {
            ++steps_;
            one();
            collect();
        }
        if (!in_.ok()) return fail("recording: " + in_.error());
        if (error_.empty()) compare();
        if (!error_.empty()) return fail(error_);
        return done_;
    }

  private:
    template <class T>
    T read() {
        T value = T();
        in_(value);
        return value;
    }
    template <class Id>
    using Names = std::map<std::uint64_t, Id>;  // by the recording's number

    template <class Id>
    static Id find(const Names<Id>& names, std::uint64_t number) {
        const auto found = names.find(number);
        return found == names.end() ? Id{} : found->second;
    }
    template <class Id>
    void opened(Names<Id>& names, const Result<Id>& id) {
        const auto number = read<std::uint64_t>();
        if (id.has_value() != (number != 0)) return differ("what was opened");
        if (id) names[number] = *id;
    }
    void done(const Result<void>& result) {
        if (result.has_value() != read<bool>()) differ("whether a key can be used");
    }
    void differ(std::string_view what) {
        if (error_.empty()) error_ = fmt::format("step {}: {} differs", steps_, what);
    }

    void one() {
        switch (read<Step>()) {
            case Step::open_ingress:
                return opened(ingresses_, engine_.open_ingress(read<IngressConfig>()));
            case Step::open_egress:
                return opened(egresses_, engine_.open_egress(read<EgressConfig>()));
            case Step::restore_ingress:
                return opened(ingresses_, engine_.restore(read<IngressState>()));
            case Step::restore_egress:
                return opened(egresses_, engine_.restore(read<EgressState>()));
            case Step::rekey_ingress: {
                const auto id = find(ingresses_, read<std::uint64_t>());
                return done(engine_.rekey_ingress(id, read<sdp::SrtpKey>()));
            }
            case Step::rekey_egress: {
                const auto id = find(egresses_, read<std::uint64_t>());
                return done(engine_.rekey_egress(id, read<sdp::SrtpKey>()));
            }
            case Step::close_ingress:
                return engine_.close_ingress(find(ingresses_, read<std::uint64_t>()));
            case Step::close_egress:
                return engine_.close_egress(find(egresses_, read<std::uint64_t>()));
            case Step::open_path: {
                const auto from = find(ingresses_, read<std::uint64_t>());
                const auto to = find(egresses_, read<std::uint64_t>());
                auto config = read<PathConfig>();
                config.from = from;
                config.to = to;
                return opened(paths_, engine_.open_path(config));
            }
            case Step::close_path:
                return engine_.close_path(find(paths_, read<std::uint64_t>()));
            case Step::submit:
                return submit();
            case Step::submit_rtcp: {
                now_ = read<Time>();
                const auto id = find(egresses_, read<std::uint64_t>());
                return engine_.submit_rtcp(now_, id, read<Bytes>());
            }
            case Step::advance:
                now_ = read<Time>();
                return engine_.advance(now_);
            case Step::results:
                for (Outcome& o : read<std::vector<Outcome>>()) {
                    wanted_[{o.is_packet, o.context}].push_back(std::move(o));
                }
                return;
            case Step::end:
                return differ("its kind");
        }
    }

    void submit() {
        now_ = read<Time>();
        const auto count = read<std::uint64_t>();
        std::vector<Bytes> bytes;
        std::vector<PacketIn> batch;
        for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
            PacketIn p;
            const auto number = read<std::uint64_t>();
            p.ingress = find(ingresses_, number);
            in_(p.kind, p.arrival, p.cookie);
            bytes.push_back(read<Bytes>());
            batch.push_back(p);
        }
        if (!in_.ok()) return;
        for (std::size_t i = 0; i < batch.size(); ++i) batch[i].bytes = bytes[i];
        engine_.submit(now_, batch);
        ++done_.batches;
        done_.packets_in += batch.size();
    }

    void collect() {
        Results results;
        engine_.collect(now_, results);
        for (Outcome& o : outcomes(results, 0, 0)) {
            done_.packets_out += o.is_packet ? 1 : 0;
            made_[{o.is_packet, o.context}].push_back(std::move(o));
        }
    }

    void compare() {
        for (const auto& [key, wanted] : wanted_) {
            const auto& [is_packet, number] = key;
            const auto id = is_packet ? find(egresses_, number).value() : find(ingresses_, number).value();
            const auto& made = made_[{is_packet, id}];
            const auto what =
                fmt::format("{} {}", is_packet ? "packet to egress" : "completion of ingress", number);
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                if (i == made.size()) {
                    error_ = fmt::format("{}: {} came, {} were recorded", what, made.size(), wanted.size());
                    return;
                }
                if (const auto why = difference(wanted[i], made[i]); !why.empty()) {
                    error_ = fmt::format("{}, the {}th: {}", what, i + 1, why);
                    return;
                }
            }
            if (made.size() > wanted.size()) {
                error_ = fmt::format("{}: {} came, {} were recorded", what, made.size(), wanted.size());
                return;
            }
        }
    }

    static std::string difference(const Outcome& a, const Outcome& b) {
        if (a.kind != b.kind) return "RTP or RTCP";
        if (a.cookie != b.cookie) return fmt::format("cookie {} instead of {}", b.cookie, a.cookie);
        if (a.verdict != b.verdict) {
            return fmt::format("verdict {} instead of {}", static_cast<int>(b.verdict),
                               static_cast<int>(a.verdict));
        }
        const auto numbers = [](const rtp::Header& h) {
            return std::tuple(h.payload_type, h.marker, h.sequence, h.timestamp, h.ssrc);
        };
        if (numbers(a.header) != numbers(b.header)) return "the header";
        if (a.bytes.size() != b.bytes.size()) {
            return fmt::format("{} octets instead of {}", b.bytes.size(), a.bytes.size());
        }
        for (std::size_t i = 0; i < a.bytes.size(); ++i) {
            if (a.bytes[i] != b.bytes[i]) {
                return fmt::format("octet {} is {:02x} instead of {:02x}", i, b.bytes[i], a.bytes[i]);
            }
        }
        return {};
    }

    Decoder& in_;
    Engine& engine_;
    Time now_{};
    Names<IngressId> ingresses_;
    Names<EgressId> egresses_;
    Names<PathId> paths_;
    std::map<std::pair<bool, std::uint64_t>, std::vector<Outcome>> wanted_, made_;
    std::size_t steps_ = 0;
    std::string error_;
    Replayed done_;
};

}  // namespace

Result<Replayed> replay(Time begin, ByteView recording, Engine& engine) {
    auto in = Decoder::open(begin, version, recording);
    if (!in) return tl::make_unexpected(in.error());
    return Replay(*in, engine).run();
}

}  // namespace causeway::media
