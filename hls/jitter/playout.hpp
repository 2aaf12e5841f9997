// When to play which packet of one stream: the host's half of the jitter buffer. arrived() says what to do
// with a packet, next() what to do at due(), which is then one packet further on. The payloads wait in
// JitterSlots of the same Count.
//
// All times are samples of the media clock: `now` on our clock, timestamps on the sender's. The transit of a
// packet is its arrival less its timestamp, the delay of the buffer is what playing adds to the least transit
// lately seen. The target delay is what all but `late_per_mille` of the packets of the last ten seconds or so
// would have needed, between bounds. It is reached at once where a talkspurt begins, and within speech a
// frame at a time: wait one (conceal) or leave one out, a lost one if there is one. As transits move with the
// clocks, so does the target: drift needs nothing of its own.
#pragma once

#include <cstdint>

namespace causeway::hls {

struct PlayoutConfig {
    std::int32_t clock_rate = 8000;
    std::int32_t frame = 160;       // samples a packet until one has come
    std::int32_t min_delay = 0;     // above the least transit
    std::int32_t max_delay = 1600;  // at 16 slots of 20 ms no more than 2400 can be used
    std::int32_t late_per_mille = 10;
    std::int32_t conceal_frames = 3;  // without a packet, after which there is silence
};

enum class Arrival : std::uint8_t {
    keep,       // fill a slot
    restart,    // a new SSRC or timeline: clear the slots, then fill one
    duplicate,  // of one that waits
    late,       // its time has passed, or it was played
    strange,    // off the timeline; the next one decides whether there is a new timeline
};

enum class Act : std::uint8_t {
    play,     // take `timestamp`
    conceal,  // a frame is missing or is waited for
    silence,  // the sender is silent: comfort noise
};

struct Tick {
    Act act = Act::silence;
    std::uint32_t timestamp = 0;  // to play
    std::int32_t samples = 0;     // this covers
};

struct PlayoutCounters {
    std::uint64_t played = 0, concealed = 0, silent = 0;                 // ticks
    std::uint64_t late = 0, duplicate = 0, overflowed = 0, strange = 0;  // packets not played
    std::uint64_t waited = 0, left_out = 0;  // frames: of `concealed`, to grow; of packets, to shrink
    std::uint64_t restarts = 0;
};

template <int Count = 16>
class Playout {
    static_assert(Count > 0 && (Count & (Count - 1)) == 0);

  public:
    explicit constexpr Playout(const PlayoutConfig& config = {}) : config_(config), frame_(config.frame) {}

