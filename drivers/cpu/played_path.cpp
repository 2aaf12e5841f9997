#include "drivers/cpu/played_path.hpp"

#include <algorithm>

namespace causeway::cpu {
namespace {

using media::Speech;
using media::Verdict;
using std::chrono::milliseconds;

constexpr Duration step = milliseconds(5);
constexpr std::int64_t second = std::chrono::nanoseconds(std::chrono::seconds(1)).count();

hls::PlayoutConfig schedule_of(const media::Playout& p, std::uint32_t clock_rate) {
    const auto units = [&](Duration d) {
        return static_cast<std::int32_t>(rtp::timestamp_units(d, clock_rate));
    };
    hls::PlayoutConfig config;
    config.clock_rate = static_cast<std::int32_t>(clock_rate);
    config.frame = units(milliseconds(20));
    config.min_delay = units(p.delay.least);
    config.max_delay = units(p.delay.greatest);
    return config;
}

}  // namespace

PlayedPath::PlayedPath(const media::PathConfig& config)
    : playout_(*config.playout),
      decoder_(Speech::pcmu),
      concealment_(8000),
      resampler_(8000, 8000),
      encoder_(Speech::pcmu) {
    bool linear = false;
    for (const auto& t : config.transcodings) {
        codings_.push_back(
            {t, config.payload_types[t.payload_type], media::clock_rate(t.from), media::clock_rate(t.to)});
        linear |= t.from == Speech::l16 || t.from == Speech::l16_16k;
    }
    if (linear) slots_.emplace<Long>();
    clock_ = codings_.front().clock_in;
    out_clock_ = codings_.front().clock_out;
    schedule_ = hls::Playout<16>(schedule_of(playout_, clock_));
}

const PlayedPath::Coding* PlayedPath::find(std::uint8_t payload_type) const {
    const auto found = std::find_if(codings_.begin(), codings_.end(), [&](const Coding& c) {
        return c.transcoding.payload_type == payload_type;
    });
    return found == codings_.end() ? nullptr : &*found;
}

bool PlayedPath::takes(std::uint8_t payload_type) const {
    return find(payload_type) != nullptr || playout_.noise_from == payload_type;
}

Verdict PlayedPath::arrived(Time now, const rtp::Packet& packet) {
    const rtp::Header& h = packet.header;
    const Coding* coding = find(h.payload_type);
    std::size_t units = 0;  // of noise it is not known
    if (coding != nullptr) {
        const auto lasts = duration(coding->transcoding.from, packet.payload.size());
        if (!lasts || *lasts == 0) return Verdict::malformed;
        units = *lasts;
        if (coding->clock_in != clock_) {  // another timeline altogether
            clock_ = coding->clock_in;
            schedule_ = hls::Playout<16>(schedule_of(playout_, clock_));
            std::visit([](auto& s) { s.clear(); }, slots_);
        }
    }
    if (packet.payload.size() >
        std::visit([](const auto& s) { return static_cast<std::size_t>(s.bytes); }, slots_)) {
        return Verdict::malformed;
    }
    started_ = true;
    switch (schedule_.arrived(samples(now), h.ssrc, h.sequence, h.timestamp, static_cast<std::int32_t>(units),
                              coding == nullptr)) {
        case hls::Arrival::restart:
            std::visit([](auto& s) { s.clear(); }, slots_);
            break;
        case hls::Arrival::keep:
            break;
        case hls::Arrival::duplicate:
        case hls::Arrival::late:
        case hls::Arrival::strange:
            return Verdict::replayed;
    }
    std::visit(
        [&](auto& s) {
            s.fill(h.sequence, h.timestamp, h.payload_type, packet.payload.data(),
                   static_cast<int>(packet.payload.size()));
        },
        slots_);
    return Verdict::ok;
}

std::optional<Time> PlayedPath::due() const {
    if (!started_) return std::nullopt;
    const std::int64_t at = schedule_.due(), rate = clock_;
    const std::int64_t exact = at / rate * second + (at % rate * second + rate - 1) / rate;
    return Time(Duration((exact + step.count() - 1) / step.count() * step.count()));
}

void PlayedPath::advance(Time now, std::vector<Out>& out) {
    if (!started_) return;
    while (schedule_.due() <= samples(now)) {
        const hls::Tick tick = schedule_.next();
        switch (tick.act) {
            case hls::Act::play:
                play(tick.timestamp, tick.samples, out);
                break;
            case hls::Act::conceal:
                concealed_ += static_cast<std::uint64_t>(tick.samples);
                add(Heard::lost, tick.samples, out);
                break;
            case hls::Act::silence:
                silent_ += static_cast<std::uint64_t>(tick.samples);
                add(Heard::nothing, tick.samples, out);
                break;
        }
    }
}

void PlayedPath::play(std::uint32_t timestamp, std::int32_t units, std::vector<Out>& out) {
    std::visit(
        [&](auto& s) {
            const int at = s.take(timestamp);
            if (at < 0) return add(Heard::lost, units, out);
            const hls::SlotHead& head = s.head(at);
            const ByteView payload(s.payload(at), head.length);
            const Coding* coding = find(head.payload_type);
            if (coding == nullptr) return describe_noise(payload);
            played_ += static_cast<std::uint64_t>(units);
            if (coding != coding_) follow(*coding, out);
            noise_.reset();
            noise_out_.reset();
            decoder_.run(payload, decoded_);
            hear(Heard::speech, out);
        },
        slots_);
}

// RFC 3389 4: what comes says what their silence is like until the next that comes, or speech.
void PlayedPath::describe_noise(ByteView payload) {
    if (playout_.noise_to) {
        noise_out_.emplace(payload.begin(), payload.end());
    } else {
        if (!noise_) noise_.emplace();
        noise_->describe(payload.data(), static_cast<int>(payload.size()));
    }
}

// Another coding than before: what has memory begins anew.
void PlayedPath::follow(const Coding& coding, std::vector<Out>& out) {
    const Speech from = coding.transcoding.from, to = coding.transcoding.to;
    if (coding_ != nullptr) {
        if (!decoded_.empty()) decoded_.resize(block_);
        hear(Heard::nothing, out);
        if (encoder_.speech() != to) {
            if (!pending_.empty()) pending_.resize(packet_);
            cut(out);
        }
    }
    decoder_ = SpeechDecoder(from);
    resampler_ = Resampler(sample_rate(from), sample_rate(to));
    concealment_ = Concealment(sample_rate(from));
    block_ = sample_rate(from) / 100;
    if (coding_ == nullptr || encoder_.speech() != to) encoder_ = SpeechEncoder(to);
    packet_ = static_cast<std::size_t>(rtp::timestamp_units(playout_.packet, sample_rate(to)));
    out_clock_ = coding.clock_out;
    coding_ = &coding;
}

// So many units without a packet.
void PlayedPath::add(Heard what, std::int32_t units, std::vector<Out>& out) {
    if (coding_ == nullptr) {  // nothing was said yet
        position_ += static_cast<std::uint32_t>(units);
        return;
    }
    std::size_t missing = static_cast<std::size_t>(units) * block_ * 100 / clock_;
    while (missing > 0) {
        const std::size_t before = decoded_.size(), some = std::min(missing, block_ - before);
        decoded_.resize(before + some);
        const bool noisy = what == Heard::nothing && noise_;
        if (noisy)
            std::generate_n(decoded_.begin() + static_cast<std::ptrdiff_t>(before), some,
                            [&] { return noise_->next(); });
        missing -= some;
        hear(noisy ? Heard::speech : what, out);
    }
}

// What is decoded, by blocks of 10 ms, on to what is sent. A block of which anything is missing is concealed
// as a whole.
void PlayedPath::hear(Heard what, std::vector<Out>& out) {
    block_is_ = std::max(block_is_, what);
    std::size_t done = 0;
    for (; decoded_.size() - done >= block_; done += block_) {
        const auto block = std::span(decoded_).subspan(done, block_);
        if (block_is_ == Heard::lost) {
            concealment_.lost(block);
        } else {
            concealment_.received(block);
        }
        resampler_.run(block, pending_);
        if (block_is_ != Heard::nothing) spoken_ = pending_.size();
        block_is_ = what;
    }
    decoded_.erase(decoded_.begin(), decoded_.begin() + static_cast<std::ptrdiff_t>(done));
    if (decoded_.empty()) block_is_ = Heard::nothing;
    cut(out);
}

// Packets of one length; none where nothing was heard, and one that describes the noise at its beginning.
void PlayedPath::cut(std::vector<Out>& out) {
    const auto units = rtp::timestamp_units(playout_.packet, out_clock_);
    std::size_t done = 0;
    for (; pending_.size() - done >= packet_; done += packet_, position_ += units) {
        if (spoken_ > done) {
            Out& made = out.emplace_back(
                Out{coding_->payload_type_out, std::exchange(begins_, false), position_, out_clock_, {}});
            encoder_.run(std::span(pending_).subspan(done, packet_), made.payload);
            continue;
        }
        begins_ = true;
        if (noise_out_) {
            out.push_back({*playout_.noise_to, false, position_, out_clock_, std::move(*noise_out_)});
            noise_out_.reset();
        }
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
    spoken_ -= std::min(spoken_, done);
}

std::uint32_t PlayedPath::place(std::uint32_t timestamp) {
    std::uint32_t at = position_;
    if (coding_ != nullptr) {
        at += static_cast<std::uint32_t>(pending_.size() * out_clock_ / sample_rate(encoder_.speech()));
    }
    if (event_) {
        const std::uint32_t later = timestamp - event_->in;
        if (later == 0) return event_->out;
        const auto out = event_->out + static_cast<std::uint32_t>(std::uint64_t{later} * out_clock_ / clock_);
        const bool beyond = static_cast<std::int32_t>(out - at) > 0;
        if (later < 10 * clock_ && beyond) at = out;
    }
    event_ = {timestamp, at};
    return at;
}

media::PathCounters PlayedPath::counters() const {
    const hls::PlayoutCounters& c = schedule_.counters();
    return {c.late + c.overflowed, lasting(played_), lasting(concealed_), lasting(silent_),
            lasting(static_cast<std::uint64_t>(std::max<std::int64_t>(schedule_.delay(), 0)))};
}

std::int64_t PlayedPath::samples(Time at) const {
    const std::int64_t ns = at.time_since_epoch().count();
    return ns / second * clock_ + ns % second * clock_ / second;
}

Duration PlayedPath::lasting(std::uint64_t units) const {
    const auto n = static_cast<std::int64_t>(units);
    return Duration(n / clock_ * second + n % clock_ * second / clock_);
}

}  // namespace causeway::cpu
