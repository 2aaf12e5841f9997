// Packet loss concealment, ITU-T G.711 Appendix I: what was lost is filled with the last pitch periods before
// it, at 8 or 16 kHz, in blocks of 10 ms. What comes in goes out 3.75 ms later, unaltered as long as nothing
// is lost.
//
// The first 10 ms lost repeat one period, the next two, what follows three. After 10 ms the level begins to
// fall, by a fifth in 10 ms, so that after 60 ms there is silence. Where one goes over into another they are
// added with triangular windows: over a quarter of a period where the repeating begins and where it gets
// longer; at the first block received again over 4 ms more for every 10 ms lost, 10 ms at most.
//
// Plain integer C++ of fixed size, for the CPU engine and the kernel alike. It is written as what a kernel
// does in one step: prepare() until everything is ready, then emit() for each sample. A step makes one
// multiplication for the correlation, or reads and writes a sample; the memories are whoever's that makes the
// steps.
#pragma once

#include <cstdint>
#include <utility>

namespace causeway::hls {

namespace conceal {

constexpr int at_most(int x, int most) {
    return x < most ? x : most;
}
constexpr int at_least(int x, int least) {
    return x > least ? x : least;
}

// Quotients by reciprocals, which are exact up to 2^15 times the divisor; they round towards 0.
template <class Indices>
struct Reciprocals;
template <std::size_t... I>
struct Reciprocals<std::index_sequence<I...>> {
    static constexpr std::uint32_t of[] = {((1U << 30) / static_cast<std::uint32_t>(I == 0 ? 1 : I) + 1U)...};
};
using Reciprocal = Reciprocals<std::make_index_sequence<256>>;
constexpr int quotient(int x, int divisor) {  // 1 to 180
    const std::int64_t magnitude = x < 0 ? -std::int64_t{x} : x;
    const int y = static_cast<int>((magnitude * Reciprocal::of[divisor & 255]) >> 30);
    return x < 0 ? -y : y;
}
template <int Divisor>  // up to 800
constexpr int quotient_by(int x) {
    constexpr std::int64_t reciprocal = (std::int64_t{1} << 36) / Divisor + 1;
    const std::int64_t magnitude = x < 0 ? -std::int64_t{x} : x;
    const int y = static_cast<int>((magnitude * reciprocal) >> 36);
    return x < 0 ? -y : y;
}

// From a to b in n steps.
constexpr int mix(int a, int b, int step, int n) {
    return quotient(a * (n - step) + b * step, n);
}

enum class Phase : std::uint8_t {
    clear,      // the history, where it does not begin as zeros
    copy,       // of the history, where a loss begins
    scale,      // samples are brought to so many bits that the square of their product fits
    correlate,  // the last 20 ms with what was before; a pitch at a time,
    square,     // the square of the correlation
    divide,     // over the energy, with the sign of the correlation
    compare,    // with that of other pitches: coarsely at first,
    refine,     // then by the sample
    found,
    tail,    // is kept, for
    smooth,  // the end of the periods leads on to their beginning
    before,  // what would go on, where periods are about to get longer
    longer,
    settle,  // `settling` steps, until memory is as it was written
    emit,    // a sample goes out
};

// What a step reads, and where: a and b of the periods.
struct Places {
    int history, a, b, tail, before;
};
using Samples = Places;
// What it writes: one sample in one or two of the memories, or in none.
struct Store {
    bool history = false, periods = false, tail = false, before = false;
    int history_at = 0, periods_at = 0, short_at = 0;
    int history_sample = 0, sample = 0;
};

// Rate: samples per second, 8000 or 16000. Memories: history and periods of `rows` samples, tail and before
// of `short_rows`; the history begins as zeros.
template <int Rate>
struct Machine {
    static_assert(Rate == 8000 || Rate == 16000);
    static constexpr int scale = Rate / 8000;
    static constexpr int block = 80 * scale;
    static constexpr int pitch_min = 40 * scale, pitch_max = 120 * scale;  // 200 to 66 2/3 Hz
    static constexpr int delay = pitch_max / 4;
    static constexpr int overlap_step = 32 * scale;
    static constexpr int silent_after = 6;                             // blocks
    static constexpr int window = 160 * scale;                         // that is compared with itself earlier
    static constexpr int size = 390 * scale;                           // three periods, and a quarter of one
    static constexpr int rows = 512 * scale, short_rows = 32 * scale;  // of memories
    static constexpr int settling = 8;
    static constexpr int coarse = 2 * scale;
    static constexpr int bits = 13 - scale;  // of a sample in the correlation, without the sign
    static constexpr std::int64_t least = -(std::int64_t{1} << 40);