    // `samples`: what the packet lasts. `comfort`: a silence descriptor (RFC 3389), after which nothing need
    // follow.
    constexpr Arrival arrived(std::int64_t now, std::uint32_t ssrc, std::uint16_t sequence,
                              std::uint32_t timestamp, std::int32_t samples, bool comfort = false) {
        if (!started_ || ssrc != ssrc_) return restart(now, ssrc, sequence, timestamp, samples, comfort);
        const std::int64_t seq =
            sequence_ + static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(sequence_));
        const std::int64_t ts =
            timestamp_ + static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(timestamp_));
        const std::int64_t off = now - ts - base();
        const std::int64_t far = std::int64_t{2} * config_.clock_rate;
        if (off > far || off < -far || seq - sequence_ > 3000 || sequence_ - seq > 3000) {
            const bool again = strange_ && sequence == static_cast<std::uint16_t>(strange_sequence_ + 1);
            if (again) return restart(now, ssrc, sequence, timestamp, samples, comfort);
            strange_ = true;
            strange_sequence_ = sequence;
            ++counters_.strange;
            return Arrival::strange;
        }
        strange_ = false;
        Entry& entry = entries_[sequence & (Count - 1)];
        if (entry.sequence == seq) {  // waits, or was played
            ++counters_.duplicate;
            return entry.full ? Arrival::duplicate : Arrival::late;
        }
        learn(now, now - ts);
        if (seq > sequence_) {
            sequence_ = seq;
            timestamp_ = ts;
        }
        if (entry.sequence > seq) {
            ++counters_.late;
            return Arrival::late;
        }
        if (ts < cursor_) {
            // In silence nothing is lost by playing later than meant.
            const bool room = quiet_ && seq > played_ && now - ts <= base() + config_.max_delay;
            if (!room) {
                if (quiet_ && seq > played_ && stood_still(now - ts)) {
                    return restart(now, ssrc, sequence, timestamp, samples, comfort);
                }
                ++counters_.late;
                return Arrival::late;
            }
            cursor_ = ts;
        }
        if (entry.full) ++counters_.overflowed;
        late_in_a_row_ = 0;
        entry = {true, comfort, seq, ts, samples};
        return Arrival::keep;
    }

    // When next() is to be called.
    constexpr std::int64_t due() const { return due_; }

    constexpr Tick next() {
        if (!started_) return silence(frame_);
        Entry* entry = earliest();
        if (quiet_) return entry == nullptr ? silence(frame_) : begin(*entry);
        if (entry == nullptr) return starve();
        const std::int64_t gap = entry->timestamp - cursor_;
        if (gap > 0 && entry->sequence == played_ + 1) {  // nothing was lost: the sender had paused
            quiet_ = true;
            return begin(*entry);
        }
        const std::int64_t excess = due_ - cursor_ - (base() + target());
        if (gap > 0) {
            const auto hole = static_cast<std::int32_t>(gap < frame_ ? gap : frame_);
            if (excess < hole) {
                cursor_ += hole;
                return conceal(hole);
            }
            cursor_ += hole;  // too much delay: the hole is what to leave out
            ++counters_.left_out;
            return next_after_leaving_out();
        }
        if (excess < -frame_ / 2 && due_ - changed_ >= config_.clock_rate / 10) {
            changed_ = due_;
            ++counters_.waited;
            return conceal(frame_);
        }
        if (excess > frame_ + frame_ / 2 && due_ - changed_ >= config_.clock_rate / 2) {
            changed_ = due_;
            leave(*entry);
            ++counters_.left_out;
            return next_after_leaving_out();
        }
        return play(*entry);
    }

    // Above the least transit, in samples.
    constexpr std::int32_t target() const {
        std::int32_t wanted = quantile_;
        if (wanted < config_.min_delay) wanted = config_.min_delay;
        return wanted > config_.max_delay ? config_.max_delay : wanted;
    }
    constexpr std::int64_t delay() const { return due_ - cursor_ - base(); }
    constexpr const PlayoutCounters& counters() const { return counters_; }

  private:
    struct Entry {
        bool full = false;
        bool comfort = false;
        std::int64_t sequence = -1;
        std::int64_t timestamp = 0;
        std::int32_t samples = 0;
    };
    static constexpr int bins = 64;
    static constexpr std::uint32_t whole = 1U << 24;

    constexpr std::int64_t base() const { return least_ < least_before_ ? least_ : least_before_; }
    constexpr std::int32_t bin_width() const { return config_.clock_rate / 200; }  // 5 ms

    constexpr Arrival restart(std::int64_t now, std::uint32_t ssrc, std::uint16_t sequence,
                              std::uint32_t timestamp, std::int32_t samples, bool comfort) {
        if (started_) ++counters_.restarts;
        for (int i = 0; i < Count; ++i) entries_[i] = Entry{};
        if (!started_) due_ = now;
        started_ = true;
        strange_ = false;
        late_in_a_row_ = 0;
        ssrc_ = ssrc;
        sequence_ = std::int64_t{65536} + sequence;  // room for those that come before it
        timestamp_ = timestamp;
        cursor_ = timestamp_;
        played_ = sequence_ - 1;
        quiet_ = true;
        frame_ = samples > 0 ? samples : frame_;
        least_ = least_before_ = now - timestamp_;
        window_ = now;
        for (int i = 0; i < bins; ++i) weight_[i] = 0;
        weight_[frame_ / bin_width() < bins ? frame_ / bin_width() : bins - 1] = whole;  // a guess: one frame
        quantile_ = frame_;
        entries_[sequence & (Count - 1)] = {true, comfort, sequence_, timestamp_, samples};
        return Arrival::restart;
    }

    // A sender may pause without its clock going on (on hold, say): then everything comes too late, and
    // equally so. What the network held back comes less late from packet to packet.
    constexpr bool stood_still(std::int64_t transit) {
        if (late_in_a_row_ > 0 && transit < late_transit_ - frame_ / 2) late_in_a_row_ = 0;
        late_transit_ = transit;
        return ++late_in_a_row_ == 3;
    }

    constexpr void learn(std::int64_t now, std::int64_t transit) {
        const std::int64_t span = std::int64_t{5} * config_.clock_rate;
        if (now - window_ > 2 * span) {  // after a long pause the clocks may have gone apart
            least_ = least_before_ = transit;
            window_ = now;
        } else if (now - window_ > span) {
            least_before_ = least_;
            least_ = transit;
            window_ = now;
        }
        if (transit < least_) least_ = transit;
        std::int64_t bin = (transit - base() + bin_width() - 1) / bin_width();
        if (bin >= bins) bin = bins - 1;
        std::uint32_t sum = 0;
        for (int i = 0; i < bins; ++i) {
            weight_[i] -= weight_[i] >> 9;  // half is forgotten in 355 packets
            sum += weight_[i];
        }
        weight_[bin] += whole - sum;
        const std::uint32_t tail = whole / 1000 * static_cast<std::uint32_t>(config_.late_per_mille);
        std::uint32_t above = 0;
        int last = bins - 1;
        while (last > 0 && above + weight_[last] <= tail) above += weight_[last--];
        quantile_ = last * bin_width();
    }

    constexpr Entry* earliest() {
        Entry* best = nullptr;
        for (int i = 0; i < Count; ++i) {
            Entry& e = entries_[i];
            if (e.full && e.timestamp < cursor_) e.full = false;  // left behind
            if (e.full && (best == nullptr || e.timestamp < best->timestamp)) best = &e;
        }
        return best;
    }

    constexpr void leave(Entry& entry) {
        entry.full = false;
        played_ = entry.sequence;
        cursor_ = entry.timestamp + entry.samples;
    }
    constexpr Tick play(Entry& entry) {
        const Tick tick{Act::play, static_cast<std::uint32_t>(entry.timestamp), entry.samples};
        leave(entry);
        if (entry.samples > 0) frame_ = entry.samples;
        quiet_ = entry.comfort;
        missing_ = 0;
        due_ += entry.samples;
        ++counters_.played;
        return tick;
    }
    constexpr Tick conceal(std::int32_t samples) {
        due_ += samples;
        ++counters_.concealed;
        return {Act::conceal, 0, samples};
    }
    constexpr Tick silence(std::int32_t samples) {
        due_ += samples;
        cursor_ += samples;
        ++counters_.silent;
        return {Act::silence, 0, samples};
    }

    // A talkspurt: its first packet is played at the target delay, to the sample.
    constexpr Tick begin(Entry& entry) {
        const std::int64_t wait = entry.timestamp + base() + target() - due_;
        if (wait <= 0) {
            changed_ = due_;
            return play(entry);
        }
        const auto samples = static_cast<std::int32_t>(wait < frame_ ? wait : frame_);
        const Tick tick = silence(samples);
        if (cursor_ > entry.timestamp) cursor_ = entry.timestamp;
        return tick;
    }

    // Nothing waits: lost, late, or the sender is silent.
    constexpr Tick starve() {
        if (++missing_ > config_.conceal_frames) {
            quiet_ = true;
            return silence(frame_);
        }
        if (due_ - cursor_ < base() + target()) {
            ++counters_.waited;  // with more delay it may yet come in time
        } else {
            cursor_ += frame_;
        }
        return conceal(frame_);
    }

    constexpr Tick next_after_leaving_out() {
        Entry* entry = earliest();
        if (entry != nullptr && entry->timestamp <= cursor_) return play(*entry);
        cursor_ += frame_;
        return conceal(frame_);
    }

    PlayoutConfig config_;
    std::int32_t frame_;
    bool started_ = false;
    bool quiet_ = true;  // in silence: nothing is being played
    bool strange_ = false;
    std::uint16_t strange_sequence_ = 0;
    std::uint32_t ssrc_ = 0;
    std::int64_t sequence_ = 0, timestamp_ = 0;  // highest received, extended
    std::int64_t played_ = 0;                    // sequence number
    std::int64_t cursor_ = 0;                    // timestamp to play at due_
    std::int64_t due_ = 0;
    std::int64_t changed_ = 0;  // when the delay was last changed within speech
    std::int64_t least_ = 0, least_before_ = 0, window_ = 0;
    std::int32_t quantile_ = 0;
    std::int32_t missing_ = 0;
    std::int32_t late_in_a_row_ = 0;
    std::int64_t late_transit_ = 0;
    std::uint32_t weight_[bins] = {};  // of needed delay, in 5 ms, forgetting; all together `whole`
    Entry entries_[Count];
    PlayoutCounters counters_;
};

}  // namespace causeway::hls