    // What lasts from block to block.
    int lost_blocks = 0;
    int pitch = pitch_min;
    int length = pitch_min, position = 0;  // of what is repeated
    int base = 0;  // where the history begins in its memory; the last `delay` has not gone out

    // What lasts a block.
    Phase phase = Phase::emit;
    bool lost = false, first = false, longer = false;
    int i = 0, n = 0;  // step of the phase; samples that a received block is mixed in
    int at = 0;        // position, kept
    int greatest = 1, up = 0, down = 0;
    int lag = 0, last_lag = 0, lag_step = 0, best = 0;
    std::int64_t product = 0, energy = 1, best_likeness = least;
    std::uint64_t rest = 0;
    std::uint32_t low = 0;

    constexpr int overlap() const { return pitch >> 2; }

    constexpr void begin(bool block_is_lost) {
        lost = block_is_lost;
        first = lost && lost_blocks == 0;
        longer = lost && (lost_blocks == 1 || lost_blocks == 2);
        n = !lost && lost_blocks > 0 ? at_most(overlap() + (lost_blocks - 1) * overlap_step, block) : 0;
        phase = first ? Phase::copy : longer ? Phase::before : Phase::emit;
        i = 0;
        at = position;
        greatest = 1;
    }

    // The same, of a machine just made whose memory is another's.
    constexpr void begin_anew(bool block_is_lost) {
        begin(block_is_lost);
        phase = Phase::clear;
    }

    // Where nothing is needed it is where something is written, or far from that.
    constexpr Places places() const {
        const int quarter = overlap();
        const int a = phase == Phase::correlate                        ? size - window + i
                      : phase == Phase::tail                           ? size - quarter + i
                      : phase == Phase::smooth                         ? size - length - quarter + i
                      : phase == Phase::before || phase == Phase::emit ? size - length + position
                                                                       : i;
        const int offset = phase == Phase::copy || phase == Phase::clear ? 0
                           : phase == Phase::smooth                      ? size - quarter
                                                                         : size - delay;
        const int history = base + offset + i;
        const int b = size - window + i - lag, short_at = i & (short_rows - 1);
        return {history & (rows - 1), a & (rows - 1), b & (rows - 1), short_at, short_at};
    }

    // A step; `from` is what was at its places. True: it was the block's last. Where phase was emit, history
    // is what goes out, and `came` is the sample that came.
    constexpr bool step(const Samples& from, int came, Store& to) {
        const int quarter = overlap();
        switch (phase) {
            case Phase::clear:
                to.history = true;
                to.history_at = (base + i) & (rows - 1);
                if (++i == rows) begin(lost);
                return false;
            case Phase::copy: {
                const int v = from.history;
                to.periods = true;
                to.periods_at = i;
                to.sample = v;
                if (i >= size - window - pitch_max) greatest = at_least(v < 0 ? -v : v, greatest);
                next(size, Phase::scale);
                return false;
            }
            case Phase::scale: {
                int bits_of_it = 0;
                for (int b = 0; b < 16; ++b) {
                    if (greatest >> b != 0) bits_of_it = b + 1;
                }
                down = at_least(bits_of_it - bits, 0);
                up = at_least(bits - bits_of_it, 0);
                best = pitch_max;
                best_likeness = least;
                search(pitch_max, pitch_min, coarse);
                return false;
            }
            case Phase::correlate: {
                const int a = (from.a >> down) * (1 << up), b = (from.b >> down) * (1 << up);
                product += a * b;
                energy += b * b;
                i += lag_step - 1;
                next(window, Phase::square);
                return false;
            }
            case Phase::square: {
                // No more than the energy of both, so that a quotient has 32 bits.
                const auto magnitude = static_cast<std::uint32_t>(product < 0 ? -product : product);
                const std::uint64_t square = std::uint64_t{magnitude} * magnitude;
                rest = square >> 32;
                low = static_cast<std::uint32_t>(square);
                phase = Phase::divide;
                return false;
            }
            case Phase::divide: {
                const std::uint64_t trial = rest << 1 | low >> 31;
                const bool fits = trial >= static_cast<std::uint64_t>(energy);
                rest = fits ? trial - static_cast<std::uint64_t>(energy) : trial;
                low = low << 1 | (fits ? 1U : 0U);
                next(32, Phase::compare);
                return false;
            }
            case Phase::compare: {
                const std::int64_t likeness = product < 0 ? -std::int64_t{low} : std::int64_t{low};
                if (likeness >= best_likeness) {
                    best_likeness = likeness;
                    best = lag;
                }
                if (lag - lag_step >= last_lag) {
                    search(lag - lag_step, last_lag, lag_step);
                } else {
                    phase = lag_step == coarse ? Phase::refine : Phase::found;
                }
                return false;
            }
            case Phase::refine:
                search(at_most(best + coarse - 1, pitch_max), at_least(best - coarse + 1, pitch_min), 1);
                best_likeness = least;
                return false;
            case Phase::found:
                pitch = length = best;
                position = 0;
                phase = Phase::tail;
                return false;
            case Phase::tail:
                to.tail = true;
                to.short_at = i;
                to.sample = from.a;
                next(quarter, Phase::smooth);
                return false;
            case Phase::before:
                to.before = true;
                to.short_at = i;
                to.sample = from.a;
                advance();
                next(quarter, Phase::longer);
                return false;
            case Phase::longer:
                position = at > pitch ? at - pitch : at;  // of two periods at most
                length += pitch;
                phase = Phase::smooth;
                return false;
            case Phase::smooth:
                to.periods = true;
                to.periods_at = size - quarter + i;
                to.history = first;
                to.history_at = (base + size - quarter + i) & (rows - 1);
                to.sample = to.history_sample = mix(from.tail, from.a, i + 1, quarter);
                next(quarter, Phase::settle);
                return false;
            case Phase::settle:
                next(settling, Phase::emit);
                return false;
            case Phase::emit:
                break;
        }
        const bool repeats = lost ? lost_blocks < silent_after : i < n;
        const int level = at_least(5 - (lost_blocks - 1), 0);  // in fifths
        int v = lost ? from.a : came;
        if (!lost && repeats) v = mix(quotient_by<5>(from.a * level), came, i + 1, n);
        if (longer && i < quarter) v = mix(from.before, from.a, i + 1, quarter);
        if (lost && lost_blocks > 0) v = quotient_by<5 * block>(v * (level * block - i));
        if (lost && !repeats) v = 0;
        if (repeats) advance();
        to.history = true;
        to.history_at = (base + size + i) & (rows - 1);
        to.history_sample = v;
        if (++i < block) return false;
        base = (base + block) & (rows - 1);
        lost_blocks = lost ? at_most(lost_blocks + 1, silent_after + 1) : 0;
        return true;
    }

  private:
    constexpr void next(int steps, Phase then) {
        ++i;
        if (i < steps) return;
        i = 0;
        phase = then;
    }
    constexpr void search(int from, int to, int by) {
        lag = from;
        last_lag = to;
        lag_step = by;
        product = 0;
        energy = 1;
        i = 0;
        phase = Phase::correlate;
    }
    constexpr void advance() {
        ++position;
        if (position == length) position = 0;
    }
};

}  // namespace conceal

template <int Rate>
struct Concealment {
    using Machine = conceal::Machine<Rate>;
    static constexpr int block = Machine::block, delay = Machine::delay;

    // A block that came; in its place is what goes out.
    constexpr void received(std::int16_t* samples) { run(samples, false); }
    // What goes out where a block did not come.
    constexpr void lost(std::int16_t* samples) { run(samples, true); }

  private:
    constexpr void run(std::int16_t* samples, bool lost) {
        machine_.begin(lost);
        for (bool last = false; !last;) {
            const bool emits = machine_.phase == conceal::Phase::emit;
            const conceal::Places at = machine_.places();
            const conceal::Samples from = {history_[at.history], periods_[at.a], periods_[at.b],
                                           tail_[at.tail], before_[at.before]};
            conceal::Store to;
            last = machine_.step(from, emits ? *samples : 0, to);
            if (to.history) history_[to.history_at] = static_cast<std::int16_t>(to.history_sample);
            if (to.periods) periods_[to.periods_at] = static_cast<std::int16_t>(to.sample);
            if (to.tail) tail_[to.short_at] = static_cast<std::int16_t>(to.sample);
            if (to.before) before_[to.short_at] = static_cast<std::int16_t>(to.sample);
            if (emits) *samples++ = static_cast<std::int16_t>(from.history);
        }
    }

    Machine machine_;
    std::int16_t history_[Machine::rows] = {}, periods_[Machine::rows] = {};
    std::int16_t tail_[Machine::short_rows] = {}, before_[Machine::short_rows] = {};
};

}  // namespace causeway::hls
